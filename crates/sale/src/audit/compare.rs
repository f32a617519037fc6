//! What differs between the stores, or within Redis.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::section::{
    ROW_SEPARATOR, SEAT_FREE, SEAT_HELD, SEAT_SOLD, Section, SectionKind, SectionName,
};
use scripts::{Hold, HoldState, SeatCounts, SeatRepair};

use crate::audit::difference::Difference;
use crate::audit::snapshot::{RedisSnapshot, Snapshot};

/// The state of a place that has none of its own: standing places are counted.
const STANDING: u8 = b'-';

/// Compares the stores as they were seen once.
pub(super) fn differences(seen: &Snapshot) -> BTreeSet<Difference> {
    let event = &seen.postgres.event;
    let Some(redis) = &seen.redis else {
        let missing = seen.is_expected.then_some(Difference::Missing);
        return missing.into_iter().collect();
    };
    let settings = &redis.state.settings;
    if settings.generation < event.generation {
        let (redis, postgres) = (settings.generation, event.generation);
        return BTreeSet::from([Difference::Generation { redis, postgres }]);
    }
    let damaged = settings.sections.iter().filter(|section| !has_whole_map(section, redis));
    let damaged: BTreeSet<_> = damaged.map(|it| Difference::Map(it.name.clone())).collect();
    if !damaged.is_empty() {
        return damaged;
    }
    let mut found = BTreeSet::new();
    if settings.version < event.settings_version {
        let (redis, postgres) = (settings.version, event.settings_version);
        found.insert(Difference::Settings { redis, postgres });
    }
    // Also with the same version: places may be withheld that nobody has decided about.
    // mutant: sections-are-not-compared
    if settings.sections != event.sections || settings.sections_version < event.sections_version {
        let (redis, postgres) = (settings.sections_version, event.sections_version);
        found.insert(Difference::Sections { redis, postgres });
    }
    let sold: i64 = seen.postgres.sold.iter().map(|(_, sold)| sold).sum();
    let is_sold_out = u64::try_from(sold).is_ok_and(|sold| sold >= event.capacity);
    // mutant: sold-out-is-not-compared
    if event.sold_out != is_sold_out {
        found.insert(Difference::SoldOut { wanted: is_sold_out });
    }

    let claims = Claims::of(seen, redis);
    let unmarked = claims.unmarked.iter().map(|booking| (*booking).to_owned());
    found.extend(unmarked.map(|booking| Difference::Unmarked { booking }));
    let lost = seen.holds.lost.iter().map(|lost| lost.booking.booking_id.to_string());
    found.extend(lost.map(|booking| Difference::Lost { booking }));
    let ended = seen.holds.ended.iter().map(ToString::to_string);
    found.extend(ended.map(|booking| Difference::Ended { booking }));
    found.extend(claims.beaten(redis).map(|booking| Difference::Beaten { booking }));
    for section in &settings.sections {
        found.extend(places(section, redis, &claims));
    }
    found.extend(claims.orphans(redis));
    for (section, counts) in settings.sections.iter().zip(&redis.state.sections) {
        found.extend(counts_of(section, *counts, seen, redis, &claims));
    }
    // Totals that are not the sums are mended with the counts of any section.
    if let (false, Some((section, counts))) =
        (totals_add_up(redis), settings.sections.iter().zip(&redis.state.sections).next())
    {
        let (section, seen, wanted) = (section.name.clone(), *counts, *counts);
        let counted = found.iter().any(|it| matches!(it, Difference::Counts { .. }));
        if !counted {
            found.insert(Difference::Counts { section, seen, wanted });
        }
    }
    found.extend(buyers(seen, redis, &claims));
    let ends = redis.expiry.keys().filter(|booking| !redis.holds.contains_key(*booking));
    let endless = redis.holds.keys().filter(|booking| !redis.expiry.contains_key(*booking));
    found
        .extend(ends.chain(endless).map(|booking| Difference::Expiry { booking: booking.clone() }));
    found
}

/// Who should have which place.
struct Claims<'a> {
    /// Field in holders → booking, by Postgres.
    sold: HashMap<String, String>,
    /// Field in holders → bookings, by the records of the holds.
    held: HashMap<String, Vec<&'a str>>,
    /// Bookings that are sold and still held in Redis.
    unmarked: HashSet<&'a str>,
}

