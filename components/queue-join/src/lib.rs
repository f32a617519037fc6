//! `queue-join`
