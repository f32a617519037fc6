//! A ticket as people keep it: a QR code, a printed page, an entry of a calendar.
//!
//! Pure: bytes from what is known of a ticket. No IO, no clock.
//!
//! # Layout
//!
//! - [`ticket`]: what is known, and how it is put in words. [`money`]: amounts in words.
//! - [`qr`]: the QR code, as modules and as SVG. [`pdf`]: pages. [`calendar`]: iCalendar.
//! - `font`: the one font, and what of it a page needs. `layout`: texts in lines.

#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod calendar;
mod font;
mod layout;
pub mod money;
pub mod pdf;
pub mod qr;
pub mod ticket;

/// Something of a ticket cannot be rendered. Each is a defect of ours: limits elsewhere prevent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenderError {
    /// A text is longer than a QR code takes.
    TooLongForQr,
    /// The font cannot be read, or not be cut down.
    Font,
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::TooLongForQr => "the text is too long for a QR code",
            Self::Font => "the font cannot be read",
        })
    }
}

impl std::error::Error for RenderError {}
