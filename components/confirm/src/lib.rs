//! `confirm`
