//! `seat`
