//! Times and durations as people say them. script.js has the same words.

use domain::queue::Place;
use domain::time::Instant;

/// How long a fan still waits, with the spread where it is wide.
pub(crate) fn wait(place: &Place) -> String {
    match (place.estimated_wait_s, place.estimated_wait_range_s) {
        (None, _) | (_, Some((..60, None))) => "not known while nobody is let in".to_owned(),
        (_, Some((quick, None))) => format!("{} or more", duration(quick)),
        (_, Some((quick, Some(slow)))) => format!("{} to {}", duration(quick), duration(slow)),
        (Some(likely), None) => duration(likely),
    }
}

/// The chance that something is left; nothing where it is certain.
pub(crate) fn chance(place: &Place) -> String {
    match place.chance_percent {
        None => String::new(),
        Some(0) => "The chance that something is left at your turn is below 1 %.".to_owned(),
        Some(chance) => format!("The chance that something is left at your turn is {chance} %."),
    }
}

/// A wait that is only an estimate.
fn duration(seconds: i64) -> String {
    let minutes = seconds.saturating_add(59) / 60;
    match minutes {
        _ if seconds < 60 => "less than a minute".to_owned(),
        1 => "about a minute".to_owned(),
        2..120 => format!("about {minutes} minutes"),
        _ => format!("about {} hours", minutes.saturating_add(30) / 60),
    }
}

/// `2037-06-01, 19:00:00 UTC`.
pub(crate) fn moment(at: Instant) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    let time = time.split('.').next().unwrap_or_default();
    format!("{date}, {time} UTC")
}

/// A number with its thousands apart, as script.js writes it.
pub(crate) fn grouped(number: i64) -> String {
    let digits = number.max(0).to_string();
    let length = digits.len();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (length - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