impl<'a> Claims<'a> {
    fn of(seen: &Snapshot, redis: &'a RedisSnapshot) -> Self {
        let mut claims =
            Self { sold: HashMap::new(), held: HashMap::new(), unmarked: HashSet::new() };
        for sale in &seen.sales {
            let booking = sale.booking.to_string();
            if let Some((held, _)) = redis.holds.get_key_value(&booking) {
                claims.unmarked.insert(held);
            }
            if sale.seats.is_empty() {
                claims.sold.insert(format!("{}-{booking}", sale.section), booking);
            } else {
                let fields = sale.seats.iter().map(|seat| (seat.to_string(), booking.clone()));
                claims.sold.extend(fields);
            }
        }
        for (booking, hold) in &redis.holds {
            let mut fields = hold.booking.seat_labels();
            if fields.is_empty() {
                fields.push(format!("{}-{booking}", hold.booking.section));
            }
            for field in fields {
                claims.held.entry(field).or_default().push(booking);
            }
        }
        claims
    }

    /// Holds of which a place is sold to another. One that is being paid is left to the refusal of
    /// its sale.
    fn beaten(&self, redis: &RedisSnapshot) -> impl Iterator<Item = String> {
        let is_beaten = |booking: &str, hold: &Hold| {
            let sold = hold.booking.seat_labels();
            let mut sold = sold.iter().filter_map(|seat| self.sold.get(seat));
            // mutant: holds-of-sold-seats-live-on
            hold.state == HoldState::Held && sold.any(|other| other != booking)
        };
        let holds = redis.holds.iter().filter(move |(booking, hold)| is_beaten(booking, hold));
        holds.map(|(booking, _)| booking.clone())
    }

    /// The state and the holder of a place as they should be, given its holder as it is.
    fn wanted(&self, field: &str, holder: Option<&String>) -> (u8, Option<String>) {
        if let Some(booking) = self.sold.get(field) {
            // Marking the sale turns its hold into it; until then it is held by itself.
            let state =
                if self.unmarked.contains(booking.as_str()) { SEAT_HELD } else { SEAT_SOLD };
            return (state, Some(booking.clone()));
        }
        let claims = self.held.get(field).map(Vec::as_slice).unwrap_or_default();
        let claim = claims
            .iter()
            .find(|claim| holder.is_some_and(|holder| holder == **claim))
            .or_else(|| claims.iter().min());
        match claim {
            Some(claim) => (SEAT_HELD, Some((*claim).to_owned())),
            None => (SEAT_FREE, None),
        }
    }

    /// Holders of what is no seat of the event, and standing places without or with a wrong holder.
    fn orphans(&self, redis: &RedisSnapshot) -> Vec<Difference> {
        let seated: HashMap<&SectionName, (u32, u32)> =
            redis.state.settings.sections.iter().filter_map(shape).collect();
        let is_seat = |field: &str| {
            let mut parts = field.split('-');
            let (section, row, number) = (parts.next()?, parts.next()?, parts.next()?);
            let (rows, width) = seated.get(&section.parse::<SectionName>().ok()?)?;
            let (row, number): (u32, u32) = (row.parse().ok()?, number.parse().ok()?);
            let inside = (1..=*rows).contains(&row) && (1..=*width).contains(&number);
            (inside && parts.next().is_none()).then_some(())
        };
        let fields: BTreeSet<&String> =
            redis.holders.keys().chain(self.sold.keys()).chain(self.held.keys()).collect();
        fields
            .into_iter()
            .filter(|field| is_seat(field).is_none())
            .filter_map(|field| {
                let holder = redis.holders.get(field);
                let wanted = self.wanted(field, holder).1;
                let section = field.split('-').next()?.parse().ok()?;
                (holder != wanted.as_ref()).then(|| Difference::Place {
                    section,
                    repair: SeatRepair {
                        field: field.clone(),
                        offset: None,
                        seen: (STANDING, holder.cloned()),
                        wanted: (STANDING, wanted),
                    },
                })
            })
            .collect()
    }
}

/// Whether the map of a section has all its seats, each in one of the three states.
fn has_whole_map(section: &Section, redis: &RedisSnapshot) -> bool {
    let Some((name, (rows, width))) = shape(section) else { return true };
    let map = redis.maps.get(name).map(Vec::as_slice).unwrap_or_default();
    let is_seat = |seat: &u8| matches!(*seat, SEAT_FREE | SEAT_HELD | SEAT_SOLD);
    let rows_seen = map.split(|character| *character == ROW_SEPARATOR);
    rows_seen.clone().count() == rows as usize
        && rows_seen.into_iter().all(|row| row.len() == width as usize && row.iter().all(is_seat))
}

