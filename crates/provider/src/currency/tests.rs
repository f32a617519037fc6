use super::*;

/// The provider's page, written down apart from the table: a currency, an amount in minor units of
/// ISO 4217, and what the provider must be sent for it.
const CHARGED: [(&str, i64, i64); 16] = [
    ("EUR", 1_234, 1_234),
    ("HUF", 1_045, 1_045),
    ("TWD", 80_045, 80_045),
    ("LAK", 99_999_999, 99_999_999),
    ("JPY", 500, 500),
    ("XPF", 99_999_999, 99_999_999),
    ("KWD", 5_120, 5_120),
    ("TND", 99_999_990, 99_999_990),
    ("ISK", 5, 500),
    ("ISK", 999_999, 99_999_900),
    ("UGX", 5, 500),
    ("UGX", 999_999, 99_999_900),
    ("MGA", 100, 1),
    ("MGA", 9_999_999_900, 99_999_999),
    ("IDR", 150_000_000, 150_000_000),
    ("IDR", 999_999_999_999, 999_999_999_999),
];

/// Every currency of the provider's page by how it is counted, in the order of the page.
const OF_TWO: &str = "USD AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BWP \
    BYN BZD CAD CDF CHF CNY COP CRC CVE CZK DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GTQ \
    GYD HKD HNL HTG HUF ILS INR JMD KES KGS KHR KYD KZT LAK LBP LKR LRD LSL MAD MDL MKD MMK MNT \
    MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB \
    SAR SBD SCR SEK SGD SHP SLE SOS SRD SZL THB TJS TOP TRY TTD TWD TZS UAH UYU UZS WST XCD YER \
    ZAR ZMW";
const OF_NONE: &str = "BIF CLP DJF GNF JPY KMF KRW PYG RWF VND VUV XAF XOF XPF";
const OF_THREE: &str = "BHD JOD KWD OMR TND";

fn charge(code: &str, amount: i64) -> Result<i64, NotChargeable> {
    Currency::of(code)?.charge(amount)
}

#[test]
fn every_currency_of_the_provider_is_charged_in_its_units() {
    for code in OF_TWO.split_whitespace().chain(OF_NONE.split_whitespace()) {
        assert_eq!(charge(code, 4_321), Ok(4_321), "{code}");
        assert_eq!(charge(code, 99_999_999), Ok(99_999_999), "{code}");
        let too_high = NotChargeable::TooHigh { max: 99_999_999 };
        assert_eq!(charge(code, 100_000_000), Err(too_high), "{code}");
    }
    for code in OF_THREE.split_whitespace() {
        assert_eq!(charge(code, 5_120), Ok(5_120), "{code}");
        for amount in [1, 9, 5_123, 5_125] {
            let fraction = NotChargeable::Fraction { multiple_of: 10 };
            assert_eq!(charge(code, amount), Err(fraction), "{code} {amount}");
        }
        let too_high = NotChargeable::TooHigh { max: 99_999_990 };
        assert_eq!(charge(code, 99_999_999), Err(too_high), "{code}");
    }
    for (code, amount, units) in CHARGED {
        assert_eq!(charge(code, amount), Ok(units), "{code} {amount}");
    }
    let fraction = NotChargeable::Fraction { multiple_of: 100 };
    assert_eq!(charge("MGA", 5_050), Err(fraction), "the provider takes whole ones");
    assert_eq!(charge("ISK", 1_000_000), Err(NotChargeable::TooHigh { max: 999_999 }));
    let of_idr = NotChargeable::TooHigh { max: 999_999_999_999 };
    assert_eq!(charge("IDR", 1_000_000_000_000), Err(of_idr));
    assert_eq!(charge("EUR", i64::MAX), Err(NotChargeable::TooHigh { max: 99_999_999 }));
    for amount in [0, -1, i64::MIN] {
        assert_eq!(charge("EUR", amount), Err(NotChargeable::Nothing), "{amount}");
    }
}

#[test]
fn amounts_are_read_with_the_decimals_of_their_currency() {
    for (codes, places) in [(OF_TWO, 2), (OF_NONE, 0), (OF_THREE, 3), ("ISK UGX", 0), ("MGA", 2)] {
        for code in codes.split_whitespace() {
            assert_eq!(domain::money::decimals(code), places, "{code}");
        }
    }
}

#[test]
fn what_was_charged_reads_back_as_it_was() {
    for (code, amount, units) in CHARGED {
        assert_eq!(told(units, code), ToldAmount { amount, is_exact: true }, "{code}");
    }
    assert_eq!(told(550, "ISK"), ToldAmount { amount: 5, is_exact: false });
    assert_eq!(told(i64::MAX, "MGA").amount, i64::MAX);
    assert_eq!(told(-1, "UGX").amount, -1);
    assert_eq!(told(7, "ZZZ"), ToldAmount { amount: 7, is_exact: true });
}

#[test]
fn only_money_in_circulation_is_charged() {
    for code in [
        // Nothing at all, funds, tests, metals.
        "",
        "eur",
        "EURO",
        "ZZZ",
        concat!("XX", "X"),
        "XTS",
        "XAU",
        "XAG",
        "XPT",
        "XDR",
        "XSU",
        "BOV",
        "CHE",
        // Gone.
        "DEM",
        "HRK",
        "LTL",
        "EEK",
        "BGN",
        "ANG",
        "STD",
        "SLL",
        "ZMK",
        "VEF",
        "MRO",
        "BYR",
        "TRL",
        // Money, but not of the provider's.
        "IRR",
        "KPW",
        "SYP",
        "CUP",
        "IQD",
        "LYD",
    ] {
        assert_eq!(Currency::of(code), Err(NotChargeable::Currency), "{code}");
        assert_eq!(charge_max(code), 0, "{code}");
    }
}

#[test]
fn an_event_with_what_cannot_be_charged_says_which_field() {
    let section = |price: i64| {
        let json = format!(r#"{{"name":"A","kind":"standing","capacity":1,"price":{price}}}"#);
        serde_json::from_str::<Section>(&json).unwrap()
    };
    let fields = |code: &str, prices: &[i64]| {
        let sections: Vec<_> = prices.iter().copied().map(section).collect();
        let problems = charge_problems(code, &sections);
        problems.into_iter().map(|problem| problem.field).collect::<Vec<_>>()
    };
    assert_eq!(fields("KWD", &[5_120, 5_123, 0]), ["sections[1].price"]);
    assert_eq!(fields("ZZZ", &[5_123]), ["currency"]);
    assert_eq!(fields("EUR", &[0, 100_000_000]), ["sections[1].price"]);
    assert_eq!(fields("IDR", &[150_000_000]), Vec::<String>::new());
    assert_eq!(fields("ISK", &[5_000, 1_000_000]), ["sections[1].price"]);
}
