//! Tickets as pages to print, one a page: A4, the font embedded, the code drawn as vectors.
//!
//! The same tickets give the same bytes.

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::RenderError;
use crate::font::{Font, Metrics};
use crate::layout;
use crate::qr::{QrModules, Run};
use crate::ticket::{TicketFacts, day_and_time};

/// A4, in points.
const PAGE_WIDTH: f32 = 595.0;
const PAGE_HEIGHT: f32 = 842.0;
/// What printers leave free, and some.
const MARGIN: f32 = 57.0;
/// 60 mm: every reader finds a code of that size.
const CODE_SIDE: f32 = 170.0;
/// Columns of section, row and seat.
const COLUMNS: usize = 3;
const FONT: Name<'static> = Name(b"F1");
/// A subset is named by six letters of its own.
const FONT_NAME: Name<'static> = Name(b"BOXTCK+DejaVuSans");
const MAP: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };
/// What a reader shows as the black of labels.
const LABEL_GRAY: f32 = 0.35;

/// The pages of some tickets, in their order. The title is the event of the first.
///
/// # Errors
///
/// See [`RenderError`].
pub fn pages(tickets: &[TicketFacts<'_>]) -> Result<Vec<u8>, RenderError> {
    let mut font = Font::new()?;
    let mut contents = Vec::new();
    for facts in tickets {
        let code = QrModules::of(facts.code)?;
        let mut page = Page { font: &mut font, content: Content::new(), top: PAGE_HEIGHT - MARGIN };
        page.draw(facts, &code);
        contents.push(page.content.finish());
    }
    let title = tickets.first().map_or("Tickets", |first| first.event);

    let mut refs = (1..).map(Ref::new);
    let mut next = || refs.next().unwrap_or(Ref::new(i32::MAX));
    let (catalog, tree, info, font_ref) = (next(), next(), next(), next());
    let page_refs: Vec<(Ref, Ref)> = contents.iter().map(|_| (next(), next())).collect();
    let font_refs = FontRefs {
        font: font_ref,
        cid_font: next(),
        descriptor: next(),
        map: next(),
        data: next(),
    };

    let mut pdf = Pdf::new();
    let mut root = pdf.catalog(catalog);
    root.pages(tree).lang(TextStr("en"));
    root.viewer_preferences().display_doc_title(true);
    root.finish();
    pdf.document_info(info).title(TextStr(title)).producer(TextStr("Boxoffice"));
    let count = i32::try_from(page_refs.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(page_refs.iter().map(|(page, _)| *page)).count(count);
    for ((page_ref, content_ref), content) in page_refs.iter().zip(&contents) {
        let mut page = pdf.page(*page_ref);
        page.parent(tree).media_box(Rect::new(0.0, 0.0, PAGE_WIDTH, PAGE_HEIGHT));
        page.contents(*content_ref);
        page.resources().fonts().pair(FONT, font_ref);
        page.finish();
        pdf.stream(*content_ref, content);
    }
    write_font(&mut pdf, &font, &font_refs)?;
    Ok(pdf.finish())
}

/// A page while it is drawn from the top.
struct Page<'a> {
    font: &'a mut Font,
    content: Content,
    /// Where the next line may begin, in points from the bottom.
    top: f32,
}

impl Page<'_> {
    fn draw(&mut self, facts: &TicketFacts<'_>, code: &QrModules) {
        self.text(facts.event, 24.0, 3);
        self.text(facts.venue, 13.0, 2);
        self.text(&day_and_time(facts.starts_at, facts.time_zone), 13.0, 1);
        self.top -= 14.0;
        match facts.seat {
            Some(seat) => {
                let (row, number) = (seat.row.to_string(), seat.number.to_string());
                self.fields(&[("Section", facts.section), ("Row", &row), ("Seat", &number)]);
            }
            None => self.fields(&[("Section", facts.section), ("Kind", "standing")]),
        }
        let id = facts.spelled_id();
        self.fields(&[("Price", facts.price), ("Ticket", &id)]);
        if let Some(holder) = facts.holder {
            self.label("Holder", MARGIN);
            self.top -= 12.0;
            self.text(holder, 16.0, 3);
        }
        self.top -= 14.0;
        self.code(code);
        self.text("Show this code at the door. Whoever shows it first is admitted.", 10.0, 2);
        let texts = [facts.event, facts.venue, facts.holder.unwrap_or_default()];
        if texts.iter().any(|text| layout::has_missing(self.font, text)) {
            self.text("\u{25af} stands for a character that cannot be printed here.", 8.0, 2);
        }
    }

    /// A text from the left margin in lines over the whole width.
    fn text(&mut self, text: &str, size: f32, lines_max: usize) {
        let width = PAGE_WIDTH - 2.0 * MARGIN;
        for line in layout::lines(self.font, text, size, width, lines_max) {
            self.top -= size * 1.3;
            self.line(&line, size, MARGIN);
        }
    }

    /// Labels with their values below, side by side.
    fn fields(&mut self, fields: &[(&str, &str)]) {
        let width = (PAGE_WIDTH - 2.0 * MARGIN) / COLUMNS as f32;
        for ((label, value), column) in fields.iter().zip(0_u8..) {
            let left = MARGIN + width * f32::from(column);
            self.label(label, left);
            let top = self.top;
            self.top -= 30.0;
            for line in layout::lines(self.font, value, 16.0, width, 1) {
                self.line(&line, 16.0, left);
            }
            self.top = top;
        }
        self.top -= 46.0;
    }

    fn label(&mut self, label: &str, left: f32) {
        self.content.set_fill_gray(LABEL_GRAY);
        let top = self.top;
        self.top -= 10.0;
        self.line(label, 9.0, left);
        self.top = top;
        self.content.set_fill_gray(0.0);
    }

    /// A line whose foot is at the top of what is left.
    fn line(&mut self, text: &str, size: f32, left: f32) {
        let signs = self.font.set(text);
        let glyphs = signs.iter().map(|it| self.font.glyph(it.sign));
        let bytes: Vec<u8> = glyphs.flat_map(u16::to_be_bytes).collect();
        self.content.begin_text().set_font(FONT, size);
        self.content.set_text_matrix([1.0, 0.0, 0.0, 1.0, left, self.top]);
        self.content.show(Str(&bytes)).end_text();
    }

    /// The code, on the white of the page.
    fn code(&mut self, code: &QrModules) {
        let module = CODE_SIDE / code.side.max(1) as f32;
        for Run { x, y, length } in code.runs() {
            let (x, y, length) = (x as f32 * module, y as f32 * module, length as f32 * module);
            self.content.rect(MARGIN + x, self.top - y - module, length, module);
        }
        self.content.fill_nonzero();
        // Four light modules stay free around it: 14 points at most, from version 8 on.
        self.top -= CODE_SIDE + 16.0;
    }
}

