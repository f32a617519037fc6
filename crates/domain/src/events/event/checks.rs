//! What an organiser may ask for, and the limits of it.

use serde::Serialize;

use super::details::{EventChange, NewEvent};
use super::settings::SaleSettings;
use crate::section::{SECTION_CAPACITY_MAX, Section, SectionKind};
use crate::text::{check_line, check_lines, check_optional_line};
use crate::time::Instant;
use crate::time_zone::is_time_zone;

/// Sections of one event at most: each seated one is a key of the event's scripts.
pub const SECTIONS_MAX: usize = 64;
/// The longest name of an event or venue, in characters.
pub const NAME_LENGTH_MAX: usize = 200;
/// The longest description, in characters.
pub const DESCRIPTION_LENGTH_MAX: usize = 4_000;
/// The highest price in any currency, in minor units: twelve digits, so that ten tickets are still
/// an exact number in a script. What can be charged in the currency of an event may be less, see
/// `provider::charge_problems`.
pub const PRICE_MAX: i64 = 999_999_999_999;
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
/// One value that is not allowed: the path of the field and what would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// The field, for example `sections[2].price`.
    pub field: String,
    /// What is wrong with it, for people.
    pub problem: String,
}

impl FieldProblem {
    pub(crate) fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl NewEvent {
    /// Everything that is not allowed; empty when the event can be created.
    pub fn problems(&self) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        check_texts(Some(&self.name), &self.description, &self.venue, &mut problems);
        check_time_zone(&self.time_zone, &mut problems);
        let Self { starts_at, ends_at, on_sale_at, .. } = *self;
        Times { starts_at, ends_at, on_sale_at }.check(|_| true, &mut problems);
        let currency_fits =
            self.currency.len() == 3 && self.currency.bytes().all(|byte| byte.is_ascii_uppercase());
        if !currency_fits {
            problems.push(FieldProblem::new("currency", "must be three upper-case letters"));
        }
        problems.extend(section_problems(&self.sections));
        self.sale.check("sale", &mut problems);
        problems
    }
}

impl EventChange {
    /// Everything that is not allowed in what results from the change of an event that starts, ends
    /// and opens as given.
    pub fn problems(
        &self,
        starts_at: Instant,
        ends_at: Instant,
        on_sale_at: Instant,
    ) -> Vec<FieldProblem> {
        let mut problems = Vec::new();
        check_texts(
            self.name.as_deref(),
            self.description.as_deref().unwrap_or_default(),
            self.venue.as_deref().unwrap_or_default(),
            &mut problems,
        );
        if let Some(time_zone) = &self.time_zone {
            check_time_zone(time_zone, &mut problems);
        }
        let times = Times {
            starts_at: self.starts_at.unwrap_or(starts_at),
            ends_at: self.ends_at.unwrap_or(ends_at),
            on_sale_at: Some(self.on_sale_at.unwrap_or(on_sale_at)),
        };
        let is_sent = |field: &str| match field {
            "starts_at" => self.starts_at.is_some(),
            "ends_at" => self.ends_at.is_some(),
            _ => self.on_sale_at.is_some(),
        };
        times.check(is_sent, &mut problems);
        if let Some(change) = &self.sale {
            // What is left out is taken from rules that are allowed.
            change.applied_to(SaleSettings::default()).check("sale", &mut problems);
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

fn check_time_zone(name: &str, problems: &mut Vec<FieldProblem>) {
    if !is_time_zone(name) {
        let problem = "must be a time zone of the IANA database, for example Europe/Berlin";
        problems.push(FieldProblem::new("time_zone", problem));
    }
}

fn check_texts(
    name: Option<&str>,
    description: &str,
    venue: &str,
    problems: &mut Vec<FieldProblem>,
) {
    for (field, text, length_max, allowed) in [
        ("name", name.unwrap_or("unchanged"), NAME_LENGTH_MAX, check_line as fn(&str) -> _),
        ("venue", venue, NAME_LENGTH_MAX, check_optional_line),
        ("description", description, DESCRIPTION_LENGTH_MAX, check_lines),
    ] {
        if text.chars().count() > length_max {
            let problem = format!("must have at most {length_max} characters");
            problems.push(FieldProblem::new(field, problem));
        } else if let Err(problem) = allowed(text) {
            problems.push(FieldProblem::new(field, problem));
        }
    }
}

/// The times of an event as a request leaves them.
struct Times {
    starts_at: Instant,
    ends_at: Instant,
    /// `None` for now.
    on_sale_at: Option<Instant>,
}

impl Times {
    /// Complains at the first of each pair that `is_sent`. A pair of which nothing is sent is left
    /// as it is stored.
    fn check(&self, is_sent: impl Fn(&str) -> bool, problems: &mut Vec<FieldProblem>) {
        let mut complain = |[first, second]: [(&str, &str); 2]| {
            let sent = [first, second].into_iter().find(|(field, _)| is_sent(field));
            problems.extend(sent.map(|(field, problem)| FieldProblem::new(field, problem)));
        };
        if self.ends_at <= self.starts_at {
            complain([
                ("ends_at", "must be after starts_at"),
                ("starts_at", "must be before ends_at"),
            ]);
        }
        if self.on_sale_at.is_some_and(|on_sale_at| on_sale_at >= self.ends_at) {
            complain([
                ("on_sale_at", "must be before ends_at"),
                ("ends_at", "must be after on_sale_at"),
            ]);
        }
    }
}
