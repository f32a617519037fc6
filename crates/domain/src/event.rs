//! Events: what an organiser asks for, what is checked, and the status of the sale.

use serde::{Deserialize, Serialize};

use crate::section::{SECTION_CAPACITY_MAX, Section, SectionKind};
use crate::time::Instant;

/// Sections of one event at most: each seated one is a key of the event's scripts.
pub const SECTIONS_MAX: usize = 64;
/// The longest name of an event or venue, in characters.
pub const NAME_LENGTH_MAX: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 4_000;
/// The highest price: eight digits, the most that the payment provider takes in one payment.
pub const PRICE_MAX: i64 = 99_999_999;
/// The longest hold, in seconds: an hour.
pub const HOLD_TTL_MAX_S: i64 = 3_600;
/// The longest life of a pass, in seconds: an hour.
pub const PASS_TTL_MAX_S: i64 = 3_600;
/// The highest limit per buyer.
pub const MAX_PER_BUYER_MAX: i64 = 1_000;
/// The shortest and the longest absence after which a place is abandoned, in seconds: three polls
/// may be missed at least; a day.
pub const ABANDON_AFTER_MIN_S: i64 = 60;
/// See [`ABANDON_AFTER_MIN_S`].
pub const ABANDON_AFTER_MAX_S: i64 = 86_400;
/// The most passes that may be out at once.
pub const MAX_ACTIVE_MAX: i64 = 1_000_000;
/// The fastest release, in fans per second.
pub const RELEASE_PER_S_MAX: i64 = 100_000;

/// The longest message to those who wait, in characters.
pub const MESSAGE_LENGTH_MAX: usize = 280;

/// How the queue of an event lets fans in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueSettings {
    /// Whether a pass is needed to reserve.
    pub enabled: bool,
    /// Passes that may be out at once.
    pub max_active: i64,
    /// Fans let in per second at most.
    pub release_per_s: i64,
    /// Life of a pass, in seconds.
    pub pass_ttl_s: i64,
    /// How long the line waits for somebody who is not seen, in seconds; 0 for ever. The place
    /// stays until the line has passed it.
    pub abandon_after_s: i64,
    /// Whether newcomers may join; those who have a place keep it.
    pub joining: bool,
    /// What those who wait are told; empty for nothing.
    pub message: String,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            max_active: 100,
            release_per_s: 50,
            pass_ttl_s: 300,
            abandon_after_s: 300,
            joining: true,
            message: String::new(),
        }
    }
}

/// The rules of a sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaleSettings {
    /// Tickets of one buyer at most, held and bought together.
    pub max_per_buyer: i64,
    /// Life of an unpaid hold, in seconds.
    pub hold_ttl_s: i64,
    /// The queue.
    pub queue: QueueSettings,
}

impl Default for SaleSettings {
    fn default() -> Self {
        Self { max_per_buyer: 4, hold_ttl_s: 600, queue: QueueSettings::default() }
    }
}

/// The body of `POST /api/v1/events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// What is on.
    pub name: String,
    /// More words about it.
    #[serde(default)]
    pub description: String,
    /// Where it is.
    #[serde(default)]
    pub venue: String,
    /// When it begins.
    pub starts_at: Instant,
    /// When it ends; the sale ends with it.
    pub ends_at: Instant,
    /// When the sale opens; now when left out.
    #[serde(default)]
    pub on_sale_at: Option<Instant>,
    /// ISO 4217, upper case.
    pub currency: String,
    /// What is sold.
    pub sections: Vec<Section>,
    /// The rules of the sale.
    #[serde(default)]
    pub sale: SaleSettings,
}

/// The body of `PUT /api/v1/events/{id}`: what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EventChange {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A new venue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub venue: Option<String>,
    /// A new beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Instant>,
    /// A new end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Instant>,
    /// A new opening of the sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_sale_at: Option<Instant>,
    /// New rules of the sale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale: Option<SaleChange>,
    /// Whether the sale is interrupted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paused: Option<bool>,
}

/// What changes of the rules of a sale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SaleChange {
    /// A new limit per buyer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_per_buyer: Option<i64>,
    /// A new life of holds, in seconds; for holds that are made from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold_ttl_s: Option<i64>,
    /// What changes of the queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<QueueChange>,
}

