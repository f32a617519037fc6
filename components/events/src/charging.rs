//! What the payment provider could not charge of an event. The currency of an event never changes,
//! so what is checked when a section is made stays true.

use domain::event::FieldProblem;
use domain::section::Section;

/// Each field that makes a ticket unpayable, without those that `known` complains about already.
pub(crate) fn charge_problems(
    currency: &str,
    sections: &[Section],
    known: &[FieldProblem],
) -> Vec<FieldProblem> {
    let mut problems = provider::charge_problems(currency, sections);
    problems.retain(|problem| known.iter().all(|other| other.field != problem.field));
    problems
}
