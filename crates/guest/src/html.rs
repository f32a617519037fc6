//! Pages for people: HTML in which text cannot become markup, and the headers that go with it.

use std::fmt::{Display, Write as _};

use http::{HeaderName, StatusCode, header};

use crate::reply::Reply;

/// Nothing but our own files and our own server: an injected script would not run, an injected form
/// would reach nobody, and no other page can wrap this one.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A file that pages use may be kept for an hour: a new one is served soon enough.
const FILE_CACHE_CONTROL: &str = "public, max-age=3600";

/// HTML under construction. Markup is ours, so it is a literal of the program; everything else is
/// text and is escaped, within elements and within attributes in double quotes.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Html(String);

impl Html {
    /// Adds markup.
    #[must_use]
    pub fn raw(mut self, markup: &'static str) -> Self {
        self.0.push_str(markup);
        self
    }

    /// Adds text.
    #[must_use]
    pub fn text(mut self, text: impl Display) -> Self {
        // Writing to memory does not fail.
        let _ = write!(Escaping(&mut self.0), "{text}");
        self
    }

    /// Adds what has been made elsewhere.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.push_str(&other.0);
        self
    }
}

struct Escaping<'a>(&'a mut String);

impl std::fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                // mutant: text-is-markup
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                _ => self.0.push(letter),
            }
        }
        Ok(())
    }
}

/// A page about one person, which nobody keeps.
pub fn page(status: StatusCode, html: Html) -> Reply {
    let name = HeaderName::from_static;
    Reply::text(status, "text/html; charset=utf-8", html.0)
        .with_header(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .with_header(header::REFERRER_POLICY, "same-origin")
        .with_header(name("x-robots-tag"), "noindex")
}

/// A file that pages use.
pub fn file(media_type: &'static str, text: &'static str) -> Reply {
    Reply::text(StatusCode::OK, media_type, text)
        .with_header(header::CACHE_CONTROL, FILE_CACHE_CONTROL)
        .with_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let name = "<script>alert('1')</script> & \" onload=\"x";
        let html = Html::default().raw("<p title=\"").text(name).raw("\">").text(7).raw("</p>");
        assert_eq!(
            html.0,
            "<p title=\"&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot; \
             onload=&quot;x\">7</p>"
        );
    }
}
