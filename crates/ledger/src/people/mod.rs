//! People: accounts and how they sign in.

mod account;
mod end_sessions;
mod erase_account;
mod redeem_sign_in;
mod refresh_session;
mod request_sign_in;

pub use account::{Account, change_account, find_account, is_account};
pub use end_sessions::end_sessions;
pub use erase_account::{EraseAccountOutcome, erase_account};
pub use redeem_sign_in::{RedeemSignIn, SignInProof, redeem_sign_in};
pub use refresh_session::{RefreshedSession, refresh_session};
pub use request_sign_in::{RequestSignIn, request_sign_in};
