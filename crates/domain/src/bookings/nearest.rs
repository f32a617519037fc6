//! The free seats nearest to those that somebody wished for and cannot have.

use crate::section::{ROW_SEPARATOR, SEAT_FREE};

/// A step to another row is as far as so many seats along one: who sits a row behind sees about the
/// same, who sits at the other end does not.
const ROW_IN_SEATS: u64 = 3;

/// As many adjacent free seats in one row of a stored `map` as `wished` has, the nearest to its
/// middle; `None` when no row has so many side by side, or nothing is wished for. Seats are
/// `(row, number)`, both from 1. Of blocks that are equally near, the better row wins.
pub fn nearest_block(map: &[u8], wished: &[(u32, u32)]) -> Option<Vec<(u32, u32)>> {
    let count = wished.len();
    let wished_count = u64::try_from(count).ok().filter(|count| *count > 0)?;
    // Sums instead of averages: all distances are in the same fraction of a seat.
    let row_sum: u64 = wished.iter().map(|(row, _)| u64::from(*row)).sum();
    let number_sum: u64 = wished.iter().map(|(_, number)| u64::from(*number)).sum();
    let mut nearest: Option<(u64, u32, u32)> = None;
    for (row, row_number) in map.split(|seat| *seat == ROW_SEPARATOR).zip(1_u32..) {
        let row_distance = (u64::from(row_number) * wished_count).abs_diff(row_sum) * ROW_IN_SEATS;
        if nearest.is_some_and(|(distance, ..)| distance <= row_distance) {
            continue;
        }
        for (block, first) in row.windows(count).zip(1_u32..) {
            if block.iter().any(|seat| *seat != SEAT_FREE) {
                continue;
            }
            let block_sum = wished_count * u64::from(first) + wished_count * (wished_count - 1) / 2;
            let distance = row_distance + block_sum.abs_diff(number_sum);
            if nearest.is_none_or(|(least, ..)| distance < least) {
                nearest = Some((distance, row_number, first));
            }
        }
    }
    let (_, row, first) = nearest?;
    Some((first..).take(count).map(|number| (row, number)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_seats_are_offered() {
        for (map, wished, nearest) in [
            // Beside, in the same row.
            ("....h.....", vec![(1, 5)], Some(vec![(1, 4)])),
            ("...hhh....", vec![(1, 5)], Some(vec![(1, 3)])),
            // A row behind is nearer than the other end.
            ("ssss....../..........", vec![(1, 1), (1, 2)], Some(vec![(2, 1), (2, 2)])),
            // Side by side, also where what was wished for is not.
            ("h.h.h/.....", vec![(1, 1), (1, 3)], Some(vec![(2, 1), (2, 2)])),
            // Nothing that is large enough.
            (".h.h.", vec![(1, 1), (1, 2)], None),
            ("hhh", vec![(1, 1)], None),
            ("...", vec![], None),
            // Of two equally near, the better row.
            ("./h/.", vec![(2, 1)], Some(vec![(1, 1)])),
        ] {
            assert_eq!(nearest_block(map.as_bytes(), &wished), nearest, "{map} {wished:?}");
        }
    }
}
