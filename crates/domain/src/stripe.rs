//! `stripe`
