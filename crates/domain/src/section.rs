//! `section`
