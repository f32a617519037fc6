//! `queue-pass`
