//! Accounts: a code is good once and cannot be guessed, a copied session ends, what is a guest's
//! becomes the account's and nobody else's, and erasing leaves the books.

use domain::contact::Contact;
use domain::id::{SessionId, UserId};
use ledger::{
    EraseAccountOutcome, LetterKind, RedeemSignIn, RequestSignIn, SignInProof, change_account,
    claim_due_letters, end_sessions, erase_account, find_account, is_account, redeem_sign_in,
    refresh_session, request_sign_in,
};
use uuid::Uuid;

use crate::support::{Connection, TestDatabase, confirm, fresh, new_event, new_user, seats};

const TTL_S: i64 = 3_600;
const EMAIL: &str = "fan@example.com";

async fn ask(database: &Connection, email: &str, code: &str) -> Uuid {
    let id = Uuid::now_v7();
    let contact = Contact { name: Some("Ada".to_owned()), ..Contact::default() };
    let (code_digest, link_digest) = (code, format!("link of {id}"));
    let request =
        RequestSignIn { id, email, contact: &contact, code_digest, link_digest: &link_digest };
    assert!(request_sign_in(database, &request).await.unwrap());
    assert!(!request_sign_in(database, &request).await.unwrap());
    id
}

fn new_session() -> SessionId {
    SessionId::from_uuid(Uuid::now_v7())
}

async fn redeem(
    database: &Connection,
    proof: SignInProof<'_>,
    guest: Option<UserId>,
) -> Option<(UserId, SessionId)> {
    let session = new_session();
    let refresh_digest = format!("first of {session}");
    let request = RedeemSignIn {
        proof,
        guest,
        new_user: new_user(),
        session,
        refresh_digest: &refresh_digest,
        refresh_ttl_s: TTL_S,
    };
    let user = redeem_sign_in(database, &request).await.unwrap()?;
    // A lost answer is asked for again.
    assert_eq!(redeem_sign_in(database, &request).await.unwrap(), Some(user));
    Some((user, session))
}

async fn code(database: &Connection, digest: &str) -> Option<(UserId, SessionId)> {
    redeem(database, SignInProof::Code { email: "FAN@example.com", digest }, None).await
}

async fn link(
    database: &Connection,
    id: Uuid,
    guest: Option<UserId>,
) -> Option<(UserId, SessionId)> {
    redeem(database, SignInProof::Link { digest: &format!("link of {id}") }, guest).await
}

#[tokio::test]
async fn a_code_or_a_link_signs_in_once_and_only_the_newest_code_counts() {
    let database = fresh().await;
    let first = ask(&database, EMAIL, "1").await;
    let second = ask(&database, EMAIL, "2").await;
    let due = claim_due_letters(&database, 10).await.unwrap();
    assert_eq!(due.len(), 2);
    assert_eq!((due[0].kind, due[0].email.as_deref()), (LetterKind::SignIn, Some(EMAIL)));
    assert_eq!(due[0].subject_id, Some(first.to_string()));

    assert_eq!(code(&database, "1").await, None);
    let (user, session) = code(&database, "2").await.unwrap();
    let account = find_account(&database, user, session).await.unwrap().unwrap();
    assert_eq!((account.email.as_str(), account.name.as_deref()), (EMAIL, Some("Ada")));
    assert!(is_account(&database, user).await.unwrap());
    // Each ends both.
    assert_eq!(code(&database, "2").await, None);
    assert_eq!(link(&database, second, None).await, None);
    // A link is good beside a newer code, and the account is the same.
    let (again, other) = link(&database, first, None).await.unwrap();
    assert_eq!(again, user);
    assert_ne!(other, session);
}

#[tokio::test]
async fn a_code_cannot_be_guessed_within_its_life_or_in_a_day() {
    let database = fresh().await;
    for round in 0..4 {
        let id = ask(&database, EMAIL, "right").await;
        for _ in 0..5 {
            assert_eq!(code(&database, "wrong").await, None);
        }
        assert_eq!(code(&database, "right").await, None, "{round}");
        // The link is not guessed, so its tries are not counted.
        if round == 3 {
            assert!(link(&database, id, None).await.is_some());
        }
    }
    ask(&database, EMAIL, "right").await;
    assert_eq!(code(&database, "right").await, None, "20 wrong ones in a day");
    // Others are not locked out with it.
    ask(&database, "other@example.com", "right").await;
    let proof = SignInProof::Code { email: "other@example.com", digest: "right" };
    assert!(redeem(&database, proof, None).await.is_some());
}

#[tokio::test]
async fn a_code_and_a_link_end_after_a_quarter_of_an_hour() {
    let database = fresh().await;
    let id = ask(&database, EMAIL, "right").await;
    database
        .execute(
            "UPDATE boxoffice.sign_ins SET created_at = now() - interval '15 minutes 1 second'",
        )
        .await;
    assert_eq!(code(&database, "right").await, None);
    assert_eq!(link(&database, id, None).await, None);
}

