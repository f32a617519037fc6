//! Numbers, money and times as people write them in their language.

use domain::money;
use domain::time::Instant;
use domain::time_zone::local_time;

use crate::language::{Language, Words};

impl Words {
    /// A number with its thousands apart.
    pub(crate) fn number(self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let sign = if number < 0 { "-" } else { "" };
        format!("{sign}{}", grouped(&digits, self.thousands_mark()))
    }

    /// An amount in minor units of `currency`.
    pub(crate) fn money(self, amount: i64, currency: &str) -> String {
        if amount == 0 {
            return self.say("money-free");
        }
        let (whole, fraction) = money::split(amount, currency);
        let whole = grouped(&whole.to_string(), self.thousands_mark());
        let number = if fraction.is_empty() {
            whole
        } else {
            let mark = match self.0 {
                Language::English => '.',
                Language::German => ',',
            };
            format!("{whole}{mark}{fraction}")
        };
        self.money_template(currency).replace("{number}", &number)
    }

    /// How an amount is written, with `{number}` in place of its digits, for the script that adds
    /// prices up.
    pub(crate) fn money_template(self, currency: &str) -> String {
        match (self.0, symbol(currency)) {
            (Language::English, Some(symbol)) => format!("{symbol}{{number}}"),
            // A space that does not break.
            (Language::English, None) => format!("{currency}\u{a0}{{number}}"),
            (Language::German, symbol) => {
                format!("{{number}}\u{a0}{}", symbol.unwrap_or(currency))
            }
        }
    }

    /// The day and the time of the day, as clocks in the zone show it.
    pub(crate) fn moment(self, at: Instant, time_zone: &str) -> String {
        let local = local_time(at, time_zone);
        let date = local.date_time.date();
        let weekday = format!("weekday-{}", date.weekday().to_monday_one_offset());
        self.with(
            "moment",
            [
                ("weekday", self.say(&weekday).into()),
                ("day", date.day().to_string().into()),
                ("month", self.say(&format!("month-{}", date.month())).into()),
                ("year", date.year().to_string().into()),
                ("time", local.date_time.time().strftime("%H:%M").to_string().into()),
                ("zone", local.abbreviation.into()),
            ],
        )
    }

    /// The time of the day to the second, for what ends soon.
    pub(crate) fn clock(self, at: Instant, time_zone: &str) -> String {
        let local = local_time(at, time_zone);
        let time = local.date_time.time().strftime("%H:%M:%S").to_string();
        self.with("clock", [("time", time.into()), ("zone", local.abbreviation.into())])
    }

    const fn thousands_mark(self) -> char {
        match self.0 {
            Language::English => ',',
            Language::German => '.',
        }
    }
}

/// The sign that both languages know for a currency.
fn symbol(currency: &str) -> Option<&'static str> {
    match currency {
        "EUR" => Some("€"),
        "GBP" => Some("£"),
        "USD" => Some("$"),
        _ => None,
    }
}

fn grouped(digits: &str, mark: char) -> String {
    let length = digits.len();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && length.saturating_sub(index).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}
