//! `guest`
