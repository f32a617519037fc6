//! The report at the end.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use domain::id::EventId;
use serde::Serialize;

use super::cheat::Cheat;
use super::tally::Counts;
use crate::api::Availability;
use crate::audit::Finding;
use crate::command::availability;
use crate::latency::{Latencies, Step, milliseconds};
use crate::table::{Align, Table, grouped};

/// How many findings are printed: the first ones tell the story.
const FINDINGS_SHOWN_MAX: usize = 20;

pub(crate) struct Report<'a> {
    pub(crate) buyers: u32,
    pub(crate) event_id: EventId,
    /// From the first arrival until the last buyer was done.
    pub(crate) sale_duration: Duration,
    /// Requests that were sent again.
    pub(crate) retries: u64,
    /// The API's last word.
    pub(crate) availability: Availability,
    /// How many keys the event has in Redis.
    pub(crate) keys: usize,
    /// Their slots.
    pub(crate) slots: BTreeSet<u16>,
    /// Everything that must not be.
    pub(crate) findings: Vec<Finding>,
    /// The counts of the crowd.
    pub(crate) counts: Counts,
    pub(crate) latencies: &'a Latencies,
}

/// The line that `--json` prints, in this order.
#[derive(Serialize)]
struct Line {
    buyers: u32,
    capacity: i64,
    sold: i64,
    paid: i64,
    held: i64,
    available: i64,
    oversold: i64,
    mismatches: usize,
    cheats_accepted: u64,
    errors: u64,
    reserve_p99_ms: f64,
}

