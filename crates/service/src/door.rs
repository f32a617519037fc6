//! The door: who may let in, and which ticket is shown.

use domain::ticket::TicketId;
use domain::token::{TicketCode, VerifyingKeys};

use crate::booking::Caller;

/// What somebody does at a door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoorRight {
    /// Lets the bearers of tickets in.
    CheckIn,
    /// Takes an admission back.
    Undo,
    /// Reads what a scanner needs, and how many are in.
    Read,
}

/// Whether the caller may do this. The one function that decides it.
pub fn may(caller: Caller, right: DoorRight) -> bool {
    match (caller, right) {
        (Caller::Organiser, DoorRight::CheckIn | DoorRight::Undo | DoorRight::Read) => true,
        // mutant: buyers-let-themselves-in
        (Caller::Buyer(_), _) => false,
    }
}

/// The ticket that is shown: by its signed code, or by its id as people type it. None when it is
/// neither, whatever was scanned.
///
/// An id that is typed proves nothing but that somebody knows it. Owner, organiser and door alone
/// see it, and it cannot be guessed.
pub fn shown_ticket(keys: &VerifyingKeys, shown: &str) -> Option<TicketId> {
    let by_code = || Some(TicketCode::verify(keys, shown.trim()).ok()?.ticket);
    TicketId::typed(shown).ok().or_else(by_code)
}

#[cfg(test)]
mod tests {
    use domain::token::SigningKeys;

    use super::*;

    const ID: &str = "0123456789ab";

    /// Two sets of keys with one id.
    fn keys(seed: char) -> SigningKeys {
        let seed = String::from_iter([seed; 42]) + "A";
        SigningKeys::parse(&format!("k1:{seed}")).unwrap()
    }

    #[test]
    fn a_ticket_is_shown_by_its_code_or_by_its_id() {
        let ours = keys('A');
        let ring = ours.verifying_keys();
        let id: TicketId = ID.parse().unwrap();
        let code = TicketCode {
            ticket: id.clone(),
            event: "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap(),
            unit: "A-1-12".parse().unwrap(),
        };
        let text = code.sign(&ours).unwrap();
        for shown in [text.as_str(), &format!("{text}\n"), ID, "0123-4567-89AB", "OI23 4567 89ab"] {
            assert_eq!(shown_ticket(&ring, shown), Some(id.clone()), "{shown}");
        }
        let forged = code.sign(&keys('B')).unwrap();
        let altered = text.replace("tk1.e", "tk1.f");
        let long = "x".repeat(60_000);
        for shown in ["", "?", "https://example.com", &forged, &altered, &long] {
            assert_eq!(shown_ticket(&ring, shown), None, "{shown:.90}");
        }
    }

    #[test]
    fn the_organiser_is_at_the_door_and_no_buyer() {
        let buyer = Caller::Buyer(domain::id::UserId::from_uuid(uuid::Uuid::from_u128(1)));
        for right in [DoorRight::CheckIn, DoorRight::Undo, DoorRight::Read] {
            assert!(may(Caller::Organiser, right));
            assert!(!may(buyer, right));
        }
    }
}
