//! Letters: written with what they tell of, claimed by one, and never to who did not ask.

use domain::contact::Contact;
use ledger::{
    ConfirmOutcome, LetterKind, LetterProgress, begin_checkout, bookings_of_mailbox,
    claim_due_letters, contacts_among, drain_journal, drop_letters, note_letter, request_lookup,
    set_contact,
};
use uuid::Uuid;

use crate::support::{TestDatabase, confirm, fresh, new_event, new_user, seats, standing};

fn at(email: &str) -> Contact {
    Contact { email: Some(email.to_owned()), ..Contact::default() }
}

#[tokio::test]
async fn a_sale_writes_its_letter_once_and_only_to_who_said_where() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut told = seats(event, &["A-1-1"]);
    told.contact = at("fan@example.com");
    let silent = seats(event, &["A-1-2"]);
    for booking in [&told, &silent, &told] {
        confirm(&database, booking).await;
    }
    let due = claim_due_letters(&database, 10).await.unwrap();
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(due[0].id, format!("letter_confirmed_{}", told.booking_id));
    assert_eq!((due[0].kind, due[0].attempts), (LetterKind::Confirmed, 0));
    assert_eq!(due[0].email.as_deref(), Some("fan@example.com"));
    assert_eq!(due[0].booking.as_ref().unwrap().user_id, told.user_id);
    assert_eq!(due[0].event.as_ref().unwrap().venue, "Arena");
    // It rests with whoever took it, and is done for good.
    assert_eq!(claim_due_letters(&database, 10).await.unwrap(), []);
    for noted in [true, false] {
        let progress = LetterProgress::Done;
        assert_eq!(note_letter(&database, &due[0].id, &progress).await.unwrap(), noted);
    }
    confirm(&database, &told).await;
    let all = "SELECT count(*) FROM boxoffice.letters";
    assert_eq!(database.number(all).await, 1);
}

#[tokio::test]
async fn a_contact_that_comes_after_the_sale_is_written_to() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut late = seats(event, &["A-1-1"]);
    assert_eq!(confirm(&database, &late).await, ConfirmOutcome::Confirmed);
    assert_eq!(claim_due_letters(&database, 10).await.unwrap(), []);
    late.contact = at("late@example.com");
    let entry = domain::journal::JournalEntry {
        kind: domain::journal::JournalKind::Reserved,
        booking: late.clone(),
    };
    drain_journal(&database, &[entry]).await.unwrap();
    let due = claim_due_letters(&database, 10).await.unwrap();
    assert_eq!(due.len(), 1, "{due:?}");
    assert_eq!(due[0].email.as_deref(), Some("late@example.com"));
}

#[tokio::test]
async fn only_the_owner_of_a_hold_says_where_to_write_to() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut held = seats(event, &["A-1-1"]);
    held.contact = at("typo@example.com");
    let entry = domain::journal::JournalEntry {
        kind: domain::journal::JournalKind::Reserved,
        booking: held.clone(),
    };
    drain_journal(&database, &[entry]).await.unwrap();
    let (id, owner) = (held.booking_id, held.user_id);
    let set = async |user, email: &str| set_contact(&database, id, user, &at(email)).await.unwrap();
    assert!(!set(new_user(), "thief@example.com").await);
    assert!(set(owner, "right@example.com").await);
    assert!(!set_contact(&database, id, owner, &Contact::default()).await.unwrap());
    confirm(&database, &held).await;
    assert!(!set(owner, "later@example.com").await);
    let due = claim_due_letters(&database, 10).await.unwrap();
    assert_eq!(due[0].email.as_deref(), Some("right@example.com"));
}

