//! Those who are not seen any more: the line goes on without them, and nobody's position grows.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::feed::{FeedEntry, FeedId, LinePosition, Step};
use domain::id::UserId;
use scripts::{PlaceOutcome, ShownReceipt, keys};

use crate::scene::play;
use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, in_ms};

impl Stage {
    /// As if the user had been seen last so long ago.
    pub(crate) async fn unseen_for(&self, user: UserId, ms: i64) {
        let seen_ms = (in_ms(0).unix_ms() - ms).to_string();
        let user = user.to_string();
        self.raw(&keys::seen(self.event), "ZADD", &["XX", &seen_ms, &user]).await;
    }

    /// As if the sweeps had gone on for so long.
    pub(crate) async fn swept_for(&self, ms: i64) {
        let now_ms = in_ms(0).unix_ms();
        let (from, now) = ((now_ms - ms).to_string(), now_ms.to_string());
        self.raw(&keys::settings(self.event), "HSET", &["abandon_from_ms", &from]).await;
        self.raw(&keys::counts(self.event), "HSET", &["swept_ms", &now]).await;
    }
}

/// A line of ann, bob, cat and dan in which the sweeps have gone on for an hour.
async fn line(cluster: cluster::Cluster<native::NativeTransport>) -> Stage {
    let mut stage = Stage::open(cluster, Setup::with_queue()).await;
    let rows = "
        ann joins       -> waiting 1 at 1, new
        bob joins       -> waiting 2 at 2, new
        cat joins       -> waiting 3 at 3, new
        dan joins       -> waiting 4 at 4, new
    ";
    stage.play("either", rows).await;
    stage.swept_for(3_600_000).await;
    stage
}

#[tokio::test]
async fn who_is_not_seen_keeps_the_place_until_the_line_has_passed_it() {
    for (server, cluster) in servers::all() {
        let mut stage = line(cluster).await;
        let rows = "
            ann is silent 61000     -> done
            bob is silent 61000     -> done
            cat is silent 30000     -> done
            sweep absent            -> 2 away
            sweep absent            -> 0 away
            # Nobody's position is another.
            cat looks               -> waiting 3 at 3
            dan looks               -> waiting 4 at 4
            # To look is not to be there; to be seen is.
            bob looks               -> waiting 2 at 2
            queue                   -> 2 wait, 0 active, on_sale
            bob is seen             -> seen
            bob looks               -> waiting 2 at 2
            dan looks               -> waiting 4 at 4
            # The line does not wait for ann.
            admit 1                 -> 1 in, 2 wait, 1 active
            bob looks               -> admitted 2
            ann looks               -> expired 1
            ann is seen             -> gone
            cat looks               -> waiting 3 at 1
            # A new place, at the end.
            ann joins               -> waiting 1001 at 3, new
        ";
        let rows = rows.replace("1001", "5");
        stage.play(server, &rows).await;
    }
}

#[tokio::test]
async fn who_joins_again_or_leaves_while_away_does_so_at_the_old_place() {
    for (server, cluster) in servers::all() {
        let mut stage = line(cluster).await;
        let rows = "
            ann is silent 61000     -> done
            bob is silent 61000     -> done
            cat is silent 61000     -> done
            sweep absent            -> 3 away
            bob joins               -> waiting 2 at 2
            cat leaves              -> left
            cat looks               -> absent
            dan looks               -> waiting 4 at 3
            ann leaves              -> left
            bob looks               -> waiting 2 at 1
            admit 1                 -> 1 in, 1 wait, 1 active
            bob looks               -> admitted 2
            # Let in, the pass stays until it ends: nobody need be seen for that.
            bob is silent 61000     -> done
            sweep absent            -> 0 away
            bob looks               -> admitted 2
        ";
        stage.play(server, rows).await;
    }
}

#[tokio::test]
async fn nobody_is_swept_who_could_not_have_been_seen() {
    for (server, cluster) in servers::all() {
        let mut stage = line(cluster).await;
        for user in ["ann", "bob", "cat", "dan"] {
            stage.act(&format!("{user} is silent 600000")).await;
        }
        // A setting that was changed a moment ago counts from then.
        let rows = "
            set abandon_after_ms=0      -> updated
            sweep absent                -> 0 away
            set abandon_after_ms=60000  -> updated
            sweep absent                -> 0 away
        ";
        stage.play(server, rows).await;
        // Nobody swept for a minute: the time before does not count.
        stage.swept_for(3_600_000).await;
        let minute_ago = (in_ms(0).unix_ms() - 60_000).to_string();
        stage.raw(&keys::counts(stage.event), "HSET", &["swept_ms", &minute_ago]).await;
        stage.play(server, "sweep absent -> 0 away").await;
        // Those who joined before the opening are waited for from then on.
        stage.swept_for(3_600_000).await;
        stage.play(server, "set opened -> updated").await;
        stage.play(server, "sweep absent -> 0 away").await;
    }
    let unopened = "sweep absent -> 0 away";
    crate::scene::play_unopened(&Setup::with_queue(), unopened).await;
}

#[tokio::test]
async fn an_hour_is_not_too_long_where_nobody_is_ever_swept() {
    let mut setup = Setup::with_queue();
    setup.rules.abandon_after_ms = 0;
    let rows = "
        ann joins               -> waiting 1 at 1, new
        ann is silent 3600000   -> done
        sweep absent            -> 0 away
        ann looks               -> waiting 1 at 1
    ";
    play(&setup, rows).await;
}

/// What a fan of the property below knows.
struct Fan {
    user: UserId,
    number: i64,
    position: i64,
    standing: LinePosition,
}