/// What changes of how the queue lets fans in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueueChange {
    /// Whether a pass is needed to reserve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// A new number of passes that may be out at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_active: Option<i64>,
    /// A new rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release_per_s: Option<i64>,
    /// A new life of passes, in seconds; for passes that are given from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pass_ttl_s: Option<i64>,
    /// A new time after which a place is abandoned, in seconds; it counts from the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandon_after_s: Option<i64>,
    /// Whether newcomers may join.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joining: Option<bool>,
    /// What those who wait are told from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl SaleChange {
    /// The rules after the change.
    pub fn applied_to(&self, sale: SaleSettings) -> SaleSettings {
        let queue = self.queue.clone().unwrap_or_default();
        SaleSettings {
            max_per_buyer: self.max_per_buyer.unwrap_or(sale.max_per_buyer),
            hold_ttl_s: self.hold_ttl_s.unwrap_or(sale.hold_ttl_s),
            queue: QueueSettings {
                enabled: queue.enabled.unwrap_or(sale.queue.enabled),
                max_active: queue.max_active.unwrap_or(sale.queue.max_active),
                release_per_s: queue.release_per_s.unwrap_or(sale.queue.release_per_s),
                pass_ttl_s: queue.pass_ttl_s.unwrap_or(sale.queue.pass_ttl_s),
                abandon_after_s: queue.abandon_after_s.unwrap_or(sale.queue.abandon_after_s),
                joining: queue.joining.unwrap_or(sale.queue.joining),
                message: queue.message.unwrap_or(sale.queue.message),
            },
        }
    }
}

/// One value that is not allowed: the path of the field and what would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field, for example `sections[2].price`.
    pub field: String,
    /// What is wrong with it, for people.
    pub problem: String,
}

impl FieldProblem {
    fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl NewEvent {
    /// Everything that is not allowed; empty when the event can be created.
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        check_texts(&self.name, &self.description, &self.venue, &mut problems);
        check_times(self.starts_at, self.ends_at, self.on_sale_at, &mut problems);
        let currency_fits =
            self.currency.len() == 3 && self.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !currency_fits {
            problems.push(FieldProblem::new("currency", "must be three upper-case letters"));
        }
        problems.extend(section_problems(&self.sections));
        check_sale(&self.sale, &mut problems);
        problems
    }
}

impl EventChange {
    /// Everything in the change that is not allowed for an event that starts and ends as given.
    pub fn problems(&self, starts_at: Instant, ends_at: Instant) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        check_texts(
            self.name.as_deref().unwrap_or("unchanged"),
            self.description.as_deref().unwrap_or_default(),
            self.venue.as_deref().unwrap_or_default(),
            &mut problems,
        );
        let starts_at = self.starts_at.unwrap_or(starts_at);
        let ends_at = self.ends_at.unwrap_or(ends_at);
        check_times(starts_at, ends_at, self.on_sale_at, &mut problems);
        if let Some(change) = &self.sale {
            // What is left out is taken from rules that are allowed.
            check_sale(&change.applied_to(SaleSettings::default()), &mut problems);
        }
        problems
    }
}

/// Everything that is not allowed in a list of sections.
pub fn section_problems(sections: &[Section]) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    if sections.is_empty() || sections.len() > SECTIONS_MAX {
        problems.push(FieldProblem::new("sections", format!("must be 1 to {SECTIONS_MAX}")));
    }
    for (index, section) in sections.iter().enumerate().take(SECTIONS_MAX) {
        let earlier = sections.iter().take(index);
        if earlier.into_iter().any(|other| other.name == section.name) {
            let field = format!("sections[{index}].name");
            problems.push(FieldProblem::new(field, "is the name of another section"));
        }
        if !(0..=PRICE_MAX).contains(&section.price) {
            let field = format!("sections[{index}].price");
            problems.push(FieldProblem::new(field, format!("must be 0 to {PRICE_MAX}")));
        }
        let field = match section.kind {
            SectionKind::Seated { .. } => format!("sections[{index}].rows"),
            SectionKind::Standing { .. } => format!("sections[{index}].capacity"),
        };
        if !(1..=SECTION_CAPACITY_MAX).contains(&section.capacity()) {
            let problem = format!("a section must have 1 to {SECTION_CAPACITY_MAX} places");
            problems.push(FieldProblem::new(field, problem));
        }
    }
    problems
}

fn check_texts(name: &str, description: &str, venue: &str, problems: &mut Vec<FieldProblem>) {
    if name.trim().is_empty() {
        problems.push(FieldProblem::new("name", "must not be empty"));
    }
    for (field, text, length_max) in [
        ("name", name, NAME_LENGTH_MAX),
        ("venue", venue, NAME_LENGTH_MAX),
        ("description", description, DESCRIPTION_LENGTH_MAX),
    ] {
        if text.chars().count() > length_max {
            let problem = format!("must have at most {length_max} characters");
            problems.push(FieldProblem::new(field, problem));
        }
        // Postgres cannot store it.
        if text.contains('\0') {
            problems.push(FieldProblem::new(field, "must not contain the character U+0000"));
        }
    }
}

