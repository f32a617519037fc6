//! What letters say, in the language of their reader, as text and as HTML.
//!
//! Nobody has verified an address, so a letter says nothing that its buyer has made up, such as a
//! name: nobody can write to others through us.

use domain::booking::BookingStatus;
use domain::id::{BookingId, UserId};
use domain::money;
use domain::seat::Seat;
use domain::text::escaped;
use domain::time::Instant;
use domain::time_zone::local_time;
use domain::token::{BookingsKey, SignInSecrets, SigningKeys, TokenError};
use ledger::{DueLetter, LetterBooking, LetterEvent, LetterKind, MailboxBooking};

/// A link to the tickets of an event is good until so long after its end, in ms: also on the way
/// home, and for receipts.
const LINK_OUTLIVES_EVENT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;
/// A link that was asked for is good for so long, in ms: some letters take hours.
const LOOKUP_LINK_TTL_MS: i64 = 24 * 60 * 60 * 1_000;
/// Guests of one letter: somebody who uses many browsers has so many.
const GUESTS_MAX: usize = 10;

/// A letter as it is sent: the same every time it is written.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The mail API takes it once under this.
    pub(crate) id: String,
    /// The mailbox.
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
}

/// What letters are written with.
pub(crate) struct Desk<'a> {
    pub(crate) keys: &'a SigningKeys,
    /// Where browsers reach us, without a slash at its end.
    pub(crate) public_url: &'a str,
}

/// The languages of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    English,
    German,
}

impl Language {
    /// The one of a language tag; English where there is no other.
    fn of(locale: Option<&str>) -> Self {
        let primary = locale.and_then(|tag| tag.split('-').next()).unwrap_or_default();
        if primary.eq_ignore_ascii_case("de") { Self::German } else { Self::English }
    }

    const fn tag(self) -> &'static str {
        self.pick("en", "de")
    }

    const fn pick<'a>(self, english: &'a str, german: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
}

/// A piece of a letter.
enum Piece {
    Paragraph(String),
    Link { label: String, url: String },
}

