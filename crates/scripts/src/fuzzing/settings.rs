//! The settings of an event.

use std::collections::HashMap;

use crate::EventSettings;

/// Each line is a field and its value. Settings that are accepted say the same when they are
/// written and read again.
pub fn settings(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let lines = text.split('\n').filter_map(|line| line.split_once(' '));
    let fields: HashMap<&str, &str> = lines.collect();
    let Some(settings) = EventSettings::from_fields(&fields) else { return };
    assert!(settings.capacity() >= 0);
    assert!(settings.seated_sections().len() <= settings.sections.len());
    let mut written = settings.fields();
    written.push(("generation".to_owned(), settings.generation.to_string()));
    let written: HashMap<&str, &str> =
        written.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(EventSettings::from_fields(&written), Some(settings));
}
