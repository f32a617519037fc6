//! `GET /v1/events`: what happened, newest first.

use serde_json::{Value, json};

use crate::form::Form;
use crate::reply::Reply;
use crate::state::{Event, State};

/// The most events of a page.
const LIMIT_MAX: usize = 100;
/// Events of a page, where the request does not say.
const LIMIT: usize = 10;
/// The most types of one request.
const KINDS_MAX: usize = 20;

/// Which events are wanted.
struct Wanted<'a> {
    /// Empty for all types.
    kinds: Vec<&'a str>,
    /// Whether every endpoint has accepted it.
    delivered: Option<bool>,
    form: &'a Form,
}

/// One page: `type` or `types[]`, `created`, `delivery_success`, `limit`, and `starting_after` or
/// `ending_before`, as in the original.
///
/// # Errors
///
/// 400 for any other parameter or value; 404 for a place in the list that does not exist.
pub(crate) fn list(state: &State, form: &Form) -> Result<Reply, Reply> {
    let wanted = Wanted::read(form)?;
    let limit = match form.get("limit").map(|limit| limit.parse()) {
        None => LIMIT,
        Some(Ok(limit)) if (1..=LIMIT_MAX).contains(&limit) => limit,
        Some(_) => return Err(Reply::invalid("Invalid limit")),
    };
    let position = |name: &str| {
        form.get(name)
            .map(|id| state.position_of_event(id).ok_or_else(|| Reply::missing("event")))
            .transpose()
    };
    let matching = state.events().enumerate().filter(|(_, event)| wanted.has(event));
    let (page, has_more) = match (position("starting_after")?, position("ending_before")?) {
        (Some(_), Some(_)) => {
            return Err(Reply::invalid("Only one of starting_after and ending_before"));
        }
        (after, None) => {
            let older = |position: usize| after.is_none_or(|after| position < after);
            first(matching.rev().filter(|(position, _)| older(*position)), limit)
        }
        // Those next to the place, not the newest of all.
        (None, Some(before)) => {
            let (mut page, has_more) =
                first(matching.filter(|(position, _)| *position > before), limit);
            page.reverse();
            (page, has_more)
        }
    };
    Ok(Reply::ok(json!({
        "object": "list", "url": "/v1/events", "data": page, "has_more": has_more,
    })))
}

/// The bodies of the first events, and whether there are more.
fn first<'a>(
    mut events: impl Iterator<Item = (usize, &'a Event)>,
    limit: usize,
) -> (Vec<Value>, bool) {
    let read = |(_, event): (usize, &Event)| serde_json::from_str(&event.body).ok();
    let page = events.by_ref().take(limit).filter_map(read).collect();
    (page, events.next().is_some())
}

impl<'a> Wanted<'a> {
    fn read(form: &'a Form) -> Result<Self, Reply> {
        for name in form.keys() {
            let is_known = matches!(
                name.as_str(),
                "type" | "delivery_success" | "limit" | "starting_after" | "ending_before"
            ) || is_created(name)
                || name.starts_with("types[");
            if !is_known {
                let message = format!("Received unknown parameter: {name}");
                let code = "parameter_unknown";
                return Err(Reply::error(400, "invalid_request_error", code, &message));
            }
        }
        let of_list = form.iter().filter(|(name, _)| name.starts_with("types["));
        let mut kinds: Vec<&str> = of_list.map(|(_, kind)| kind.as_str()).collect();
        if kinds.len() > KINDS_MAX {
            return Err(Reply::invalid("Too many types"));
        }
        if let Some(kind) = form.get("type") {
            if !kinds.is_empty() {
                return Err(Reply::invalid("You may pass either type or types, but not both"));
            }
            kinds.push(kind);
        }
        let delivered = match form.get("delivery_success").map(String::as_str) {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return Err(Reply::invalid("Invalid boolean: delivery_success")),
        };
        let mut times = form.iter().filter(|(name, _)| is_created(name));
        if times.any(|(_, text)| text.parse::<i64>().is_err()) {
            return Err(Reply::invalid("Invalid timestamp: created"));
        }
        Ok(Self { kinds, delivered, form })
    }

    fn has(&self, event: &Event) -> bool {
        let is_delivered = event.accepted > 0 || event.unaddressed;
        let is_in_time = |(name, text): (&String, &String)| {
            let Ok(time_s) = text.parse::<i64>() else { return false };
            match name.as_str() {
                "created[gt]" => event.created_s > time_s,
                "created[gte]" => event.created_s >= time_s,
                "created[lt]" => event.created_s < time_s,
                "created[lte]" => event.created_s <= time_s,
                _ => event.created_s == time_s,
            }
        };
        (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind_matches(kind, &event.kind)))
            && self.delivered.is_none_or(|delivered| delivered == is_delivered)
            && self.form.iter().filter(|(name, _)| is_created(name)).all(is_in_time)
    }
}

fn is_created(name: &str) -> bool {
    matches!(name, "created" | "created[gt]" | "created[gte]" | "created[lt]" | "created[lte]")
}

/// `charge.*` stands for a group.
fn kind_matches(wanted: &str, kind: &str) -> bool {
    match wanted.strip_suffix('*') {
        Some(group) => kind.starts_with(group),
        None => kind == wanted,
    }
}
