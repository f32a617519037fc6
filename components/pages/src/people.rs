//! Signing in to an account.

pub(crate) mod link;
