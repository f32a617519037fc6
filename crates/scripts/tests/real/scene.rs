//! Scenes: tables of `command -> outcome` rows, played on both kinds of server.

use domain::booking::Booking;
use domain::journal::JournalEntry;
use scripts::{
    AdmitMode, AdmitOutcome, AdmitUsers, BookingOutcome, CancelOutcome, Choice, ConfirmBooking,
    ConfirmOutcome, EventUpdate, ExpireHolds, ExpireOutcome, Hold, Idempotency, LeaveOutcome,
    PlaceOutcome, PresentedPass, QueueOutcome, QueuePlace, ReleaseOutcome, ReleaseReason,
    ReleaseSeats, ReserveOutcome, ReserveSeats, ShownReceipt, UpdateOutcome, keys,
};

use crate::servers;
use crate::stage::{DEADLINE, Setup, Stage, in_ms};
use crate::word::word;

/// Opens the event and plays the rows on each kind of server.
///
/// A row is `command -> outcome`, or `command -> outcome | available/held/sold` to check the places
/// of the whole event too. Rows that begin with `#` are remarks. After each row the event is
/// audited.
pub(crate) async fn play(setup: &Setup, rows: &str) {
    for (server, cluster) in servers::all() {
        let mut stage = Stage::open(cluster, setup.clone()).await;
        stage.play(server, rows).await;
    }
}

/// Like [`play`], with an event that is not open.
pub(crate) async fn play_unopened(setup: &Setup, rows: &str) {
    for (server, cluster) in servers::all() {
        Stage::new(cluster, setup.clone()).play(server, rows).await;
    }
}

impl Stage {
    pub(crate) async fn play(&mut self, server: &str, rows: &str) {
        for row in rows.lines().map(str::trim).filter(|row| !row.is_empty()) {
            if row.starts_with('#') {
                continue;
            }
            let (command, expected) = row.split_once(" -> ").expect("command -> outcome");
            let (expected, places) = match expected.split_once(" | ") {
                Some((expected, places)) => (expected.trim(), Some(places.trim())),
                None => (expected.trim(), None),
            };
            let outcome = self.act(command.trim()).await;
            let outcome = outcome.trim_end();
            assert_eq!(outcome, expected, "on {server}: {row}");
            self.audit().await;
            if let Some(places) = places {
                let total = self.state().await.unwrap().total;
                let counted = format!("{}/{}/{}", total.available, total.held, total.sold);
                assert_eq!(counted, places, "on {server}: {row}");
            }
        }
    }

