//! The languages of the pages, and which of them a request wishes for.

use http::header;

use crate::call::Call;

/// The cookie that keeps the language that a person has chosen.
pub const COOKIE: &str = "boxoffice_language";
/// The field of a query that chooses one.
const QUERY: &str = "lang";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// German.
    German,
}

impl Language {
    /// All of them; the first is what a browser gets that asks for none of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag of BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its own name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of a tag, or of a more particular one: `de-AT` is German.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that the request chooses in its query, if any.
    pub fn chosen(call: &Call) -> Option<Self> {
        Self::of_tag(&call.query(QUERY)?)
    }

    /// The language of a page: as chosen now, as chosen before, or as the browser wishes.
    pub fn of(call: &Call) -> Self {
        let kept = || call.cookie(COOKIE).and_then(Self::of_tag);
        let wished = || call.header(header::ACCEPT_LANGUAGE).and_then(Self::best);
        Self::chosen(call).or_else(kept).or_else(wished).unwrap_or(Self::English)
    }

    /// The best of `Accept-Language` (RFC 9110, section 12.5.4); of equal wishes the first.
    fn best(accepted: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for item in accepted.split(',') {
            let (tag, parameter) = item.split_once(';').unwrap_or((item, ""));
            let quality =
                parameter.trim().strip_prefix("q=").map_or(Some(1.0), |it| it.parse().ok());
            let (Some(language), Some(quality)) = (Self::of_tag(tag), quality) else { continue };
            if quality > best.map_or(0.0, |(_, quality)| quality) {
                best = Some((language, quality));
            }
        }
        best.map(|(language, _)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_wish_wins() {
        for (accepted, best) in [
            ("de", Some(Language::German)),
            ("de-AT,en;q=0.8", Some(Language::German)),
            ("fr, en;q=0.7, de;q=0.9", Some(Language::German)),
            ("en-GB, de", Some(Language::English)),
            ("DE;q=0", None),
            ("fr, *;q=0.1", None),
            ("de;q=x, en", Some(Language::English)),
            ("", None),
        ] {
            assert_eq!(Language::best(accepted), best, "{accepted}");
        }
    }
}