/// Goal: whatever happens in whatever order, nobody's position grows who stays, nobody is lost,
/// nobody is let in twice, and those who are there come in by their numbers; the arithmetic on the
/// feed says the same. Method: random steps on a real line; after each one every place is read.
#[tokio::test]
async fn no_position_ever_grows_and_nobody_is_lost() {
    for (seed, (server, cluster)) in [(1_u64, 0), (2, 1), (3, 0), (4, 1)]
        .map(|(seed, index)| (seed, servers::all().into_iter().nth(index).unwrap()))
    {
        let mut random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut below = |bound: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % bound as u64).unwrap()
        };
        let mut setup = Setup::with_queue();
        setup.sections = vec![crate::stage::standing("F", 10_000, 100)];
        setup.rules.max_active = 10_000;
        setup.rules.release_per_s = 0;
        let mut stage = Stage::open(cluster, setup).await;
        let mut fans: Vec<Fan> = Vec::new();
        let mut away: BTreeSet<i64> = BTreeSet::new();
        let (mut served, mut joined) = (0, 0);
        let mut let_in: BTreeMap<i64, UserId> = BTreeMap::new();
        for step in 0..250 {
            stage.swept_for(3_600_000).await;
            let index = if fans.is_empty() { 0 } else { below(fans.len()) };
            match below(10) {
                0..=3 => {
                    let user = UserId::from_uuid(uuid::Uuid::now_v7());
                    let place = stage.join_queue(user, ShownReceipt::None).await;
                    joined += 1;
                    assert_eq!((place.number, place.fresh), (joined, true));
                    let watched = watch(&stage, user).await;
                    fans.push(Fan {
                        user,
                        number: place.number,
                        position: place.position,
                        standing: LinePosition {
                            order: watched.order,
                            position: watched.place.position,
                            cursor: watched.cursor,
                        },
                    });
                }
                4 if !fans.is_empty() => {
                    let fan = fans.remove(index);
                    away.remove(&fan.number);
                    scripts::leave_queue(&stage.cluster, stage.event, fan.user, DEADLINE)
                        .await
                        .unwrap();
                }
                5..=6 if !fans.is_empty() => {
                    // Some go quiet, and a sweep finds them.
                    for _ in 0..=below(3) {
                        let fan = &fans[below(fans.len())];
                        stage.unseen_for(fan.user, 61_000).await;
                        away.insert(fan.number);
                    }
                    scripts::sweep_absent(&stage.cluster, stage.event, 1_000, DEADLINE)
                        .await
                        .unwrap();
                }
                7 if !fans.is_empty() => {
                    let fan = &fans[index];
                    let users = [fan.user];
                    let call = scripts::see_users(&stage.cluster, stage.event, &users, DEADLINE);
                    assert_eq!(call.await.unwrap(), [], "has a place: {step} on {server}");
                    away.remove(&fan.number);
                }
                8 if !fans.is_empty() => {
                    // Joining again is coming back.
                    let fan = &fans[index];
                    let place = stage.join_queue(fan.user, ShownReceipt::None).await;
                    assert_eq!((place.number, place.fresh), (fan.number, false));
                    away.remove(&fan.number);
                }
                _ => {
                    let row = format!("admit {} by hand", below(3));
                    stage.act(&row).await;
                }
            }
            // Every place as Redis says, and as the feed says.
            let news = scripts::peek_feed(&stage.cluster, stage.event, FeedId::default(), DEADLINE)
                .await
                .unwrap();
            let mut present_before = 0;
            let mut still: Vec<Fan> = Vec::new();
            for mut fan in fans {
                let place = scripts::watch_place(&stage.cluster, stage.event, fan.user, DEADLINE)
                    .await
                    .unwrap()
                    .place;
                let is_away = away.contains(&fan.number);
                let last = follow(&mut fan.standing, &news);
                match place.outcome {
                    PlaceOutcome::Waiting => {
                        let grown = place.position > fan.position;
                        assert!(!grown, "{} from {}", place.position, fan.position);
                        assert_eq!(place.position, fan.standing.position, "step {step}");
                        assert_eq!(place.number, fan.number);
                        assert_eq!(place.unseen, is_away, "step {step}: {}", fan.number);
                        fan.position = place.position;
                        present_before += i64::from(!is_away);
                        still.push(fan);
                    }
                    PlaceOutcome::Admitted => {
                        assert!(!is_away, "who was away was let in");
                        assert_eq!(present_before, 0, "somebody who is there was passed");
                        assert!(fan.number > served, "in order");
                        assert!(matches!(last, Some(Step::Admitted { .. })), "{last:?}");
                        served = fan.number;
                        assert_eq!(let_in.insert(fan.number, fan.user), None, "twice");
                    }
                    PlaceOutcome::Expired => {
                        assert!(is_away, "who is there was lost: {} at {step}", fan.number);
                        away.remove(&fan.number);
                    }
                    other => panic!("{other:?} at {step} on {server}"),
                }
            }
            fans = still;
        }
        let state = stage.state().await.unwrap();
        assert_eq!(state.admitted, i64::try_from(let_in.len()).unwrap(), "each once");
        assert!(let_in.len() > 10, "somebody came in: {}", let_in.len());
    }
}

async fn watch(stage: &Stage, user: UserId) -> scripts::WatchedPlace {
    scripts::watch_place(&stage.cluster, stage.event, user, DEADLINE).await.unwrap()
}

/// Applies what is new; the last thing that meant something.
fn follow(standing: &mut LinePosition, news: &[FeedEntry]) -> Option<Step> {
    let steps = news.iter().map(|entry| standing.apply(entry, Duration::ZERO));
    steps.filter(|step| *step != Step::None).last()
}
