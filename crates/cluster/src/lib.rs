//! `cluster`
