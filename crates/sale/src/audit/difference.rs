//! One difference between the stores, or within Redis.

use std::fmt;

use domain::section::SectionName;
use scripts::{SeatCounts, SeatRepair};

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// Redis does not have the event.
    Missing,
    /// Redis has an older life of the event.
    Generation {
        /// In Redis.
        redis: i64,
        /// In Postgres.
        postgres: i64,
    },
    /// The map of a section is lost or no map: the event is to be built anew.
    Map(SectionName),
    /// Redis has older settings.
    Settings {
        /// The version in Redis.
        redis: i64,
        /// The version in Postgres.
        postgres: i64,
    },
    /// The sections are others in Redis: one is missing, or their order, sizes or prices are old.
    Sections {
        /// The version in Redis.
        redis: i64,
        /// The version in Postgres.
        postgres: i64,
    },
    /// The note that everything is sold, or that it is not, is wrong in Postgres.
    SoldOut {
        /// What it should be.
        wanted: bool,
    },
    /// A booking is sold, and Redis still holds it.
    Unmarked {
        /// The booking.
        booking: String,
    },
    /// A booking is reserved in Postgres, and Redis does not know it: a failover has lost the hold.
    Lost {
        /// The booking.
        booking: String,
    },
    /// A booking is over in Postgres, and Redis still holds it: a failover has lost its end.
    Ended {
        /// The booking.
        booking: String,
    },
    /// A booking is held, and a place of it is sold to another: a failover has lost the sale.
    Beaten {
        /// The booking.
        booking: String,
    },
    /// The state or the holder of a place.
    Place {
        /// Its section.
        section: SectionName,
        /// What it is and what it should be.
        repair: SeatRepair,
    },
    /// The counts of a section.
    Counts {
        /// The section.
        section: SectionName,
        /// As they are.
        seen: SeatCounts,
        /// As they should be.
        wanted: SeatCounts,
    },
    /// The count of a buyer.
    Buyer {
        /// The buyer.
        user: String,
        /// Tickets as counted.
        seen: String,
        /// Tickets held and bought.
        wanted: i64,
    },
    /// A hold without an end, or an end without a hold.
    Expiry {
        /// The booking.
        booking: String,
    },
}

impl Difference {
    /// The kind, as clients see it.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Generation { .. } => "generation",
            Self::Map(_) => "map",
            Self::Settings { .. } => "settings",
            Self::Sections { .. } => "sections",
            Self::SoldOut { .. } => "sold_out",
            Self::Unmarked { .. } => "unmarked_sale",
            Self::Lost { .. } => "lost_hold",
            Self::Ended { .. } => "ended_hold",
            Self::Beaten { .. } => "beaten_hold",
            Self::Place { .. } => "place",
            Self::Counts { .. } => "counts",
            Self::Buyer { .. } => "buyer",
            Self::Expiry { .. } => "expiry",
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => formatter.write_str("Redis does not have the event"),
            Self::Generation { redis, postgres }
            | Self::Settings { redis, postgres }
            | Self::Sections { redis, postgres } => {
                write!(formatter, "{redis} in Redis, {postgres} in Postgres")
            }
            Self::Map(section) => write!(formatter, "the map of {section} is no map"),
            Self::SoldOut { wanted } => write!(formatter, "sold out should be {wanted}"),
            Self::Unmarked { booking } => write!(formatter, "{booking} is sold"),
            Self::Place { repair, .. } => {
                let place = |(state, holder): &(u8, Option<String>)| {
                    let holder = holder.as_deref().unwrap_or("nobody");
                    format!("{} of {holder}", char::from(*state))
                };
                let (seen, wanted) = (place(&repair.seen), place(&repair.wanted));
                write!(formatter, "{} is {seen}, should be {wanted}", repair.field)
            }
            Self::Counts { section, seen, wanted } => {
                let counts = |counts: &SeatCounts| {
                    format!("{}/{}/{}", counts.available, counts.held, counts.sold)
                };
                write!(formatter, "{section} has {}, should have {}", counts(seen), counts(wanted))
            }
            Self::Buyer { user, seen, wanted } => {
                write!(formatter, "{user} has {seen}, should have {wanted}")
            }
            Self::Lost { booking } => write!(formatter, "{booking} is not in Redis"),
            Self::Ended { booking } => write!(formatter, "{booking} is over"),
            Self::Beaten { booking } => write!(formatter, "a place of {booking} is sold"),
            Self::Expiry { booking } => write!(formatter, "{booking}"),
        }
    }
}
