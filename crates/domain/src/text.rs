//! What a text of people may be: one rule for every name, title, message and description.
//!
//! A text is shown to others, in lists, letters and on tickets. So it has nothing that ends a line
//! unseen or turns the order of what follows, and a name has something to see.

/// A text that is not allowed; the words say what would be.
pub type TextProblem = &'static str;

/// Checks a text of one line, such as a name: no control characters, line separators or
/// directional overrides, and something visible.
///
/// # Errors
///
/// What is wrong, for people.
pub fn check_line(text: &str) -> Result<(), TextProblem> {
    if text.is_empty() || text.chars().all(char::is_whitespace) {
        return Err("must not be empty");
    }
    check_characters(text, false)?;
    if text.chars().all(is_invisible) {
        return Err("must have a visible character");
    }
    Ok(())
}

/// As [`check_line`], for a line that may be left empty.
///
/// # Errors
///
/// What is wrong, for people.
pub fn check_optional_line(text: &str) -> Result<(), TextProblem> {
    if text.is_empty() { Ok(()) } else { check_line(text) }
}

/// Checks a text of any number of lines, which may be empty: as [`check_line`], but for line ends
/// and tabs.
///
/// # Errors
///
/// What is wrong, for people.
pub fn check_lines(text: &str) -> Result<(), TextProblem> {
    check_characters(text, true)
}

/// A text within an element of HTML, or within an attribute in double quotes.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn check_characters(text: &str, lines: bool) -> Result<(), TextProblem> {
    let breaks_a_line = |character: char| matches!(character, '\n' | '\r' | '\t');
    for character in text.chars() {
        if character.is_control() && !(lines && breaks_a_line(character)) {
            return Err(if character == '\0' {
                "must not contain the character U+0000"
            } else {
                "must not contain control characters"
            });
        }
        if !lines && matches!(character, '\u{2028}' | '\u{2029}') {
            return Err("must be one line");
        }
        if turns_the_order(character) {
            return Err("must not contain directional overrides");
        }
    }
    Ok(())
}

/// Whether it changes the direction of what follows, up to a sign that may never come. Marks
/// (U+200E, U+200F, U+061C) only act where they stand, and names in two scripts need them.
const fn turns_the_order(character: char) -> bool {
    matches!(character, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether nothing is seen of it: white space, and what Unicode calls default ignorable, with the
/// blank letters and the blank pattern of Braille, which only look so.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
            | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_and_can_be_seen() {
        for text in [
            "Opening night",
            " Ünïcode ",
            "قاعة",
            "\u{200F}אולם A\u{200E}",
            "👩‍👩‍👧",
            "日本",
            "e\u{301}",
            "A\u{200B}B",
            "12",
            "…",
        ] {
            assert_eq!(check_line(text), Ok(()), "{text:?}");
            assert_eq!(check_lines(text), Ok(()), "{text:?}");
        }
        for text in [
            "",
            " ",
            "\u{A0}",
            "\u{3000}",
            "\u{200B}",
            "\u{200B} \u{FEFF}",
            "\u{2060}",
            "\u{AD}",
            "\u{3164}",
            "\u{2800}",
            "\u{FE0F}",
            "\u{E0041}",
            "\u{180E}",
            "\u{200F}",
            "a\0b",
            "two\nlines",
            "two\rlines",
            "a\tb",
            "a\u{7F}",
            "a\u{85}b",
            "a\u{9B}31m",
            "a\u{1B}[0m",
            "a\u{2028}b",
            "a\u{2029}b",
            "a\u{202E}b",
            "\u{202A}b",
            "a\u{2066}b\u{2069}",
            "\u{1}",
        ] {
            assert!(check_line(text).is_err(), "{text:?}");
        }
        assert_eq!(check_optional_line(""), Ok(()));
        assert!(check_optional_line("\u{200B}").is_err());
    }

    #[test]
    fn lines_may_end_and_nothing_else() {
        for text in ["", "a\n\nb", "a\r\nb", "\ta"] {
            assert_eq!(check_lines(text), Ok(()), "{text:?}");
        }
        for text in ["a\0", "a\u{7}", "a\u{85}", "a\u{202E}b", "a\u{2067}b", "\u{1B}"] {
            assert!(check_lines(text).is_err(), "{text:?}");
        }
    }
}
