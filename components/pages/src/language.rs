//! The languages of the pages, and every text of them: one file of messages for each language.

use std::cell::RefCell;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use guest::Call;
use http::header;
use unic_langid::LanguageIdentifier;

/// The cookie that keeps the language that a person has chosen.
pub(crate) const COOKIE: &str = "boxoffice_language";
/// The field of a query that chooses one.
const QUERY: &str = "lang";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
}

impl Language {
    /// All of them; the first is what a browser gets that asks for none of them.
    pub(crate) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag of BCP 47.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// Its own name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    const fn messages(self) -> &'static str {
        match self {
            Self::English => include_str!("../messages/en.ftl"),
            Self::German => include_str!("../messages/de.ftl"),
        }
    }

    /// The language of a tag, or of a more particular one: `de-AT` is German.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default().trim();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The language that the request chooses in its query, if any.
    pub(crate) fn chosen(call: &Call) -> Option<Self> {
        Self::of_tag(&call.query(QUERY)?)
    }

    /// The language of a page: as chosen now, as chosen before, or as the browser wishes.
    pub(crate) fn of(call: &Call) -> Self {
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

/// The texts of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Language);

type Bundle = FluentBundle<FluentResource>;

thread_local! {
    /// Read once per instance, when they are needed first.
    static BUNDLES: RefCell<[Option<Bundle>; Language::ALL.len()]> =
        const { RefCell::new([const { None }; Language::ALL.len()]) };
}

impl Words {
    /// A text that says the same every time.
    pub(crate) fn say(self, id: &str) -> String {
        self.with(id, [])
    }

    /// A text with something in it. Its id, where there is no such text: a defect of ours, which a
    /// test finds.
    pub(crate) fn with<'a, const N: usize>(
        self,
        id: &str,
        arguments: [(&'a str, FluentValue<'a>); N],
    ) -> String {
        let Self(language) = self;
        BUNDLES.with_borrow_mut(|bundles| {
            let index = language as usize;
            let Some(slot) = bundles.get_mut(index) else { return id.to_owned() };
            let bundle = slot.get_or_insert_with(|| bundle(language));
            let pattern = bundle.get_message(id).and_then(|message| message.value());
            let Some(pattern) = pattern else { return id.to_owned() };
            let arguments: FluentArgs<'a> = arguments.into_iter().collect();
            bundle.format_pattern(pattern, Some(&arguments), &mut Vec::new()).into_owned()
        })
    }
}

fn bundle(language: Language) -> Bundle {
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new(vec![tag]);
    // What is put into a text is in one direction with it; marks around it would only be copied.
    bundle.set_use_isolating(false);
    // What cannot be read is left out; a test reads every text of every language.
    let messages = FluentResource::try_new(language.messages().to_owned());
    bundle.add_resource_overriding(messages.unwrap_or_else(|(readable, _)| readable));
    bundle
}
