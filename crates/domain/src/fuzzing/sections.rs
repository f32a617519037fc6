//! Section names, descriptors and maps.

use crate::section::{
    SECTION_NAME_LENGTH_MAX, Section, SectionKind, SectionName, free_map, free_seats,
    map_for_clients,
};

/// Larger maps show nothing new and take their time.
const SEATS_MAX: u32 = 2_000;

/// The first line is a name, the second a descriptor. What is accepted has one spelling, scripts
/// read it the same way, and the map of such a section has each seat once.
pub fn sections(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (name, descriptor) = text.split_once('\n').unwrap_or((text, ""));
    let Ok(name) = name.parse::<SectionName>() else { return };
    assert!((1..=SECTION_NAME_LENGTH_MAX).contains(&name.as_str().len()));
    assert!(name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let Some(section) = Section::from_descriptor(name, descriptor) else { return };
    assert_eq!(section.descriptor(), descriptor);
    assert!(scripts_read(descriptor), "{descriptor:?}");
    if let SectionKind::Seated { rows, seats_per_row } = section.kind
        && rows > 0
        && seats_per_row > 0
        && section.capacity() <= SEATS_MAX
    {
        check_map(rows, seats_per_row);
    }
}

/// The pattern of the scripts: `^(%l+) (%d+) (%d+) (%d+)$`.
fn scripts_read(descriptor: &str) -> bool {
    let words: Vec<&str> = descriptor.split(' ').collect();
    let [kind, numbers @ ..] = &words[..] else { return false };
    let digits = |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    !kind.is_empty()
        && kind.bytes().all(|byte| byte.is_ascii_lowercase())
        && numbers.len() == 3
        && numbers.iter().all(digits)
}

fn check_map(rows: u32, seats_per_row: u32) {
    let capacity = (rows * seats_per_row) as usize;
    let map = free_map(rows, seats_per_row);
    let all: Vec<_> = free_seats(&map).collect();
    assert_eq!(all.len(), capacity);
    assert_eq!((all.first(), all.last()), (Some(&(1, 1)), Some(&(rows, seats_per_row))));
    assert_eq!(map_for_clients(&map).len(), capacity);
}
