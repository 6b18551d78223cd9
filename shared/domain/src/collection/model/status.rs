//! What clients may write into a record's own status.

/// The values that clients may write into the record's own status. Everything else is internal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRule {
    /// The attribute of the row.
    pub attribute: String,
    /// The values; none of them is a state of a deletion.
    pub allowed: Vec<String>,
}

impl StatusRule {
    /// Whether a client may write this value.
    #[must_use]
    pub fn allows(&self, value: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == value)
    }
}
