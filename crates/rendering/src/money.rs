//! Amounts in words.

use domain::money::split;

/// An amount of minor units with its currency: `50.00 EUR`.
pub fn amount(minor_units: i64, currency: &str) -> String {
    let (whole, fraction) = split(minor_units, currency);
    if fraction.is_empty() {
        format!("{whole} {currency}")
    } else {
        format!("{whole}.{fraction} {currency}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (minor_units, currency, text) in [
            (5_000, "EUR", "50.00 EUR"),
            (5, "EUR", "0.05 EUR"),
            (0, "EUR", "0.00 EUR"),
            (5_000, "JPY", "5000 JPY"),
            (12_340, "KWD", "12.340 KWD"),
        ] {
            assert_eq!(amount(minor_units, currency), text);
        }
    }
}