fn shape(section: &Section) -> Option<(&SectionName, (u32, u32))> {
    match section.kind {
        SectionKind::Seated { rows, seats_per_row } => Some((&section.name, (rows, seats_per_row))),
        SectionKind::Standing { .. } => None,
    }
}

/// The seats of a section that are not as they should be.
fn places(section: &Section, redis: &RedisSnapshot, claims: &Claims<'_>) -> Vec<Difference> {
    let Some((name, (rows, width))) = shape(section) else { return Vec::new() };
    let map = redis.maps.get(name).map(Vec::as_slice).unwrap_or_default();
    let mut found = Vec::new();
    for row in 1..=rows {
        for number in 1..=width {
            let offset = (row - 1) * (width + 1) + number - 1;
            let state = map.get(offset as usize).copied().unwrap_or_default();
            let field = format!("{name}-{row}-{number}");
            let holder = redis.holders.get(&field);
            let wanted = claims.wanted(&field, holder);
            if (state, holder) != (wanted.0, wanted.1.as_ref()) {
                let seen = (state, holder.cloned());
                let repair = SeatRepair { field, offset: Some(offset), seen, wanted };
                found.push(Difference::Place { section: name.clone(), repair });
            }
        }
    }
    found
}

/// The counts of a section, if they are not what its map says, or for a standing one what holds and
/// sales say.
fn counts_of(
    section: &Section,
    counts: SeatCounts,
    seen: &Snapshot,
    redis: &RedisSnapshot,
    claims: &Claims<'_>,
) -> Option<Difference> {
    let name = &section.name;
    let wanted = if section.is_seated() {
        let map = redis.maps.get(name).map(Vec::as_slice).unwrap_or_default();
        let count = |state| {
            let seats = map.iter().filter(|seat| **seat == state).count();
            i64::try_from(seats).unwrap_or(i64::MAX)
        };
        SeatCounts { available: count(SEAT_FREE), held: count(SEAT_HELD), sold: count(SEAT_SOLD) }
    } else {
        let of_section = redis.holds.iter().filter(|(_, hold)| hold.booking.section == *name);
        let (mut held, mut unmarked) = (0, 0);
        for (booking, hold) in of_section {
            held += i64::from(hold.booking.quantity);
            if claims.unmarked.contains(booking.as_str()) {
                unmarked += i64::from(hold.booking.quantity);
            }
        }
        let sold = seen.postgres.sold.iter().find(|(section, _)| section == name);
        let sold = sold.map_or(0, |(_, sold)| *sold) - unmarked;
        // Of two holds of the last place one is too many. The sum stays the capacity, nothing is
        // free, and what is too much is missing from the sold ones until it has ended.
        let capacity = i64::from(section.capacity());
        let available = (capacity - held - sold).max(0);
        SeatCounts { available, held, sold: capacity - available - held }
    };
    (counts != wanted).then(|| Difference::Counts { section: name.clone(), seen: counts, wanted })
}

fn totals_add_up(redis: &RedisSnapshot) -> bool {
    let sum = |count: fn(&SeatCounts) -> i64| redis.state.sections.iter().map(count).sum::<i64>();
    let total = SeatCounts {
        available: sum(|counts| counts.available),
        held: sum(|counts| counts.held),
        sold: sum(|counts| counts.sold),
    };
    total == redis.state.total
}

/// Buyers whose count is not what they hold and have bought.
fn buyers(seen: &Snapshot, redis: &RedisSnapshot, claims: &Claims<'_>) -> Vec<Difference> {
    let mut wanted: HashMap<String, i64> = HashMap::new();
    for hold in redis.holds.values() {
        *wanted.entry(hold.booking.user_id.to_string()).or_default() +=
            i64::from(hold.booking.quantity);
    }
    for sale in &seen.sales {
        if !claims.unmarked.contains(sale.booking.to_string().as_str()) {
            *wanted.entry(sale.user.to_string()).or_default() += i64::from(sale.quantity);
        }
    }
    let users: HashSet<&String> = redis.buyers.keys().chain(wanted.keys()).collect();
    users
        .into_iter()
        .filter_map(|user| {
            let seen = redis.buyers.get(user).map_or("0", String::as_str);
            let wanted = wanted.get(user).copied().unwrap_or(0);
            (seen != wanted.to_string()).then(|| Difference::Buyer {
                user: user.clone(),
                seen: seen.to_owned(),
                wanted,
            })
        })
        .collect()
}