impl Desk<'_> {
    /// The letter about a booking; nothing when it cannot say about which.
    ///
    /// # Errors
    ///
    /// [`TokenError`] when its link cannot be signed.
    pub(crate) fn about_booking(
        &self,
        letter: &DueLetter,
        to: &str,
    ) -> Result<Option<Letter>, TokenError> {
        let (Some(booking), Some(event)) = (&letter.booking, &letter.event) else {
            return Ok(None);
        };
        let language = Language::of(letter.locale.as_deref());
        let whole = places(language, &booking.seats, booking.quantity, booking);
        let (given_up, share) = booking.part.as_ref().map_or_else(
            || (whole.clone(), booking.amount),
            |part| (places(language, &part.seats, part.quantity, booking), part.amount),
        );
        let share = amount(language, share, &booking.currency);
        let name = &event.name;
        let (subject, news) = match letter.kind {
            LetterKind::Confirmed => match language {
                Language::English => (
                    format!("Your tickets: {name}"),
                    "Your tickets are booked. Show their codes at the door, on your phone or \
                     printed."
                        .to_owned(),
                ),
                Language::German => (
                    format!("Ihre Karten: {name}"),
                    "Ihre Karten sind gebucht. Zeigen Sie deren Codes am Einlass, auf dem Telefon \
                     oder ausgedruckt."
                        .to_owned(),
                ),
            },
            LetterKind::Cancelled | LetterKind::PartCancelled => match language {
                Language::English => (
                    format!("Cancelled: {name}"),
                    format!(
                        "These tickets are cancelled: {given_up}. Nobody is admitted with them. If \
                         you paid for them, the money is on its way back to you."
                    ),
                ),
                Language::German => (
                    format!("Storniert: {name}"),
                    format!(
                        "Diese Karten sind storniert: {given_up}. Sie gelten nicht mehr. Wenn Sie \
                         bezahlt haben, ist das Geld auf dem Weg zurück zu Ihnen."
                    ),
                ),
            },
            LetterKind::Refunded | LetterKind::PartRefunded => match language {
                Language::English => (
                    format!("Refunded: {name}"),
                    format!("{share} went back to you for these tickets: {given_up}."),
                ),
                Language::German => (
                    format!("Erstattet: {name}"),
                    format!("Sie haben {share} für diese Karten zurückbekommen: {given_up}."),
                ),
            },
            LetterKind::Lookup | LetterKind::SignIn => return Ok(None),
        };
        let ends_at = event.ends_at.unix_ms().max(letter.created_at.unix_ms());
        let url = self.link(
            &letter.id,
            booking.user_id,
            Some(booking.booking_id),
            letter.created_at,
            Instant::from_unix_ms(ends_at).plus_ms(LINK_OUTLIVES_EVENT_MS),
        )?;
        let mut pieces = vec![
            Piece::Paragraph(language.pick("Hello,", "Hallo,").to_owned()),
            Piece::Paragraph(news),
            Piece::Paragraph(where_and_when(language, event)),
        ];
        let is_about_all = booking.part.is_none();
        if letter.kind == LetterKind::Confirmed || !is_about_all {
            let label = language.pick("Your tickets", "Ihre Karten").to_owned();
            pieces.push(Piece::Paragraph(format!("{label}: {whole}")));
            pieces.push(Piece::Link { label, url });
        } else {
            let label = language.pick("Your booking", "Ihre Buchung").to_owned();
            pieces.push(Piece::Link { label, url });
        }
        pieces.push(Piece::Paragraph(keep_secret(language)));
        Ok(Some(written(letter, to, language, subject, &pieces)))
    }

    /// The letter that leads to the bookings of a mailbox, newest first: a link for each of its
    /// guests, because a browser is one guest. Nothing when there are none: who asked is not told.
    ///
    /// # Errors
    ///
    /// [`TokenError`] when a link cannot be signed.
    pub(crate) fn about_bookings(
        &self,
        letter: &DueLetter,
        to: &str,
        bookings: &[MailboxBooking],
    ) -> Result<Option<Letter>, TokenError> {
        // mutant: unknown-mailboxes-are-told
        if bookings.is_empty() {
            return Ok(None);
        }
        let language = Language::of(letter.locale.as_deref());
        let mut guests: Vec<UserId> = Vec::new();
        for booking in bookings {
            if !guests.contains(&booking.user) && guests.len() < GUESTS_MAX {
                guests.push(booking.user);
            }
        }
        let intro = language.pick(
            "You, or somebody else, asked for the bookings of this mailbox. If it was not you, \
             there is nothing to do.",
            "Sie oder jemand anderes hat nach den Buchungen dieses Postfachs gefragt. Wenn Sie es \
             nicht waren, ist nichts zu tun.",
        );
        let mut pieces = vec![
            Piece::Paragraph(language.pick("Hello,", "Hallo,").to_owned()),
            Piece::Paragraph(intro.to_owned()),
        ];
        for guest in guests {
            let own = bookings.iter().filter(|booking| booking.user == guest);
            let lines: Vec<String> = own.map(|booking| line(language, booking)).collect();
            pieces.push(Piece::Paragraph(lines.join("; ")));
            let expires_at = letter.created_at.plus_ms(LOOKUP_LINK_TTL_MS);
            let url = self.link(&letter.id, guest, None, letter.created_at, expires_at)?;
            let label = language.pick("Open these bookings", "Diese Buchungen öffnen").to_owned();
            pieces.push(Piece::Link { label, url });
        }
        let ends = language.pick("The link is good for a day.", "Der Link gilt einen Tag.");
        pieces.push(Piece::Paragraph(format!("{ends} {}", keep_secret(language))));
        let subject = language.pick("Your bookings", "Ihre Buchungen").to_owned();
        Ok(Some(written(letter, to, language, subject, &pieces)))
    }

    /// The letter that signs its reader in, by the code or by the link; nothing when it cannot say
    /// to which sign-in.
    pub(crate) fn about_sign_in(&self, letter: &DueLetter, to: &str) -> Option<Letter> {
        let SignInSecrets { code, link_token } =
            SignInSecrets::of(self.keys, letter.subject_id.as_deref()?);
        let language = Language::of(letter.locale.as_deref());
        let intro = language.pick(
            "This is your code to sign in. It is good once, for 15 minutes.",
            "Dies ist Ihr Code zum Anmelden. Er gilt einmal, 15 Minuten lang.",
        );
        let other = language.pick(
            "Or open this link and press the button there.",
            "Oder öffnen Sie diesen Link und drücken Sie dort auf den Knopf.",
        );
        let secret = language.pick(
            "Tell nobody: whoever has the code or the link is signed in as you. If it was not you \
             who asked, there is nothing to do.",
            "Sagen Sie den Code niemandem: Wer ihn oder den Link hat, ist als Sie angemeldet. Wenn \
             Sie nicht danach gefragt haben, ist nichts zu tun.",
        );
        let label = language.pick("Sign in", "Anmelden").to_owned();
        let pieces = [
            Piece::Paragraph(language.pick("Hello,", "Hallo,").to_owned()),
            Piece::Paragraph(intro.to_owned()),
            Piece::Paragraph(code.clone()),
            Piece::Paragraph(other.to_owned()),
            Piece::Link { label, url: format!("{}/auth/link?token={link_token}", self.public_url) },
            Piece::Paragraph(secret.to_owned()),
        ];
        let subject = language.pick("Your code", "Ihr Code");
        Some(written(letter, to, language, format!("{subject}: {code}"), &pieces))
    }

    fn link(
        &self,
        id: &str,
        user: UserId,
        booking: Option<BookingId>,
        issued_at: Instant,
        expires_at: Instant,
    ) -> Result<String, TokenError> {
        let key = BookingsKey { user, booking, id: id.to_owned(), issued_at, expires_at };
        Ok(format!("{}/bookings?key={}", self.public_url, key.sign(self.keys)?))
    }
}

