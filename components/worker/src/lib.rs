//! `worker`