impl Report<'_> {
    /// Whether every promise was kept. A run without a single hold has shown nothing and fails.
    pub(crate) fn passed(&self) -> bool {
        self.findings.is_empty() && self.counts.cheats_accepted() == 0 && self.counts.holds() > 0
    }

    fn verdict(&self) -> &'static str {
        match (self.passed(), self.counts.errors) {
            (true, 0) => "Every promise was kept.",
            (true, _) => "Every promise was kept, but not every answer was an expected one.",
            (false, _) if self.counts.holds() == 0 => "FAILED: nobody held a place.",
            (false, _) => "FAILED",
        }
    }

    /// The line that `--json` prints.
    pub(crate) fn json_line(&self) -> anyhow::Result<String> {
        let line = Line {
            buyers: self.buyers,
            capacity: self.availability.capacity,
            sold: self.availability.sold,
            paid: self.counts.paid,
            held: self.availability.held,
            available: self.availability.available,
            oversold: self.oversold(),
            mismatches: self.mismatches(),
            cheats_accepted: self.counts.cheats_accepted(),
            errors: self.counts.errors,
            reserve_p99_ms: milliseconds(self.latencies.percentiles(Step::Reserve).p99_us),
        };
        Ok(serde_json::to_string(&line)?)
    }

    /// The findings, on standard error, when standard output is JSON.
    pub(crate) fn explain_failure(&self) {
        for text in self.troubles() {
            eprintln!("rush: {text}");
        }
        if !self.passed() {
            eprintln!("rush: {}", self.verdict());
        }
    }

    fn oversold(&self) -> i64 {
        let places = |finding: &Finding| match finding {
            Finding::Oversold { places, .. } => *places,
            Finding::Mismatch(_) => 0,
        };
        self.findings.iter().map(places).sum()
    }

    fn mismatches(&self) -> usize {
        self.findings.iter().filter(|finding| matches!(finding, Finding::Mismatch(_))).count()
    }

    fn troubles(&self) -> Vec<String> {
        let findings = self.findings.iter().take(FINDINGS_SHOWN_MAX).map(Finding::to_string);
        let errors = self.counts.error_texts.iter().map(|text| format!("error: {text}"));
        findings.chain(errors).collect()
    }

    fn buyers_table(&self) -> Table {
        let counts = &self.counts;
        let mut table = Table::new("Buyers", &[("", Align::Left), ("", Align::Right)]);
        for (what, count) in [
            ("paid", counts.paid_bookings),
            ("released", counts.released),
            ("let the hold expire", counts.abandoned),
            ("found nothing that fits", counts.empty_handed),
            ("queue closed before their turn", counts.closed),
            ("streams lost and resumed", counts.streams_lost),
            ("polls instead of streams", counts.polls),
        ] {
            table.row([what.to_owned(), count.to_string()]);
        }
        table
    }

    fn refusals_table(&self) -> Table {
        let columns = [("reason", Align::Left), ("times", Align::Right)];
        let mut table = Table::new("Refused reservations", &columns);
        for (code, times) in &self.counts.refused {
            table.row([code.clone(), times.to_string()]);
        }
        table
    }

    fn latency_table(&self) -> Table {
        let columns = [
            ("step", Align::Left),
            ("requests", Align::Right),
            ("p50", Align::Right),
            ("p95", Align::Right),
            ("p99", Align::Right),
            ("max", Align::Right),
        ];
        let mut table = Table::new("Latency, ms", &columns);
        for step in Step::ALL {
            let all = self.latencies.percentiles(step);
            if all.count > 0 {
                let numbers = [all.p50_us, all.p95_us, all.p99_us, all.max_us];
                let numbers = numbers.map(|latency_us| format!("{:.1}", milliseconds(latency_us)));
                let words = [step.name().to_owned(), all.count.to_string()];
                table.row(words.into_iter().chain(numbers));
            }
        }
        table
    }

    fn cheats_table(&self) -> Table {
        let columns =
            [("attempt", Align::Left), ("tried", Align::Right), ("got through", Align::Right)];
        let mut table = Table::new("Cheats", &columns);
        for (cheat, count) in Cheat::ALL.iter().zip(&self.counts.cheats) {
            let numbers = [count.tried.to_string(), count.accepted.to_string()];
            table.row(std::iter::once(cheat.name().to_owned()).chain(numbers));
        }
        table
    }

    fn audit_table(&self) -> Table {
        let counts = &self.counts;
        let slots: Vec<_> = self.slots.iter().map(u16::to_string).collect();
        let place = if slots.is_empty() { "no cluster".to_owned() } else { slots.join(", ") };
        let mut table = Table::new("Audit", &[("", Align::Left), ("", Align::Left)]);
        table.row(["tickets paid for".to_owned(), counts.paid.to_string()]);
        table.row(["tickets sold".to_owned(), self.availability.sold.to_string()]);
        if counts.paid_too_late > 0 {
            let tickets = counts.paid_too_late.to_string();
            table.row(["paid too late, to be refunded".to_owned(), tickets]);
        }
        table.row(["oversold".to_owned(), self.oversold().to_string()]);
        table.row(["mismatches".to_owned(), self.mismatches().to_string()]);
        table.row(["cheats that got through".to_owned(), counts.cheats_accepted().to_string()]);
        table.row(["unexpected answers".to_owned(), counts.errors.to_string()]);
        table.row(["requests sent again".to_owned(), self.retries.to_string()]);
        table.row(["keys in Redis".to_owned(), format!("{}, slot {place}", self.keys)]);
        table
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "{} buyers, {} places, {:.1} s, event {}\n",
            grouped(i64::from(self.buyers)),
            grouped(self.availability.capacity),
            self.sale_duration.as_secs_f64(),
            self.event_id
        )?;
        let places = availability::table(&self.availability);
        let tables = [
            places,
            self.buyers_table(),
            self.refusals_table(),
            self.latency_table(),
            self.cheats_table(),
            self.audit_table(),
        ];
        for table in tables.iter().filter(|table| !table.is_empty()) {
            writeln!(formatter, "{table}")?;
        }
        for text in self.troubles() {
            writeln!(formatter, "  {text}")?;
        }
        writeln!(formatter, "{}", self.verdict())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::tally::CheatCount;

    fn report(latencies: &Latencies) -> Report<'_> {
        Report {
            buyers: 2_000,
            event_id: "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap(),
            sale_duration: Duration::from_secs(20),
            retries: 3,
            availability: Availability {
                status: "sold_out".to_owned(),
                capacity: 500,
                available: 0,
                held: 0,
                sold: 500,
                sections: Vec::new(),
            },
            keys: 13,
            slots: [7].into(),
            findings: Vec::new(),
            counts: Counts { paid: 500, paid_bookings: 250, ..Counts::default() },
            latencies,
        }
    }

    #[test]
    fn the_json_line_has_its_keys_in_order() {
        let latencies = Latencies::new().unwrap();
        latencies.record(Step::Reserve, Duration::from_micros(12_340));
        assert_eq!(
            report(&latencies).json_line().unwrap(),
            "{\"buyers\":2000,\"capacity\":500,\"sold\":500,\"paid\":500,\"held\":0,\
             \"available\":0,\"oversold\":0,\"mismatches\":0,\"cheats_accepted\":0,\"errors\":0,\
             \"reserve_p99_ms\":12.3}"
        );
    }

    #[test]
    fn a_demonstration_without_a_hold_shows_nothing() {
        let latencies = Latencies::new().unwrap();
        let mut nothing = report(&latencies);
        nothing.counts.paid_bookings = 0;
        assert!(!nothing.passed());
        assert!(nothing.to_string().ends_with("FAILED: nobody held a place.\n"));
    }

    #[test]
    fn a_finding_or_a_cheat_fails_the_demonstration() {
        let latencies = Latencies::new().unwrap();
        assert!(report(&latencies).passed());
        assert!(report(&latencies).to_string().ends_with("Every promise was kept.\n"));

        let mut oversold = report(&latencies);
        oversold.findings.push(Finding::Oversold { places: 2, what: "seat A-1-1".to_owned() });
        assert!(!oversold.passed());
        assert!(oversold.json_line().unwrap().contains("\"oversold\":2,\"mismatches\":0"));
        assert!(oversold.to_string().contains("oversold by 2: seat A-1-1"));

        let mut cheated = report(&latencies);
        cheated.counts.cheats[0] = CheatCount { tried: 2, accepted: 1 };
        assert!(!cheated.passed());
    }
}
