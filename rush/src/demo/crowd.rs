//! Lets the crowd in: the cheaters first, then everybody at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use super::plan::Plan;
use super::progress::Progress;
use super::stage::Stage;
use super::tally::Tally;
use super::{DemoArguments, buyer, plan};

/// Returns when every buyer is done. Each of them is bounded in patience and attempts.
pub(crate) async fn run(stage: &Arc<Stage>, tally: &Arc<Tally>, arguments: &DemoArguments) {
    let buyers = usize::try_from(arguments.buyers).unwrap_or(usize::MAX);
    let crowd = plan::crowd(buyers, arguments.seed);
    let (cheaters, honest): (Vec<_>, Vec<_>) =
        crowd.into_iter().partition(|plan| plan.cheat.is_some());
    let progress = Progress::start(Arc::clone(tally), arguments.buyers, arguments.seats);

    // Cheaters have joined before the crowd does, so that they are admitted while seats are left.
    let mut arrivals = JoinSet::new();
    for plan in cheaters {
        let (stage, tally) = (Arc::clone(stage), Arc::clone(tally));
        arrivals.spawn(async move { (buyer::arrive(&stage, &tally).await, plan) });
    }
    let arrived = arrivals.join_all().await;

    let mut visits = JoinSet::new();
    for (guest, plan) in arrived {
        let (stage, tally) = (Arc::clone(stage), Arc::clone(tally));
        visits.spawn(async move { visit(&stage, &tally, guest, &plan).await });
    }
    for plan in honest {
        let (stage, tally) = (Arc::clone(stage), Arc::clone(tally));
        visits.spawn(async move {
            let arrival = buyer::arrive(&stage, &tally).await;
            visit(&stage, &tally, arrival, &plan).await;
        });
    }
    while let Some(visit) = visits.join_next().await {
        if let Err(error) = visit {
            tally.error(format!("a buyer stopped in the middle: {error}"));
        }
    }
    progress.finish().await;
}

async fn visit(stage: &Stage, tally: &Tally, arrival: Option<buyer::Arrival>, plan: &Plan) {
    if let Some(arrival) = arrival {
        buyer::visit(stage, tally, arrival, plan).await;
    }
    tally.add(|counts| counts.finished += 1);
}
