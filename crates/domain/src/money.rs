//! Amounts of money for people. Inside, an amount is a whole number of minor units of ISO 4217.

/// Currencies of ISO 4217 without minor units.
const WITHOUT_DECIMALS: [&str; 16] = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV",
    "XAF", "XOF", "XPF",
];
/// Currencies of ISO 4217 whose minor unit is a thousandth.
const THREE_DECIMALS: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];

/// How many decimals an amount of this currency has.
pub fn decimals(currency: &str) -> u32 {
    if WITHOUT_DECIMALS.contains(&currency) {
        0
    } else if THREE_DECIMALS.contains(&currency) {
        3
    } else {
        2
    }
}

/// Whole units, and the digits of the fraction; no digits where the currency has none.
pub fn split(amount: i64, currency: &str) -> (i64, String) {
    let width = decimals(currency);
    let unit = 10_i64.pow(width);
    let fraction = (amount % unit).unsigned_abs();
    let digits = match width {
        0 => String::new(),
        width => format!("{fraction:0width$}", width = width as usize),
    };
    (amount / unit, digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_has_its_own_decimals() {
        for (amount, currency, whole, fraction) in [
            (1_250, "EUR", 12, "50"),
            (5, "USD", 0, "05"),
            (5_000, "ISK", 5_000, ""),
            (5_120, "KWD", 5, "120"),
            (100_001, "MGA", 1_000, "01"),
        ] {
            assert_eq!(split(amount, currency), (whole, fraction.to_owned()), "{currency}");
        }
    }
}