fn written(
    letter: &DueLetter,
    to: &str,
    language: Language,
    subject: String,
    pieces: &[Piece],
) -> Letter {
    let text = pieces.iter().map(|piece| match piece {
        Piece::Paragraph(text) => text.clone(),
        Piece::Link { label, url } => format!("{label}:\n{url}"),
    });
    let html = pieces.iter().map(|piece| match piece {
        Piece::Paragraph(text) => format!("<p>{}</p>", escaped(text)),
        Piece::Link { label, url } => {
            format!("<p><a href=\"{}\">{}</a></p>", escaped(url), escaped(label))
        }
    });
    Letter {
        id: letter.id.clone(),
        to: to.to_owned(),
        text: text.collect::<Vec<_>>().join("\n\n") + "\n",
        html: format!(
            "<!doctype html><html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title>\
             </head><body>{}</body></html>\n",
            language.tag(),
            escaped(&subject),
            html.collect::<String>(),
        ),
        subject,
    }
}

fn keep_secret(language: Language) -> String {
    let text = language.pick(
        "Whoever has the link has the tickets: do not pass it on.",
        "Wer den Link hat, hat die Karten: geben Sie ihn nicht weiter.",
    );
    text.to_owned()
}

/// Seats by their labels, or how many places of which section.
fn places(language: Language, seats: &[Seat], quantity: u32, booking: &LetterBooking) -> String {
    let section = language.pick("section", "Bereich");
    if seats.is_empty() {
        format!("{quantity} × {section} {}", booking.section)
    } else {
        seats.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

fn where_and_when(language: Language, event: &LetterEvent) -> String {
    let when = moment(language, event.starts_at, &event.time_zone);
    let mut text = format!("{}, {when}", event.name);
    if !event.venue.is_empty() {
        text.push_str(", ");
        text.push_str(&event.venue);
    }
    text
}

/// A booking in one line.
fn line(language: Language, booking: &MailboxBooking) -> String {
    let when = moment(language, booking.starts_at, &booking.time_zone);
    let status = match booking.status {
        BookingStatus::Confirmed => language.pick("booked", "gebucht"),
        BookingStatus::Refunded => language.pick("refunded", "erstattet"),
        BookingStatus::Cancelled => language.pick("cancelled", "storniert"),
        BookingStatus::Reserved | BookingStatus::Released | BookingStatus::Expired => {
            language.pick("held", "reserviert")
        }
    };
    format!("{}, {when} ({status})", booking.event_name)
}

/// Day and time as clocks in the zone show them.
fn moment(language: Language, at: Instant, time_zone: &str) -> String {
    let local = local_time(at, time_zone);
    let format = language.pick("%Y-%m-%d, %H:%M", "%d.%m.%Y, %H:%M Uhr");
    format!("{} {}", local.date_time.strftime(format), local.abbreviation)
}

/// An amount in minor units of `currency`.
fn amount(language: Language, amount: i64, currency: &str) -> String {
    let (whole, fraction) = money::split(amount, currency);
    if fraction.is_empty() {
        format!("{whole} {currency}")
    } else {
        format!("{whole}{}{fraction} {currency}", language.pick(".", ","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
    const CREATED_AT: Instant = Instant::from_unix_ms(1_800_000_000_000);

    fn keys() -> SigningKeys {
        SigningKeys::parse(&format!("k1:{}", "A".repeat(43))).unwrap()
    }

    fn user(last: u128) -> UserId {
        UserId::from_uuid(format!("00000000-0000-7000-8000-{last:012}").parse().unwrap())
    }

    fn due(kind: LetterKind, locale: &str) -> DueLetter {
        let booking_id = BookingId::new(EVENT.parse().unwrap(), user(1).as_uuid());
        DueLetter {
            id: "letter_x".to_owned(),
            kind,
            attempts: 0,
            age_ms: 0,
            subject_id: None,
            created_at: CREATED_AT,
            email: Some("fan@example.com".to_owned()),
            locale: Some(locale.to_owned()),
            booking: Some(LetterBooking {
                booking_id,
                user_id: user(1),
                section: "A".parse().unwrap(),
                seats: vec!["A-1-2".parse().unwrap()],
                quantity: 1,
                amount: 4_550,
                currency: "EUR".to_owned(),
                part: None,
            }),
            event: Some(LetterEvent {
                name: "Q & <A>".to_owned(),
                venue: "Arena".to_owned(),
                starts_at: Instant::from_unix_ms(2_127_495_600_000),
                ends_at: Instant::from_unix_ms(2_127_506_400_000),
                time_zone: "Europe/Berlin".to_owned(),
            }),
        }
    }

    fn read(kind: LetterKind, locale: &str) -> Letter {
        let keys = keys();
        let desk = Desk { keys: &keys, public_url: "https://box.test" };
        desk.about_booking(&due(kind, locale), "fan@example.com").unwrap().unwrap()
    }

    #[test]
    fn a_letter_is_in_the_language_of_its_reader_and_the_same_every_time() {
        let english = read(LetterKind::Confirmed, "en-GB");
        assert!(english == read(LetterKind::Confirmed, "fr"));
        assert_eq!(english.subject, "Your tickets: Q & <A>");
        assert!(english.text.contains("2037-06-01, 21:00 CEST, Arena"), "{}", english.text);
        assert!(english.text.contains("A-1-2"), "{}", english.text);
        assert!(english.html.contains("Q &amp; &lt;A&gt;"), "{}", english.html);
        let german = read(LetterKind::Refunded, "de-AT");
        assert_eq!(german.subject, "Erstattet: Q & <A>");
        assert!(german.text.contains("45,50 EUR"), "{}", german.text);
        assert!(german.text.contains("01.06.2037, 21:00 Uhr CEST"), "{}", german.text);
        assert!(german.html.starts_with("<!doctype html><html lang=\"de\">"), "{}", german.html);
    }

    #[test]
    fn the_link_names_the_guest_and_the_booking_until_after_the_event() {
        let letter = read(LetterKind::Confirmed, "en");
        let (_, key) = letter.text.split_once("https://box.test/bookings?key=").unwrap();
        let key = key.split_whitespace().next().unwrap();
        let later = Instant::from_unix_ms(2_127_506_400_000).plus_ms(LINK_OUTLIVES_EVENT_MS);
        let opened = BookingsKey::verify(&keys().verifying_keys(), key, later).unwrap();
        assert_eq!(opened.user, user(1));
        assert_eq!(opened.booking.map(BookingId::event), EVENT.parse().ok());
    }

    #[test]
    fn the_letter_to_sign_in_has_the_code_and_the_link_of_its_sign_in() {
        let keys = keys();
        let desk = Desk { keys: &keys, public_url: "https://box.test" };
        let letter =
            DueLetter { subject_id: Some("7".to_owned()), ..due(LetterKind::SignIn, "de") };
        let written = desk.about_sign_in(&letter, "fan@example.com").unwrap();
        let SignInSecrets { code, link_token } = SignInSecrets::of(&keys, "7");
        assert_eq!(written.subject, format!("Ihr Code: {code}"));
        let link = format!("https://box.test/auth/link?token={link_token}\n");
        assert!(written.text.contains(&link), "{}", written.text);
        assert!(desk.about_sign_in(&due(LetterKind::SignIn, "de"), "fan@example.com").is_none());
    }

    #[test]
    fn each_guest_of_a_mailbox_has_a_link_and_nobody_gets_no_letter() {
        let keys = keys();
        let desk = Desk { keys: &keys, public_url: "https://box.test" };
        let letter = due(LetterKind::Lookup, "en");
        let of = |guest: u128| MailboxBooking {
            user: user(guest),
            booking: BookingId::new(EVENT.parse().unwrap(), user(guest).as_uuid()),
            status: BookingStatus::Confirmed,
            event_name: "Gala".to_owned(),
            starts_at: CREATED_AT,
            time_zone: "UTC".to_owned(),
        };
        let links = |bookings: &[MailboxBooking]| {
            let written = desk.about_bookings(&letter, "fan@example.com", bookings).unwrap();
            written.map(|letter| letter.text.matches("/bookings?key=").count())
        };
        assert_eq!(links(&[]), None);
        assert_eq!(links(&[of(1), of(1)]), Some(1));
        assert_eq!(links(&[of(1), of(2), of(1)]), Some(2));
        let many: Vec<_> = (1..=20).map(of).collect();
        assert_eq!(links(&many), Some(GUESTS_MAX));
    }
}
