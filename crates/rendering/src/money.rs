//! Amounts in words.

/// An amount of minor units with its currency: `50.00 EUR`. `decimals` are those of the currency.
pub fn amount(minor_units: i64, decimals: u32, currency: &str) -> String {
    let unit = 10_u64.saturating_pow(decimals);
    let (whole, rest) = (minor_units.unsigned_abs() / unit, minor_units.unsigned_abs() % unit);
    let sign = if minor_units < 0 { "-" } else { "" };
    match usize::try_from(decimals) {
        Ok(places @ 1..) => format!("{sign}{whole}.{rest:0places$} {currency}"),
        _ => format!("{sign}{whole} {currency}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_the_decimals_of_its_currency() {
        for (minor_units, decimals, text) in [
            (5_000, 2, "50.00 X"),
            (5, 2, "0.05 X"),
            (0, 2, "0.00 X"),
            (5_000, 0, "5000 X"),
            (12_345, 3, "12.345 X"),
            (-150, 2, "-1.50 X"),
            (i64::MIN, 2, "-92233720368547758.08 X"),
        ] {
            assert_eq!(amount(minor_units, decimals, "X"), text);
        }
    }
}
