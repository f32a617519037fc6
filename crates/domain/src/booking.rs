//! `booking`
