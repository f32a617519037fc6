//! The event of the demonstration.

use anyhow::Context as _;
use domain::event::{NewEvent, QueueSettings, SaleSettings};
use domain::id::EventId;
use domain::section::{Section, SectionKind};

use super::DemoArguments;
use super::plan::MAX_PER_BUYER;
use super::seats::SeatBoard;
use super::test_provider::TestProvider;
use crate::api::Event;
use crate::client::Client;
use crate::command::{now, unique};

pub(crate) const SEATED: &str = "A";
/// The section to stand in.
pub(crate) const STANDING: &str = "FLOOR";

/// Everything the crowd needs to know.
pub(crate) struct Stage {
    pub(crate) client: Client,
    /// The event that is bought out.
    pub(crate) event_id: EventId,
    /// Another event, with a queue of its own, for passes that do not belong here.
    pub(crate) side_event_id: EventId,
    /// The payment provider's signing secret.
    pub(crate) webhook_secret: String,
    /// Where fans pay; without it they pay by webhooks that we sign.
    pub(crate) provider: Option<TestProvider>,
    /// For the worker's route.
    pub(crate) worker_key: Option<String>,
    /// Life of an unpaid hold.
    pub(crate) hold_ttl_s: u32,
    /// The seat map as everybody sees it.
    pub(crate) board: SeatBoard,
}

/// One fan in this many is admitted each second: the whole crowd in about ten seconds.
const RELEASE_SHARE: i64 = 10;
/// The slowest release, so that small crowds do not queue for the sake of it.
const RELEASE_PER_S_MIN: i64 = 50;
/// Fans that one run of the worker admits, at most.
const RELEASE_PER_S_MAX: i64 = 1_000;
/// Passes out at once at least; above it, one for each place.
const MAX_ACTIVE_MIN: i64 = 100;
/// The event begins an hour from now and ends an hour later: a demonstration does not stay on the
/// worker's list for long.
const HOUR_MS: i64 = 3_600_000;
/// Seats of the side event. No buyer takes them.
const SIDE_PLACES: u32 = 100;

impl Stage {
    /// Creates both events.
    pub(crate) async fn set(client: Client, arguments: &DemoArguments) -> anyhow::Result<Self> {
        let buyers = i64::from(arguments.buyers);
        let queue = QueueSettings {
            enabled: true,
            max_active: i64::from(arguments.seats).max(MAX_ACTIVE_MIN),
            release_per_s: (buyers / RELEASE_SHARE).clamp(RELEASE_PER_S_MIN, RELEASE_PER_S_MAX),
            ..QueueSettings::default()
        };
        let sale = SaleSettings {
            buyers: domain::event::Buyers::Anyone,
            max_per_buyer: i64::from(MAX_PER_BUYER),
            hold_ttl_s: i64::from(arguments.hold_ttl_s),
            queue,
        };
        let main = new_event("Rush demonstration", sections(arguments.seats)?, sale.clone())?;
        let side = new_event("Rush side event", vec![standing(SIDE_PLACES)?], sale)?;
        let event_id = create(&client, &arguments.organiser_key, &main).await?;
        let side_event_id = create(&client, &arguments.organiser_key, &side).await?;
        let secrets = &arguments.stripe_webhook_secret;
        let provider = arguments.provider_url.as_deref().filter(|url| !url.is_empty());
        Ok(Self {
            client,
            event_id,
            side_event_id,
            webhook_secret: secrets.split(',').next().unwrap_or(secrets).trim().to_owned(),
            provider: provider.map(TestProvider::new).transpose()?,
            worker_key: arguments.worker_key.clone(),
            hold_ttl_s: arguments.hold_ttl_s,
            board: SeatBoard::default(),
        })
    }
}

async fn create(client: &Client, organiser_key: &str, event: &NewEvent) -> anyhow::Result<EventId> {
    let body = serde_json::to_value(event)?;
    let reply = client
        .create_event(organiser_key, &unique(), &body)
        .await
        .context("the event cannot be created")?;
    Ok(reply.parse::<Event>()?.id)
}

fn new_event(name: &str, sections: Vec<Section>, sale: SaleSettings) -> anyhow::Result<NewEvent> {
    let now = now();
    Ok(NewEvent {
        name: name.to_owned(),
        description: String::new(),
        venue: "Arena".to_owned(),
        time_zone: "UTC".to_owned(),
        starts_at: now.plus_ms(HOUR_MS),
        ends_at: now.plus_ms(2 * HOUR_MS),
        on_sale_at: None,
        currency: "EUR".to_owned(),
        sections,
        sale,
    })
}

/// About four fifths seated; what does not fill a row stands, so that the capacity is exact.
fn sections(places: u32) -> anyhow::Result<Vec<Section>> {
    let (rows, seats_per_row) = seating(places * 4 / 5);
    let seated = Section {
        name: SEATED.parse()?,
        kind: SectionKind::Seated { rows, seats_per_row },
        price: 5_000,
    };
    Ok(vec![seated, standing(places - rows * seats_per_row)?])
}

fn standing(capacity: u32) -> anyhow::Result<Section> {
    Ok(Section { name: STANDING.parse()?, kind: SectionKind::Standing { capacity }, price: 3_500 })
}

const SEATS_PER_ROW_MAX: u32 = 100;

/// Rows and seats of a row for at most `seats` seats: half as wide again as deep, as halls are.
fn seating(seats: u32) -> (u32, u32) {
    let seats = seats.max(1);
    let seats_per_row = (seats + seats / 2).isqrt().clamp(1, SEATS_PER_ROW_MAX);
    (seats / seats_per_row, seats_per_row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hall_has_exactly_the_places_asked_for() {
        for places in [2, 3, 10, 500, 4_999, 20_000, 120_000] {
            let sections = sections(places).unwrap();
            assert_eq!(sections.iter().map(Section::capacity).sum::<u32>(), places);
            let event = new_event("Hall", sections, SaleSettings::default()).unwrap();
            assert_eq!(event.problems(), [], "{places}");
        }
    }

    #[test]
    fn four_fifths_sit() {
        assert_eq!(seating(400), (16, 24));
        assert_eq!(seating(96_000), (960, 100));
        let sections = sections(20_000).unwrap();
        assert!((15_000..=16_000).contains(&sections[0].capacity()));
    }
}
