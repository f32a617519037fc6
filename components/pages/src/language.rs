//! The texts of the pages: one file of messages for each language.

use std::cell::RefCell;

use fluent_bundle::{FluentArgs, FluentBundle, FluentResource, FluentValue};
use guest::Call;
pub(crate) use guest::language::Language;
use unic_langid::LanguageIdentifier;

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
    /// The texts of the page that answers `call`.
    pub(crate) fn of(call: &Call) -> Self {
        Self(Language::of(call))
    }

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
    let messages = FluentResource::try_new(messages(language).to_owned());
    bundle.add_resource_overriding(messages.unwrap_or_else(|(readable, _)| readable));
    bundle
}

const fn messages(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../messages/en.ftl"),
        Language::German => include_str!("../messages/de.ftl"),
    }
}
