# Die Texte der Seiten auf Deutsch.

site-name = Boxoffice
skip = Zum Inhalt
nav-label = Website
nav-about = Über diese Website
nav-bookings = Meine Buchungen
more = Mehr zeigen
stage = Bühne

money-free = kostenlos
moment = { $weekday }, { $day }. { $month } { $year }, { $time } Uhr { $zone }
clock = { $time } Uhr { $zone }
month-1 = Januar
month-2 = Februar
month-3 = März
month-4 = April
month-5 = Mai
month-6 = Juni
month-7 = Juli
month-8 = August
month-9 = September
month-10 = Oktober
month-11 = November
month-12 = Dezember
weekday-1 = Montag
weekday-2 = Dienstag
weekday-3 = Mittwoch
weekday-4 = Donnerstag
weekday-5 = Freitag
weekday-6 = Samstag
weekday-7 = Sonntag

## Veranstaltungen

home-title = Programm
home-empty = Zurzeit ist nichts im Verkauf.
price-range = { $low } bis { $high }
opens = Der Verkauf beginnt am
ends = Ende:
prices = Karten:
price = Preis
sections-title = Bereiche
section = Bereich
section-kind = Art
section-left = Noch frei
section-seated = Sitzplätze
section-standing = Stehplätze
left = { $count ->
    [0] ausverkauft
    [one] noch 1 frei
   *[other] noch { $number } frei
}
status-scheduled = Der Verkauf hat noch nicht begonnen
status-on-sale = Im Verkauf
status-paused = Der Verkauf ist zurzeit unterbrochen
status-sold-out = Ausverkauft
status-ended = Diese Veranstaltung ist vorbei
status-cancelled = Diese Veranstaltung ist abgesagt

## Der Warteraum

join-line = In die Schlange stellen
join-again = Noch einmal anstellen
enter-room = In den Warteraum
choose-seats = Plätze aussuchen
position = Ihre Nummer:
wait = Geschätzte Wartezeit:
position-never-grows = Ihre Nummer wird nie größer. Neu laden oder weitere Fenster ändern nichts; diese Seite hält sich selbst aktuell.
room-cancelled = Diese Veranstaltung ist abgesagt
room-cancelled-text = Es wird nichts verkauft.
room-over = Diese Veranstaltung ist vorbei
room-over-text = Es wird nichts mehr verkauft.
room-sold-out = Ausverkauft
room-sold-out-text = Wenn etwas zurückkommt, steht es auf dieser Seite.
room-closed = Zurzeit kann sich niemand mehr anstellen
room-closed-text = Wer schon in der Schlange steht, behält den Platz. Diese Seite sieht selbst wieder nach.
room-paused = Der Verkauf ist zurzeit unterbrochen
room-paused-text = Bis er weitergeht, wird niemand eingelassen. Wenn Sie sich jetzt anstellen, haben Sie einen Platz in der Schlange und behalten ihn: Neu laden, schließen und wieder öffnen ändert nichts.
room-drawn = Der Verkauf hat noch nicht begonnen
room-drawn-text = Er beginnt am { $opens }. Die Schlange steht schon: Wer jetzt kommt, steht hinter allen anderen, der Reihe nach. Ihr Platz gehört Ihnen: Neu laden, schließen und wieder öffnen ändert nichts.
room-scheduled = Der Verkauf hat noch nicht begonnen
room-scheduled-text = Er beginnt am { $opens }. Wer bis dahin im Warteraum ist, nimmt an einer Verlosung der Plätze teil: Früh da zu sein bringt keinen Vorteil.
room-open = Der Verkauf läuft
room-open-text = Alle werden der Reihe nach eingelassen. Ihr Platz gehört Ihnen: Neu laden, schließen und wieder öffnen ändert nichts.
room-draw = Sie sind im Warteraum
room-draw-text = Der Verkauf beginnt am { $opens }. In diesem Augenblick werden die Plätze unter allen verlost, die hier sind; bis dahin hat niemand eine Nummer, und früh da zu sein bringt keinen Vorteil. Sie können die Seite schließen und nehmen trotzdem teil, solange Sie mit diesem Browser wiederkommen.
room-line = Sie stehen in der Schlange
room-line-opens-text = Der Verkauf beginnt am { $opens }; bis dahin steht die Schlange still.
room-drawing-text = Die Plätze werden gerade verlost.
room-turn = Sie sind an der Reihe
room-turn-text = Suchen Sie Ihre Plätze bis { $ends } aus. Danach ist die nächste Person an der Reihe.
room-expired = Ihre Zeit ist um
room-expired-text = Sie waren an der Reihe, aber nicht da, oder haben nicht rechtzeitig reserviert; nun ist die nächste Person dran. Sie können sich noch einmal hinten anstellen.
line-ended = Die Schlange ist zu Ende
line-ended-sold-out = Alles ist verkauft.
line-ended-over = Die Veranstaltung ist vorbei.
line-ended-cancelled = Die Veranstaltung ist abgesagt.
line-ended-nobody = Es wird niemand mehr eingelassen.
spoken-position = Sie sind Nummer { $position } in der Schlange.
wait-unknown = nicht bekannt, solange niemand eingelassen wird.
wait-open = { $quick } oder mehr.
wait-range = { $quick } bis { $slow }.
wait-likely = { $likely }.
duration-short = weniger als eine Minute
duration-minute = etwa eine Minute
duration-minutes = etwa { $number } Minuten
duration-hours = etwa { $number } Stunden
chance = Die Aussicht, dass dann noch etwas frei ist, liegt bei { $percent } %.
chance-small = Die Aussicht, dass dann noch etwas frei ist, liegt unter 1 %.
proof-title = Einen Augenblick
proof-text = Damit niemand die Schlange mit Programmen füllt, löst Ihr Browser eine kleine Aufgabe. Danach stellt er sich von selbst an.
proof-needs-script = Das geht nur mit JavaScript, und das ist in diesem Browser ausgeschaltet. Bei diesem Verkauf kann man sich ohne JavaScript nicht anstellen.
proof-unsolved = Dieser Browser konnte die Aufgabe nicht lösen. Bitte laden Sie die Seite neu, oder versuchen Sie es mit einem anderen Browser.
cookies-title = Diese Seite braucht Cookies
cookies-text = Ihr Browser hat das Cookie nicht zurückgeschickt, das sagt, wer Sie sind. So konnte kein Platz für Sie freigehalten werden. Bitte erlauben Sie Cookies für diese Website, und gehen Sie dann zurück in den Warteraum.

