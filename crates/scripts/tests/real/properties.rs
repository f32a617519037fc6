//! Random scenes against a model: whatever the order of the steps, each outcome is the one the
//! model foretells, and the audit finds counts, maps, holders, holds and buyers in agreement.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::servers;
use crate::stage::{Setup, Stage, seated, standing};

const ROWS: u32 = 2;
const SEATS_PER_ROW: u32 = 4;
const SEATED: [&str; 2] = ["A", "B"];
const STANDING_CAPACITY: u32 = 5;
const CAPACITY: u32 = 2 * ROWS * SEATS_PER_ROW + STANDING_CAPACITY;
/// The buyer of a booking is its number modulo this.
const BUYERS: usize = 3;
const MAX_PER_BUYER: u32 = 6;
/// Names of bookings: few, so that steps meet.
const BOOKINGS: usize = 6;

/// Scenes of each run and server; a scene of 40 steps takes some 50 ms.
const SCENES: u32 = 32;
const STEPS_MAX: usize = 40;

#[derive(Debug, Clone)]
enum Step {
    Seats {
        booking: usize,
        section: usize,
        seats: Vec<(u32, u32)>,
    },
    Section {
        booking: usize,
        section: usize,
        quantity: u32,
    },
    Any {
        booking: usize,
        quantity: u32,
    },
    Pin {
        booking: usize,
    },
    Retake {
        booking: usize,
    },
    Confirm {
        booking: usize,
    },
    Release {
        booking: usize,
    },
    Refuse {
        booking: usize,
    },
    /// The ledger has undone the sale, whether its news had arrived or not.
    Cancel {
        booking: usize,
    },
    /// The hold's time is over, and the sweeper runs.
    Expire {
        booking: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let booking = 0..BOOKINGS;
    let seats = vec((1..=ROWS, 1..=SEATS_PER_ROW), 1..4);
    prop_oneof![
        3 => (booking.clone(), 0..2_usize, seats)
            .prop_map(|(booking, section, seats)| Step::Seats { booking, section, seats }),
        3 => (booking.clone(), 0..3_usize, 1..5_u32)
            .prop_map(|(booking, section, quantity)| Step::Section { booking, section, quantity }),
        2 => (booking.clone(), 1..5_u32)
            .prop_map(|(booking, quantity)| Step::Any { booking, quantity }),
        1 => booking.clone().prop_map(|booking| Step::Pin { booking }),
        1 => booking.clone().prop_map(|booking| Step::Retake { booking }),
        2 => booking.clone().prop_map(|booking| Step::Confirm { booking }),
        2 => booking.clone().prop_map(|booking| Step::Release { booking }),
        1 => booking.clone().prop_map(|booking| Step::Refuse { booking }),
        1 => booking.clone().prop_map(|booking| Step::Cancel { booking }),
        1 => booking.prop_map(|booking| Step::Expire { booking }),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Held,
    Confirming,
    Sold,
    Gone,
}

#[derive(Debug, Clone)]
struct Booked {
    buyer: usize,
    section: String,
    seats: Vec<(u32, u32)>,
    quantity: u32,
    state: State,
}

impl Booked {
    fn places(&self) -> String {
        if self.seats.is_empty() {
            return format!("{} of {}", self.quantity, self.section);
        }
        let label = |(row, number): &(u32, u32)| format!("{}-{row}-{number}", self.section);
        self.seats.iter().map(label).collect::<Vec<_>>().join(",")
    }

    fn takes_places(&self) -> bool {
        self.state != State::Gone
    }
}

/// The rules of a sale, told a second time and as plainly as possible.
#[derive(Default)]
struct Model {
    bookings: BTreeMap<usize, Booked>,
}

impl Model {
    fn taken(&self) -> impl Iterator<Item = &Booked> {
        self.bookings.values().filter(|booked| booked.takes_places())
    }

    fn is_free(&self, section: &str, seat: (u32, u32)) -> bool {
        !self.taken().any(|booked| booked.section == section && booked.seats.contains(&seat))
    }

    fn standing_left(&self) -> u32 {
        let taken = self.taken().filter(|booked| booked.section == "F");
        STANDING_CAPACITY - taken.map(|booked| booked.quantity).sum::<u32>()
    }

    fn left(&self) -> u32 {
        CAPACITY - self.taken().map(|booked| booked.quantity).sum::<u32>()
    }

    fn sold(&self) -> u32 {
        let sold = self.bookings.values().filter(|booked| booked.state == State::Sold);
        sold.map(|booked| booked.quantity).sum()
    }

    fn tickets(&self, buyer: usize) -> u32 {
        let own = self.taken().filter(|booked| booked.buyer == buyer);
        own.map(|booked| booked.quantity).sum()
    }

    /// Tries every block of every row.
    fn best_block(&self, section: &str, quantity: u32) -> Option<Vec<(u32, u32)>> {
        (1..=ROWS).find_map(|row| {
            let blocks = (1..=(SEATS_PER_ROW + 1).saturating_sub(quantity)).map(|first| {
                (first..first + quantity).map(|number| (row, number)).collect::<Vec<_>>()
            });
            let free = blocks.filter(|block| block.iter().all(|seat| self.is_free(section, *seat)));
            // Twice the distance of the two centres; min_by_key takes the first of equals.
            free.min_by_key(|block| {
                (block[0].1 + block[block.len() - 1].1).abs_diff(SEATS_PER_ROW + 1)
            })
        })
    }

    fn reserve(
        &mut self,
        booking: usize,
        quantity: u32,
        choose: impl Fn(&Self) -> Result<(String, Vec<(u32, u32)>), String>,
    ) -> String {
        if let Some(booked) = self.bookings.get(&booking)
            && matches!(booked.state, State::Held | State::Confirming)
        {
            return format!("held {}", booked.places());
        }
        let buyer = booking % BUYERS;
        if self.tickets(buyer) + quantity > MAX_PER_BUYER {
            return "buyer_limit_exceeded".to_owned();
        }
        match choose(self) {
            Ok((section, seats)) => {
                let booked = Booked { buyer, section, seats, quantity, state: State::Held };
                let said = format!("held {}", booked.places());
                self.bookings.insert(booking, booked);
                said
            }
            Err(refusal) => refusal,
        }
    }

    fn none_left(&self) -> String {
        if self.left() == 0 { "sold_out" } else { "not_enough_seats" }.to_owned()
    }

    fn resolve(&mut self, booking: usize, from: &[State], to: State) -> Option<String> {
        let booked = self.bookings.get_mut(&booking)?;
        from.contains(&booked.state).then(|| {
            booked.state = to;
            booked.places()
        })
    }

    fn retake(&mut self, booking: usize) -> String {
        let Some(booked) = self.bookings.get(&booking).cloned() else { return "absent".to_owned() };
        let free = match &booked.seats[..] {
            [] => self.standing_left() >= booked.quantity,
            seats => seats.iter().all(|seat| self.is_free(&booked.section, *seat)),
        };
        let places = booked.places();
        let is_gone = booked.state == State::Gone;
        if is_gone && self.tickets(booked.buyer) + booked.quantity > MAX_PER_BUYER {
            return "buyer_limit_exceeded".to_owned();
        }
        let retaken = match booked.state {
            State::Sold => return format!("confirmed {places}"),
            State::Held | State::Confirming => true,
            State::Gone => free,
        };
        if !retaken {
            return "seats_taken".to_owned();
        }
        self.bookings.insert(booking, Booked { state: State::Confirming, ..booked });
        format!("confirming {places}")
    }

    /// The command of a step and what its outcome begins with.
    fn foretell(&mut self, step: &Step) -> (String, String) {
        const UNRESOLVED: [State; 2] = [State::Held, State::Confirming];
        match step {
            Step::Seats { booking, section, seats } => {
                let name = SEATED[*section];
                let list: Vec<_> =
                    seats.iter().map(|(row, number)| format!("{row}-{number}")).collect();
                let command = format!(
                    "{} reserves b{booking} seats {name} {}",
                    buyer(*booking),
                    list.join(",")
                );
                let doubled = seats.iter().enumerate().any(|(i, seat)| seats[..i].contains(seat));
                let unresolved =
                    self.bookings.get(booking).is_some_and(|b| UNRESOLVED.contains(&b.state));
                if doubled && !unresolved {
                    return (command, "invalid_seats".to_owned());
                }
                let quantity = u32::try_from(seats.len()).unwrap();
                let said = self.reserve(*booking, quantity, |model| {
                    let taken = seats.iter().filter(|seat| !model.is_free(name, **seat));
                    let taken: Vec<_> =
                        taken.map(|(row, number)| format!("{name}-{row}-{number}")).collect();
                    if taken.is_empty() {
                        Ok((name.to_owned(), seats.clone()))
                    } else {
                        Err(format!("seat_unavailable {}", taken.join(",")))
                    }
                });
                (command, said)
            }
            Step::Section { booking, section, quantity } => {
                let name = ["A", "B", "F"][*section];
                let command =
                    format!("{} reserves b{booking} section {name} {quantity}", buyer(*booking));
                let said = self.reserve(*booking, *quantity, |model| {
                    let seats = match name {
                        "F" => (model.standing_left() >= *quantity).then(Vec::new),
                        _ => model.best_block(name, *quantity),
                    };
                    seats.map(|seats| (name.to_owned(), seats)).ok_or_else(|| model.none_left())
                });
                (command, said)
            }
            Step::Any { booking, quantity } => {
                let command = format!("{} reserves b{booking} any {quantity}", buyer(*booking));
                let said = self.reserve(*booking, *quantity, |model| {
                    let block = |name: &&str| {
                        model.best_block(name, *quantity).map(|seats| ((*name).to_owned(), seats))
                    };
                    SEATED.iter().find_map(block).ok_or_else(|| model.none_left())
                });
                (command, said)
            }
            Step::Pin { booking } => {
                let pinned = self.resolve(*booking, &UNRESOLVED, State::Confirming);
                (format!("pin b{booking}"), said("confirming ", pinned))
            }
            Step::Retake { booking } => (format!("retake b{booking}"), self.retake(*booking)),
            Step::Confirm { booking } => {
                let sold = self.resolve(*booking, &UNRESOLVED, State::Sold);
                let word = sold.map_or("absent", |_| "confirmed");
                (format!("confirm b{booking}"), format!("{word} {} of {CAPACITY}", self.sold()))
            }
            Step::Release { booking } => {
                let command = format!("release b{booking}");
                if let Some(booked) = self.bookings.get(booking)
                    && booked.state == State::Confirming
                {
                    return (command, format!("confirming {}", booked.places()));
                }
                let released = self.resolve(*booking, &[State::Held], State::Gone);
                (command, said("released ", released))
            }
            Step::Refuse { booking } => {
                let refused = self.resolve(*booking, &UNRESOLVED, State::Gone);
                (format!("refuse b{booking}"), said("released ", refused))
            }
            Step::Cancel { booking } => {
                const TAKEN: [State; 3] = [State::Held, State::Confirming, State::Sold];
                let freed = self.resolve(*booking, &TAKEN, State::Gone);
                let quantity = freed.map_or(0, |_| self.bookings[booking].quantity);
                let said = format!("freed {quantity}, {} of {CAPACITY}", self.sold());
                (format!("cancel b{booking}"), said)
            }
            Step::Expire { booking } => {
                let expired = self.resolve(*booking, &UNRESOLVED, State::Gone);
                ("sweep".to_owned(), format!("{} expired", usize::from(expired.is_some())))
            }
        }
    }
}

fn buyer(booking: usize) -> String {
    format!("u{}", booking % BUYERS)
}

fn said(word: &str, places: Option<String>) -> String {
    places.map_or_else(|| "absent".to_owned(), |places| format!("{word}{places}"))
}

fn setup() -> Setup {
    let mut setup = Setup::with_sections(vec![
        seated("A", ROWS, SEATS_PER_ROW, 100),
        standing("F", STANDING_CAPACITY, 30),
        seated("B", ROWS, SEATS_PER_ROW, 50),
    ]);
    setup.rules.max_per_buyer = i64::from(MAX_PER_BUYER);
    setup
}

#[test]
fn any_interleaving_keeps_every_place_accounted_for() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config { cases: SCENES, failure_persistence: None, ..Config::default() };
    for (server, cluster) in servers::all() {
        // One client for all scenes of a server: it moves from stage to stage.
        let client = std::cell::RefCell::new(Some(cluster));
        let mut runner = TestRunner::new(config.clone());
        let scenes = vec(step(), 1..STEPS_MAX);
        runner
            .run(&scenes, |steps| {
                let cluster = client.borrow_mut().take();
                let cluster = cluster.unwrap_or_else(|| again(server));
                let stage = runtime.block_on(play_random(server, cluster, &steps));
                *client.borrow_mut() = Some(stage.cluster);
                Ok(())
            })
            .unwrap();
    }
}

/// A new client after a scene that failed, so that it can be made smaller.
fn again(server: &str) -> cluster::Cluster<native::NativeTransport> {
    servers::all().into_iter().find(|(name, _)| *name == server).unwrap().1
}

async fn play_random(
    server: &str,
    cluster: cluster::Cluster<native::NativeTransport>,
    steps: &[Step],
) -> Stage {
    let mut stage = Stage::open(cluster, setup()).await;
    let mut model = Model::default();
    for step in steps {
        if let Step::Expire { booking } = step {
            stage.act(&format!("overdue b{booking}")).await;
        }
        // Only what was sold is cancelled, so it was held before.
        if let Step::Cancel { booking } = step
            && !model.bookings.contains_key(booking)
        {
            continue;
        }
        // A booking id is used for one reservation: a new one begins under a new id.
        if let Step::Seats { booking, .. }
        | Step::Section { booking, .. }
        | Step::Any { booking, .. } = step
            && model
                .bookings
                .get(booking)
                .is_some_and(|booked| matches!(booked.state, State::Sold | State::Gone))
        {
            continue;
        }
        let (command, expected) = model.foretell(step);
        let outcome = stage.act(&command).await;
        assert_eq!(outcome, expected, "on {server}: {command}");
        stage.audit().await;
    }
    stage
}
