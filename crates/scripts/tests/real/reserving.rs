//! Reserving: every refusal, in the order in which they are checked, and what a success takes.

use scripts::{Choice, PlaceOutcome, PresentedPass, ReserveOutcome, ShownReceipt};

use crate::scene::play;
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, seated, standing};

#[tokio::test]
async fn seats_are_held_all_or_none() {
    let rows = "
        ann reserves b1 seats A 1-2,1-3         -> held A-1-2,A-1-3 | 18/2/0
        map A                                   -> .hh../.....
        bob reserves b2 seats A 1-1,1-2,1-3     -> seat_unavailable A-1-2,A-1-3 | 18/2/0
        bob reserves b2 seats A 1-1,2-5         -> held A-1-1,A-2-5 | 16/4/0
        map A                                   -> hhh../....h
        # The same booking again is the same hold.
        ann reserves b1 seats A 1-2,1-3         -> held A-1-2,A-1-3 | 16/4/0
        cat reserves b3 section F 3             -> held 3 of F | 13/7/0
        cat reserves b3 section F 3             -> held 3 of F | 13/7/0
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn places_that_do_not_exist_are_refused() {
    let rows = "
        ann reserves b1 seats A none                        -> invalid_seats
        ann reserves b1 seats A 0-1                         -> invalid_seats
        ann reserves b1 seats A 1-0                         -> invalid_seats
        ann reserves b1 seats A 3-1                         -> invalid_seats
        ann reserves b1 seats A 1-6                         -> invalid_seats
        ann reserves b1 seats A 4294967295-4294967295       -> invalid_seats
        ann reserves b1 seats A 1-1,1-6                     -> invalid_seats
        ann reserves b1 seats A 1-1,1-1                     -> invalid_seats
        ann reserves b1 seats B 1-1                         -> invalid_seats
        ann reserves b1 seats F 1-1                         -> invalid_seats
        ann reserves b1 section B 1                         -> invalid_seats
        ann reserves b1 section A 0                         -> invalid_seats
        ann reserves b1 section A 11                        -> invalid_seats
        ann reserves b1 any 0                               -> invalid_seats
        ann reserves b1 any 11                              -> invalid_seats
        ann reserves b1 seats A 1-1,1-2,1-3,1-4,1-5,2-1,2-2,2-3,2-4,2-5,2-5 -> invalid_seats | 20/0/0
    ";
    play(&Setup::default(), rows).await;
    let standing_only = Setup::with_sections(vec![standing("F", 10, 100)]);
    play(&standing_only, "ann reserves b1 any 1 -> invalid_seats | 10/0/0").await;
}

#[tokio::test]
async fn a_buyer_has_a_limit_on_held_and_bought_tickets() {
    let rows = "
        ann reserves b1 seats A 1-1,1-2,1-3     -> held A-1-1,A-1-2,A-1-3 | 17/3/0
        ann reserves b2 section F 2             -> buyer_limit_exceeded
        ann reserves b2 section F 1             -> held 1 of F | 16/4/0
        ann reserves b3 any 1                   -> buyer_limit_exceeded
        # The limit outranks what is taken.
        ann reserves b3 seats A 1-1             -> buyer_limit_exceeded
        bob reserves b4 section F 5             -> buyer_limit_exceeded
        # What comes back may be reserved again, what is bought counts.
        release b2                              -> released 1 of F | 17/3/0
        confirm b1                              -> confirmed 3 of 20 | 17/0/3
        ann reserves b5 section F 2             -> buyer_limit_exceeded
        ann reserves b5 section F 1             -> held 1 of F | 16/1/3
        set max_per_buyer=6                     -> updated
        ann reserves b6 section F 2             -> held 2 of F | 14/3/3
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn an_event_that_is_not_on_sale_sells_nothing() {
    let rows = "
        set scheduled                   -> updated
        ann reserves b1 seats A 1-1     -> event_not_on_sale
        set opened                      -> updated
        set paused                      -> updated
        ann reserves b1 seats A 1-1     -> event_not_on_sale
        ann reserves b1 section F 1     -> event_not_on_sale
        ann reserves b1 any 1           -> event_not_on_sale
        set resumed                     -> updated
        ann reserves b1 seats A 1-1     -> held A-1-1 | 19/1/0
        set ended                       -> updated
        ann reserves b2 seats A 1-2     -> event_not_on_sale
        # The retry of a success is told of it, whatever happened since.
        ann reserves b1 seats A 1-1     -> held A-1-1 | 19/1/0
        set cancelled                   -> updated
        ann reserves b2 seats A 1-2     -> event_not_on_sale | 19/1/0
    ";
    play(&Setup::default(), rows).await;
}

#[tokio::test]
async fn a_pass_is_needed_and_used_once() {
    let rows = "
        ann joins                                       -> waiting 1 at 1, new
        bob joins                                       -> waiting 2 at 2, new
        ann reserves b1 seats A 1-1 pass=none           -> queue_pass_required
        ann reserves b1 seats A 1-1 pass=expired        -> queue_pass_expired
        ann reserves b1 seats A 1-1 pass=1.5            -> queue_pass_invalid
        admit 10                                        -> 2 in, 0 wait, 2 active
        ann looks                                       -> admitted 1
        bob looks                                       -> admitted 2
        cat reserves b1 seats A 1-1 pass=ann            -> queue_pass_invalid
        bob reserves b1 seats A 1-1 pass=ann            -> queue_pass_used
        # A refusal leaves the pass usable, whatever the reason.
        ann reserves b1 seats A 9-9                     -> invalid_seats
        ann reserves b1 section F 5                     -> buyer_limit_exceeded
        bob reserves b2 seats A 1-1                     -> held A-1-1 | 19/1/0
        ann reserves b1 seats A 1-1                     -> seat_unavailable A-1-1
        ann reserves b1 any none 1                      -> sections_changed A
        ann reserves b1 seats A 1-2                     -> held A-1-2 | 18/2/0
        queue                                           -> 0 wait, 0 active, on_sale
        ann looks                                       -> absent
        ann reserves b3 seats A 1-3                     -> queue_pass_used | 18/2/0
        # A release does not give the pass back.
        release b1                                      -> released A-1-2 | 19/1/0
        ann reserves b3 seats A 1-3                     -> queue_pass_used
        # Another turn is another pass; the old one stays used.
        ann joins                                       -> waiting 3 at 1, new
        ann reserves b3 seats A 1-3                     -> queue_pass_used
        admit 10                                        -> 1 in, 0 wait, 1 active
        ann reserves b3 seats A 1-3                     -> queue_pass_used
        ann looks                                       -> admitted 3
        ann reserves b3 seats A 1-3                     -> held A-1-3 | 18/2/0
        # The retry of a success is a success though its pass is used.
        ann reserves b3 seats A 1-3                     -> held A-1-3 | 18/2/0
        ann reserves b3 seats A 1-3 pass=none           -> held A-1-3 | 18/2/0
    ";
    play(&Setup::with_queue(), rows).await;
}

#[tokio::test]
async fn a_pass_ends_with_its_time() {
    let setup = Setup::with_queue();
    let rows = "
        ann joins                       -> waiting 1 at 1, new
        admit 1                         -> 1 in, 0 wait, 1 active
        60 s later                      -> done
        ann looks                       -> expired 1
        ann reserves b1 seats A 1-1     -> queue_pass_expired | 20/0/0
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn a_section_and_an_event_sell_out() {
    let setup = Setup::with_sections(vec![
        seated("A", 1, 4, 100),
        seated("B", 1, 2, 50),
        standing("F", 2, 9),
    ]);
    let rows = "
        ann reserves b1 seats A 1-2         -> held A-1-2 | 7/1/0
        # Three are left in A, but not three side by side.
        bob reserves b2 section A 3         -> not_enough_seats
        bob reserves b2 section A 2         -> held A-1-3,A-1-4 | 5/3/0
        cat reserves b3 section F 3         -> not_enough_seats
        cat reserves b3 section F 2         -> held 2 of F | 3/5/0
        dan reserves b4 section F 1         -> not_enough_seats
        # The first section that has them side by side.
        dan reserves b4 any 2               -> held B-1-1,B-1-2 | 1/7/0
        eve reserves b5 any 2               -> not_enough_seats
        eve reserves b5 any 1               -> held A-1-1 | 0/8/0
        fay reserves b6 any 1               -> sold_out
        fay reserves b6 section F 1         -> sold_out
        fay reserves b6 section A 1         -> sold_out
        fay reserves b6 seats A 1-1         -> seat_unavailable A-1-1 | 0/8/0
        # What comes back can be had again.
        release b4                          -> released B-1-1,B-1-2 | 2/6/0
        fay reserves b6 any 2               -> held B-1-1,B-1-2 | 0/8/0
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn any_needs_the_sections_of_the_event() {
    let setup = Setup::with_sections(vec![
        seated("A", 1, 2, 100),
        standing("F", 2, 9),
        seated("B", 1, 4, 50),
    ]);
    let rows = "
        ann reserves b1 any none 2      -> sections_changed A,B
        ann reserves b1 any B,A 2       -> sections_changed A,B
        ann reserves b1 any A 2         -> sections_changed A,B
        ann reserves b1 any A,B,C 2     -> sections_changed A,B
        ann reserves b1 any A,B 3       -> held B-1-1,B-1-2,B-1-3 | 5/3/0
        bob reserves b2 any A,B 2       -> held A-1-1,A-1-2 | 3/5/0
        map B                           -> hhh.
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn an_idempotency_key_gives_the_first_answer_again() {
    let mut setup = Setup::with_queue();
    setup.rules.hold_ttl_ms = 60_000;
    let rows = "
        ann joins                                   -> waiting 1 at 1, new
        admit 1                                     -> 1 in, 0 wait, 1 active
        # A refusal does not burn the key.
        ann reserves b1 any 1 pass=none key=k/f     -> queue_pass_required
        ann looks                                   -> admitted 1
        ann reserves b1 any 1 key=k/f               -> held A-1-3 | 19/1/0
        # Another try has another booking id; it gets the first one.
        ann reserves b2 any 1 key=k/f               -> replayed b1 A-1-3 | 19/1/0
        ann reserves b3 any 1 pass=none key=k/f     -> replayed b1 A-1-3
        ann reserves b1 any 1 key=k/f               -> replayed b1 A-1-3
        ann reserves b4 any 2 key=k/g               -> idempotency_key_reused | 19/1/0
        # Whatever became of the booking.
        release b1                                  -> released A-1-3 | 20/0/0
        ann reserves b5 any 1 key=k/f               -> replayed b1 A-1-3 | 20/0/0
        # The key is forgotten with its age.
        forget 60000 10                             -> 0
        forget 0 10                                 -> 1
        ann reserves b5 any 1 key=k/f               -> queue_pass_used | 20/0/0
    ";
    play(&setup, rows).await;
}

#[tokio::test]
async fn a_hold_never_costs_more_than_one_payment_takes() {
    let mut setup = Setup::with_sections(vec![
        seated("A", 1, 5, 600),
        seated("B", 1, 5, 500),
        standing("F", 10, 1_000),
    ]);
    setup.amount_max = 1_000;
    let rows = "
        ann reserves b1 seats A 1-1,1-2         -> amount_too_high 1000 | 20/0/0
        ann reserves b1 section A 2             -> amount_too_high 1000
        ann reserves b1 section F 2             -> amount_too_high 1000
        ann reserves b1 any 3                   -> amount_too_high 1000
        # Neither the buyer's tickets nor the seats are counted.
        ann reserves b1 section F 1             -> held 1 of F | 19/1/0
        # Sections that are too dear are passed over.
        ann reserves b2 any 2                   -> held B-1-2,B-1-3 | 17/3/0
        # The limit per buyer outranks it, it outranks what is taken.
        ann reserves b3 seats A 1-1,1-2         -> buyer_limit_exceeded
        bob reserves b4 seats A 1-1             -> held A-1-1 | 16/4/0
        cat reserves b5 seats A 1-1,1-2         -> amount_too_high 1000
    ";
    play(&setup, rows).await;
}

/// A sale for accounts refuses guests, whatever else they have.
#[tokio::test]
async fn a_sale_for_accounts_takes_no_guest() {
    for (server, cluster) in servers::all() {
        let mut setup = Setup::default();
        setup.rules.registered_only = true;
        let mut stage = Stage::open(cluster, setup).await;
        let section = "F".parse().unwrap();
        let (user, booking) = (stage.user("ann"), stage.booking("b1"));
        let request = scripts::ReserveSeats {
            user,
            booking,
            pass: PresentedPass::None,
            idempotency: None,
            choice: Choice::Section { section: &section, quantity: 1 },
            contact: None,
            is_registered: false,
        };
        let refused = scripts::reserve_seats(&stage.cluster, &request, DEADLINE).await.unwrap();
        assert_eq!(refused, ReserveOutcome::AccountRequired, "{server}");
        let place = stage.join_queue(user, ShownReceipt::None).await;
        assert_eq!(place.outcome, PlaceOutcome::AccountRequired, "{server}");
        let (event, block) = (stage.event, None);
        let join = scripts::JoinQueue {
            event,
            user,
            block,
            receipt: ShownReceipt::None,
            proof: scripts::ShownProof::NotAsked,
            address: None,
            is_registered: true,
        };
        let place = stage.join_with(join).await;
        assert_eq!(place.outcome, PlaceOutcome::Admitted, "{server}");
        let request = scripts::ReserveSeats { is_registered: true, ..request };
        let held = scripts::reserve_seats(&stage.cluster, &request, DEADLINE).await.unwrap();
        assert!(matches!(held, ReserveOutcome::Held(_)), "{held:?} on {server}");
    }
}
