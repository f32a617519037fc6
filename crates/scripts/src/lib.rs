//! `scripts`
