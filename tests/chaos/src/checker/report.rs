//! What a person reads at the end.

use super::evidence::Evidence;
use super::holds::double_holds;
use super::{Finding, Verdict};

/// Evidence that is told of a broken promise; the history has the rest.
const TOLD_MAX: usize = 8;
/// Double holds that are told.
const DOUBLES_MAX: usize = 5;

/// A run that did not exercise these proves nothing.
const ESSENTIAL: [u8; 3] = [1, 2, 17];

/// Prints the verdicts. Whether no promise is broken.
pub fn print(evidence: &Evidence, findings: &[Finding]) -> bool {
    println!();
    let ok = evidence.calls.iter().filter(|call| call.is_ok()).count();
    println!("seed {}: {} calls, {ok} done", evidence.seed, evidence.calls.len());
    let doubles = double_holds(evidence);
    let sold_twice = findings.iter().find(|it| it.promise == 1).map_or(0, |it| it.violations.len());
    println!("double holds: {}, double sales: {sold_twice}", doubles.len());
    for double in doubles.iter().take(DOUBLES_MAX) {
        println!("    {}", double.text);
    }
    println!();
    for finding in findings {
        let verdict = match finding.verdict {
            Verdict::Kept => "kept",
            Verdict::Broken => "BROKEN",
            Verdict::NotExercised => "not exercised",
        };
        let number =
            if finding.promise == 0 { "–".to_owned() } else { finding.promise.to_string() };
        println!("{number:>3}  {verdict:<13}  {}: {}", finding.title, finding.detail);
        for violation in finding.violations.iter().take(TOLD_MAX) {
            println!("         {violation}");
        }
        if finding.violations.len() > TOLD_MAX {
            println!("         … and {} more", finding.violations.len() - TOLD_MAX);
        }
    }
    println!();
    let broken: Vec<String> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Broken)
        .map(|finding| finding.promise.to_string())
        .collect();
    let is_dull = |it: &&Finding| ESSENTIAL.contains(&it.promise) && it.verdict != Verdict::Kept;
    match (broken.is_empty(), findings.iter().find(is_dull)) {
        (false, _) => println!("Broken: {}", broken.join(", ")),
        (true, Some(dull)) => {
            println!("No promise is broken, and the run says nothing: {}.", dull.detail);
            return false;
        }
        (true, None) => println!("No promise is broken."),
    }
    broken.is_empty()
}
