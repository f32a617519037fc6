//! `{{ name }}` in the strings of a manifest.

use anyhow::{Context, Result};

/// A string with variables in it.
#[derive(Debug)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Variable(String),
}

impl Template {
    /// Parses a string; `{{` without `}}` is an error.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").context("unmatched '{{' in template")?;
            parts.push(Part::Literal(literal.to_owned()));
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        Ok(Self { parts })
    }

    /// The names of its variables.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Variable(name) => Some(name.as_str()),
        })
    }

    /// The string with each variable replaced by `value(name)`.
    pub(crate) fn render<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String> {
        let mut text = String::new();
        for part in &self.parts {
            text.push_str(match part {
                Part::Literal(literal) => literal,
                Part::Variable(name) => {
                    value(name).with_context(|| format!("unknown variable {name:?}"))?
                }
            });
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_replaced_wherever_they_stand() {
        let template = Template::parse("redis://{{ host }}:{{port}}/").unwrap();
        let text = template.render(|name| Some(if name == "host" { "h" } else { "1" })).unwrap();
        assert_eq!(text, "redis://h:1/");
    }

    #[test]
    fn an_unmatched_brace_is_refused() {
        assert!(Template::parse("a {{ b").is_err());
    }
}
