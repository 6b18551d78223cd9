//! Acceptance: what a client is answered, and what stands behind the answer.

pub(crate) mod accepting;
mod rollbacks;
mod round_trips;
