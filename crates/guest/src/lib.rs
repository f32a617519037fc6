//! The glue between the components and Spin: what every route shares.
//!
//! # Layout
//!
//! - [`service`]: from Spin's request to an operation and back; [`call`] is the request,
//!   [`reply`] and [`problem`] are the two kinds of answer; [`stream`] is one that goes on, made of
//!   [`event_text`], and [`hub`] is what the streams of an instance share.
//! - [`auth`]: who calls. [`idempotency`]: one effect per key.
//! - [`identity`], [`joining`], [`place`]: use cases of [`service`](::service) with the keys and
//!   settings of the manifest.
//! - [`html`]: pages for people. [`language`]: which one they read. [`session`]: who they are.
//!   [`contact`]: where they are written to.
//! - [`limit`]: how often they may. [`lookup`]: asking for a letter. [`sign_in`]: signing in
//!   by one.
//! - [`variables`], [`redis`], [`postgres`], [`stores`], [`provider`], [`clock`]: what the host
//!   offers, with deadlines.
//! - [`etag`]: names an answer by what decides it. [`log`]: lines for operators.
//!
//! An instance serves up to 128 requests, 16 at once, on one thread. So nothing here keeps anything
//! of a request: what lives in a `thread_local` is a cache. Nothing panics: a panic would end every
//! request of the instance.

#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

pub mod auth;
pub mod call;
pub mod clock;
pub mod contact;
mod digest;
pub mod event_text;
pub mod html;
pub mod hub;
pub mod idempotency;
pub mod identity;
pub mod joining;
mod json;
pub mod language;
pub mod limit;
pub mod log;
pub mod lookup;
pub mod place;
pub mod postgres;
pub mod problem;
pub mod provider;
pub mod random;
pub mod redis;
pub mod reply;
pub mod service;
pub mod session;
pub mod sign_in;
pub mod stores;
pub mod stream;
pub mod variables;

pub use axum::Router;
pub use axum::routing;
pub use call::Call;
pub use digest::etag;
pub use problem::Problem;
pub use reply::Reply;
pub use service::{action, patient_action, serve, stream_action};
pub use stream::serve_stream;
