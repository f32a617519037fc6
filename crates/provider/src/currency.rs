//! The one place that knows in which units the provider counts money.
//!
//! Everywhere else an amount is in minor units of ISO 4217: cents of EUR, whole JPY, thousandths of
//! KWD. The provider counts most currencies likewise. Where it does not, it is said here, from its
//! page "Supported currencies", and every amount that is sent or read passes through here.

use domain::event::FieldProblem;
use domain::section::Section;

/// Currencies of two decimals, at ISO and at the provider. Those of the provider's list that are no
/// money in circulation any more are left out: ANG, BGN and STD have successors.
const TWO_DECIMALS: [&str; 114] = [
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD",
    "BND", "BOB", "BRL", "BSD", "BWP", "BYN", "BZD", "CAD", "CDF", "CHF", "CNY", "COP", "CRC",
    "CVE", "CZK", "DKK", "DOP", "DZD", "EGP", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GIP",
    "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF", "IDR", "ILS", "INR", "JMD", "KES", "KGS",
    "KHR", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL", "MKD", "MMK", "MNT",
    "MOP", "MUR", "MVR", "MWK", "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR", "NZD",
    "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR",
    "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SZL", "THB", "TJS", "TOP", "TRY", "TTD", "TWD",
    "TZS", "UAH", "USD", "UYU", "UZS", "WST", "XCD", "YER", "ZAR", "ZMW",
];
/// Currencies without decimals, at ISO and at the provider.
const ZERO_DECIMALS: [&str; 14] = [
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
/// Currencies of three decimals, of which the provider wants the last to be 0.
const THREE_DECIMALS: [&str; 5] = ["BHD", "JOD", "KWD", "OMR", "TND"];
/// Currencies without decimals at ISO which the provider counts in hundredths, and wants whole.
const WHOLE_IN_HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];
/// Currencies of two decimals at ISO which the provider counts in whole units.
const COUNTED_WHOLE: [&str; 1] = ["MGA"];

/// The most of one payment, in the provider's units: eight digits.
const CHARGE_MAX: i64 = 99_999_999;
/// The same of IDR: twelve digits.
const CHARGE_MAX_OF_IDR: i64 = 999_999_999_999;

/// How the provider counts a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency {
    /// Units of the provider in `minor` minor units of ISO.
    units: i64,
    /// See `units`; one of the two is 1.
    minor: i64,
    /// What an amount must be a multiple of, in the provider's units.
    step: i64,
    /// The most of one payment, in the provider's units.
    units_max: i64,
}

/// Why the provider cannot charge an amount. Amounts in it are minor units of ISO.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotChargeable {
    /// Not a currency in circulation, or none that the provider knows.
    #[error("is not a currency that can be charged")]
    Currency,
    /// A fraction that the provider does not take.
    #[error("must be a multiple of {multiple_of}")]
    Fraction {
        /// What it must be a multiple of.
        multiple_of: i64,
    },
    /// More than the provider takes at once.
    #[error("must be at most {max}")]
    TooHigh {
        /// The most.
        max: i64,
    },
    /// Nothing, or less: there is nothing to charge.
    #[error("must be more than 0")]
    Nothing,
}

/// An amount that the provider has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ToldAmount {
    /// Minor units of ISO, rounded down.
    pub(crate) amount: i64,
    /// Whether nothing was rounded.
    pub(crate) is_exact: bool,
}

impl Currency {
    /// The currency of this ISO 4217 code, upper case.
    ///
    /// # Errors
    ///
    /// [`NotChargeable::Currency`] when it is no money in circulation that the provider charges.
    pub fn of(code: &str) -> Result<Self, NotChargeable> {
        let plain = Self { units: 1, minor: 1, step: 1, units_max: CHARGE_MAX };
        if code == "IDR" {
            return Ok(Self { units_max: CHARGE_MAX_OF_IDR, ..plain });
        }
        if TWO_DECIMALS.contains(&code) || ZERO_DECIMALS.contains(&code) {
            return Ok(plain);
        }
        if THREE_DECIMALS.contains(&code) {
            // mutant: thousandths-are-charged
            return Ok(Self { step: 10, ..plain });
        }
        if WHOLE_IN_HUNDREDTHS.contains(&code) {
            // mutant: a-hundredth-is-charged
            return Ok(Self { units: 100, step: 100, ..plain });
        }
        if COUNTED_WHOLE.contains(&code) {
            return Ok(Self { minor: 100, ..plain });
        }
        Err(NotChargeable::Currency)
    }

    /// `amount`, in minor units of ISO, in the provider's units.
    ///
    /// # Errors
    ///
    /// See [`NotChargeable`].
    pub fn charge(self, amount: i64) -> Result<i64, NotChargeable> {
        if amount <= 0 {
            return Err(NotChargeable::Nothing);
        }
        let (max, multiple_of) = (self.amount_max(), self.multiple_of());
        // mutant: any-amount-is-charged
        if amount > max {
            return Err(NotChargeable::TooHigh { max });
        }
        if amount % multiple_of != 0 {
            return Err(NotChargeable::Fraction { multiple_of });
        }
        Ok(amount.saturating_mul(self.units) / self.minor)
    }

    /// The most of one payment, in minor units of ISO.
    pub const fn amount_max(self) -> i64 {
        let whole_steps = self.units_max - self.units_max % self.step;
        whole_steps * self.minor / self.units
    }

    /// What an amount must be a multiple of, in minor units of ISO.
    const fn multiple_of(self) -> i64 {
        let multiple_of = self.step * self.minor / self.units;
        if multiple_of > 1 { multiple_of } else { 1 }
    }

    const fn read(self, units: i64) -> ToldAmount {
        let minor = units.saturating_mul(self.minor);
        ToldAmount { amount: minor.div_euclid(self.units), is_exact: minor % self.units == 0 }
    }
}

/// What the provider tells in its own units of the currency `code`. An amount of a currency that we
/// never charge is taken as it is: it equals no price of ours.
pub(crate) fn told(units: i64, code: &str) -> ToldAmount {
    match Currency::of(code) {
        Ok(currency) => currency.read(units),
        Err(_) => ToldAmount { amount: units, is_exact: true },
    }
}

/// The most that one payment in this currency can be, in minor units of ISO; 0 for a currency that
/// cannot be charged.
pub fn charge_max(code: &str) -> i64 {
    Currency::of(code).map_or(0, Currency::amount_max)
}

/// What a charge or a refund in this currency must be a multiple of, in minor units of ISO; 1 for a
/// currency that cannot be charged.
pub fn charge_multiple(code: &str) -> i64 {
    Currency::of(code).map_or(1, Currency::multiple_of)
}

/// What the provider could not charge of an event: its currency, or the price of one ticket. Free
/// tickets are not charged.
pub fn charge_problems(code: &str, sections: &[Section]) -> Vec<FieldProblem> {
    let currency = match Currency::of(code) {
        Ok(currency) => currency,
        Err(problem) => {
            return vec![FieldProblem { field: "currency".into(), problem: problem.to_string() }];
        }
    };
    let charged = sections.iter().enumerate().filter(|(_, section)| section.price > 0);
    let refused = charged.filter_map(|(index, section)| {
        let problem = currency.charge(section.price).err()?.to_string();
        Some(FieldProblem { field: format!("sections[{index}].price"), problem })
    });
    refused.collect()
}

#[cfg(test)]
mod tests;
