//! `bookings`
