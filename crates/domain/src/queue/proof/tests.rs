use super::*;

const KEY: &[u8] = b"a key of ours";
const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";
const OTHER: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b6";

fn subject(event: &str, user: &str) -> Subject {
    let (event, user) = (event.parse().unwrap(), user.parse().unwrap());
    Subject { event, user, action: Action::Join }
}

fn issued_at() -> Instant {
    Instant::from_unix_ms(1_700_000_000_123)
}

fn challenge() -> Challenge {
    Challenge::new(KEY, subject(EVENT, EVENT), 2_000, issued_at())
}

#[test]
fn a_solution_is_good_and_tells_when_it_was_asked_for() {
    let challenge = challenge();
    assert!(challenge.salt.contains("expires=1700000300&"), "{}", challenge.salt);
    let proof = challenge.solve().expect("a number");
    assert_eq!(check(KEY, subject(EVENT, EVENT), 2_000, &proof), Ok(issued_at()));
    assert_eq!(check(KEY, subject(EVENT, EVENT), 1_000, &proof), Ok(issued_at()), "harder is fine");
}

/// Everything that is not the very solution of a challenge of ours, and why.
#[test]
fn everything_else_is_refused() {
    let honest = challenge();
    let proof = honest.solve().unwrap();
    let own = subject(EVENT, EVENT);
    let number = (0..=2_000).find(|it| honest.solved_by(*it) == proof).unwrap();
    let changed = |change: &dyn Fn(&mut Challenge)| {
        let mut changed = honest.clone();
        change(&mut changed);
        changed.solved_by(number)
    };
    // A challenge of one's own making, as easy as can be.
    let forged = Challenge::new(b"another key", own, 2_000, issued_at()).solve().unwrap();
    let easy = Challenge::new(KEY, own, 1_000, issued_at()).solve().unwrap();
    let renamed = changed(&|it| it.salt = it.salt.replace("maxnumber=2000", "maxnumber=9000"));
    let newer = changed(&|it| it.salt = it.salt.replace("issued_ms=1700000000123", "issued_ms=1"));
    // The last digits of the salt become the first ones of the number.
    let spliced = changed(&|it| it.salt = it.salt.trim_end_matches("0&").to_owned());
    for (name, subject, proof, expected) in [
        ("forged", own, forged, ProofError::Wrong),
        ("other event", subject(OTHER, EVENT), proof.clone(), ProofError::OtherSubject),
        ("other user", subject(EVENT, OTHER), proof.clone(), ProofError::OtherSubject),
        ("too easy", own, easy, ProofError::TooEasy),
        ("another number", own, honest.solved_by(number + 1), ProofError::Wrong),
        ("a harder name", own, renamed, ProofError::Wrong),
        ("a newer name", own, newer, ProofError::OtherSubject),
        ("spliced", own, spliced, ProofError::OtherSubject),
        ("unsigned", own, changed(&|it| it.signature.clear()), ProofError::Wrong),
        ("other algorithm", own, changed(&|it| it.algorithm.clear()), ProofError::Wrong),
        ("other challenge", own, changed(&|it| it.challenge.clear()), ProofError::Wrong),
        ("no proof", own, String::new(), ProofError::Malformed),
        ("no base64", own, "é".to_owned(), ProofError::Malformed),
        ("no salt", own, changed(&|it| it.salt.clear()), ProofError::Malformed),
        ("too long", own, "A".repeat(1_025), ProofError::Malformed),
    ] {
        assert_eq!(check(KEY, subject, 2_000, &proof), Err(expected), "{name}");
    }
}

#[test]
fn the_line_makes_it_harder_within_bounds() {
    for (easiest, waiting, expected) in [
        (10_000, 0, 10_000),
        (10_000, -1, 10_000),
        (10_000, 999, 10_000),
        (10_000, 1_000, 20_000),
        (10_000, 5_500, 60_000),
        (10_000, i64::MAX, 160_000),
        (1, 0, DIFFICULTY_MIN),
        (1_000_000, 5_000, DIFFICULTY_MAX),
    ] {
        assert_eq!(difficulty(easiest, waiting), expected, "{easiest} {waiting}");
    }
}
