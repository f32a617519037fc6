//! The rules of a sale and of its queue, and what changes of them.
//!
//! A setting is one line below: its type, its default and what is allowed. The ledger keeps all of
//! them as one document and `PUT` merges changes into it, so nothing else names a setting but
//! `openapi.yaml`, and `scripts::SaleRules` if a script decides by it.

use serde::{Deserialize, Serialize};

use crate::text::check_optional_line;

use super::checks::{
    ABANDON_AFTER_MAX_S, ABANDON_AFTER_MIN_S, FieldProblem, HOLD_TTL_MAX_S, MAX_ACTIVE_MAX,
    MAX_PER_BUYER_MAX, MESSAGE_LENGTH_MAX, PASS_TTL_MAX_S, RELEASE_PER_S_MAX,
};

/// Makes a struct of settings, the struct of a change of them, and the checks. Each setting is
/// `name: type = default, rule;`.
macro_rules! settings {
    (
        $(#[$documentation:meta])* $settings:ident,
        $(#[$change_documentation:meta])* $change:ident {
            $($(#[$of_field:meta])* $field:ident: $kind:ty = $default:expr, $rule:expr;)*
        }
    ) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct $settings {
            $($(#[$of_field])* pub $field: $kind,)*
        }

        impl Default for $settings {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $settings {
            /// Notes what is not allowed. `path` is where the settings stand in the document.
            pub(super) fn check(&self, path: &str, problems: &mut Vec<FieldProblem>) {
                $($rule(&self.$field, &format!("{path}.{}", stringify!($field)), problems);)*
            }
        }

        $(#[$change_documentation])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $change {
            $(
                #[doc = concat!("A new `", stringify!($field), "`; `None` leaves it.")]
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<<$kind as Setting>::Change>,
            )*
        }

        impl $change {
            /// The settings after the change.
            pub fn applied_to(&self, settings: $settings) -> $settings {
                $settings { $($field: settings.$field.changed(self.$field.clone()),)* }
            }
        }

        impl Setting for $settings {
            type Change = $change;

            fn changed(self, change: Option<$change>) -> Self {
                change.unwrap_or_default().applied_to(self)
            }
        }
    };
}

/// What a setting can be: a value, which a change replaces, or settings, of which it may name a
/// part.
pub trait Setting {
    /// What a change of it says.
    type Change;

    /// The setting after `change`.
    #[must_use]
    fn changed(self, change: Option<Self::Change>) -> Self;
}

macro_rules! values {
    ($($value:ty),*) => {
        $(impl Setting for $value {
            type Change = Self;

            fn changed(self, change: Option<Self>) -> Self {
                change.unwrap_or(self)
            }
        })*
    };
}

values!(bool, i64, String, Buyers);

/// Who may join and reserve.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Buyers {
    /// Guests too.
    #[default]
    Anyone,
    /// Owners of accounts alone: a mailbox is one buyer.
    Registered,
}

settings! {
    /// The rules of a sale.
    SaleSettings,
    /// What changes of the rules of a sale.
    SaleChange {
        /// Tickets of one buyer at most, held and bought together.
        max_per_buyer: i64 = 4, between(1, MAX_PER_BUYER_MAX);
        /// Life of an unpaid hold, in seconds; a change is for holds that are made from then on.
        hold_ttl_s: i64 = 600, between(1, HOLD_TTL_MAX_S);
        /// Who may join and reserve; a change is for what is asked from then on.
        buyers: Buyers = Buyers::Anyone, anything;
        /// The queue.
        queue: QueueSettings = QueueSettings::default(), QueueSettings::check;
    }
}

settings! {
    /// How the queue of an event lets fans in.
    QueueSettings,
    /// What changes of how the queue lets fans in.
    QueueChange {
        /// Whether a pass is needed to reserve.
        enabled: bool = true, anything;
        /// Passes that may be out at once. Zero lets nobody in: the organiser's way to hold the
        /// line without pausing the sale.
        max_active: i64 = 100, between(0, MAX_ACTIVE_MAX);
        /// Fans let in per second at most.
        release_per_s: i64 = 50, between(0, RELEASE_PER_S_MAX);
        /// Life of a pass, in seconds; a change is for passes that are given from then on.
        pass_ttl_s: i64 = 300, between(1, PASS_TTL_MAX_S);
        /// How long the line waits for somebody who is not seen, in seconds; 0 for ever. The place
        /// stays until the line has passed it. A change counts from then on.
        abandon_after_s: i64 = 300, zero_or_between(ABANDON_AFTER_MIN_S, ABANDON_AFTER_MAX_S);
        /// Whether newcomers may join; those who have a place keep it.
        joining: bool = true, anything;
        /// What those who wait are told; empty for nothing.
        message: String = String::new(), one_line(MESSAGE_LENGTH_MAX);
    }
}

fn anything<T>(_: &T, _: &str, _: &mut Vec<FieldProblem>) {}

fn between(least: i64, most: i64) -> impl Fn(&i64, &str, &mut Vec<FieldProblem>) {
    move |value, path, problems| {
        if !(least..=most).contains(value) {
            problems.push(FieldProblem::new(path, format!("must be {least} to {most}")));
        }
    }
}

fn zero_or_between(least: i64, most: i64) -> impl Fn(&i64, &str, &mut Vec<FieldProblem>) {
    move |value, path, problems| {
        if *value != 0 && !(least..=most).contains(value) {
            problems.push(FieldProblem::new(path, format!("must be 0 or {least} to {most}")));
        }
    }
}

fn one_line(length_max: usize) -> impl Fn(&String, &str, &mut Vec<FieldProblem>) {
    move |text, path, problems| {
        if text.chars().count() > length_max {
            let problem = format!("must be one line of at most {length_max} characters");
            problems.push(FieldProblem::new(path, problem));
        } else if let Err(problem) = check_optional_line(text) {
            problems.push(FieldProblem::new(path, problem));
        }
    }
}
