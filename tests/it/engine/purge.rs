//! The purge: what goes for good, by itself and on request.

mod late;
mod millions;
pub(crate) mod purges;
mod requests;
mod survivors;
