//! What becomes of the sections of an event that an organiser changes.

use super::checks::{FieldProblem, section_problems};
use super::details::SectionChange;
use crate::section::{Section, SectionKind};

/// The named sections as they are to be, in the order of `changes`.
///
/// # Errors
///
/// Everything that is not allowed, by field: a section is neither made nor moved to another kind,
/// and no row goes.
pub fn changed_sections(
    stored: &[Section],
    changes: &[SectionChange],
) -> Result<Vec<Section>, Vec<FieldProblem>> {
    let mut problems = Vec::new();
    let mut changed = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        let mut problem = |field: &str, problem: &str| {
            problems.push(FieldProblem::new(format!("sections[{index}].{field}"), problem));
        };
        let Some(section) = stored.iter().find(|section| section.name == change.name) else {
            problem("name", "is not a section of the event; POST …/seats adds sections");
            continue;
        };
        let kind = match section.kind {
            SectionKind::Seated { rows, seats_per_row } => {
                if change.kind.as_deref().is_some_and(|kind| kind != "seated") {
                    problem("kind", "cannot change");
                }
                if change.capacity.is_some() {
                    problem("capacity", "of a seated section is rows times seats_per_row");
                }
                if change.seats_per_row.is_some_and(|wanted| wanted != seats_per_row) {
                    problem("seats_per_row", "cannot change");
                }
                if change.rows.is_some_and(|wanted| wanted < rows) {
                    problem("rows", "cannot be fewer than now");
                }
                SectionKind::Seated { rows: change.rows.unwrap_or(rows), seats_per_row }
            }
            SectionKind::Standing { capacity } => {
                if change.kind.as_deref().is_some_and(|kind| kind != "standing") {
                    problem("kind", "cannot change");
                }
                if change.rows.is_some() {
                    problem("rows", "are of seated sections only");
                }
                if change.seats_per_row.is_some() {
                    problem("seats_per_row", "is of seated sections only");
                }
                SectionKind::Standing { capacity: change.capacity.unwrap_or(capacity) }
            }
        };
        let price = change.price.unwrap_or(section.price);
        changed.push(Section { name: section.name.clone(), kind, price });
    }
    // With an unknown name the numbers of the two lists differ.
    if problems.is_empty() && !changed.is_empty() {
        problems = section_problems(&changed);
    }
    if problems.is_empty() { Ok(changed) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored() -> Vec<Section> {
        let sections = r#"[
            {"name": "A", "kind": "seated", "rows": 2, "seats_per_row": 5, "price": 5000},
            {"name": "F", "kind": "standing", "capacity": 10, "price": 3500}
        ]"#;
        serde_json::from_str(sections).unwrap()
    }

    fn change(changes: &str) -> Result<Vec<Section>, Vec<String>> {
        let changes: Vec<SectionChange> = serde_json::from_str(changes).unwrap();
        changed_sections(&stored(), &changes)
            .map_err(|problems| problems.into_iter().map(|it| it.field).collect())
    }

    #[test]
    fn sections_that_are_not_named_stay_out_of_it() {
        assert_eq!(change("[]"), Ok(vec![]));
        let changed = change(r#"[{"name": "F", "capacity": 3, "price": 0}]"#).unwrap();
        assert_eq!(changed[0].descriptor(), "standing 3 0 0");
        let whole = serde_json::to_string(&stored()).unwrap();
        assert_eq!(change(&whole), Ok(stored()), "what was read may be sent back");
        let changed = change(r#"[{"name": "A", "rows": 3}]"#).unwrap();
        assert_eq!(changed[0].descriptor(), "seated 3 5 5000");
    }

    #[test]
    fn what_cannot_change_is_refused_by_its_field() {
        for (changes, fields) in [
            (r#"[{"name": "B", "price": 1}]"#, vec!["sections[0].name"]),
            (r#"[{"name": "A", "rows": 1}]"#, vec!["sections[0].rows"]),
            (r#"[{"name": "A", "seats_per_row": 6}]"#, vec!["sections[0].seats_per_row"]),
            (r#"[{"name": "A", "capacity": 10}]"#, vec!["sections[0].capacity"]),
            (r#"[{"name": "A", "kind": "standing"}]"#, vec!["sections[0].kind"]),
            (r#"[{"name": "F", "kind": "seated"}]"#, vec!["sections[0].kind"]),
            (
                r#"[{"name": "F", "rows": 1, "seats_per_row": 10}]"#,
                vec!["sections[0].rows", "sections[0].seats_per_row"],
            ),
            (r#"[{"name": "F", "capacity": 0}]"#, vec!["sections[0].capacity"]),
            (r#"[{"name": "F"}, {"name": "A", "price": -1}]"#, vec!["sections[1].price"]),
            (r#"[{"name": "A", "rows": 20001}]"#, vec!["sections[0].rows"]),
            (r#"[{"name": "F"}, {"name": "F"}]"#, vec!["sections[1].name"]),
        ] {
            assert_eq!(change(changes), Err(fields.into_iter().map(str::to_owned).collect()));
        }
    }

    #[test]
    fn an_unknown_field_of_a_change_is_refused_at_any_depth() {
        use super::super::details::EventChange;
        for body in [
            r#"{"nmae": "x"}"#,
            r#"{"currency": "EUR"}"#,
            r#"{"sale": {"max": 1}}"#,
            r#"{"sale": {"queue": {"speed": 1}}}"#,
            r#"{"sections": [{"name": "A", "colour": "red"}]}"#,
        ] {
            assert!(serde_json::from_str::<EventChange>(body).is_err(), "{body}");
        }
    }
}