## Plätze

turn = Sie sind bis { $ends } an der Reihe. Suchen Sie bis dahin Ihre Plätze aus.
open-holds = Für Sie freigehalten
open-hold = { $places }, freigehalten bis { $ends }
seats-none-left = Zurzeit ist nichts frei. Plätze, die nicht bezahlt werden, kommen zurück.
section-title = Bereich { $section }, je { $price }
quantity = Wie viele?
hold-best = Die besten Plätze nehmen
hold-standing = Diese Karten nehmen
hold-chosen = Ausgesuchte Plätze nehmen
legend = Arten von Plätzen
zoom-in = Plan vergrößern
zoom-out = Plan verkleinern
rows = Reihen
rows-earlier = Reihen weiter vorn
rows-later = Reihen weiter hinten
row = Reihe { $number }
seat-label = Reihe { $row }, Platz { $number }, { $state }
seat-free = frei
seat-held = freigehalten
seat-sold = verkauft
seat-mine = ausgesucht
seat-gone = Platz { $seat } ist gerade vergeben worden.
seats-gone = Diese Plätze sind gerade vergeben worden: { $seats }. Nichts ist freigehalten; bitte suchen Sie andere aus.
seats-gone-others = Diese Plätze sind gerade vergeben worden: { $seats }. Die nächsten freien sind für Sie ausgesucht: { $others }.
seats-too-many = Sie können höchstens { $most } Plätze aussuchen.

## Buchungen

