//! The one font, DejaVu Sans, and what of it a document needs.
//!
//! Texts are set sign by sign from the left. So a sign of a script that joins its letters or runs
//! from the right is as good as missing, and what is missing is replaced by a box that can be seen:
//! a name that is set wrongly could be taken for another one.

use std::collections::BTreeMap;

use subsetter::GlyphRemapper;
use ttf_parser::{Face, GlyphId};

use crate::RenderError;

/// Stands for a sign that cannot be set.
pub(crate) const MISSING: char = '\u{25af}';

/// The font, and the glyphs that were asked for.
pub(crate) struct Font {
    face: Face<'static>,
    used: GlyphRemapper,
    /// The signs of the glyphs that are used, by their numbers in the document.
    signs: BTreeMap<u16, char>,
}

/// A sign as it is set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct SetSign {
    /// The sign that is shown.
    pub(crate) sign: char,
    /// How far the next one is, in thousandths of the size.
    pub(crate) advance: f32,
}

/// What a document has to say of the font, in thousandths of the size.
pub(crate) struct Metrics {
    pub(crate) bounds: [f32; 4],
    pub(crate) ascent: f32,
    pub(crate) descent: f32,
    pub(crate) cap_height: f32,
}

impl Font {
    /// The font.
    pub(crate) fn new() -> Result<Self, RenderError> {
        let face = Face::parse(dejavu::sans::regular(), 0).map_err(|_| RenderError::Font)?;
        Ok(Self { face, used: GlyphRemapper::new(), signs: BTreeMap::new() })
    }

    /// A text as it can be set, with boxes for what cannot.
    pub(crate) fn set(&self, text: &str) -> Vec<SetSign> {
        let shown = text.chars().filter(|sign| !is_silent(*sign));
        let settable = |sign: char| if self.has(sign) { sign } else { MISSING };
        shown.map(settable).map(|sign| SetSign { sign, advance: self.advance(sign) }).collect()
    }

    fn has(&self, sign: char) -> bool {
        !needs_shaping(sign) && self.face.glyph_index(sign).is_some()
    }

    fn advance(&self, sign: char) -> f32 {
        let glyph = self.face.glyph_index(sign).unwrap_or(GlyphId(0));
        self.scaled(self.face.glyph_hor_advance(glyph).unwrap_or(0).into())
    }

    fn scaled(&self, units: i32) -> f32 {
        // Both are small whole numbers.
        (f64::from(units) * 1_000.0 / f64::from(self.face.units_per_em())) as f32
    }

    /// The number of a sign's glyph in the document.
    pub(crate) fn glyph(&mut self, sign: char) -> u16 {
        let glyph = self.face.glyph_index(sign).unwrap_or(GlyphId(0));
        let number = self.used.remap(glyph.0);
        self.signs.entry(number).or_insert(sign);
        number
    }

    /// The font with the used glyphs alone.
    pub(crate) fn subset(&self) -> Result<Vec<u8>, RenderError> {
        subsetter::subset(dejavu::sans::regular(), 0, &self.used).map_err(|_| RenderError::Font)
    }

    /// The advances of the used glyphs, by their numbers.
    pub(crate) fn advances(&self) -> Vec<f32> {
        let glyphs = self.used.remapped_gids();
        let advance = |glyph| self.face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0);
        glyphs.map(|glyph| self.scaled(advance(glyph).into())).collect()
    }

    /// What a reader has to take the used glyphs for.
    pub(crate) fn signs(&self) -> &BTreeMap<u16, char> {
        &self.signs
    }

    pub(crate) fn metrics(&self) -> Metrics {
        let bounds = self.face.global_bounding_box();
        let bounds = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max];
        Metrics {
            bounds: bounds.map(|units| self.scaled(units.into())),
            ascent: self.scaled(self.face.ascender().into()),
            descent: self.scaled(self.face.descender().into()),
            cap_height: self.scaled(self.face.capital_height().unwrap_or(1_493).into()),
        }
    }
}

/// Signs that only say how their neighbours are to be set. What is left out of them nobody misses.
fn is_silent(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// Scripts that run from the right or join and reorder their letters: Hebrew to Samaritan, those of
/// India and of the south-east of Asia, Mongolian, and the presentation forms of the first.
fn needs_shaping(sign: char) -> bool {
    matches!(sign, '\u{590}'..='\u{8ff}' | '\u{900}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{1a20}'..='\u{1aaf}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}'
        | '\u{10800}'..='\u{10fff}' | '\u{11000}'..='\u{11fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Font::new().unwrap().set(text).iter().map(|it| it.sign).collect()
    }

    #[test]
    fn what_can_be_set_is_shown_and_what_cannot_is_a_box() {
        for text in
            ["Ada Łovelace", "Ñandú Çelik", "Ελένη", "Олена Їжак", "Հայկ", "50.00 EUR", "\u{25af}"]
        {
            assert_eq!(shown(text), text);
        }
        for (text, boxes) in [
            ("\u{65e5}\u{672c}", "▯▯"),
            ("\u{5d0}\u{5d1}", "▯▯"),
            ("\u{627}\u{644}", "▯▯"),
            ("\u{915}\u{94d}", "▯▯"),
            ("a\u{1f3ad}b", "a▯b"),
            ("a\u{200b}\u{202e}b", "ab"),
        ] {
            assert_eq!(shown(text), boxes, "{text:?}");
        }
    }

    #[test]
    fn a_subset_has_the_used_glyphs_and_is_small() {
        let mut font = Font::new().unwrap();
        let numbers: Vec<u16> = "ABA".chars().map(|sign| font.glyph(sign)).collect();
        assert_eq!(numbers, [1, 2, 1]);
        let subset = font.subset().unwrap();
        assert!(subset.len() < 20_000, "{} bytes", subset.len());
        assert_eq!(font.advances().len(), 3);
        assert_eq!(font.signs().values().collect::<String>(), "AB");
    }
}