#[tokio::test]
async fn what_was_said_first_comes_late_and_fills_what_was_not_said_since() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut held = seats(event, &["A-1-1"]);
    begin_checkout(&database, &held, Uuid::now_v7()).await.unwrap();
    let (id, owner) = (held.booking_id, held.user_id);
    assert!(set_contact(&database, id, owner, &at("right@example.com")).await.unwrap());
    held.contact = Contact { locale: Some("de".to_owned()), ..at("typo@example.com") };
    let entry = domain::journal::JournalEntry {
        kind: domain::journal::JournalKind::Reserved,
        booking: held.clone(),
    };
    let wanted = Contact { locale: Some("de".to_owned()), ..at("right@example.com") };
    drain_journal(&database, &[entry]).await.unwrap();
    assert_eq!(contacts_among(&database, &[id]).await.unwrap(), [(id, wanted.clone())]);
    // The sale tells it again.
    held.contact.name = Some("Ada".to_owned());
    confirm(&database, &held).await;
    let wanted = Contact { name: Some("Ada".to_owned()), ..wanted };
    assert_eq!(contacts_among(&database, &[id]).await.unwrap(), [(id, wanted)]);
}

#[tokio::test]
async fn bookings_are_found_by_mailbox_in_any_letter_case() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut found = seats(event, &["A-1-1"]);
    found.contact = at("Fan@Example.com");
    let mut other = seats(event, &["A-1-2"]);
    other.contact = at("other@example.com");
    for booking in [&found, &other] {
        confirm(&database, booking).await;
    }
    let of = bookings_of_mailbox(&database, "fan@example.COM", 10).await.unwrap();
    assert_eq!(of.len(), 1, "{of:?}");
    assert_eq!((of[0].user, of[0].booking), (found.user_id, found.booking_id));
    assert_eq!(bookings_of_mailbox(&database, "nobody@example.com", 10).await.unwrap(), []);
    assert_eq!(bookings_of_mailbox(&database, "fan@example.com", 0).await.unwrap(), []);
}

#[tokio::test]
async fn workers_never_take_one_letter_together_and_a_mailbox_is_forgotten_at_its_end() {
    let database = TestDatabase::create().await;
    let first = &database.connect().await;
    for number in 0..20 {
        let email = format!("fan{number}@example.com");
        request_lookup(first, Uuid::now_v7(), &email, Some("de")).await.unwrap();
    }
    let workers: Vec<_> = database
        .connect_many(4)
        .await
        .into_iter()
        .map(|worker| tokio::spawn(async move { claim_due_letters(&worker, 8).await.unwrap() }))
        .collect();
    let mut taken = Vec::new();
    for worker in workers {
        taken.extend(worker.await.unwrap());
    }
    let mut ids: Vec<_> = taken.iter().map(|letter| letter.id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), taken.len());
    for (number, letter) in taken.iter().enumerate() {
        assert_eq!(letter.kind, LetterKind::Lookup);
        let error = "x".to_owned();
        let progress = match number % 3 {
            0 => LetterProgress::Done,
            1 => LetterProgress::Dead { error },
            _ => LetterProgress::Failed { error, rest_ms: 60_000 },
        };
        assert!(note_letter(first, &letter.id, &progress).await.unwrap());
    }
    let kept = "SELECT count(*) FROM boxoffice.letters
        WHERE (email IS NULL) <> (done_at IS NOT NULL OR dead_at IS NOT NULL)";
    assert_eq!(first.number(kept).await, 0);
    let waiting = "SELECT count(*) FROM boxoffice.letters
        WHERE done_at IS NULL AND dead_at IS NULL";
    let waiting = u64::try_from(first.number(waiting).await).unwrap();
    assert_eq!(drop_letters(first).await.unwrap(), waiting);
    assert_eq!(drop_letters(first).await.unwrap(), 0);
}

#[tokio::test]
async fn a_mailbox_gets_so_many_letters_about_sales_a_day() {
    let database = fresh().await;
    let event = new_event(&database).await;
    for number in 0..52 {
        let mut booking = standing(event, 1);
        let email = if number % 2 == 0 { "many@example.com" } else { "Many@example.com" };
        booking.contact = at(email);
        assert_eq!(confirm(&database, &booking).await, ConfirmOutcome::Confirmed);
    }
    let all = "SELECT count(*) FROM boxoffice.letters";
    assert_eq!(database.number(all).await, 50);
    let mut other = standing(event, 1);
    other.contact = at("other@example.com");
    confirm(&database, &other).await;
    assert_eq!(database.number(all).await, 51);
}
