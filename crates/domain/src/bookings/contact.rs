//! Where a buyer can be reached about a booking.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::FieldProblem;
use crate::text::{check_line, is_invisible};

/// The longest mailbox, in characters: what fits into the path of an SMTP command (RFC 5321).
pub const EMAIL_LENGTH_MAX: usize = 254;
/// The longest part of a mailbox in front of the `@`, in characters (RFC 5321, section 4.5.3.1.1).
const LOCAL_PART_LENGTH_MAX: usize = 64;
/// The longest label of a domain, in characters (RFC 1035, section 2.3.4).
const LABEL_LENGTH_MAX: usize = 63;
/// The longest name, in characters: a line of a ticket.
pub const CONTACT_NAME_LENGTH_MAX: usize = 100;
/// The longest language tag, in characters (RFC 5646, section 4.4.1).
pub const LOCALE_LENGTH_MAX: usize = 35;

/// What a buyer has said, all of it optional. Personal data: it is not shown by `Debug`, so that
/// nothing that is written for operators has it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// A mailbox that may exist, as the buyer wrote it.
    pub email: Option<String>,
    /// One visible line.
    pub name: Option<String>,
    /// A language tag of BCP 47, such as `de` or `en-GB`.
    pub locale: Option<String>,
}

impl Contact {
    /// Reads what a request says.
    ///
    /// # Errors
    ///
    /// Everything that is not allowed.
    pub fn read(
        email: Option<String>,
        name: Option<String>,
        locale: Option<String>,
    ) -> Result<Self, Vec<FieldProblem>> {
        let contact = Self { email, name, locale };
        let problems = contact.problems();
        if problems.is_empty() { Ok(contact) } else { Err(problems) }
    }

    fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        let mut check = |field: &str, problem: Option<String>| {
            problems.extend(problem.map(|problem| FieldProblem::new(field, problem)));
        };
        if let Some(email) = &self.email {
            let problem = format!("must be a mailbox of at most {EMAIL_LENGTH_MAX} characters");
            check("email", (!is_mailbox(email)).then_some(problem));
        }
        if let Some(name) = &self.name {
            let is_long = name.chars().count() > CONTACT_NAME_LENGTH_MAX;
            let problem = format!("must have at most {CONTACT_NAME_LENGTH_MAX} characters");
            let problem = is_long.then_some(problem);
            check("name", problem.or_else(|| check_line(name).err().map(str::to_owned)));
        }
        if let Some(locale) = &self.locale {
            let problem = "must be a language tag such as de or en-GB".to_owned();
            check("locale", (!is_language_tag(locale)).then_some(problem));
        }
        problems
    }

    /// Whether nothing was said.
    pub const fn is_empty(&self) -> bool {
        self.email.is_none() && self.name.is_none() && self.locale.is_none()
    }

    /// As stores keep it: JSON without what was not said; empty when nothing was.
    pub fn to_text(&self) -> String {
        let parts = [("email", &self.email), ("name", &self.name), ("locale", &self.locale)];
        let said: serde_json::Map<_, _> = parts
            .into_iter()
            .filter_map(|(field, text)| Some((field.to_owned(), text.clone()?.into())))
            .collect();
        if said.is_empty() { String::new() } else { serde_json::Value::Object(said).to_string() }
    }

    /// Reads what [`to_text`](Self::to_text) wrote. A text that is damaged says nothing: a booking
    /// is worth more than its contact.
    pub fn from_text(text: &str) -> Self {
        let contact: Self = serde_json::from_str(text).unwrap_or_default();
        if contact.problems().is_empty() { contact } else { Self::default() }
    }
}

impl fmt::Debug for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.is_empty() { "Contact()" } else { "Contact(…)" })
    }
}

/// Whether it can be the address of a mailbox. Whether it is one, only a letter tells; so quoted
/// local parts and addresses in brackets, which nobody has, are refused, and letters of any script
/// allowed (RFC 6531).
fn is_mailbox(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let is_atom = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|it| !it.is_control() && !is_invisible(it) && !"@<>()[]\\,;:\"".contains(it))
    };
    let is_label = |label: &str| {
        (1..=LABEL_LENGTH_MAX).contains(&label.chars().count())
            && label.chars().all(|it| it == '-' || it.is_alphanumeric() || is_mark(it))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    text.chars().count() <= EMAIL_LENGTH_MAX
        && local.chars().count() <= LOCAL_PART_LENGTH_MAX
        && local.split('.').all(is_atom)
        && domain.contains('.')
        && domain.split('.').all(is_label)
        // An address of four numbers is no domain.
        && !domain.rsplit('.').next().is_some_and(is_number)
}

