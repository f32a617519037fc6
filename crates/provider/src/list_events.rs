//! Lists the provider's events, for those that no webhook brought.

use domain::stripe::ProviderEvent;
use serde::Deserialize;
use serde_json::Value;

use crate::client::{Budget, Provider};
use crate::error::ProviderError;
use crate::form;
use crate::transport::HttpTransport;

/// Events of a page. The provider allows 100, but an event has its object in it, up to 6 KiB as the
/// provider writes it: of 50 the answer stays far below the MiB that is read of one.
const PAGE_LENGTH: &str = "50";

/// Which events are asked for.
#[derive(Debug, Clone, Copy)]
pub struct ListEvents<'a> {
    /// Their types, 20 at most.
    pub kinds: &'a [&'a str],
    /// Only those that an endpoint has not accepted, yet or for ever.
    pub undelivered: bool,
    /// Those that are older than this one; the newest without it.
    pub after: Option<&'a str>,
}

/// A page of events, newest first.
#[derive(Debug, Clone)]
pub struct EventPage {
    /// Those that can be read.
    pub events: Vec<ListedEvent>,
    /// How many cannot.
    pub unreadable: usize,
    /// What [`ListEvents::after`] must be for the next page; `None` on the last one.
    pub next: Option<String>,
}

/// An event as a webhook would have brought it.
#[derive(Debug, Clone)]
pub struct ListedEvent {
    /// The fields that are read.
    pub event: ProviderEvent,
    /// All of it, as JSON.
    pub payload: String,
}

#[derive(Deserialize)]
struct PageBody {
    data: Vec<Value>,
    has_more: bool,
}

impl EventPage {
    fn parse(body: &[u8]) -> Result<Self, String> {
        let body: PageBody = serde_json::from_slice(body)
            .map_err(|error| format!("the answer is no list of events: {error}"))?;
        let last = body.data.last().and_then(|event| event.get("id")?.as_str());
        let next = match (body.has_more, last) {
            (false, _) => None,
            (true, Some(last)) => Some(last.to_owned()),
            (true, None) => return Err("the list of events has more and does not say where".into()),
        };
        let count = body.data.len();
        let events: Vec<_> = body.data.iter().filter_map(ListedEvent::of).collect();
        Ok(Self { unreadable: count - events.len(), events, next })
    }
}

impl ListedEvent {
    fn of(event: &Value) -> Option<Self> {
        let payload = event.to_string();
        let event = ProviderEvent::deserialize(event).ok()?;
        // Postgres is asked about the ids of a page at once: an odd one would hide the others.
        event.is_readable().then_some(Self { event, payload })
    }
}

impl<H: HttpTransport> Provider<H> {
    /// One page of what happened, newest first. The provider remembers 30 days.
    ///
    /// # Errors
    ///
    /// [`ProviderError::NotFound`] when it has forgotten the event `after`; or as for any
    /// operation.
    pub async fn list_events(&self, list: &ListEvents<'_>) -> Result<EventPage, ProviderError> {
        let mut fields = vec![("limit", PAGE_LENGTH)];
        fields.extend(list.kinds.iter().map(|kind| ("types[]", *kind)));
        if list.undelivered {
            fields.push(("delivery_success", "false"));
        }
        fields.extend(list.after.map(|after| ("starting_after", after)));
        let path = format!("/v1/events?{}", form::encode(&fields));
        let answer = self.get(&path, &Budget::begin()).await?;
        if !answer.status.is_success() {
            return Err(ProviderError::of(answer.status, &answer.body));
        }
        EventPage::parse(&answer.body).map_err(ProviderError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_does_not_hide_the_rest() {
        let body = br#"{"object": "list", "has_more": true, "data": [
            {"id": "evt_1", "type": "charge.refunded", "livemode": true, "data": {"object": {}}},
            {"id": "\u0000", "type": "charge.refunded", "data": {"object": {}}},
            {"id": 2}, 3, {"id": "evt_5", "type": "charge.refunded"}]}"#;
        let page = EventPage::parse(body).unwrap();
        let ids: Vec<_> = page.events.iter().map(|listed| listed.event.id.as_str()).collect();
        assert_eq!((ids, page.unreadable, page.next.as_deref()), (vec!["evt_1"], 4, Some("evt_5")));
        let again: ProviderEvent = serde_json::from_str(&page.events[0].payload).unwrap();
        assert_eq!((again.id.as_str(), again.livemode), ("evt_1", true));
    }

    #[test]
    fn a_list_that_has_more_says_where() {
        let last = EventPage::parse(br#"{"has_more": false, "data": [7]}"#).unwrap();
        assert_eq!((last.events.len(), last.next), (0, None));
        for body in [r#"{"has_more": true, "data": []}"#, r#"{"has_more": true, "data": [7]}"#] {
            assert!(EventPage::parse(body.as_bytes()).is_err(), "{body}");
        }
        assert!(EventPage::parse(b"{}").is_err());
    }
}
