//! The work of the background worker: sagas, the outbox, letters, and which events are due.

mod claim_due_sagas;
mod events_to_serve;
mod letters;
mod list_sagas;
mod note_saga;
mod open_work;
mod outbox;
mod retry_saga;
mod saga;

pub use claim_due_sagas::{DueSaga, SAGA_LEASE_MS, claim_due_sagas};
pub use events_to_serve::{EVENTS_SERVED_MAX, events_to_serve};
pub use letters::{
    DueLetter, LETTER_LEASE_MS, LetterBooking, LetterEvent, LetterKind, LetterPart, LetterProgress,
    claim_due_letters, drop_letters, note_letter,
};
pub use list_sagas::{ListSagas, SagaPage, list_sagas};
pub use note_saga::{SagaProgress, note_saga};
pub use open_work::{OpenWork, open_work};
pub use outbox::{
    DueMessage, MESSAGE_LEASE_MS, claim_due_messages, note_delivered, note_undelivered,
};
pub use retry_saga::retry_saga;
pub use saga::{Saga, SagaKind, SagaStatus};
