//! The engine on the fakes: whatever crashes, repeats, stalls or is refused, the end is that of an undisturbed run.
//!
//! The fakes pass the same contract suites as the real stores, so what is proved here holds there as far as the
//! contracts go.

mod accept;
pub(crate) mod areas;
mod bulk;
mod compare;
mod conformance;
mod delete;
pub(crate) mod disturbed;
mod effects;
mod purge;
mod requests;
mod restore;
mod shared_records;
mod strategies;
mod sweep;
mod traces;
pub(crate) mod world;
