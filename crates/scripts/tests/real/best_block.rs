//! The best adjacent seats: first row that has them, nearest the middle, lower of two equals.

use scripts::{Choice, PresentedPass, ReserveOutcome, ReserveSeats};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, seated};

/// Map, quantity, chosen block as `row: first-last`; `x` is a seat that is sold.
const TABLE: &[(&str, u32, &str)] = &[
    // The middle of an odd and of an even row; of two equals the lower.
    (".....", 1, "1: 3-3"),
    ("....", 1, "1: 2-2"),
    (".....", 2, "1: 2-3"),
    ("....", 2, "1: 2-3"),
    (".....", 3, "1: 2-4"),
    ("......", 3, "1: 2-4"),
    // The whole row, and one seat more.
    (".....", 5, "1: 1-5"),
    ("..........", 10, "1: 1-10"),
    ("....", 5, "none"),
    (".", 1, "1: 1-1"),
    (".", 2, "none"),
    // Nearest the middle on either side.
    ("..x..", 1, "1: 2-2"),
    (".xx..", 1, "1: 4-4"),
    (".xxx.", 1, "1: 1-1"),
    ("..x..", 2, "1: 1-2"),
    ("x.x..", 2, "1: 4-5"),
    (".......x..", 2, "1: 5-6"),
    ("....xx....", 3, "1: 2-4"),
    ("...xxx....", 3, "1: 7-9"),
    ("...xx.....", 3, "1: 6-8"),
    ("xxxx...xx", 3, "1: 5-7"),
    ("...xxxx..", 3, "1: 1-3"),
    // Nothing left, and nothing adjacent.
    ("xxxxx", 1, "none"),
    (".x.x.", 2, "none"),
    (".x.x.", 1, "1: 3-3"),
    // A better row comes first, even with seats farther out.
    (".xxxx/.....", 1, "1: 1-1"),
    (".xxxx/.....", 2, "2: 2-3"),
    ("xxxx./xxxxx/.....", 1, "1: 5-5"),
    ("xxxxx/xxxxx/xxx..", 2, "3: 4-5"),
    // A block never goes on in the next row.
    ("xxxx./.xxxx", 2, "none"),
    ("xxx../..xxx", 3, "none"),
    ("xxx../..xxx/.....", 3, "3: 2-4"),
    ("./././.", 2, "none"),
    ("x/x/./.", 1, "3: 1-1"),
];

#[tokio::test]
async fn the_best_block_is_chosen() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::new(cluster, Setup::default());
        for (map, quantity, expected) in TABLE {
            stage = Stage::new(stage.cluster, Setup::default());
            let chosen = choose(&mut stage, map, *quantity).await;
            assert_eq!(chosen, *expected, "on {server}: {quantity} of {map}");
        }
    }
}

/// Opens an event with this map and reserves the best block of its section.
async fn choose(stage: &mut Stage, map: &str, quantity: u32) -> String {
    let rows: Vec<&str> = map.split('/').collect();
    let (row_count, width) = (u32::try_from(rows.len()).unwrap(), rows[0].len());
    let section = seated("A", row_count, u32::try_from(width).unwrap(), 100);
    let mut sold = Vec::new();
    for (row, seats) in (1..).zip(&rows) {
        let taken = (1..).zip(seats.chars()).filter(|(_, seat)| *seat == 'x');
        sold.extend(taken.map(|(number, _)| (row, number)));
    }
    stage.setup = Setup::with_sections(vec![section.clone()]);
    stage.setup.rules.max_per_buyer = 10;
    let sold: Vec<_> = sold.iter().map(|seat| stage.sale_of(&section, &[*seat], 1)).collect();
    stage.rebuild(1, &sold, &[]).await;

    let request = ReserveSeats {
        user: stage.user("ann"),
        booking: stage.booking("b1"),
        pass: PresentedPass::None,
        idempotency: None,
        choice: Choice::Section { section: &section.name, quantity },
        contact: None,
        is_registered: false,
    };
    let outcome = scripts::reserve_seats(&stage.cluster, &request, DEADLINE).await.unwrap();
    stage.audit().await;
    match outcome {
        ReserveOutcome::Held(hold) => {
            let seats: Vec<_> =
                hold.booking.seats.iter().map(|seat| (seat.row, seat.number)).collect();
            let (row, first) = seats[0];
            let expected: Vec<_> =
                (first..).map(|number| (row, number)).take(quantity as usize).collect();
            assert_eq!(seats, expected, "adjacent, in order");
            format!("{row}: {first}-{}", seats.last().unwrap().1)
        }
        ReserveOutcome::NotEnoughSeats | ReserveOutcome::SoldOut => "none".to_owned(),
        other => panic!("{other:?}"),
    }
}
