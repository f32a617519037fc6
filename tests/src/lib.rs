//! `tests`