bookings-title = Meine Buchungen
bookings-empty = In diesem Browser haben Sie keine Buchungen.
way-to-lookup = Buchungen aus einem anderen Browser finden
lookup-title = Buchungen finden
lookup-text = Geben Sie die E-Mail-Adresse ein, die Sie bei der Buchung angegeben haben. Wenn es eine gibt, schicken wir einen Brief mit einem Link dorthin.
lookup-button = Brief schicken
lookup-sent = Wenn die Adresse zu einer Buchung gehört, ist ein Brief unterwegs. Das kann einige Minuten dauern; bitte sehen Sie auch im Ordner für unerwünschte Post nach.
lookup-no-mailbox = Das ist keine E-Mail-Adresse.
email = E-Mail-Adresse
email-optional = E-Mail-Adresse (freiwillig): Ihre Karten werden dorthin geschickt
name-optional = Ihr Name (freiwillig)
open-title = Buchungen aus einem Brief öffnen
open-text = Der Link führt zu Buchungen, die mit einer E-Mail-Adresse gemacht wurden. Öffnen Sie sie nur, wenn es Ihre sind: Dieser Browser handelt dann für den, der sie gemacht hat.
open-another = Die Buchungen, die dieser Browser jetzt zeigt, zeigt er danach hier nicht mehr.
open-button = Buchungen öffnen
link-title = Anmelden
link-text = Damit wird der Browser im Konto des Postfachs angemeldet, an das der Link ging. Was dieser Browser gebucht hat, gehört danach zum Konto.
link-button = Anmelden
link-failed = Der Link gilt nicht mehr: Er wirkt einmal, 15 Minuten lang. Fordern Sie einen neuen Brief an.
booking-section = { $count ->
    [one] 1 Karte, Bereich { $section }
   *[other] { $count } Karten, Bereich { $section }
}
amount = Summe:
booking-reserved = Ihre Plätze sind freigehalten
booking-reserved-text = Sie gehören bis { $ends } Ihnen. Danach sind sie wieder für alle frei.
booking-paid = Wir warten auf Ihre Zahlung
booking-paid-text = Sie kommt meist in wenigen Sekunden an. Diese Seite sieht selbst nach; Sie können sie auch schließen und wiederkommen.
booking-confirmed = Ihre Karten sind gebucht
booking-confirmed-text = Alles ist bezahlt. Bis bald!
booking-released = Sie haben diese Plätze zurückgegeben
booking-released-text = Es wurde nichts berechnet.
booking-expired = Ihre Zeit ist um
booking-expired-text = Die Plätze wurden nicht rechtzeitig bezahlt und sind für andere frei. Es wurde nichts berechnet; eine Zahlung, die noch unterwegs ist, geht an Sie zurück.
booking-refunded = Diese Buchung wurde erstattet
booking-refunded-text = Das Geld ist auf dem Weg zu Ihnen.
booking-cancelled = Diese Buchung ist storniert
booking-cancelled-text = Wenn Sie bezahlt haben, ist das Geld auf dem Weg zu Ihnen.
way-to-booking = Zur Buchung
way-to-tickets = Karten zeigen
tickets-pdf = Alle Karten als PDF
ticket-seat = Bereich { $section }, Reihe { $row }, Platz { $number }
ticket-standing = Bereich { $section }, Stehplatz
ticket-valid = Gilt für einen Einlass
ticket-used = Benutzt
ticket-cancelled = Storniert
ticket-number = Nummer:
ticket-holder = Name auf der Karte
ticket-save = Namen speichern
ticket-calendar = Für den Kalender
held-until = Freigehalten bis { $ends }
time-left = noch { $time }
time-soon = Es bleiben weniger als zwei Minuten. Einmal können Sie um mehr Zeit bitten.
time-over = Die Zeit ist um.
pay = Jetzt bezahlen
take-free = Karten nehmen
extend = Ich brauche mehr Zeit
give-back = Plätze zurückgeben

## Was nicht ging, und wie es weitergeht

