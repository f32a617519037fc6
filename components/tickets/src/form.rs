//! The forms of a ticket, and which of them a client asks for.

use domain::code::Code;
use guest::{Call, Problem};

/// A form of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Data.
    Json,
    /// The QR code.
    Svg,
    /// Pages to print.
    Pdf,
    /// An entry of a calendar.
    Calendar,
}

impl Form {
    /// Every form: its media type, and how an address that asks for it ends.
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Json, "application/json", "json"),
        (Self::Svg, "image/svg+xml", "svg"),
        (Self::Pdf, "application/pdf", "pdf"),
        (Self::Calendar, "text/calendar", "ics"),
    ];

    /// What the address ends with, or else what the client likes best.
    ///
    /// # Errors
    ///
    /// 404 for another ending.
    pub(crate) fn of_ticket(call: &Call) -> Result<Self, Problem> {
        let Some((_, ending)) = call.path_parameter("ticket_id").split_once('.') else {
            return Ok(Self::preferred(call, &Self::ALL));
        };
        let form = Self::ALL.iter().find(|(_, _, known)| *known == ending);
        form.map(|(form, ..)| *form).ok_or_else(|| Problem::of(Code::NotFound))
    }

    /// What the client likes best of a whole booking: data or pages.
    pub(crate) fn of_booking(call: &Call) -> Self {
        let [json, _, pdf, _] = Self::ALL;
        Self::preferred(call, &[json, pdf])
    }

    fn preferred(call: &Call, forms: &[(Self, &'static str, &'static str)]) -> Self {
        let offered: Vec<&str> = forms.iter().map(|(_, media_type, _)| *media_type).collect();
        let preferred = call.preferred(&offered);
        let form = forms.iter().find(|(_, media_type, _)| *media_type == preferred);
        form.map_or(Self::Json, |(form, ..)| *form)
    }
}
