//! `rush queue join|position`.

use std::time::Duration;

use clap::{Args, Subcommand};
use domain::id::EventId;
use domain::queue::{Place, PlaceStatus};

use super::{Buyer, Server, unique};
use crate::waiting::Waiting;

/// Longer than anybody waits.
const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);

/// Subcommands of `rush queue`.
#[derive(Subcommand)]
pub(crate) enum QueueCommand {
    /// Join the queue; joining again keeps the place.
    Join {
        #[command(flatten)]
        at: At,
        /// Wait until there is a pass, however long it takes.
        #[arg(long)]
        wait: bool,
    },
    /// Show the place in the queue, and the pass once there is one.
    Position {
        #[command(flatten)]
        at: At,
    },
}

/// A buyer, and the event to queue for.
#[derive(Args)]
pub(crate) struct At {
    /// The event.
    event_id: EventId,
    #[command(flatten)]
    buyer: Buyer,
    #[command(flatten)]
    server: Server,
}

pub(crate) async fn run(command: QueueCommand) -> anyhow::Result<()> {
    match command {
        QueueCommand::Join { at, wait } => {
            let client = at.server.client()?;
            let token = &at.buyer.token;
            let mut place = client.join(token, at.event_id, &unique(), None).await?;
            if wait {
                let mut waiting = Waiting::new(&client, token, at.event_id, place);
                // Ends with the queue, or with the person at the keyboard.
                waiting.run(A_YEAR, |place| eprintln!("{}", describe(place))).await?;
                place = waiting.place;
            }
            at.server.print(&place, describe(&place))
        }
        QueueCommand::Position { at } => {
            let place = at.server.client()?.position(&at.buyer.token, at.event_id, None, 0).await?;
            at.server.print(&place, describe(&place))
        }
    }
}

fn describe(place: &Place) -> String {
    match place.status {
        PlaceStatus::Waiting if place.draw.is_some() => {
            let draws_at = place.draw.map(|draw| draw.draws_at.to_string()).unwrap_or_default();
            format!("waiting: number {}, drawn at {draws_at}", place.number)
        }
        PlaceStatus::Waiting => {
            let wait = match (place.estimated_wait_s, place.estimated_wait_range_s) {
                (None, _) | (_, Some((_, None))) => "nobody can say how long".to_owned(),
                (Some(likely_s), _) => format!("about {likely_s} s"),
            };
            format!("waiting: position {}, {wait}", place.position.unwrap_or_default())
        }
        PlaceStatus::Admitted => {
            let until = place.pass_expires_at.map(|until| until.to_string()).unwrap_or_default();
            let pass = place.queue_pass.as_deref().unwrap_or_default();
            format!("export QUEUE_PASS={pass}\n# admitted, until {until}")
        }
        PlaceStatus::Expired => "expired: the pass was not used in time; join again".to_owned(),
        PlaceStatus::Closed => "closed: the queue has ended".to_owned(),
    }
}
