//! Texts in lines of a width.

use crate::font::{Font, MISSING, SetSign};

/// Stands for what no longer fits.
const ELLIPSIS: char = '\u{2026}';

/// A text in at most `lines_max` lines that are at most `width` wide at `size`; all in points.
/// Breaks at blanks, or within a word that is wider than a line. What does not fit is cut off,
/// which an ellipsis shows.
pub(crate) fn lines(
    font: &Font,
    text: &str,
    size: f32,
    width: f32,
    lines_max: usize,
) -> Vec<String> {
    let room = width * 1_000.0 / size.max(1.0);
    let mut lines: Vec<Vec<SetSign>> = Vec::new();
    let mut line: Vec<SetSign> = Vec::new();
    for sign in font.set(text) {
        line.push(sign);
        if advance(&line) <= room {
            continue;
        }
        // The word that is too much goes on the next line; alone on its line, it is broken.
        let blank = line.iter().rposition(|it| it.sign == ' ').map(|at| at + 1);
        let break_at = blank.unwrap_or_else(|| line.len().saturating_sub(1).max(1));
        let rest = line.split_off(break_at.min(line.len()));
        lines.push(std::mem::replace(&mut line, rest));
    }
    lines.push(line);
    let is_cut = lines.len() > lines_max;
    lines.truncate(lines_max);
    let count = lines.len();
    let ellipsis = font.set(&ELLIPSIS.to_string());
    let shown = lines.into_iter().enumerate().map(|(index, mut line)| {
        if is_cut && index + 1 == count {
            while advance(&line) + advance(&ellipsis) > room && line.pop().is_some() {}
            line.extend(&ellipsis);
        }
        let text: String = line.iter().map(|it| it.sign).collect();
        text.trim().to_owned()
    });
    shown.filter(|line| !line.is_empty()).collect()
}

/// Whether something of a text is shown as a box.
pub(crate) fn has_missing(font: &Font, text: &str) -> bool {
    !text.contains(MISSING) && font.set(text).iter().any(|it| it.sign == MISSING)
}

fn advance(line: &[SetSign]) -> f32 {
    line.iter().map(|it| it.advance).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_breaks_at_blanks_and_is_cut_where_it_does_not_fit() {
        let font = Font::new().unwrap();
        let set = |text: &str, lines_max| lines(&font, text, 10.0, 100.0, lines_max);
        assert_eq!(set("Opening night", 3), ["Opening night"]);
        assert_eq!(set("", 3), Vec::<String>::new());
        let long = "A very long title of an opening night";
        let broken = set(long, 9);
        assert!(broken.len() > 1);
        assert_eq!(broken.join(" "), long);
        let cut = set(long, 1);
        assert_eq!(cut.len(), 1);
        assert!(cut[0].ends_with('…'), "{cut:?}");
        let word = "x".repeat(200);
        assert_eq!(set(&word, 99).concat(), word);
        for line in set(&word, 99).iter().chain(&broken).chain(&cut) {
            assert!(advance(&font.set(line)) <= 10_000.0, "{line}");
        }
        // Narrower than a letter: one a line, for ever no.
        assert_eq!(lines(&font, "abc", 100.0, 1.0, 99).concat(), "abc");
    }
}