fn check_times(
    starts_at: Instant,
    ends_at: Instant,
    on_sale_at: Option<Instant>,
    problems: &mut Vec<FieldProblem>,
) {
    if ends_at <= starts_at {
        problems.push(FieldProblem::new("ends_at", "must be after starts_at"));
    }
    if on_sale_at.is_some_and(|on_sale_at| on_sale_at >= ends_at) {
        problems.push(FieldProblem::new("on_sale_at", "must be before ends_at"));
    }
}

fn check_sale(sale: &SaleSettings, problems: &mut Vec<FieldProblem>) {
    for (field, value, least, most) in [
        ("sale.max_per_buyer", sale.max_per_buyer, 1, MAX_PER_BUYER_MAX),
        ("sale.hold_ttl_s", sale.hold_ttl_s, 1, HOLD_TTL_MAX_S),
        // Zero lets nobody in: the organiser's way to hold the line without pausing the sale.
        ("sale.queue.max_active", sale.queue.max_active, 0, MAX_ACTIVE_MAX),
        ("sale.queue.release_per_s", sale.queue.release_per_s, 0, RELEASE_PER_S_MAX),
        ("sale.queue.pass_ttl_s", sale.queue.pass_ttl_s, 1, PASS_TTL_MAX_S),
    ] {
        if !(least..=most).contains(&value) {
            problems.push(FieldProblem::new(field, format!("must be {least} to {most}")));
        }
    }
    let abandon_after_s = sale.queue.abandon_after_s;
    if abandon_after_s != 0
        && !(ABANDON_AFTER_MIN_S..=ABANDON_AFTER_MAX_S).contains(&abandon_after_s)
    {
        let problem = format!("must be 0 or {ABANDON_AFTER_MIN_S} to {ABANDON_AFTER_MAX_S}");
        problems.push(FieldProblem::new("sale.queue.abandon_after_s", problem));
    }
    let message = &sale.queue.message;
    if message.chars().count() > MESSAGE_LENGTH_MAX || message.chars().any(char::is_control) {
        let problem = format!("must be one line of at most {MESSAGE_LENGTH_MAX} characters");
        problems.push(FieldProblem::new("sale.queue.message", problem));
    }
}

/// Where the sale of an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventStatus {
    /// The sale opens later.
    Scheduled,
    /// Seats can be reserved.
    OnSale,
    /// Interrupted by the organiser.
    Paused,
    /// Every place is sold.
    SoldOut,
    /// The event is over.
    Ended,
    /// The organiser called it off.
    Cancelled,
}

/// What decides the status of an event.
#[derive(Debug, Clone, Copy)]
pub struct SaleState {
    /// Called off.
    pub cancelled: bool,
    /// Interrupted.
    pub paused: bool,
    /// Every place is sold.
    pub sold_out: bool,
    /// When the sale opens.
    pub on_sale_at: Instant,
    /// When the event and its sale end.
    pub ends_at: Instant,
}

