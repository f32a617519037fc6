//! The codes of the contract against the places that send them.

use std::collections::BTreeSet;

use anyhow::Result;
use domain::code::Code;

use crate::repository::read;

/// What the contract has and nothing sends yet.
const NOT_YET_SENT: [Code; 0] = [];

/// Where the codes are defined, which is no use of them.
const DEFINITION: &str = "crates/domain/src/code.rs";

/// `paths` are all files of the repository.
pub(super) fn run(paths: &[String]) -> Result<Vec<String>> {
    let sources = paths.iter().filter(|path| is_source(path));
    let sources = sources.map(|path| read(path)).collect::<Result<Vec<_>>>()?;
    Ok(check(&sources, &NOT_YET_SENT))
}

/// Each code is sent by the components or the crates below them, or waits for that.
fn check(sources: &[String], not_yet_sent: &[Code]) -> Vec<String> {
    let sent: BTreeSet<&str> = sources.iter().flat_map(|text| variants(text)).collect();
    let complaint = |code: &Code| {
        let is_sent = sent.contains(format!("{code:?}").as_str());
        match (is_sent, not_yet_sent.contains(code)) {
            (false, false) => Some(format!("the code {} is never sent", code.as_str())),
            (true, true) => Some(format!("the code {} is sent by now", code.as_str())),
            _ => None,
        }
    };
    let complaints = Code::ALL.iter().filter_map(complaint);
    complaints.map(|it| format!("{DEFINITION}: {it}, see xtask/src/tidy/codes.rs")).collect()
}

fn is_source(path: &str) -> bool {
    let is_product = path.starts_with("components/") || path.starts_with("crates/");
    is_product && path.ends_with(".rs") && path.contains("/src/") && path != DEFINITION
}

/// Every `X` of `Code::X`, but for the tests at the end of a file.
fn variants(text: &str) -> impl Iterator<Item = &str> {
    let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let uses = product.split("Code::").skip(1);
    uses.filter_map(|rest| rest.split(|it: char| !it.is_ascii_alphanumeric()).next())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A source that sends all codes but these.
    fn all_but(left_out: &[Code]) -> Vec<String> {
        let sent = Code::ALL.iter().filter(|code| !left_out.contains(code));
        sent.map(|code| format!("Err(Problem::of(Code::{code:?}))\n")).collect()
    }

    #[test]
    fn a_code_is_sent_or_listed_and_never_both() {
        let listed = [Code::CapacityInUse];
        assert_eq!(check(&all_but(&listed), &listed), Vec::<String>::new());
        let unsent = check(&all_but(&[Code::CapacityInUse, Code::SoldOut]), &listed);
        assert_eq!(unsent.len(), 1, "{unsent:?}");
        assert!(unsent[0].contains("sold_out is never sent"), "{unsent:?}");
        let outdated = check(&all_but(&[]), &listed);
        assert_eq!(outdated.len(), 1, "{outdated:?}");
        assert!(outdated[0].contains("capacity_in_use is sent by now"), "{outdated:?}");
    }

    #[test]
    fn what_only_a_test_names_is_not_sent() {
        let tested =
            "fn f() { Code::Forbidden }\n#[cfg(test)]\nmod tests {\n    Code::SoldOut\n}\n";
        assert_eq!(variants(tested).collect::<Vec<_>>(), ["Forbidden"]);
        assert!(is_source("components/reserve/src/refusal.rs"));
        for path in [DEFINITION, "crates/sale/tests/real/till.rs", "tests/src/lib.rs", "spin.toml"]
        {
            assert!(!is_source(path), "{path}");
        }
    }
}