    /// Runs one command and tells its outcome in words.
    pub(crate) async fn act(&mut self, command: &str) -> String {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["open", generation] => word(self.open_generation(generation.parse().unwrap()).await),
            ["add", name, ref rest @ ..] => self.add(name, rest).await,
            ["change", name, size, price] => {
                self.sections_version += 1;
                self.change(name, size, price, self.sections_version).await
            }
            ["change", name, size, price, "at", version] => {
                self.change(name, size, price, version.parse().unwrap()).await
            }
            ["withhold", name, places, "for", keep_ms] => {
                self.withhold(name, places.parse().unwrap(), keep_ms.parse().unwrap()).await
            }
            ["set", what] => self.set(what).await,
            ["set", what, "at", version] => self.set(&format!("{what}@{version}")).await,
            ["retire", keep_ms] => {
                let settings = self.setup.settings(1);
                let keep_ms = keep_ms.parse().unwrap();
                word(
                    scripts::retire_event(
                        &self.cluster,
                        self.event,
                        &settings,
                        false,
                        keep_ms,
                        DEADLINE,
                    )
                    .await
                    .unwrap(),
                )
            }
            [user, "returns"] => self.come_back(user).await,
            ["map", section] => self.map(section).await,
            ["watch", section] => match self.watch_seats(section, None).await {
                scripts::WatchSeatsOutcome::Watched(_) => "watched".to_owned(),
                other => word(other),
            },
            ["status"] => self
                .state()
                .await
                .map_or_else(|| "event_missing".to_owned(), |state| word(state.status())),
            [user, "joins"] => self.join(user).await,
            [user, "looks"] => self.look(user).await,
            [user, "leaves"] => self.leave(user).await,
            [user, "is", "seen"] => {
                let users = [self.user(user)];
                let call = scripts::see_users(&self.cluster, self.event, &users, DEADLINE);
                if call.await.unwrap().is_empty() { "seen" } else { "gone" }.to_owned()
            }
            // The user was seen last so long ago.
            [user, "is", "silent", ms] => {
                let user = self.user(user);
                self.unseen_for(user, ms.parse().unwrap()).await;
                "done".to_owned()
            }
            ["sweep", "absent"] => {
                let call = scripts::sweep_absent(&self.cluster, self.event, 1_000, DEADLINE);
                format!("{} away", call.await.unwrap())
            }
            ["admit", limit] => self.admit(limit, AdmitMode::Scheduled).await,
            ["admit", limit, "by", "hand"] => self.admit(limit, AdmitMode::Manual).await,
            ["admit", limit, "by", "hand", key] => {
                let key = key.strip_prefix("key=").expect("key=<key>/<fingerprint>");
                self.admit(&format!("{limit}@{key}"), AdmitMode::Manual).await
            }
            ["queue"] => self.queue().await,
            ["draw"] => self.draw().await,
            [user, "reserves", booking, ref rest @ ..] => self.reserve(user, booking, rest).await,
            ["read", booking] => self.read(booking).await,
            ["pin", booking] => self.pin(booking, false, 60_000, "buyer").await,
            ["pin", booking, "by", whom] => self.pin(booking, false, 60_000, whom).await,
            ["pin", booking, "for", grace_ms] => {
                self.pin(booking, false, grace_ms.parse().unwrap(), "buyer").await
            }
            ["retake", booking] => self.pin(booking, true, 60_000, "buyer").await,
            ["retake", booking, "by", whom] => self.pin(booking, true, 60_000, whom).await,
            ["extend", booking] => self.extend(booking).await,
            ["confirm", booking] => self.confirm(booking).await,
            ["cancel", booking] => self.cancel(booking).await,
            ["release", booking] => self.release(booking, ReleaseReason::Released).await,
            ["call", "off", booking] => self.release(booking, ReleaseReason::Cancelled).await,
            ["refuse", booking] => self.release(booking, ReleaseReason::Refused).await,
            // The end of the hold is moved into the past.
            ["overdue", booking] => {
                let booking = self.booking(booking).to_string();
                self.raw(&keys::expiry(self.event), "ZADD", &["XX", "1", &booking]).await;
                "done".to_owned()
            }
            ["due"] => self.due().await,
            ["sweep"] => self.sweep().await,
            ["expire", booking] => self.expire(&[booking]).await,
            ["journal"] => self.journal().await,
            ["trim", count] => self.trim(count.parse().unwrap()).await,
            ["begin", entry, fingerprint, ttl_ms] => {
                let name = self.next_request_name();
                self.begin(entry, fingerprint, ttl_ms, &name, &[]).await
            }
            ["begin", entry, fingerprint, ttl_ms, "as", name, ref rest @ ..] => {
                self.begin(entry, fingerprint, ttl_ms, name, rest).await
            }
            ["finish", entry, fingerprint, "as", name, ref rest @ ..] => {
                self.finish(entry, fingerprint, name, rest).await
            }
            ["forget", max_age_ms, limit] => {
                let (age, limit) = (max_age_ms.parse().unwrap(), limit.parse().unwrap());
                let call = scripts::sweep_answers(&self.cluster, self.event, age, limit, DEADLINE);
                call.await.unwrap().to_string()
            }
            [seconds, "s", "later"] => {
                self.age(1_000 * seconds.parse::<i64>().unwrap()).await;
                "done".to_owned()
            }
            _ => panic!("no such command: {command}"),
        }
    }

    async fn set(&mut self, what: &str) -> String {
        let (what, version) = match what.split_once('@') {
            Some((what, version)) => (what, version.parse().unwrap()),
            None => (what, self.version + 1),
        };
        self.version = self.version.max(version);
        let mut update = EventUpdate { version, ..EventUpdate::default() };
        let rules = &mut self.setup.rules;
        match what {
            "paused" => update.paused = Some(true),
            "resumed" => update.paused = Some(false),
            "cancelled" => update.cancelled = Some(true),
            "ended" => update.ends_at = Some(in_ms(0)),
            "scheduled" => update.on_sale_at = Some(in_ms(60_000)),
            "extended" => update.ends_at = Some(in_ms(3_600_000)),
            "opened" => update.on_sale_at = Some(in_ms(0)),
            "joining=on" | "joining=off" => rules.joining = what == "joining=on",
            "queue=on" | "queue=off" => rules.queue_enabled = what == "queue=on",
            _ => match what.split_once('=').expect("field=value") {
                ("max_per_buyer", value) => rules.max_per_buyer = value.parse().unwrap(),
                ("hold_ttl_ms", value) => rules.hold_ttl_ms = value.parse().unwrap(),
                ("pass_ttl_ms", value) => rules.pass_ttl_ms = value.parse().unwrap(),
                ("abandon_after_ms", value) => rules.abandon_after_ms = value.parse().unwrap(),
                ("message", value) => rules.message = value.replace('_', " "),
                ("max_active", value) => rules.max_active = value.parse().unwrap(),
                ("release_per_s", value) => rules.release_per_s = value.parse().unwrap(),
                _ => panic!("no such setting: {what}"),
            },
        }
        update.rules = Some(self.setup.rules.clone());
        let call = scripts::update_event(&self.cluster, self.event, &update, DEADLINE);
        match call.await.unwrap() {
            UpdateOutcome::Updated => "updated".to_owned(),
            UpdateOutcome::Outdated => "outdated".to_owned(),
            UpdateOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn map(&self, section: &str) -> String {
        let section = section.parse().unwrap();
        let call = scripts::read_map(&self.cluster, self.event, &section, DEADLINE);
        call.await.unwrap().map_or_else(|| "none".to_owned(), |map| String::from_utf8(map).unwrap())
    }

    async fn join(&mut self, user: &str) -> String {
        let user = self.user(user);
        let place = self.join_queue(user, ShownReceipt::None).await;
        self.place(user, place)
    }

    async fn look(&mut self, user: &str) -> String {
        let user = self.user(user);
        let place =
            scripts::watch_place(&self.cluster, self.event, user, DEADLINE).await.unwrap().place;
        self.place(user, place)
    }

    pub(crate) fn place(&mut self, user: domain::id::UserId, place: QueuePlace) -> String {
        let new = if place.fresh { ", new" } else { "" };
        // A place that the line passed while its owner was away has expired without one.
        let may_have_pass = matches!(place.outcome, PlaceOutcome::Admitted | PlaceOutcome::Expired);
        assert!(place.pass.is_none() || may_have_pass);
        assert!(place.pass.is_some() || place.outcome != PlaceOutcome::Admitted);
        let is_in_order = place.outcome == PlaceOutcome::Waiting && place.draws_at.is_none();
        assert_eq!(place.position > 0, is_in_order);
        if place.score > 0 {
            self.receipts.insert(user, (place.score, place.joined_at));
        }
        if let Some(pass) = place.pass {
            let ttl_ms = pass.expires_at.unix_ms() - pass.issued_at.unix_ms();
            // A pause adds to it.
            assert!(ttl_ms >= self.setup.rules.pass_ttl_ms, "{ttl_ms} ms");
            assert_eq!(pass.id, format!("{}.{}", place.number, pass.issued_at.unix_ms()));
            self.passes.insert(user, pass.id);
        }
        match place.outcome {
            PlaceOutcome::Waiting if !is_in_order => {
                format!("undrawn {} of {}{new}", place.number, place.waiting)
            }
            PlaceOutcome::Waiting => format!("waiting {} at {}{new}", place.number, place.position),
            PlaceOutcome::Admitted => format!("admitted {}{new}", place.number),
            PlaceOutcome::Expired => format!("expired {}{new}", place.number),
            PlaceOutcome::Closed => format!("closed{new}"),
            PlaceOutcome::Absent => format!("absent{new}"),
            PlaceOutcome::NotOnSale => format!("not_on_sale{new}"),
            PlaceOutcome::UnknownPlace => format!("unknown_place{new}"),
            PlaceOutcome::JoiningStopped => format!("joining_stopped{new}"),
            PlaceOutcome::AddressFull => format!("address_full{new}"),
            PlaceOutcome::AccountRequired => format!("account_required{new}"),
            PlaceOutcome::ProofRequired => format!("proof_required{new}"),
            PlaceOutcome::EventMissing => format!("event_missing{new}"),
        }
    }

    async fn leave(&mut self, user: &str) -> String {
        let user = self.user(user);
        let call = scripts::leave_queue(&self.cluster, self.event, user, DEADLINE);
        match call.await.unwrap() {
            LeaveOutcome::Left { .. } => "left".to_owned(),
            LeaveOutcome::Absent { .. } => "absent".to_owned(),
            LeaveOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn admit(&self, limit: &str, mode: AdmitMode) -> String {
        let (limit, key) = limit.split_once('@').unwrap_or((limit, ""));
        let key = key.split_once('/');
        let idempotency = key.map(|(entry, fingerprint)| Idempotency { entry, fingerprint });
        let limit = limit.parse().unwrap();
        let request = AdmitUsers { event: self.event, mode, limit, idempotency };
        match scripts::admit_users(&self.cluster, &request, DEADLINE).await.unwrap() {
            AdmitOutcome::Replayed { admitted, .. } => format!("replayed {admitted} in"),
            AdmitOutcome::IdempotencyKeyReused => "idempotency_key_reused".to_owned(),
            AdmitOutcome::Admitted { admitted, waiting, active, .. } => {
                format!("{admitted} in, {waiting} wait, {active} active")
            }
            AdmitOutcome::Undrawn => "undrawn".to_owned(),
            AdmitOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn queue(&self) -> String {
        match scripts::read_queue(&self.cluster, self.event, DEADLINE).await.unwrap() {
            QueueOutcome::Found(queue) => {
                assert_eq!(queue.max_active, self.setup.rules.max_active);
                assert_eq!(queue.release_per_s, self.setup.rules.release_per_s);
                let total = self.state().await.unwrap().total;
                assert_eq!((queue.available, queue.sold), (total.available, total.sold));
                assert_eq!(queue.capacity, total.available + total.held + total.sold);
                let status = word(queue.status);
                format!("{} wait, {} active, {status}", queue.waiting, queue.active)
            }
            QueueOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    /// `seats A 1-1,1-2`, `section A 2`, `any 2` or `any A,B 2`; then `pass=none`, `pass=expired`,
    /// `pass=<user>` or `pass=<id>` instead of the user's own pass, `pass=past` for the own one
    /// that says that it has ended, and `key=<key>/<fingerprint>`.
    async fn reserve(&mut self, user: &str, booking: &str, words: &[&str]) -> String {
        let (user, booking) = (self.user(user), self.booking(booking));
        let option = |name: &str| words.iter().find_map(|word| word.strip_prefix(name));
        let own_pass = self.passes.get(&user).cloned();
        let shown = match option("pass=") {
            Some("none" | "expired") => None,
            Some(name) => match self.users.get(name) {
                Some(other) => self.passes.get(other).cloned(),
                None => Some(name.to_owned()),
            },
            None => own_pass.clone(),
        };
        let pass = match (option("pass="), &shown) {
            (Some("expired"), _) => PresentedPass::Expired("0.0"),
            (Some("forged"), _) => PresentedPass::Invalid,
            // The own one, as it was signed before its time was over.
            (Some("past"), _) => PresentedPass::Expired(own_pass.as_deref().expect("a pass")),
            (_, Some(id)) => PresentedPass::Id(id),
            (_, None) => PresentedPass::None,
        };
        let key = option("key=").map(|key| key.split_once('/').expect("key/fingerprint"));
        let idempotency = key.map(|(entry, fingerprint)| Idempotency { entry, fingerprint });

        let (mut names, mut seats) = (Vec::new(), Vec::new());
        let plain: Vec<&str> = words.iter().copied().filter(|word| !word.contains('=')).collect();
        let choice = match plain[..] {
            ["seats", section, list] => {
                names.push(section.parse().unwrap());
                seats.extend(
                    list.split(',').filter(|seat| !seat.is_empty() && *seat != "none").map(
                        |seat| {
                            let (row, number) = seat.split_once('-').unwrap();
                            (row.parse().unwrap(), number.parse().unwrap())
                        },
                    ),
                );
                Choice::Seats { section: &names[0], seats: &seats }
            }
            ["section", section, quantity] => {
                names.push(section.parse().unwrap());
                Choice::Section { section: &names[0], quantity: quantity.parse().unwrap() }
            }
            ["any", quantity] => {
                names = self.seated_sections();
                Choice::Any { sections: &names, quantity: quantity.parse().unwrap() }
            }
            ["any", sections, quantity] => {
                let named = sections.split(',').filter(|name| *name != "none");
                names.extend(named.map(|name| name.parse().unwrap()));
                Choice::Any { sections: &names, quantity: quantity.parse().unwrap() }
            }
            _ => panic!("no such choice: {words:?}"),
        };
        let request = ReserveSeats {
            user,
            booking,
            pass,
            idempotency,
            choice,
            contact: None,
            is_registered: false,
        };
        let outcome = scripts::reserve_seats(&self.cluster, &request, DEADLINE).await.unwrap();
        self.reserved(user, booking, outcome)
    }

    fn reserved(
        &mut self,
        user: domain::id::UserId,
        booking: domain::id::BookingId,
        outcome: ReserveOutcome,
    ) -> String {
        match outcome {
            ReserveOutcome::Held(hold) => {
                let held = hold.booking;
                assert_eq!((held.booking_id, held.user_id), (booking, user));
                let section = self.setup.sections.iter().find(|each| each.name == held.section);
                let price = section.unwrap().price;
                assert_eq!(held.amount, price * i64::from(held.quantity));
                assert_eq!(held.currency, "EUR");
                let text = seats(&held);
                self.holds.insert(booking, held);
                format!("held {text}")
            }
            ReserveOutcome::Replayed(Hold { booking, .. }) => {
                format!("replayed {} {}", self.name_of(booking.booking_id), seats(&booking))
            }
            ReserveOutcome::SectionsChanged { sections } => {
                format!("sections_changed {}", join(&sections))
            }
            ReserveOutcome::AmountTooHigh { amount_max } => {
                format!("amount_too_high {amount_max}")
            }
            ReserveOutcome::SeatUnavailable { seats } => {
                format!("seat_unavailable {}", join(&seats))
            }
            other => word(other),
        }
    }

    async fn read(&mut self, booking: &str) -> String {
        let booking = self.booking(booking);
        match scripts::read_booking(&self.cluster, booking, DEADLINE).await.unwrap() {
            BookingOutcome::Found { hold, expires_at, now } => {
                let due = if expires_at <= now { ", due" } else { "" };
                let later = if expires_at > hold.booking.expires_at { ", later" } else { "" };
                format!("{} {}{later}{due}", word(hold.state), seats(&hold.booking))
            }
            BookingOutcome::Released(hold) => format!("was released {}", seats(&hold.booking)),
            BookingOutcome::Expired(hold) => format!("was expired {}", seats(&hold.booking)),
            BookingOutcome::Absent { .. } => "absent".to_owned(),
            BookingOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn confirm(&mut self, name: &str) -> String {
        let booking = self.booking(name);
        let hold = self.holds.get(&booking).cloned();
        let section =
            hold.as_ref().map_or_else(|| "A".parse().unwrap(), |hold| hold.section.clone());
        let request = ConfirmBooking { booking, section: &section, lost: None };
        match scripts::confirm_booking(&self.cluster, &request, DEADLINE).await.unwrap() {
            ConfirmOutcome::Confirmed { sold, capacity } => {
                let hold = hold.unwrap();
                *self.bought.entry(hold.user_id).or_default() += i64::from(hold.quantity);
                format!("confirmed {sold} of {capacity}")
            }
            ConfirmOutcome::Absent { sold, capacity } => format!("absent {sold} of {capacity}"),
            ConfirmOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn cancel(&mut self, name: &str) -> String {
        let booking = self.booking(name);
        let hold = self.holds.get(&booking).cloned().unwrap();
        let was_bought = !self.stored_holds().await.contains_key(&booking);
        let call = scripts::cancel_booking(&self.cluster, &hold, DEADLINE);
        match call.await.unwrap() {
            CancelOutcome::Freed { freed, sold, capacity } => {
                if was_bought {
                    *self.bought.entry(hold.user_id).or_default() -= freed;
                }
                format!("freed {freed}, {sold} of {capacity}")
            }
            CancelOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn release(&mut self, name: &str, reason: ReleaseReason) -> String {
        let booking = self.booking(name);
        let hold = self.holds.get(&booking);
        let section = hold.map_or_else(|| "A".parse().unwrap(), |hold| hold.section.clone());
        let request = ReleaseSeats { booking, section: &section, reason };
        match scripts::release_seats(&self.cluster, &request, DEADLINE).await.unwrap() {
            ReleaseOutcome::Released(hold) => format!("released {}", seats(&hold.booking)),
            ReleaseOutcome::BookingExpired(hold) => {
                format!("booking_expired {}", seats(&hold.booking))
            }
            ReleaseOutcome::Confirming(hold) => format!("confirming {}", seats(&hold.booking)),
            ReleaseOutcome::Absent => "absent".to_owned(),
            ReleaseOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn due(&self) -> String {
        let call = scripts::list_due_holds(&self.cluster, self.event, 100, DEADLINE);
        let due = call.await.unwrap().bookings;
        let names: Vec<_> = due.iter().map(|booking| self.name_of(*booking)).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(" ") }
    }

    /// What the sweeper does: lists the holds that are due and expires them.
    async fn sweep(&mut self) -> String {
        let call = scripts::list_due_holds(&self.cluster, self.event, 100, DEADLINE);
        let due = call.await.unwrap().bookings;
        let names: Vec<String> =
            due.iter().map(|booking| self.name_of(*booking).to_owned()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.expire(&names).await
    }

    async fn expire(&mut self, names: &[&str]) -> String {
        let bookings: Vec<_> = names.iter().map(|name| self.booking(name)).collect();
        let sections = self.seated_sections();
        let request = ExpireHolds { event: self.event, sections: &sections, bookings: &bookings };
        match scripts::expire_holds(&self.cluster, &request, DEADLINE).await.unwrap() {
            ExpireOutcome::Expired { count } => format!("{count} expired"),
            ExpireOutcome::SectionsChanged { sections } => {
                format!("sections_changed {}", join(&sections))
            }
            ExpireOutcome::EventMissing => "event_missing".to_owned(),
        }
    }

    async fn journal(&self) -> String {
        let call = scripts::read_journal(&self.cluster, self.event, 100, DEADLINE);
        let journal = call.await.unwrap();
        let entries: Vec<String> = journal
            .entries
            .iter()
            .map(|JournalEntry { kind, booking }| {
                let name = self.name_of(booking.booking_id);
                format!("{} {name} {}", kind.as_str(), seats(booking))
            })
            .collect();
        if entries.is_empty() { "empty".to_owned() } else { entries.join(", ") }
    }

    /// Trims the first `count` entries.
    async fn trim(&self, count: u32) -> String {
        let journal = scripts::read_journal(&self.cluster, self.event, count, DEADLINE).await;
        let journal = journal.unwrap();
        let call = scripts::trim_journal(&self.cluster, self.event, &journal, DEADLINE);
        format!("{} trimmed", call.await.unwrap())
    }
}

/// The seats of a booking, or `3 of F` of a standing section.
pub(crate) fn seats(booking: &Booking) -> String {
    if booking.seats.is_empty() {
        return format!("{} of {}", booking.quantity, booking.section);
    }
    booking.seat_labels().join(",")
}

fn join<V: ToString>(values: &[V]) -> String {
    values.iter().map(V::to_string).collect::<Vec<_>>().join(",")
}
