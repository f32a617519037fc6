//! What a run of the worker did, and what failed.

use std::fmt::Display;

use crate::Error;

/// What one run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TickReport {
    /// Fans let in.
    pub admitted: u64,
    /// Holds expired.
    pub expired: u64,
    /// Journal entries written to Postgres.
    pub drained: u64,
    /// Sagas continued.
    pub sagas: u64,
    /// What did not work; it is tried again.
    pub failed: Vec<FailedJob>,
}

/// A job that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// The job.
    pub job: Job,
    /// The event, saga, message or list that it was for.
    pub subject: String,
    /// The error, for operators.
    pub cause: String,
}

macro_rules! jobs {
    ($($(#[$doc:meta])+ $name:ident = $word:literal,)+) => {
        /// A job of the worker, or a step of one that fails by itself.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Job {
            $($(#[$doc])+ $name,)+
        }

        impl Job {
            /// The word in the log.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}

jobs! {
    /// Lists the events to serve.
    EventsToServe = "events_to_serve",
    /// Takes absent fans out of a line.
    SweepAbsent = "sweep_absent",
    /// Lets fans in.
    AdmitUsers = "admit_users",
    /// Frees the seats of holds whose time is over.
    ExpireDueHolds = "expire_due_holds",
    /// Writes a journal to Postgres.
    DrainJournal = "drain_journal",
    /// Removes old answers of idempotency keys.
    SweepAnswers = "sweep_answers",
    /// Lists the events to audit.
    EventsToAudit = "events_to_audit",
    /// Audits an event.
    AuditEvent = "audit_event",
    /// Ends holds that only Postgres knows.
    ExpireStaleBookings = "expire_stale_bookings",
    /// Lists the events to retire.
    EventsToRetire = "events_to_retire",
    /// Lets Redis forget an event that is over.
    RetireEvent = "retire_event",
    /// Takes sagas that are due.
    ClaimDueSagas = "claim_due_sagas",
    /// Continues a saga.
    Saga = "saga",
    /// A payment that is not ours names a booking of ours.
    ForeignPayment = "foreign_payment",
    /// The payment provider refuses something for good.
    ProviderRefuses = "provider_refuses",
    /// Notes how far a saga came.
    NoteSaga = "note_saga",
    /// Takes messages that are due.
    ClaimDueMessages = "claim_due_messages",
    /// Delivers a message.
    Notify = "notify",
    /// Notes whether a message was delivered.
    NoteMessage = "note_message",
    /// Takes letters that are due.
    ClaimDueLetters = "claim_due_letters",
    /// Sends a letter.
    SendLetter = "send_letter",
    /// Notes what became of a letter.
    NoteLetter = "note_letter",
    /// Forgets letters where there is no mail API.
    DropLetters = "drop_letters",
    /// Takes lists of the provider that are due.
    ClaimEventLists = "claim_event_lists",
    /// Reads a page of a list of the provider.
    ListEvents = "list_events",
    /// Notes how far a list was read.
    NoteEventList = "note_event_list",
    /// Finds the events of a page that are new.
    UnrecordedEvents = "unrecorded_events",
    /// Takes checkouts whose page is to be ended.
    ClaimDueCheckouts = "claim_due_checkouts",
    /// Ends the page of a checkout.
    EndCheckout = "end_checkout",
    /// Records an event of the provider.
    RecordEvent = "record_event",
}

impl TickReport {
    /// Whether `job` failed, for any subject.
    pub fn has_failed(&self, job: Job) -> bool {
        self.failed.iter().any(|failed| failed.job == job)
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.admitted += other.admitted;
        self.expired += other.expired;
        self.drained += other.drained;
        self.sagas += other.sagas;
        self.failed.extend(other.failed);
    }

    /// The value of a result; an error is noted as a failure of `job`.
    pub(crate) fn note<V>(
        &mut self,
        job: Job,
        subject: impl Display,
        result: Result<V, Error>,
    ) -> Option<V> {
        result.map_err(|error| self.failure(job, subject, error)).ok()
    }

    pub(crate) fn failure(&mut self, job: Job, subject: impl Display, cause: impl Display) {
        let (subject, cause) = (subject.to_string(), cause.to_string());
        self.failed.push(FailedJob { job, subject, cause });
    }
}
