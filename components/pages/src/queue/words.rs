//! How long a fan still waits, in words. The script of the waiting room says the same with the
//! templates of [`Templates`].

use domain::queue::Place;

use crate::language::Words;

/// How long a fan still waits, with the spread where it is wide.
pub(super) fn wait(words: Words, place: &Place) -> String {
    let range = |quick: i64, slow: i64| {
        let arguments =
            [("quick", duration(words, quick).into()), ("slow", duration(words, slow).into())];
        words.with("wait-range", arguments)
    };
    match (place.estimated_wait_s, place.estimated_wait_range_s) {
        (None, _) | (_, Some((..60, None))) => words.say("wait-unknown"),
        (_, Some((quick, None))) => {
            words.with("wait-open", [("quick", duration(words, quick).into())])
        }
        (_, Some((quick, Some(slow)))) => range(quick, slow),
        (Some(likely), None) => {
            words.with("wait-likely", [("likely", duration(words, likely).into())])
        }
    }
}

/// The chance that something is left; nothing where it is certain.
pub(super) fn chance(words: Words, place: &Place) -> String {
    match place.chance_percent {
        None => String::new(),
        Some(0) => words.say("chance-small"),
        Some(chance) => words.with("chance", [("percent", chance.to_string().into())]),
    }
}

/// A wait that is only an estimate.
fn duration(words: Words, seconds: i64) -> String {
    let minutes = seconds.saturating_add(59) / 60;
    let number = |number: i64| [("number", number.to_string().into())];
    match minutes {
        _ if seconds < 60 => words.say("duration-short"),
        1 => words.say("duration-minute"),
        2..120 => words.with("duration-minutes", number(minutes)),
        _ => words.with("duration-hours", number(minutes.saturating_add(30) / 60)),
    }
}

/// The same texts with names in braces in place of what changes, for the script.
pub(super) struct Templates {
    pub(super) short: String,
    pub(super) minute: String,
    pub(super) minutes: String,
    pub(super) hours: String,
    pub(super) unknown: String,
    pub(super) open: String,
    pub(super) range: String,
    pub(super) likely: String,
    pub(super) chance: String,
    pub(super) chance_small: String,
    pub(super) spoken: String,
    pub(super) ended: String,
    pub(super) sold_out: String,
    pub(super) over: String,
    pub(super) cancelled: String,
    pub(super) nobody_else: String,
    pub(super) unsolved: String,
}

impl Templates {
    pub(super) fn new(words: Words) -> Self {
        Self {
            short: words.say("duration-short"),
            minute: words.say("duration-minute"),
            minutes: words.with("duration-minutes", [("number", "{number}".into())]),
            hours: words.with("duration-hours", [("number", "{number}".into())]),
            unknown: words.say("wait-unknown"),
            open: words.with("wait-open", [("quick", "{quick}".into())]),
            range: words
                .with("wait-range", [("quick", "{quick}".into()), ("slow", "{slow}".into())]),
            likely: words.with("wait-likely", [("likely", "{likely}".into())]),
            chance: words.with("chance", [("percent", "{percent}".into())]),
            chance_small: words.say("chance-small"),
            spoken: words.with("spoken-position", [("position", "{position}".into())]),
            ended: words.say("line-ended"),
            sold_out: words.say("line-ended-sold-out"),
            over: words.say("line-ended-over"),
            cancelled: words.say("line-ended-cancelled"),
            nobody_else: words.say("line-ended-nobody"),
            unsolved: words.say("proof-unsolved"),
        }
    }
}
