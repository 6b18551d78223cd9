//! The use cases of the api, as verbs: each function takes ports and returns an outcome or a report.
//!
//! Order of writes is decided here and nowhere else. Marking: truth, then copy. Purging: copy, then truth. A crash
//! between two writes then leaves something that a later run sees.

pub mod accept;
pub mod act;
pub mod cursor;
pub mod deletions;
pub mod destroy;
pub mod liveness;
pub mod records;
pub(crate) mod way_back;
pub mod write;