/// The objects of a font.
struct FontRefs {
    font: Ref,
    cid_font: Ref,
    descriptor: Ref,
    map: Ref,
    data: Ref,
}

/// The font with the glyphs that the pages use, and what readers copy for them.
fn write_font(pdf: &mut Pdf, font: &Font, refs: &FontRefs) -> Result<(), RenderError> {
    pdf.type0_font(refs.font)
        .base_font(FONT_NAME)
        .encoding_predefined(Name(b"Identity-H"))
        .descendant_font(refs.cid_font)
        .to_unicode(refs.map);
    let mut cid_font = pdf.cid_font(refs.cid_font);
    cid_font.subtype(CidFontType::Type2).base_font(FONT_NAME).system_info(MAP);
    cid_font.font_descriptor(refs.descriptor).default_width(0.0);
    cid_font.cid_to_gid_map_predefined(Name(b"Identity"));
    cid_font.widths().consecutive(0, font.advances());
    cid_font.finish();
    let Metrics { bounds: [left, bottom, right, top], ascent, descent, cap_height } =
        font.metrics();
    pdf.font_descriptor(refs.descriptor)
        .name(FONT_NAME)
        .flags(FontFlags::SYMBOLIC)
        .bbox(Rect::new(left, bottom, right, top))
        .italic_angle(0.0)
        .ascent(ascent)
        .descent(descent)
        .cap_height(cap_height)
        // No table of the font has it; readers that draw the font themselves do not ask.
        .stem_v(80.0)
        .font_file2(refs.data);
    let mut map = UnicodeCmap::<u16>::new(Name(b"Signs"), MAP);
    for (glyph, sign) in font.signs() {
        map.pair(*glyph, *sign);
    }
    pdf.cmap(refs.map, &map.finish());
    let data = font.subset()?;
    let length = i32::try_from(data.len()).map_err(|_| RenderError::Font)?;
    pdf.stream(refs.data, &data).pair(Name(b"Length1"), length);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::tests::facts;

    fn count(pdf: &[u8], what: &str) -> usize {
        pdf.windows(what.len()).filter(|window| *window == what.as_bytes()).count()
    }

    #[test]
    fn each_ticket_has_a_page_and_the_font_is_within() {
        let seat = "A-1-12".parse().unwrap();
        let seated = TicketFacts { seat: Some(&seat), holder: Some("Ada Łovelace"), ..facts() };
        let pdf = pages(&[seated, facts()]).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7"));
        assert_eq!(count(&pdf, "/Type /Page\n"), 2);
        assert_eq!(count(&pdf, "/FontFile2"), 1);
        assert_eq!(count(&pdf, "/ToUnicode"), 1);
        assert_eq!(count(&pdf, "Opening night"), 1);
        // Vectors: rectangles, and no picture.
        assert!(count(&pdf, " re\n") > 200);
        assert_eq!(count(&pdf, "/Image"), 0);
        assert!(pdf.len() < 80_000, "{} bytes", pdf.len());
        assert_eq!(pages(&[seated, facts()]).unwrap(), pdf);
    }

    #[test]
    fn any_name_is_printed_and_what_cannot_be_is_seen() {
        let names = [
            "\u{65e5}\u{672c}".to_owned(),
            "\u{5d0}\u{5d1}\u{200f}\u{627}".to_owned(),
            "👩\u{200d}👩\u{200d}👧".to_owned(),
            "e\u{301}\u{302}\u{303}".to_owned(),
            "\u{10ffff}\u{e000}\u{fffd}".to_owned(),
            "W".repeat(100),
            "\\()<>[]%/ \u{a0}".to_owned(),
        ];
        for name in &names {
            let facts = TicketFacts { holder: Some(name), event: name, venue: name, ..facts() };
            let pdf = pages(&[facts]).unwrap();
            assert!(pdf.ends_with(b"%%EOF"), "{name}");
        }
        // The box, among what a reader copies.
        let facts = TicketFacts { holder: Some(&names[0]), ..facts() };
        assert_eq!(count(&pages(&[facts]).unwrap(), "<25AF>"), 1);
        assert_eq!(count(&pages(&[crate::ticket::tests::facts()]).unwrap(), "<25AF>"), 0);
    }

    #[test]
    fn the_longest_texts_stay_on_the_page() {
        let long = "W".repeat(200);
        let facts = TicketFacts { event: &long, venue: &long, holder: Some(&long), ..facts() };
        let mut font = Font::new().unwrap();
        let code = QrModules::of(&"x".repeat(287)).unwrap();
        let mut page = Page { font: &mut font, content: Content::new(), top: PAGE_HEIGHT - MARGIN };
        page.draw(&facts, &code);
        assert!(page.top > MARGIN, "{}", page.top);
    }
}