#[tokio::test]
async fn of_many_who_show_a_link_at_once_one_is_signed_in() {
    let test = TestDatabase::create().await;
    let id = ask(&test.connect().await, EMAIL, "1").await;
    let tries: Vec<_> = test
        .connect_many(20)
        .await
        .into_iter()
        .map(|database| tokio::spawn(async move { link(&database, id, None).await }))
        .collect();
    let mut signed_in = 0;
    for one in tries {
        signed_in += usize::from(one.await.unwrap().is_some());
    }
    assert_eq!(signed_in, 1);
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_twice_ends_its_session() {
    let database = fresh().await;
    let id = ask(&database, EMAIL, "1").await;
    let (user, session) = link(&database, id, None).await.unwrap();
    let first = format!("first of {session}");
    let refresh = async |token: &str, new: &str| {
        refresh_session(&database, token, new, TTL_S).await.unwrap().map(|it| it.session)
    };
    assert_eq!(refresh("unknown", "x").await, None);
    assert_eq!(refresh(&first, "second").await, Some(session));
    // The answer was lost: the same call says the same.
    assert_eq!(refresh(&first, "second").await, Some(session));
    assert_eq!(refresh("second", "third").await, Some(session));
    // A copy of a token that was used.
    assert_eq!(refresh("second", "copy").await, None);
    assert_eq!(refresh("third", "fourth").await, None);
    assert_eq!(find_account(&database, user, session).await.unwrap(), None);
}

#[tokio::test]
async fn signing_out_ends_one_session_or_all() {
    let database = fresh().await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let id = ask(&database, EMAIL, "1").await;
        sessions.push(link(&database, id, None).await.unwrap());
    }
    let [(user, first), (_, second), (_, third)] = sessions[..] else { panic!() };
    assert_eq!(end_sessions(&database, new_user(), first, true).await.unwrap(), 0);
    assert_eq!(end_sessions(&database, user, first, false).await.unwrap(), 1);
    // A session that has ended ends no other.
    assert_eq!(end_sessions(&database, user, first, true).await.unwrap(), 0);
    assert!(find_account(&database, user, second).await.unwrap().is_some());
    assert_eq!(end_sessions(&database, user, third, true).await.unwrap(), 2);
    for session in [first, second, third] {
        assert_eq!(find_account(&database, user, session).await.unwrap(), None);
        let token = format!("first of {session}");
        assert_eq!(refresh_session(&database, &token, "x", TTL_S).await.unwrap(), None);
        assert_eq!(change_account(&database, user, session, None, None).await.unwrap(), None);
    }
}

#[tokio::test]
async fn what_is_a_guests_becomes_the_accounts_and_nothing_of_another_account() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let sale = seats(event, &["A-1-1"]);
    confirm(&database, &sale).await;
    // The first sign-in: the account is the guest.
    let id = ask(&database, EMAIL, "1").await;
    let (user, _) = link(&database, id, Some(sale.user_id)).await.unwrap();
    assert_eq!(user, sale.user_id);
    // Later ones, as another guest: sales move.
    let later = seats(event, &["A-1-2"]);
    confirm(&database, &later).await;
    let id = ask(&database, EMAIL, "1").await;
    assert_eq!(link(&database, id, Some(later.user_id)).await.unwrap().0, user);
    let moved = ledger::find_booking(&database, later.booking_id).await.unwrap().unwrap();
    assert_eq!(moved.user_id, user);
    // Another mailbox does not take what has an account.
    let id = ask(&database, "other@example.com", "1").await;
    let (other, _) = link(&database, id, Some(user)).await.unwrap();
    assert_ne!(other, user);
    let kept = ledger::find_booking(&database, sale.booking_id).await.unwrap().unwrap();
    assert_eq!(kept.user_id, user);
}

#[tokio::test]
async fn erasing_takes_the_person_and_leaves_the_books() {
    let database = fresh().await;
    let event = new_event(&database).await;
    let mut sale = seats(event, &["A-1-1"]);
    sale.contact.email = Some("elsewhere@example.com".to_owned());
    sale.contact.name = Some("Ada".to_owned());
    confirm(&database, &sale).await;
    let id = ask(&database, EMAIL, "1").await;
    let (user, session) = link(&database, id, Some(sale.user_id)).await.unwrap();
    let changed = change_account(&database, user, session, None, Some("de")).await.unwrap();
    assert_eq!(changed.unwrap().locale.as_deref(), Some("de"));

    assert_eq!(
        erase_account(&database, user, new_session()).await.unwrap(),
        EraseAccountOutcome::SignedOut
    );
    assert_eq!(erase_account(&database, user, session).await.unwrap(), EraseAccountOutcome::Erased);
    assert!(!is_account(&database, user).await.unwrap());
    assert_eq!(find_account(&database, user, session).await.unwrap(), None);
    let kept = ledger::find_booking(&database, sale.booking_id).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.user_id), (domain::booking::BookingStatus::Confirmed, user));
    assert!(kept.contact.is_empty());
    for table in ["accounts", "sign_ins", "sessions", "refresh_tokens"] {
        let all = format!("SELECT count(*) FROM boxoffice.{table}");
        assert_eq!(database.number(&all).await, 0, "{table}");
    }
    // Who comes back is somebody new.
    let id = ask(&database, EMAIL, "1").await;
    assert_ne!(link(&database, id, None).await.unwrap().0, user);
}
