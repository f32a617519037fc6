//! `token`
