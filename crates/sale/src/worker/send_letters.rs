//! Sends letters to buyers, each once: the mail API takes a letter once under its id, and what it
//! took is not sent again.

use std::time::Duration;

use cluster::Transport;
use domain::backoff::Backoff;
use futures_util::{StreamExt, stream};
use ledger::{Database, DueLetter, LetterKind, LetterProgress};
use provider::HttpTransport;

use crate::Stores;
use crate::worker::context::{Mail, Post, WorkerContext};
use crate::worker::letter::Desk;
use crate::worker::mail_api::is_definitive;
use crate::worker::report::{Job, TickReport};

/// Letters on their way at a time, and taken at a time: within the rate that mail APIs allow.
const LETTERS_AT_A_TIME: usize = 8;
/// How long the mail API may take.
const LETTER_DEADLINE: Duration = Duration::from_millis(2_500);
/// Waits after failures. The longest is shorter than the 15 minutes for which a mail API remembers
/// what it took at least.
const LETTER_BACKOFF: Backoff = Backoff { first_ms: 2_000, longest_ms: 600_000 };
/// A letter that could not be sent for so long is given up, in ms: three days, as mail servers do.
const LETTER_LIFE_MS: u64 = 3 * 24 * 60 * 60 * 1_000;
/// A letter to sign in is of no use after so long, in ms: its code has ended.
const SIGN_IN_LETTER_LIFE_MS: u64 = 15 * 60 * 1_000;
/// Bookings that one letter names: more than anybody has, and a letter that can be read.
const LOOKUP_BOOKINGS_MAX: u32 = 50;

/// Why a letter was not sent.
struct LetterError {
    /// For operators; it names nobody.
    cause: String,
    /// Whether the same letter fails again whenever it is sent.
    is_definitive: bool,
}

impl LetterError {
    fn transient(cause: impl ToString) -> Self {
        Self { cause: cause.to_string(), is_definitive: false }
    }

    fn definitive(cause: impl ToString) -> Self {
        Self { cause: cause.to_string(), is_definitive: true }
    }
}

/// Sends letters that are due as long as `in_time` says so. Without a mail API they are forgotten.
pub async fn send_letters<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    in_time: &impl Fn() -> bool,
) -> TickReport {
    let mut report = TickReport::default();
    let post = match &context.mail {
        Mail::Through(post) => *post,
        Mail::Broken => return report,
        Mail::None => {
            let dropped = ledger::drop_letters(&stores.database).await;
            report.note(Job::DropLetters, "all", dropped.map_err(Into::into));
            return report;
        }
    };
    while in_time() {
        let limit = u32::try_from(LETTERS_AT_A_TIME).unwrap_or(u32::MAX);
        let due = ledger::claim_due_letters(&stores.database, limit).await;
        let due = report.note(Job::ClaimDueLetters, "all", due.map_err(Into::into));
        let due = due.unwrap_or_default();
        let is_last = due.len() < LETTERS_AT_A_TIME;
        let mut deliveries = stream::iter(due)
            .map(async |letter| deliver(stores, context, post, &letter).await)
            .buffer_unordered(LETTERS_AT_A_TIME);
        while let Some(of_letter) = deliveries.next().await {
            report.add(of_letter);
        }
        drop(deliveries);
        if is_last {
            break;
        }
    }
    report
}

async fn deliver<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    context: &WorkerContext<'_, H>,
    post: &Post<H>,
    letter: &DueLetter,
) -> TickReport {
    let mut report = TickReport::default();
    let progress = match send(stores, post, letter).await {
        Ok(()) => LetterProgress::Done,
        Err(LetterError { cause: error, is_definitive }) => {
            report.failure(Job::SendLetter, &letter.id, &error);
            if is_definitive {
                LetterProgress::Dead { error }
            } else {
                let rest_ms = LETTER_BACKOFF.wait_ms(letter.attempts, (context.random)());
                LetterProgress::Failed { error, rest_ms }
            }
        }
    };
    let noted = ledger::note_letter(&stores.database, &letter.id, &progress).await;
    report.note(Job::NoteLetter, &letter.id, noted.map_err(Into::into));
    report
}

/// Writes a letter and hands it over, unless there is nobody to write to or nothing to say.
async fn send<T: Transport, D: Database, H: HttpTransport>(
    stores: &Stores<T, D>,
    post: &Post<H>,
    letter: &DueLetter,
) -> Result<(), LetterError> {
    let life_ms = match letter.kind {
        LetterKind::SignIn => SIGN_IN_LETTER_LIFE_MS,
        _ => LETTER_LIFE_MS,
    };
    if letter.age_ms > life_ms {
        return Err(LetterError::definitive("too old to be sent"));
    }
    let Some(to) = &letter.email else { return Ok(()) };
    let desk = Desk { keys: &post.keys, public_url: &post.public_url };
    let written = if letter.kind == LetterKind::Lookup {
        let bookings = ledger::bookings_of_mailbox(&stores.database, to, LOOKUP_BOOKINGS_MAX);
        let bookings = bookings.await.map_err(LetterError::transient)?;
        desk.about_bookings(letter, to, &bookings)
    } else if letter.kind == LetterKind::SignIn {
        Ok(desk.about_sign_in(letter, to))
    } else {
        desk.about_booking(letter, to)
    };
    let Some(written) = written.map_err(LetterError::definitive)? else { return Ok(()) };
    let request = post.api.request(&written);
    let request = request
        .ok_or_else(|| LetterError::transient("mail_api_base or mail_api_key is malformed"))?;
    let answer = post.transport.send(request, LETTER_DEADLINE).await;
    let status = answer.map_err(LetterError::transient)?.status();
    if status.is_success() {
        return Ok(());
    }
    let cause = format!("the mail API answered {}", status.as_u16());
    Err(LetterError { cause, is_definitive: is_definitive(status) })
}