looks-again = Diese Seite sieht selbst wieder nach. Ein Platz in der Schlange bleibt erhalten.
way-home = Zum Programm
way-to-event = Zurück zur Veranstaltung
way-to-waiting-room = Zum Warteraum
problem-not-found = Hier ist nichts
problem-not-found-detail = Vielleicht ist die Adresse falsch geschrieben, oder die Seite gibt es nicht mehr.
problem-event-not-found = Diese Veranstaltung gibt es nicht
problem-event-not-found-detail = Vielleicht ist die Adresse falsch geschrieben.
problem-booking-not-found = Diese Buchung gibt es nicht
problem-booking-not-found-detail = Vielleicht gehört sie zu einem anderen Browser: Eine Buchung sieht der, der sie gemacht hat.
problem-event-not-on-sale = Zurzeit ist hier nichts im Verkauf
problem-event-not-on-sale-detail = Der Verkauf hat nicht begonnen, ist unterbrochen oder vorbei. Nichts wurde reserviert.
problem-joining-stopped = Zurzeit kann sich niemand mehr anstellen
problem-joining-stopped-detail = Wer schon in der Schlange steht, behält den Platz.
problem-queue-pass-required = Sie müssen erst warten, bis Sie an der Reihe sind
problem-queue-pass-required-detail = Alle kommen durch den Warteraum an die Reihe.
problem-queue-pass-expired = Ihre Zeit ist um
problem-queue-pass-expired-detail = Die Zeit zum Aussuchen ist vorbei. Sie können sich noch einmal anstellen.
problem-queue-pass-invalid = Sie sind noch nicht an der Reihe
problem-queue-pass-invalid-detail = Alle kommen durch den Warteraum an die Reihe.
problem-queue-pass-used = Sie waren schon an der Reihe
problem-queue-pass-used-detail = Das gilt für eine Reservierung. Sie können sich noch einmal anstellen.
problem-invalid-seats = Suchen Sie mindestens einen Platz aus
problem-invalid-seats-detail = Eine Reservierung hat 1 bis 10 Plätze eines Bereichs.
problem-buyer-limit-exceeded = Das wären zu viele Karten
problem-buyer-limit-exceeded-detail = Für diese Veranstaltung bekommt jede Person nur eine bestimmte Zahl. Was Sie freigehalten oder gekauft haben, zählt mit.
problem-amount-too-high = Das ist mehr, als eine Zahlung aufnimmt
problem-amount-too-high-detail = Bitte suchen Sie weniger Plätze aus.
problem-seat-unavailable = Diese Plätze sind gerade vergeben worden
problem-seat-unavailable-detail = Nichts ist freigehalten; bitte suchen Sie andere aus.
problem-not-enough-seats = So viele Plätze nebeneinander gibt es nicht
problem-not-enough-seats-detail = Bitte nehmen Sie weniger, einen anderen Bereich oder einzelne Plätze.
problem-sold-out = Alles ist verkauft
problem-sold-out-detail = Plätze, die nicht bezahlt werden, kommen zurück; ein zweiter Blick lohnt sich.
problem-booking-expired = Die Zeit dieser Buchung ist um
problem-booking-expired-detail = Die Plätze sind für andere frei. Es wurde nichts berechnet.
problem-already-confirmed = Diese Buchung ist schon bezahlt
problem-already-confirmed-detail = Nichts wurde geändert.
problem-already-released = Diese Plätze wurden schon zurückgegeben
problem-already-released-detail = Nichts wurde geändert.
problem-already-extended = Sie hatten schon mehr Zeit
problem-already-extended-detail = Das geht einmal.
problem-payment-required = Diese Buchung muss bezahlt werden
problem-payment-required-detail = Nichts wurde geändert.
problem-payment-refused = Der Zahlungsdienst lehnt diese Zahlung ab
problem-payment-refused-detail = Es wurde nichts berechnet. Der Veranstalter weiß Bescheid.
problem-ticket-not-found = Diese Karte gibt es nicht
problem-ticket-not-found-detail = Vielleicht gehört sie zu einem anderen Browser.
problem-ticket-cancelled = Diese Karte ist storniert
problem-ticket-cancelled-detail = Mit ihr wird niemand eingelassen.
problem-rate-limited = Das war zu schnell
problem-rate-limited-detail = Bitte warten Sie einen Augenblick und versuchen Sie es noch einmal.
problem-forbidden = Dieses Formular ist nicht für diesen Browser
problem-forbidden-detail = Bitte öffnen Sie die Seite neu und benutzen Sie ihr Formular.
problem-contact = Die E-Mail-Adresse oder der Name ist nicht zu gebrauchen
problem-contact-detail = Bitte prüfen Sie, was Sie eingegeben haben. Nichts wurde geändert.
problem-form = Das Formular konnte nicht gelesen werden
problem-form-detail = Bitte öffnen Sie die Seite neu und benutzen Sie ihr Formular.
problem-unavailable = Das geht im Augenblick nicht
problem-unavailable-detail = Es liegt an uns und ist meist in Sekunden vorbei.
problem-other = Etwas ist schiefgegangen
problem-other-detail = Es liegt an uns. Dadurch wurde nichts berechnet.

## Über diese Website

accessibility-title = Barrierefreiheit
accessibility-1 = Alle sollen hier eine Karte kaufen können. Diese Seiten richten sich nach Stufe AA der Richtlinien für barrierefreie Webinhalte (WCAG) 2.2.
accessibility-2 = Jede Seite lässt sich allein mit der Tastatur, mit einem Vorleseprogramm, auf das Vierfache vergrößert und ohne JavaScript benutzen. Plätze stehen als Liste von Reihen da; der gezeichnete Plan kommt nur dazu.
accessibility-3 = Nichts wird nur durch Farbe gesagt. Die Seiten richten sich nach den Einstellungen Ihres Geräts für dunkle Farben und wenig Bewegung.
accessibility-4 = Plätze werden nur eine Zeit lang freigehalten, weil andere sie auch möchten. Bevor sie um ist, wird es Ihnen gesagt, und Sie können einmal um mehr Zeit bitten.
accessibility-5 = Wenn Ihnen etwas im Weg steht, sagen Sie es bitte dem Veranstalter.
privacy-title = Datenschutz
privacy-1 = Sie brauchen kein Konto. Ein Cookie nennt uns bis zu 90 Tage lang Ihren Browser, damit Ihr Platz in der Schlange und Ihre Buchungen wiedergefunden werden. Ein zweites bewahrt den Beleg für Ihren Platz auf, ein drittes Ihre Sprache. Sie dienen nichts anderem und gehen an niemanden sonst.
privacy-2 = Wir behalten, was eine Buchung braucht: Veranstaltung, Plätze, Zeiten, Betrag, und den Namen und die Adresse, die Sie dazu angeben. Briefe zu Ihren Buchungen gehen über einen Maildienst an diese Adresse.
privacy-3 = Sie bezahlen auf der Seite eines Zahlungsdienstes. Die Nummer Ihrer Karte sehen wir nie.
privacy-4 = Auf diesen Seiten gibt es keine Werbung, kein Tracking und keine Dateien anderer Websites.
privacy-5 = Netzadressen werden gegen Missbrauch kurze Zeit gezählt und nicht bei Buchungen aufbewahrt.
