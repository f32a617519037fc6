//! What the provider takes of each currency, written down from its documentation on purpose a
//! second time: the client's own table must not be right only by agreeing with itself.

use crate::reply::Reply;

/// Everything that can be charged, as the page on currencies lists it.
const PRESENTMENT: &str = "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bif bmd bnd \
    bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd \
    fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jpy kes kgs khr kmf krw \
    kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio \
    nok npr nzd pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos \
    srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xof xpf yer zar \
    zmw";

/// Listed apart there, as currencies of three decimals.
const THREE_DECIMALS: [&str; 5] = ["bhd", "jod", "kwd", "omr", "tnd"];

/// The least of a charge where account and charge have the same currency.
const MINIMUM: [(&str, i64); 24] = [
    ("usd", 50),
    ("aed", 200),
    ("aud", 50),
    ("bgn", 100),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1_500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1_000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1_000),
];

/// Refuses a currency that cannot be charged.
pub(crate) fn check_currency(currency: &str) -> Result<(), Reply> {
    let mut known = PRESENTMENT.split_whitespace().chain(THREE_DECIMALS);
    let is_known = known.any(|known| known == currency);
    if is_known { Ok(()) } else { Err(Reply::invalid(&format!("Invalid currency: {currency}"))) }
}

/// Refuses an amount that no call about this currency may name.
pub(crate) fn check_amount(currency: &str, amount: i64) -> Result<(), Reply> {
    let (ending, rule) = match currency {
        _ if THREE_DECIMALS.contains(&currency) => ("0", "the last digit must be 0"),
        "isk" | "ugx" => ("00", "it must be divisible by 100"),
        _ => ("", ""),
    };
    if !amount.to_string().ends_with(ending) {
        return Err(Reply::invalid(&format!("Invalid amount in {currency}: {rule}")));
    }
    Ok(())
}

/// Refuses a charge that is too small or has too many digits.
pub(crate) fn check_charge(currency: &str, amount: i64) -> Result<(), Reply> {
    check_amount(currency, amount)?;
    let refusal = |code: &str| Err(Reply::error(400, "invalid_request_error", code, code));
    let digits_max = if currency == "idr" { 12 } else { 8 };
    if amount.to_string().len() > digits_max {
        return refusal("amount_too_large");
    }
    let minimum = MINIMUM.iter().find(|(of, _)| *of == currency).map_or(1, |(_, minimum)| *minimum);
    if amount < minimum {
        return refusal("amount_too_small");
    }
    Ok(())
}
