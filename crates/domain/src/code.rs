//! `code`
