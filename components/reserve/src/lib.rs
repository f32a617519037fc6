//! `reserve`