/// Whether it is a sign that belongs to the letter before it, as scripts of India need them.
const fn is_mark(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{DFF}' | '\u{E00}'..='\u{FFF}')
}

/// Whether it is well formed: a language, then subtags (RFC 5646, section 2.1).
fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    let is_language = (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic());
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    text.len() <= LOCALE_LENGTH_MAX && is_language && subtags.all(is_subtag)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(contact: &Contact) -> Vec<String> {
        contact.problems().into_iter().map(|problem| problem.field).collect()
    }

    fn with_email(email: &str) -> Contact {
        Contact { email: Some(email.to_owned()), ..Contact::default() }
    }

    #[test]
    fn a_mailbox_may_exist_or_is_refused() {
        let longest = format!("{}@{}.example", "a".repeat(64), "b.".repeat(80) + "cccc.ddd");
        let longest_of_all = format!("{longest}{}", "e".repeat(254 - longest.len()));
        for email in [
            "fan@example.com",
            "first.last+tickets@sub.example.co.uk",
            "o'brien_99@example.museum",
            "=1+1@example.com",
            "josé@españa.example",
            "用户@例子.广告",
            "a@b.c",
            "x@xn--bcher-kva.example",
            &longest_of_all,
        ] {
            assert_eq!(fields(&with_email(email)), [""; 0], "{email}");
        }
        for email in [
            "",
            "fan",
            "@example.com",
            "fan@",
            "fan@example",
            "fan@@example.com",
            "fan@one@example.com",
            ".fan@example.com",
            "fan.@example.com",
            "f..n@example.com",
            "fan@.example.com",
            "fan@example.com.",
            "fan@example..com",
            "fan@-example.com",
            "fan@example-.com",
            "fan@exa mple.com",
            "fan@127.0.0.1",
            "fan@[127.0.0.1]",
            "f an@example.com",
            " fan@example.com",
            "fan@example.com ",
            "fan@example.com\n",
            "fan@example.com\r\nBcc: all@example.com",
            "fan\u{200B}@example.com",
            "fan\u{202E}@example.com",
            "fan\0@example.com",
            "Fan <fan@example.com>",
            "fan@example.com,other@example.com",
            "\"fan\"@example.com",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("{longest_of_all}e"),
            &format!("fan@{}.com", "b".repeat(64)),
        ] {
            assert_eq!(fields(&with_email(email)), ["email"], "{email:?}");
        }
    }

    #[test]
    fn a_name_is_one_visible_line_and_a_locale_a_language_tag() {
        let contact = |name: &str, locale: &str| Contact {
            email: None,
            name: Some(name.to_owned()),
            locale: Some(locale.to_owned()),
        };
        for (name, locale) in [
            ("Jane Doe", "de"),
            ("=1+1", "en-GB"),
            ("قاسم", "zh-Hant-TW"),
            ("é", "de-CH-1901"),
            (&"ü".repeat(100), "sl-rozaj-biske"),
        ] {
            assert_eq!(fields(&contact(name, locale)), [""; 0], "{name} {locale}");
        }
        for name in ["", " ", "\u{200B}", "two\nlines", "a\0", "a\u{202E}b", &"x".repeat(101)] {
            assert_eq!(fields(&contact(name, "de")), ["name"], "{name:?}");
        }
        let long = format!("en{}", "-abcdefgh".repeat(4));
        for locale in ["", "d", "de_DE", "de-", "-de", "de--DE", "12", "dé", "de DE", "*", &long] {
            assert_eq!(fields(&contact("Jane", locale)), ["locale"], "{locale:?}");
        }
    }

    #[test]
    fn a_contact_survives_its_text_and_is_not_shown() {
        let contact = Contact {
            email: Some("fan@example.com".to_owned()),
            name: Some("Jane \"J\" Doe, 日本".to_owned()),
            locale: None,
        };
        assert_eq!(Contact::from_text(&contact.to_text()), contact);
        assert_eq!(Contact::default().to_text(), "");
        let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(101));
        for damaged in ["", "{", "[]", "7", r#"{"email":7}"#, r#"{"name":"a\u0000"}"#, &long] {
            assert!(Contact::from_text(damaged).is_empty(), "{damaged}");
        }
        assert_eq!(format!("{contact:?}"), "Contact(…)");
    }
}
