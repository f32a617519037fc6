//! The texts of the door.

use domain::ticket::ScanResult;
use guest::language::Language;

/// The texts in one language. Short: they are read at arm's length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub(super) Language);

impl Words {
    const fn pick(self, english: &'static str, german: &'static str) -> &'static str {
        match self.0 {
            Language::English => english,
            Language::German => german,
        }
    }

    pub(super) const fn tag(self) -> &'static str {
        self.0.tag()
    }

    pub(super) const fn skip(self) -> &'static str {
        self.pick("Skip to the content", "Zum Inhalt")
    }

    pub(super) const fn door(self) -> &'static str {
        self.pick("Door", "Einlass")
    }

    pub(super) const fn sign_in(self) -> &'static str {
        self.pick("Sign in", "Anmelden")
    }

    pub(super) const fn sign_in_text(self) -> &'static str {
        self.pick(
            "With the organiser's key. This browser stays signed in for twelve hours.",
            "Mit dem Schlüssel des Veranstalters. Dieser Browser bleibt zwölf Stunden angemeldet.",
        )
    }

    pub(super) const fn key(self) -> &'static str {
        self.pick("Key", "Schlüssel")
    }

    pub(super) const fn wrong_key(self) -> &'static str {
        self.pick("This is not the key.", "Das ist nicht der Schlüssel.")
    }

    pub(super) const fn leave(self) -> &'static str {
        self.pick("Sign out", "Abmelden")
    }

    pub(super) const fn no_events(self) -> &'static str {
        self.pick("There is no event.", "Es gibt keine Veranstaltung.")
    }

    pub(super) const fn code(self) -> &'static str {
        self.pick("Code or number of the ticket", "Code oder Nummer der Karte")
    }

    pub(super) const fn gate(self) -> &'static str {
        self.pick("Gate (optional)", "Eingang (freiwillig)")
    }

    pub(super) const fn check(self) -> &'static str {
        self.pick("Check", "Prüfen")
    }

    pub(super) const fn undo(self) -> &'static str {
        self.pick("Take back", "Zurücknehmen")
    }

    pub(super) const fn camera(self) -> &'static str {
        self.pick("Scan with the camera", "Mit der Kamera scannen")
    }

    pub(super) const fn camera_failed(self) -> &'static str {
        self.pick(
            "The camera cannot be used. Please type the number.",
            "Die Kamera lässt sich nicht benutzen. Bitte die Nummer eintippen.",
        )
    }

    pub(super) const fn again(self) -> &'static str {
        self.pick(
            "This very scan was answered before. The first answer:",
            "Genau dieser Scan wurde schon beantwortet. Die erste Antwort:",
        )
    }

    pub(super) const fn used(self) -> &'static str {
        self.pick("Used:", "Benutzt:")
    }

    /// How many are in, of how many.
    pub(super) fn counts(self, admitted: u64, sold: u64) -> String {
        match self.0 {
            Language::English => format!("{admitted} of {sold} are in"),
            Language::German => format!("{admitted} von {sold} sind drin"),
        }
    }

    /// What became of a ticket, to be seen from afar.
    pub(super) const fn result(self, result: ScanResult) -> &'static str {
        match result {
            ScanResult::Admitted => self.pick("Admitted", "Eingelassen"),
            ScanResult::AlreadyUsed => self.pick("Already used", "Schon benutzt"),
            ScanResult::Cancelled => self.pick("Cancelled", "Storniert"),
            ScanResult::WrongEvent => self.pick("Another event", "Andere Veranstaltung"),
            ScanResult::Unknown => self.pick("No ticket of ours", "Keine Karte von uns"),
            ScanResult::Undone => self.pick("Taken back", "Zurückgenommen"),
            ScanResult::NotUsed => self.pick("Was not used", "War nicht benutzt"),
        }
    }

    pub(super) const fn failed(self) -> &'static str {
        self.pick("That did not work", "Das hat nicht geklappt")
    }

    pub(super) const fn forged(self) -> &'static str {
        self.pick(
            "The form is not of this page. Please open the page again.",
            "Das Formular ist nicht von dieser Seite. Bitte die Seite neu öffnen.",
        )
    }

    pub(super) const fn too_fast(self) -> &'static str {
        self.pick(
            "Too many tries. Please wait a few minutes.",
            "Zu viele Versuche. Bitte ein paar Minuten warten.",
        )
    }

    pub(super) const fn no_event(self) -> &'static str {
        self.pick("There is no such event.", "Diese Veranstaltung gibt es nicht.")
    }

    pub(super) const fn bad_form(self) -> &'static str {
        self.pick("The form could not be read.", "Das Formular war nicht zu lesen.")
    }

    pub(super) const fn unavailable(self) -> &'static str {
        self.pick(
            "It does not work at the moment. Please check the same ticket again.",
            "Es geht zurzeit nicht. Bitte dieselbe Karte noch einmal prüfen.",
        )
    }

    pub(super) const fn back(self) -> &'static str {
        self.pick("Back to the door", "Zurück zum Einlass")
    }
}
