//! `rush event create|show|list`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use domain::event::{NewEvent, QueueSettings, SaleSettings};
use domain::id::EventId;
use domain::time::Instant;
use serde_json::Value;

use super::section::SectionArgument;
use super::{Server, money, now, unique};
use crate::api::{Event, Events};
use crate::table::{Align, Table, grouped};

/// Subcommands of `rush event`.
#[derive(Subcommand)]
pub(crate) enum EventCommand {
    /// Create an event, as the organiser.
    Create(Box<CreateArguments>),
    /// Show one event.
    Show {
        /// The event.
        event_id: EventId,
        #[command(flatten)]
        server: Server,
    },
    /// List the active events, newest first.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
        /// Where the page begins: `next_cursor` of the page before.
        #[arg(long)]
        cursor: Option<String>,
        #[command(flatten)]
        server: Server,
    },
}

/// Options of `rush event create`.
#[derive(Args)]
pub(crate) struct CreateArguments {
    /// The organiser's key.
    #[arg(long, env = "ORGANISER_KEY", hide_env_values = true)]
    organiser_key: String,
    /// The whole event as JSON, `-` for standard input, instead of the options below.
    #[arg(long, conflicts_with_all = ["name", "section"])]
    file: Option<PathBuf>,
    /// Its name.
    #[arg(long, required_unless_present = "file")]
    name: Option<String>,
    /// Where it is.
    #[arg(long, default_value = "")]
    venue: String,
    /// The time zone in which people are told its times, for example Europe/Berlin.
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// NAME=ROWSxSEATS@PRICE or NAME=PLACES@PRICE, price in minor units; repeat for more.
    #[arg(long, required_unless_present = "file")]
    section: Vec<SectionArgument>,
    /// ISO 4217.
    #[arg(long, default_value = "EUR")]
    currency: String,
    /// When it begins, RFC 3339; in 30 days when left out.
    #[arg(long, value_parser = parse_instant)]
    starts_at: Option<Instant>,
    /// When it and its sale end, RFC 3339; 3 hours after it begins when left out.
    #[arg(long, value_parser = parse_instant)]
    ends_at: Option<Instant>,
    /// When the sale opens, RFC 3339; now when left out.
    #[arg(long, value_parser = parse_instant)]
    on_sale_at: Option<Instant>,
    /// Tickets of one buyer at most.
    #[arg(long, default_value_t = 4)]
    max_per_buyer: i64,
    /// Life of an unpaid hold, in seconds.
    #[arg(long, default_value_t = 600)]
    hold_ttl_s: i64,
    /// Sell without a queue.
    #[arg(long)]
    no_queue: bool,
    /// Passes that may be out at once.
    #[arg(long, default_value_t = 100)]
    max_active: i64,
    /// Fans admitted per second, at most.
    #[arg(long, default_value_t = 50)]
    release_per_s: i64,
    #[command(flatten)]
    server: Server,
}

/// 30 days: an event without a date does not end soon.
const STARTS_IN_MS: i64 = 30 * 24 * 3_600_000;
/// 3 hours, as long as a concert.
const LASTS_MS: i64 = 3 * 3_600_000;

pub(crate) async fn run(command: EventCommand) -> anyhow::Result<()> {
    match command {
        EventCommand::Create(arguments) => create(*arguments).await,
        EventCommand::Show { event_id, server } => {
            let reply = server.client()?.event(event_id).await?;
            server.print(&reply.parse::<Value>()?, describe(&reply.parse()?))
        }
        EventCommand::List { limit, cursor, server } => {
            let reply = server.client()?.events(limit, cursor.as_deref()).await?;
            server.print(&reply.parse::<Value>()?, list(&reply.parse()?))
        }
    }
}

async fn create(arguments: CreateArguments) -> anyhow::Result<()> {
    let body = match &arguments.file {
        Some(path) => read_json(path)?,
        None => serde_json::to_value(new_event(&arguments))?,
    };
    let client = arguments.server.client()?;
    let reply = client.create_event(&arguments.organiser_key, &unique(), &body).await?;
    arguments.server.print(&reply.parse::<Value>()?, describe(&reply.parse()?))
}

fn new_event(arguments: &CreateArguments) -> NewEvent {
    let starts_at = arguments.starts_at.unwrap_or_else(|| now().plus_ms(STARTS_IN_MS));
    NewEvent {
        name: arguments.name.clone().unwrap_or_default(),
        description: String::new(),
        venue: arguments.venue.clone(),
        time_zone: arguments.time_zone.clone(),
        starts_at,
        ends_at: arguments.ends_at.unwrap_or(starts_at.plus_ms(LASTS_MS)),
        on_sale_at: arguments.on_sale_at,
        currency: arguments.currency.clone(),
        sections: arguments.section.iter().map(|section| section.0.clone()).collect(),
        sale: SaleSettings {
            buyers: domain::event::Buyers::Anyone,
            max_per_buyer: arguments.max_per_buyer,
            hold_ttl_s: arguments.hold_ttl_s,
            queue: QueueSettings {
                enabled: !arguments.no_queue,
                max_active: arguments.max_active,
                release_per_s: arguments.release_per_s,
                ..QueueSettings::default()
            },
        },
    }
}

fn read_json(path: &PathBuf) -> anyhow::Result<Value> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(path)
    };
    let text = text.with_context(|| format!("{} cannot be read", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
}

fn parse_instant(text: &str) -> anyhow::Result<Instant> {
    serde_json::from_value(Value::from(text))
        .context("expected a time such as 2027-06-01T19:00:00Z")
}

fn describe(event: &Event) -> String {
    let mut table = Table::new("", &[("", Align::Left), ("", Align::Right), ("", Align::Right)]);
    for section in &event.sections {
        let places = grouped(i64::from(section.capacity()));
        table.row([section.name.to_string(), places, money(section.price, &event.currency)]);
    }
    format!(
        "{}\n  {}\n  {}, {} places, starts {}\n{table}",
        event.name,
        event.id,
        event.status,
        grouped(event.capacity),
        event.starts_at,
    )
}

fn list(page: &Events) -> String {
    let columns = [
        ("event", Align::Left),
        ("status", Align::Left),
        ("places", Align::Right),
        ("starts", Align::Left),
        ("name", Align::Left),
    ];
    let mut table = Table::new("", &columns);
    for event in &page.events {
        table.row([
            event.id.to_string(),
            event.status.clone(),
            grouped(event.capacity),
            event.starts_at.to_string(),
            event.name.clone(),
        ]);
    }
    match &page.next_cursor {
        Some(cursor) => format!("{table}  more: --cursor {cursor}"),
        None => table.to_string(),
    }
}
