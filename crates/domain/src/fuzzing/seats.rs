//! Seat labels and selections of seats.

use crate::seat::{SEATS_PER_RESERVATION_MAX, Seat};
use crate::selection::Selection;

/// Each line is a label. A label that is accepted is the one spelling of its seat; labels that are
/// accepted together are of one section, all different, at most ten, in the order of the hall.
pub fn seats(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let labels: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for label in &labels {
        if let Ok(seat) = label.parse::<Seat>() {
            assert_eq!(seat.to_string(), *label);
            assert!(seat.row > 0 && seat.number > 0, "{label}");
        }
    }
    let Ok(selection) = Selection::read(Some(&labels), None, None) else { return };
    let Selection::Seats { section, seats } = selection else { panic!("these were seats") };
    assert_eq!(seats.len(), labels.len());
    assert!((1..=SEATS_PER_RESERVATION_MAX).contains(&seats.len()));
    assert!(seats.windows(2).all(|pair| pair[0] < pair[1]), "{labels:?}");
    for seat in &seats {
        assert_eq!(seat.section, section);
        assert!(labels.contains(&seat.to_string()), "{seat} was not asked for");
    }
}
