//! The QR code of a ticket (ISO/IEC 18004), at level M: a scratch across a seventh of it does no
//! harm.

use std::fmt::Write;

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::RenderError;

/// Light modules around a code, without which readers do not find it.
pub const QUIET_MODULES: usize = 4;

/// The largest code that there is.
const VERSION_MAX: i16 = 40;

/// The modules of a QR code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrModules {
    /// 1 to 40. A version has `17 + 4 * version` modules a side.
    pub version: i16,
    /// Modules of a side, without the quiet ones around.
    pub side: usize,
    is_dark: Vec<bool>,
}

/// Dark modules side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Modules from the left, without the quiet ones.
    pub x: usize,
    /// Modules from the top.
    pub y: usize,
    /// How many.
    pub length: usize,
}

impl QrModules {
    /// The smallest code for a text.
    ///
    /// # Errors
    ///
    /// [`RenderError::TooLongForQr`] beyond 2331 bytes.
    pub fn of(text: &str) -> Result<Self, RenderError> {
        let code = (1..=VERSION_MAX).find_map(|version| encoded(text, Version::Normal(version)));
        let code = code.ok_or(RenderError::TooLongForQr)?;
        let (Version::Normal(version) | Version::Micro(version)) = code.version();
        let side = code.width();
        let is_dark = code.into_colors().into_iter().map(|it| it == Color::Dark).collect();
        Ok(Self { version, side, is_dark })
    }

    /// The dark modules, row by row.
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for (y, row) in self.is_dark.chunks(self.side.max(1)).enumerate() {
            let mut last: Option<Run> = None;
            for (x, _) in row.iter().enumerate().filter(|(_, is_dark)| **is_dark) {
                last = match last {
                    Some(run) if run.x + run.length == x => {
                        Some(Run { length: run.length + 1, ..run })
                    }
                    before => {
                        runs.extend(before);
                        Some(Run { x, y, length: 1 })
                    }
                };
            }
            runs.extend(last);
        }
        runs
    }

    /// The code as an SVG picture that scales, black on white; `title` says what it is.
    pub fn svg(&self, title: &str) -> String {
        let whole = self.side + 2 * QUIET_MODULES;
        let mut path = String::new();
        for Run { x, y, length } in self.runs() {
            let (x, y) = (x + QUIET_MODULES, y + QUIET_MODULES);
            // To a String it cannot fail.
            let _ = write!(path, "M{x} {y}h{length}v1h-{length}z");
        }
        let title = escaped(title);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" \
             role=\"img\" shape-rendering=\"crispEdges\"><title>{title}</title>\
             <path fill=\"#fff\" d=\"M0 0h{whole}v{whole}h-{whole}z\"/><path d=\"{path}\"/></svg>"
        )
    }
}

/// The text in a code of this version, if it fits: byte by byte. Other modes are for digits and
/// capitals alone, which no code of a ticket has.
fn encoded(text: &str, version: Version) -> Option<QrCode> {
    let mut bits = Bits::new(version);
    bits.push_byte_data(text.as_bytes()).ok()?;
    bits.push_terminator(EcLevel::M).ok()?;
    QrCode::with_bits(bits, EcLevel::M).ok()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use domain::ticket::TicketUnit;
    use domain::token::{SigningKeys, TicketCode};

    use super::*;

    /// The version that the code of a ticket needs.
    fn version_of(key_id: &str, unit: &str) -> i16 {
        let seed = data_encoding::BASE64URL_NOPAD.encode(&[1; 32]);
        let keys = SigningKeys::parse(&format!("{key_id}:{seed}")).unwrap();
        let code = TicketCode {
            ticket: "0123456789ab".parse().unwrap(),
            event: "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap(),
            unit: unit.parse::<TicketUnit>().unwrap(),
        };
        QrModules::of(&code.sign(&keys).unwrap()).unwrap().version
    }

    #[test]
    fn usual_units_fit_version_10() {
        // Key ids are made with 4 characters: 10 are left for the unit.
        for unit in ["A-1-12", "FLOOR", "BLOCK-1-12", "A-100-1000", "STANDING12"] {
            assert!(version_of("a1b2", unit) <= 10, "{unit}");
        }
        // An id of 8 characters, as keys had before, leaves 6.
        assert!(version_of("a1b2c3d4", "A-1-12") <= 10);
        assert!(version_of("k1", "GALLERY-1-12") <= 10);
        assert_eq!(version_of("a1b2", "GALLERY-10-12"), 11);
    }

    #[test]
    fn the_longest_code_fits_version_12() {
        let unit = format!("{}-{}-{}", "S".repeat(16), u32::MAX, u32::MAX);
        assert_eq!(version_of(&"k".repeat(32), &unit), 12);
        assert_eq!(QrModules::of(&"x".repeat(3_000)), Err(RenderError::TooLongForQr));
    }

    #[test]
    fn runs_cover_exactly_the_dark_modules() {
        let modules = QrModules::of("tk1.a.b").unwrap();
        let mut covered = vec![false; modules.side * modules.side];
        for Run { x, y, length } in modules.runs() {
            for module in x..x + length {
                let index = y * modules.side + module;
                assert!(!covered[index], "twice");
                covered[index] = true;
            }
            assert!(x + length <= modules.side);
        }
        assert_eq!(covered, modules.is_dark);
        // The finder at the upper left begins with seven dark modules.
        assert_eq!(modules.runs()[0], Run { x: 0, y: 0, length: 7 });
    }

    #[test]
    fn a_picture_has_a_quiet_zone_and_says_what_it_is() {
        let modules = QrModules::of("tk1.a.b").unwrap();
        let svg = modules.svg("<Ticket> & co");
        assert!(svg.contains(&format!("viewBox=\"0 0 {0} {0}\"", modules.side + 8)), "{svg}");
        assert!(svg.contains("<title>&lt;Ticket&gt; &amp; co</title>"), "{svg}");
        assert!(svg.contains("M4 4h7v1h-7z"), "{svg}");
    }
}
