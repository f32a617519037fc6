//! `event`
