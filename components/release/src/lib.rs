//! `release`
