//! Holds that outlive their time: pinned, taken again, extended.

use domain::booking::Booking;
use scripts::{ExtendOutcome, PinHold, PinOutcome, PinnedFor, Repair};

use crate::scene::{play, seats};
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, stored};
use crate::word::word;

impl Stage {
    /// The hold as the scene knows it.
    fn hold_of(&mut self, name: &str) -> Booking {
        let booking = self.booking(name);
        self.holds[&booking].clone()
    }

    pub(crate) async fn pin(
        &mut self,
        name: &str,
        retake: bool,
        grace_ms: i64,
        whom: &str,
    ) -> String {
        let booking = self.booking(name);
        let known = self.holds.get(&booking).cloned();
        let section =
            known.as_ref().map_or_else(|| "A".parse().unwrap(), |hold| hold.section.clone());
        let retake = known.as_ref().filter(|_| retake);
        let pinned_for = match whom {
            "buyer" => PinnedFor::Buyer,
            "organiser" => PinnedFor::Organiser,
            "kept" => PinnedFor::Kept,
            other => panic!("{other}"),
        };
        let request = PinHold { booking, section: &section, grace_ms, retake, pinned_for };
        match scripts::pin_hold(&self.cluster, &request, DEADLINE).await.unwrap() {
            PinOutcome::Pinned(hold) => {
                let text = format!("{} {}", word(hold.state), seats(&hold.booking));
                self.holds.insert(booking, hold.booking);
                text
            }
            PinOutcome::Confirmed(hold) => format!("confirmed {}", seats(&hold.booking)),
            PinOutcome::SeatsTaken => "seats_taken".to_owned(),
            PinOutcome::EventNotOnSale => "event_not_on_sale".to_owned(),
            PinOutcome::BuyerLimitExceeded => "buyer_limit_exceeded".to_owned(),
            PinOutcome::Absent => "absent".to_owned(),
            PinOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    /// Extends the hold as the scene knows it.
    pub(crate) async fn extend(&mut self, name: &str) -> String {
        let booking = self.booking(name);
        let known = self.holds.get(&booking).cloned().expect("a hold that was made");
        match scripts::extend_hold(&self.cluster, &known, DEADLINE).await.unwrap() {
            ExtendOutcome::Extended(hold) => {
                let by_s = hold.booking.expires_at.unix_ms() - known.expires_at.unix_ms();
                self.holds.insert(booking, hold.booking);
                format!("extended by {} s", by_s / 1_000)
            }
            ExtendOutcome::AlreadyExtended => "already_extended".to_owned(),
            ExtendOutcome::BookingExpired => "booking_expired".to_owned(),
            ExtendOutcome::EventNotOnSale => "event_not_on_sale".to_owned(),
            ExtendOutcome::Absent => "absent".to_owned(),
            ExtendOutcome::EventMissing => "event_missing".to_owned(),
        }
    }
}

/// Whether the sweeper came or not, a hold past its time comes back only while it could be
/// reserved. The cash desk passes a pause and the limit, nothing else.
#[tokio::test]
async fn a_revived_hold_asks_what_reserving_asks() {
    let rows = "
        ann reserves b1 seats A 1-1     -> held A-1-1
        bob reserves b2 seats A 1-2     -> held A-1-2
        60 s later                      -> done
        expire b1                       -> 1 expired | 19/1/0
        # b1 is swept, b2 is not.
        set paused                      -> updated
        retake b1                       -> event_not_on_sale
        pin b2                          -> event_not_on_sale
        retake b1 by organiser          -> confirming A-1-1 | 18/2/0
        refuse b1                       -> released A-1-1 | 19/1/0
        set resumed                     -> updated
        set scheduled                   -> updated
        retake b1                       -> event_not_on_sale
        retake b1 by organiser          -> event_not_on_sale
        pin b2 by organiser             -> event_not_on_sale
        set opened                      -> updated
        set ended                       -> updated
        retake b1                       -> event_not_on_sale
        retake b1 by organiser          -> event_not_on_sale
        pin b2 by organiser             -> event_not_on_sale
        set extended                    -> updated
        # What is kept for a payment is not revived: nothing is asked.
        set paused                      -> updated
        pin b2 by kept                  -> confirming A-1-2
        # And what is in time is not either.
        pin b2                          -> confirming A-1-2
        set resumed                     -> updated
        retake b1                       -> confirming A-1-1 | 18/2/0
        refuse b1                       -> released A-1-1 | 19/1/0
        set cancelled                   -> updated
        retake b1                       -> event_not_on_sale
        retake b1 by organiser          -> event_not_on_sale | 19/1/0
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_revived_hold_counts_for_the_limit_of_its_buyer() {
    let mut setup = Setup::default();
    setup.rules.max_per_buyer = 2;
    let rows = "
        ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2
        60 s later                      -> done
        sweep                           -> 1 expired
        ann reserves b2 section F 2     -> held 2 of F | 18/2/0
        retake b1                       -> buyer_limit_exceeded | 18/2/0
        confirm b2                      -> confirmed 2 of 20 | 18/0/2
        retake b1                       -> buyer_limit_exceeded | 18/0/2
        retake b1 by organiser          -> confirming A-1-1,A-1-2 | 16/2/2
        confirm b1                      -> confirmed 4 of 20 | 16/0/4
        # What is held and not swept counts itself once.
        bob reserves b3 section F 2     -> held 2 of F
        60 s later                      -> done
        pin b3                          -> confirming 2 of F
        60 s later                      -> done
        set max_per_buyer=1             -> updated
        pin b3                          -> buyer_limit_exceeded
        pin b3 by organiser             -> confirming 2 of F
    ";
    play(&setup, rows).await;
}

/// A buyer whose hold was lost has reserved again. The auditor brings back what fits the limit.
#[tokio::test]
async fn a_hold_that_comes_back_counts_for_the_limit_of_its_buyer() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::default();
        setup.rules.max_per_buyer = 2;
        let mut stage = Stage::open(cluster, setup).await;
        let rows = "
            ann reserves b1 seats A 1-1 -> held A-1-1
            ann reserves b2 seats A 1-2 -> held A-1-2
            bob reserves b3 seats A 1-3 -> held A-1-3
        ";
        stage.play(server, rows).await;
        let lost: Vec<Booking> = ["b1", "b2", "b3"].map(|name| stage.hold_of(name)).to_vec();
        // All is lost; ann reserves once more, and a builder or an auditor comes.
        stage.rebuild(2, &[], &[]).await;
        stage.play(server, "ann reserves b4 seats A 2-1 -> held A-2-1 | 19/1/0").await;
        let repair = Repair { event: stage.event, generation: 2 };
        let seated = stage.seated_sections();
        let holds = stored(&lost);
        let repaired = repair.holds(&stage.cluster, &seated, &holds, DEADLINE).await.unwrap();
        assert_eq!((repaired.repaired, repaired.refused), (2, vec![lost[1].booking_id]));
        stage.play(server, "map A -> h.h../h.... | 17/3/0").await;
        let again = stage.hold_of("b4");
        let [first, second, other] = [&lost[0], &lost[1], &lost[2]].map(Clone::clone);
        stage.rebuild(3, &[], &[first, second, again, other]).await;
        stage.play(server, "map A -> hhh../..... | 17/3/0").await;
    }
}

#[tokio::test]
async fn a_hold_is_extended_once() {
    let rows = "
        ann reserves b1 seats A 1-1,1-2 -> held A-1-1,A-1-2 | 18/2/0
        30 s later                      -> done
        extend b1                       -> extended by 60 s | 18/2/0
        extend b1                       -> already_extended
        60 s later                      -> done
        sweep                           -> 0 expired
        read b1                         -> held A-1-1,A-1-2
        30 s later                      -> done
        extend b1                       -> already_extended
        sweep                           -> 1 expired | 20/0/0
        extend b1                       -> absent
        journal                         -> reserved b1 A-1-1,A-1-2, extended b1 A-1-1,A-1-2, expired b1 A-1-1,A-1-2
        # Another one has another chance, not past its time, and 15 minutes at most.
        set hold_ttl_ms=3600000         -> updated
        ann reserves b2 section F 1     -> held 1 of F
        extend b2                       -> extended by 900 s
        bob reserves b3 section F 1     -> held 1 of F
        3600 s later                    -> done
        extend b3                       -> booking_expired
        cid reserves b4 section F 1     -> held 1 of F
        pin b4                          -> confirming 1 of F
        set paused                      -> updated
        extend b4                       -> extended by 900 s
        refuse b4                       -> released 1 of F
        set resumed                     -> updated
        cid reserves b5 section F 1     -> held 1 of F
        set ended                       -> updated
        extend b5                       -> event_not_on_sale
    ";
    play(&Setup::default(), rows).await;
}

/// The answer to the first attempt was lost: the same attempt again is answered as the first.
#[tokio::test]
async fn an_extension_that_is_repeated_gives_the_first_answer() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        stage.play(server, "ann reserves b1 seats A 1-1 -> held A-1-1").await;
        let known = stage.hold_of("b1");
        let extend = async || scripts::extend_hold(&stage.cluster, &known, DEADLINE).await.unwrap();
        let first = extend().await;
        assert!(matches!(first, ExtendOutcome::Extended(_)), "{first:?}");
        assert_eq!(extend().await, first);
    }
}

