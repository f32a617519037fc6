//! The steps of the application, recognised by what they say on the wire.
//!
//! A script is called by its SHA-1, or in full when a node does not know it yet; a step of the
//! ledger is the name of its SQL function; a call of the provider is its request line.

use std::sync::LazyLock;

/// What a link stands before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// A Redis node.
    Redis,
    /// Postgres.
    Postgres,
    /// The payment provider.
    Provider,
}

/// One step of the application.
#[derive(Debug, Clone)]
pub struct Step {
    /// `redis.pin_hold`, `postgres.confirm_booking`, `provider.capture`, …
    pub name: String,
    side: Side,
    /// Any of them is the step.
    marks: Vec<Vec<u8>>,
    /// Whether the crowd or the worker comes to it, again and again.
    pub comes_by_itself: bool,
}

/// Steps of the ledger that a crash may hit: the function's name.
const LEDGER_STEPS: [&str; 6] = [
    "record_provider_event",
    "confirm_booking",
    "cancel_booking",
    "drain_journal",
    "expire_stale_bookings",
    "finish_provider_event",
];

/// Calls of the provider: name and what stands in the request line.
const PROVIDER_STEPS: [(&str, &str); 4] = [
    ("create", "POST /v1/payment_intents "),
    ("capture", "/capture "),
    ("cancel", "/cancel "),
    ("refund", "POST /v1/refunds "),
];

/// The scripts that a crash may hit.
const SCRIPT_STEPS: [&str; 8] = [
    "reserve_seats",
    "pin_hold",
    "confirm_booking",
    "release_seats",
    "expire_holds",
    "cancel_booking",
    "sweep_absent",
    "admit_users",
];

/// Letting in by hand, which the organiser of a test does: the script's name and the word for it.
const BY_HAND: (&str, &str) = ("redis.admit_users.by_hand", "$6\r\nmanual\r\n");

/// How much of a script's source tells it from the others: its first lines say what it does.
const SOURCE_MARK_BYTES: usize = 70;

/// Bytes of the piece before that are looked at again: a mark may be cut in two.
const OVERLAP_BYTES: usize = 96;

/// Every step that is known, in order.
pub fn all() -> &'static [Step] {
    static ALL: LazyLock<Vec<Step>> = LazyLock::new(|| {
        let script = |name: &&str| {
            let found = scripts::registry::ALL.iter().find(|it| it.name == *name)?;
            let source = found.source.as_bytes();
            let source = &source[..SOURCE_MARK_BYTES.min(source.len())];
            Some(Step {
                name: format!("redis.{name}"),
                side: Side::Redis,
                marks: vec![found.sha1.as_bytes().to_vec(), source.to_vec()],
                comes_by_itself: true,
            })
        };
        let ledger = LEDGER_STEPS.iter().map(|name| Step {
            name: format!("postgres.{name}"),
            side: Side::Postgres,
            marks: vec![format!("boxoffice.{name}(").into_bytes()],
            comes_by_itself: true,
        });
        let provider = PROVIDER_STEPS.iter().map(|(name, mark)| Step {
            name: format!("provider.{name}"),
            side: Side::Provider,
            marks: vec![mark.as_bytes().to_vec()],
            comes_by_itself: true,
        });
        let (name, mark) = BY_HAND;
        let by_hand = Step {
            name: name.to_owned(),
            side: Side::Redis,
            marks: vec![mark.as_bytes().to_vec()],
            comes_by_itself: false,
        };
        let scripts = SCRIPT_STEPS.iter().filter_map(script);
        scripts.chain(ledger).chain(provider).chain([by_hand]).collect()
    });
    &ALL
}

/// The step of this name.
pub fn named(name: &str) -> Option<&'static Step> {
    all().iter().find(|step| step.name == name)
}

/// Reads the requests of one connection.
pub(crate) struct Reader {
    side: Side,
    overlap: Vec<u8>,
    /// Postgres is told the statement first and runs it later: the steps that wait for that.
    prepared: Vec<&'static Step>,
}

impl Reader {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, overlap: Vec::new(), prepared: Vec::new() }
    }

    /// The steps that the server would begin if it got this piece.
    pub(crate) fn steps_in(&mut self, piece: &[u8]) -> Vec<&'static Step> {
        let mut text = std::mem::take(&mut self.overlap);
        let known = text.len();
        text.extend_from_slice(piece);
        let found: Vec<_> = all()
            .iter()
            .filter(|step| step.side == self.side)
            .filter(|step| step.marks.iter().any(|mark| ends_beyond(&text, mark, known)))
            .collect();
        self.overlap = text.split_off(text.len().saturating_sub(OVERLAP_BYTES));
        if self.side != Side::Postgres {
            return found;
        }
        // `P`arse carries the text, `B`ind begins the message that runs it.
        let due = if piece.first() == Some(&b'B') {
            std::mem::take(&mut self.prepared)
        } else {
            Vec::new()
        };
        self.prepared.extend(found);
        due
    }
}

/// Whether `mark` occurs in `text` and was not complete in its first `known` bytes.
fn ends_beyond(text: &[u8], mark: &[u8], known: usize) -> bool {
    let mut windows = text.windows(mark.len().max(1)).enumerate();
    windows.any(|(at, window)| at + mark.len() > known && window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(steps: Vec<&'static Step>) -> Vec<&'static str> {
        steps.into_iter().map(|step| step.name.as_str()).collect()
    }

    #[test]
    fn a_script_is_recognised_by_its_digest_even_when_it_is_cut_in_two() {
        let pin = scripts::registry::ALL.iter().find(|it| it.name == "pin_hold");
        let call = format!("*3\r\n$7\r\nEVALSHA\r\n$40\r\n{}\r\n", pin.expect("it").sha1);
        let (first, second) = call.as_bytes().split_at(40);
        let mut reader = Reader::new(Side::Redis);
        assert!(reader.steps_in(first).is_empty());
        assert_eq!(names(reader.steps_in(second)), ["redis.pin_hold"]);
        assert!(reader.steps_in(b"*1\r\n$4\r\nPING\r\n").is_empty(), "it is told once");
    }

    #[test]
    fn a_statement_is_a_step_when_it_is_run() {
        let mut reader = Reader::new(Side::Postgres);
        let parse = b"P\0\0\0Z\0SELECT outcome FROM boxoffice.confirm_booking($1)\0";
        assert!(reader.steps_in(parse).is_empty());
        assert_eq!(names(reader.steps_in(b"B\0\0\0\x0c\0s0")), ["postgres.confirm_booking"]);
        assert!(reader.steps_in(b"B\0\0\0\x0c\0s0").is_empty());
    }

    #[test]
    fn a_call_of_the_provider_is_recognised_by_its_request_line() {
        let mut reader = Reader::new(Side::Provider);
        let capture = b"POST /v1/payment_intents/pi_1/capture HTTP/1.1\r\n";
        assert_eq!(names(reader.steps_in(capture)), ["provider.capture"]);
    }
}
