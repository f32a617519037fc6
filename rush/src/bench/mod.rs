//! `rush bench-queue`: measures the waiting room, with the numbers that a reader can check.
//!
//! It prints Markdown, which goes into docs/waiting-room.md as it is: no number there is typed by
//! hand.

mod cost;
mod joins;
mod line;
mod machine;
mod polling;
mod streams;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use cost::Cost;
use joins::Joins;
use streams::Measured;

use crate::table::grouped;

/// Between these lines of a file stands what was measured last.
const BEGINNING: &str = "<!-- measured by `cargo xtask bench queue` -->\n";
const END: &str = "<!-- end of what was measured -->\n";

/// Measure the waiting room of a running system.
#[derive(Args)]
pub(crate) struct BenchQueueArguments {
    /// Streams that are open at once, for each size of a crowd, from small to large.
    #[arg(long, default_value = "1000", value_delimiter = ',',
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    streams: Vec<u32>,
    /// Fans admitted each second.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    release_per_s: u32,
    /// Fans who join, each way.
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    joins: u32,
    /// Lengths of the line at which steps are measured, from short to long.
    #[arg(long, default_value = "1000,100000,1000000", value_delimiter = ',')]
    line_lengths: Vec<usize>,
    /// A file, such as docs/waiting-room.md, whose marked part is replaced by the new figures.
    #[arg(long)]
    into: Option<PathBuf>,
    /// The process whose memory is measured: the one that runs the components.
    #[arg(long)]
    application_pid: Option<u32>,
    /// Where Boxoffice answers.
    #[arg(long, env = "BASE_URL", default_value = "http://127.0.0.1:3000")]
    base_url: String,
    /// The organiser's key.
    #[arg(long, env = "ORGANISER_KEY", hide_env_values = true)]
    organiser_key: String,
    /// The Redis nodes whose connections are counted: host:port,host:port.
    #[arg(long, env = "REDIS_NODES", value_delimiter = ',', required = true)]
    redis_nodes: Vec<String>,
}

/// Prints one table per question.
pub(crate) async fn run(arguments: BenchQueueArguments) -> Result<()> {
    let machine = machine::class();
    let streamed = streams::measure(&arguments).await?;
    eprintln!("streams are measured");
    let joins = joins::measure(&arguments).await?;
    eprintln!("joins are measured");
    let polls = polling::measure(&arguments).await?;
    eprintln!("polls are measured");
    let costs = cost::measure(&arguments).await?;
    let mut text = format!("Measured on {machine}.\n\n");
    text += &streams_table(&streamed);
    text += &table(&["joins", "per second", "ratio"], &joins_rows(&joins));
    let columns = ["waiting", "join", "position", "let one in", "memory per fan"];
    text += &table(&columns, &costs_rows(&costs));
    let columns = ["wait", "polls a minute as told", "every 500 ms", "ratio"];
    text += &table(&columns, &polls);
    println!("{text}");
    match &arguments.into {
        Some(file) => put(file, &text),
        None => Ok(()),
    }
}

/// A column for each size of a crowd.
fn streams_table(measured: &[Measured]) -> String {
    let sizes = measured.iter().map(|it| grouped(i64::try_from(it.streams()).unwrap_or(i64::MAX)));
    let columns: Vec<_> = ["streams open at once".to_owned()].into_iter().chain(sizes).collect();
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (column, it) in measured.iter().enumerate() {
        for (index, (name, value)) in it.rows().into_iter().enumerate() {
            if column == 0 {
                rows.push(vec![name.to_owned()]);
            }
            if let Some(row) = rows.get_mut(index) {
                row.push(value);
            }
        }
    }
    table(&columns, &rows)
}