/// A hold that was extended comes back as such from the ledger.
#[tokio::test]
async fn a_rebuilt_hold_is_not_extended_again() {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, Setup::default()).await;
        stage.play(server, "ann reserves b1 seats A 1-1 -> held A-1-1").await;
        let hold = stage.hold_of("b1");
        let mut extended = stored(&[hold]);
        extended[0].extended = true;
        stage.rebuild(2, &[], &[]).await;
        let repair = Repair { event: stage.event, generation: 2 };
        let seated = stage.seated_sections();
        let repaired = repair.holds(&stage.cluster, &seated, &extended, DEADLINE).await.unwrap();
        assert_eq!(repaired.repaired, 1);
        stage.play(server, "extend b1 -> already_extended").await;
    }
}

#[tokio::test]
async fn a_hold_ends_with_its_event_as_released() {
    let rows = "
        ann reserves b1 seats A 1-1     -> held A-1-1
        bob reserves b2 seats A 1-2     -> held A-1-2
        cid reserves b3 seats A 1-3     -> held A-1-3
        pin b2                          -> confirming A-1-2
        overdue b3                      -> done
        set cancelled                   -> updated
        call off b1                     -> released A-1-1
        call off b2                     -> released A-1-2
        # Its time was over before.
        call off b3                     -> released A-1-3 | 20/0/0
        read b1                         -> was released A-1-1
        read b2                         -> was released A-1-2
        read b3                         -> was expired A-1-3
    ";
    play(&Setup::default(), rows).await;
}
