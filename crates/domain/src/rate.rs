//! How often somebody may ask: rates per class of routes, as the variables write them.

use std::str::FromStr;

/// Seconds of the longest period: a day.
const PERIOD_MAX_S: i64 = 24 * 60 * 60;
/// Requests in a period at most.
const COUNT_MAX: i64 = 1_000_000;
const MICROSECONDS: i64 = 1_000_000;

/// Routes that are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteClass {
    /// New guests.
    Guest,
    /// Joining and leaving a queue.
    Join,
    /// Asking for one's place.
    Poll,
    /// Reserving seats.
    Reserve,
    /// Paying, and cancelling what was paid.
    Pay,
    /// What the organiser does.
    Organiser,
    /// Asking for a letter: counted per mailbox, as a user is, and per address.
    Letter,
    /// Signing in with a key.
    SignIn,
}

impl RouteClass {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Guest,
        Self::Join,
        Self::Poll,
        Self::Reserve,
        Self::Pay,
        Self::Organiser,
        Self::Letter,
        Self::SignIn,
    ];

    /// The name in variables and headers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Guest => "guest",
            Self::Join => "join",
            Self::Poll => "poll",
            Self::Reserve => "reserve",
            Self::Pay => "pay",
            Self::Organiser => "organiser",
            Self::Letter => "letter",
            Self::SignIn => "sign_in",
        }
    }

    /// Whether a request is refused when nobody can count it. Those that bring a crowd in, cost
    /// money or write to others are; the others serve people who are in already, and must not
    /// depend on one more shard than their event's, nor the door on Redis.
    pub const fn fails_closed(self) -> bool {
        matches!(self, Self::Guest | Self::Join | Self::Pay | Self::Letter)
    }
}

/// So many requests in so many seconds, all of them at once if they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests in a period; also the burst.
    pub count: i64,
    /// The period, in s.
    pub period_s: i64,
}

impl Rate {
    /// Between two requests of the even rate, in µs; at least 1.
    pub const fn interval_us(self) -> i64 {
        let interval = self.period_s * MICROSECONDS / self.count;
        if interval > 0 { interval } else { 1 }
    }
}

/// The text of rates cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `class=count/seconds`")]
pub struct InvalidRates(String);

/// The rates of some classes. Those that are not named are not limited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rates {
    rates: Vec<(RouteClass, Rate)>,
}

impl Rates {
    /// The rate of a class.
    pub fn of(&self, class: RouteClass) -> Option<Rate> {
        self.rates.iter().find(|(other, _)| *other == class).map(|(_, rate)| *rate)
    }
}

impl FromStr for Rates {
    type Err = InvalidRates;

    /// Reads `class=count/seconds` entries separated by commas, as `join=300/60,pay=60/60`.
    fn from_str(text: &str) -> Result<Self, InvalidRates> {
        let mut rates = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let rate = parse(entry).filter(|(class, _)| rates.of(*class).is_none());
            rates.rates.push(rate.ok_or_else(|| InvalidRates(entry.to_owned()))?);
        }
        Ok(rates)
    }
}

fn parse(entry: &str) -> Option<(RouteClass, Rate)> {
    let (name, rate) = entry.split_once('=')?;
    let (count, period_s) = rate.split_once('/')?;
    let class = RouteClass::ALL.into_iter().find(|class| class.as_str() == name.trim())?;
    let in_range = |text: &str, max: i64| {
        text.trim().parse::<i64>().ok().filter(|number| (1..=max).contains(number))
    };
    let rate =
        Rate { count: in_range(count, COUNT_MAX)?, period_s: in_range(period_s, PERIOD_MAX_S)? };
    Some((class, rate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_what_is_not_named_is_free() {
        let rates: Rates = "join=300/60, poll=10/1 ,".parse().unwrap();
        assert_eq!(rates.of(RouteClass::Join), Some(Rate { count: 300, period_s: 60 }));
        assert_eq!(rates.of(RouteClass::Poll).map(Rate::interval_us), Some(100_000));
        assert_eq!(rates.of(RouteClass::Reserve), None);
        assert_eq!("".parse(), Ok(Rates::default()));
        let fast: Rates = "guest=1000000/1".parse().unwrap();
        assert_eq!(fast.of(RouteClass::Guest).map(Rate::interval_us), Some(1));
    }

    #[test]
    fn a_typing_error_is_no_licence() {
        for text in
            ["join", "join=1", "join=0/60", "join=-1/60", "join=1/0", "jion=1/60", "join=1/60/2"]
        {
            assert_eq!(text.parse::<Rates>(), Err(InvalidRates(text.to_owned())), "{text}");
        }
        assert!("join=1/60,join=2/60".parse::<Rates>().is_err());
        assert!("join=1/86401".parse::<Rates>().is_err());
    }
}
