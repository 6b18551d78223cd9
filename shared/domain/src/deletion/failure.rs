//! Why a deletion did not end well.

use serde::{Deserialize, Serialize};

/// Why a deletion did not end well, or why its last slice did not.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Failure {
    /// A stable code, e.g. `RECORDS_FAILED`.
    pub code: String,
    /// A sentence for people; it mentions dependencies, never record values.
    pub reason: String,
}

/// The longest reason, in bytes: every item of a deletion contains it, twice while its event is owed.
const REASON_BYTES: usize = 256;

impl Failure {
    /// A failure with this code. A reason that is too long, as the text of a store may be, is cut.
    #[must_use]
    pub fn new(code: &str, reason: &str) -> Self {
        Self {
            code: code.to_owned(),
            reason: reason[..reason.floor_char_boundary(REASON_BYTES)].to_owned(),
        }
    }

    /// So many records could not be done.
    #[must_use]
    pub fn of_records(failed: u64) -> Self {
        let reason = format!("{failed} records failed; /records names them");
        Self::new("RECORDS_FAILED", &reason)
    }
}
