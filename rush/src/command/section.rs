//! Sections on a command line.

use std::str::FromStr;

use anyhow::Context as _;
use domain::section::{Section, SectionKind};

/// A section written as `A=20x30@5000` (20 rows of 30 seats, 50.00 each) or `FLOOR=500@3500`
/// (500 places to stand).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SectionArgument(pub(crate) Section);

impl FromStr for SectionArgument {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        let form = "a section is NAME=ROWSxSEATS@PRICE or NAME=PLACES@PRICE";
        let (name, rest) = text.split_once('=').context(form)?;
        let (size, price) = rest.split_once('@').context(form)?;
        let kind = match size.split_once('x') {
            Some((rows, seats_per_row)) => SectionKind::Seated {
                rows: rows.parse().context(form)?,
                seats_per_row: seats_per_row.parse().context(form)?,
            },
            None => SectionKind::Standing { capacity: size.parse().context(form)? },
        };
        let name = name.parse().context(form)?;
        Ok(Self(Section { name, kind, price: price.parse().context(form)? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_have_a_short_form() {
        for (text, kind, price) in [
            ("A=20x30@5000", SectionKind::Seated { rows: 20, seats_per_row: 30 }, 5_000),
            ("A=500@0", SectionKind::Standing { capacity: 500 }, 0),
        ] {
            let section = Section { name: "A".parse().unwrap(), kind, price };
            assert_eq!(text.parse::<SectionArgument>().unwrap(), SectionArgument(section));
        }
        for text in ["A", "A=5", "A=5x@1", "=5@1", "A=x5@1", "A=5@", "A-1=5@1"] {
            assert!(text.parse::<SectionArgument>().is_err(), "{text}");
        }
    }
}