impl SaleState {
    /// The status at `now`. What is final outranks what can change.
    pub fn status(&self, now: Instant) -> EventStatus {
        if self.cancelled {
            EventStatus::Cancelled
        } else if now >= self.ends_at {
            EventStatus::Ended
        } else if self.paused {
            EventStatus::Paused
        } else if now < self.on_sale_at {
            EventStatus::Scheduled
        } else if self.sold_out {
            EventStatus::SoldOut
        } else {
            EventStatus::OnSale
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> serde_json::Value {
        serde_json::json!({
            "name": "Opening night",
            "starts_at": "2027-06-01T19:00:00Z",
            "ends_at": "2027-06-01T22:00:00Z",
            "currency": "EUR",
            "sections": [
                {"name": "A", "kind": "seated", "rows": 20, "seats_per_row": 30, "price": 5000},
                {"name": "FLOOR", "kind": "standing", "capacity": 500, "price": 3500},
            ],
        })
    }

    fn fields(event: serde_json::Value) -> Vec<String> {
        let event: NewEvent = serde_json::from_value(event).unwrap();
        event.problems().into_iter().map(|problem| problem.field).collect()
    }

    #[test]
    fn defaults_are_those_of_the_contract() {
        let event: NewEvent = serde_json::from_value(event()).unwrap();
        assert_eq!(event.problems(), []);
        assert_eq!((event.sale.max_per_buyer, event.sale.hold_ttl_s), (4, 600));
        let queue = event.sale.queue;
        assert!(queue.enabled);
        assert_eq!((queue.max_active, queue.release_per_s, queue.pass_ttl_s), (100, 50, 300));
    }

    #[test]
    fn each_bad_value_is_named() {
        for (pointer, value, field) in [
            ("/name", serde_json::json!(" "), "name"),
            ("/name", serde_json::json!("x".repeat(201)), "name"),
            ("/name", serde_json::json!("a\0b"), "name"),
            ("/currency", serde_json::json!("eur"), "currency"),
            ("/ends_at", serde_json::json!("2027-06-01T19:00:00Z"), "ends_at"),
            ("/sections", serde_json::json!([]), "sections"),
            ("/sections/0/price", serde_json::json!(-1), "sections[0].price"),
            ("/sections/0/rows", serde_json::json!(0), "sections[0].rows"),
            ("/sections/0/rows", serde_json::json!(4_294_967_295_u32), "sections[0].rows"),
            ("/sections/1/capacity", serde_json::json!(100_001), "sections[1].capacity"),
            ("/sections/1/name", serde_json::json!("A"), "sections[1].name"),
        ] {
            let mut event = event();
            *event.pointer_mut(pointer).unwrap() = value;
            assert_eq!(fields(event), [field], "{pointer}");
        }
        for message in ["x".repeat(281), "two\nlines".to_owned(), "a\0b".to_owned()] {
            let mut event = event();
            event["sale"] = serde_json::json!({"queue": {"message": message}});
            assert_eq!(fields(event), ["sale.queue.message"]);
        }
        let mut event = self::event();
        event["sale"] = serde_json::json!({"queue": {"message": "ü".repeat(280)}});
        assert_eq!(fields(event), [""; 0]);
        let mut event = self::event();
        event["sale"] = serde_json::json!({"hold_ttl_s": 3601, "queue": {"pass_ttl_s": 0}});
        event["on_sale_at"] = serde_json::json!("2027-06-01T22:00:00Z");
        assert_eq!(fields(event), ["on_sale_at", "sale.hold_ttl_s", "sale.queue.pass_ttl_s"]);
    }

    #[test]
    fn a_change_leaves_alone_what_it_does_not_name() {
        let sale: SaleSettings = serde_json::from_value(serde_json::json!({
            "max_per_buyer": 2, "hold_ttl_s": 60,
            "queue": {"enabled": false, "max_active": 7, "release_per_s": 8, "pass_ttl_s": 9,
                "joining": false, "message": "Soon."},
        }))
        .unwrap();
        let change =
            |json| serde_json::from_value::<SaleChange>(json).unwrap().applied_to(sale.clone());
        assert_eq!(change(serde_json::json!({})), sale);
        let limited = SaleSettings { max_per_buyer: 3, ..sale.clone() };
        assert_eq!(change(serde_json::json!({"max_per_buyer": 3})), limited);
        let faster = change(serde_json::json!({"queue": {"release_per_s": 80}}));
        let queue = QueueSettings { release_per_s: 80, ..sale.queue.clone() };
        assert_eq!(faster, SaleSettings { queue, ..sale.clone() });
        let told = change(serde_json::json!({"queue": {"joining": true, "message": ""}}));
        let queue = QueueSettings { joining: true, message: String::new(), ..sale.queue.clone() };
        assert_eq!(told, SaleSettings { queue, ..sale.clone() });
        let bad: EventChange = serde_json::from_str(r#"{"sale":{"hold_ttl_s":0}}"#).unwrap();
        let problems = bad.problems(Instant::from_unix_ms(1), Instant::from_unix_ms(2));
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn what_is_final_outranks_what_can_change() {
        let now = Instant::from_unix_ms(1_000);
        let state = SaleState {
            cancelled: false,
            paused: false,
            sold_out: false,
            on_sale_at: now,
            ends_at: now.plus_ms(1),
        };
        let later = now.plus_ms(1);
        for (state, now, status) in [
            (state, now, EventStatus::OnSale),
            (state, now.plus_ms(-1), EventStatus::Scheduled),
            (state, later, EventStatus::Ended),
            (SaleState { sold_out: true, ..state }, now, EventStatus::SoldOut),
            (SaleState { sold_out: true, paused: true, ..state }, now, EventStatus::Paused),
            (SaleState { paused: true, ..state }, later, EventStatus::Ended),
            (SaleState { cancelled: true, ..state }, later, EventStatus::Cancelled),
        ] {
            assert_eq!(state.status(now), status);
        }
    }
}
