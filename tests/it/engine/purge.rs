//! The purge: what goes for good, by itself and on request.

pub(crate) mod purges;
mod requests;
mod survivors;
