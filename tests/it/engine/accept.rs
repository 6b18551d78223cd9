//! Acceptance: what a client is answered, and what stands behind the answer.

mod accepting;
mod rollbacks;
mod round_trips;