/// Each way against redis-benchmark, which only calls the script.
fn joins_rows(joins: &Joins) -> Vec<[String; 3]> {
    let ratio = |rate: f64| match joins.redis_benchmark {
        Some(bare) => format!("{:.2}", rate / bare),
        None => "?".to_owned(),
    };
    let row = |name: &str, rate: f64| [name.to_owned(), format!("{rate:.0}"), ratio(rate)];
    let mut rows = Vec::new();
    rows.extend(joins.redis_benchmark.map(|rate| row("the script, by redis-benchmark", rate)));
    rows.push(row("the script, by the crate `scripts`", joins.scripts));
    rows.push(row("`POST /api/v1/queue/join`", joins.http));
    rows
}

/// Microseconds in Redis at each length; in the last row how many times more than in the first.
fn costs_rows(costs: &[Cost]) -> Vec<[String; 5]> {
    let row = |cost: &Cost| {
        let us = |value: f64| format!("{value:.1} us");
        let bytes = format!("{:.0} B", cost.bytes_per_fan);
        let [join, position, admit] = [cost.join_us, cost.position_us, cost.admit_us].map(us);
        [grouped(i64::try_from(cost.waiting).unwrap_or(i64::MAX)), join, position, admit, bytes]
    };
    let mut rows: Vec<_> = costs.iter().map(row).collect();
    if let [first, .., last] = costs {
        let times = |figure: fn(&Cost) -> f64| format!("{:.2}", figure(last) / figure(first));
        rows.push([
            format!("ratio, {:.0} times as many", last.waiting as f64 / first.waiting as f64),
            times(|it| it.join_us),
            times(|it| it.position_us),
            times(|it| it.admit_us),
            times(|it| it.bytes_per_fan),
        ]);
    }
    rows
}

/// A table in Markdown; the first column is of words, the others of numbers.
fn table<C: AsRef<str>, R: AsRef<[String]>>(columns: &[C], rows: &[R]) -> String {
    let names: Vec<_> = columns.iter().map(AsRef::as_ref).collect();
    let mut text = format!("| {} |\n|---", names.join(" | "));
    text += &"|---:".repeat(columns.len().saturating_sub(1));
    text += "|\n";
    for row in rows {
        // Writing to memory does not fail.
        let _ = writeln!(text, "| {} |", row.as_ref().join(" | "));
    }
    text + "\n"
}

/// Puts the text where an earlier one stands.
fn put(file: &Path, text: &str) -> Result<()> {
    let before = std::fs::read_to_string(file)?;
    let after = replaced(&before, text).with_context(|| format!("{} has no marks", file.display()));
    Ok(std::fs::write(file, after?)?)
}

fn replaced(whole: &str, text: &str) -> Option<String> {
    let (head, rest) = whole.split_once(BEGINNING)?;
    let (_, tail) = rest.split_once(END)?;
    Some(format!("{head}{BEGINNING}{text}{END}{tail}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_takes_the_place_of_what_was_measured_before() {
        let whole = format!("a\n{BEGINNING}old\n{END}z\n");
        assert_eq!(replaced(&whole, "new\n").unwrap(), format!("a\n{BEGINNING}new\n{END}z\n"));
        assert_eq!(replaced("a", "new"), None);
        assert!(include_str!("../../../docs/waiting-room.md").contains(BEGINNING));
        assert!(include_str!("../../../docs/waiting-room.md").contains(END));
    }

    #[test]
    fn costs_are_compared_with_those_of_the_shortest_line() {
        let cost = |waiting, figure| Cost {
            waiting,
            join_us: figure,
            position_us: figure,
            admit_us: figure,
            bytes_per_fan: 200.0,
        };
        let rows = costs_rows(&[cost(1_000, 10.0), cost(1_000_000, 15.0)]);
        let words = ["ratio, 1000 times as many", "1.50", "1.50", "1.50", "1.00"];
        assert_eq!(rows[2], words.map(str::to_owned));
        assert_eq!(
            table(&["a", "b"], &[["1", "2"].map(str::to_owned)]),
            "| a | b |\n|---|---:|\n| 1 | 2 |\n\n"
        );
    }
}
