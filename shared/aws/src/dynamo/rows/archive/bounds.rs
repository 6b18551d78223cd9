//! What a statement on the archive may hold, and what its errors call it.

/// The archive, as its errors name it.
pub(super) const ARCHIVE: &str = "archive";

/// The longest statement that DynamoDB takes, in characters, less some for its tail.
pub(super) const STATEMENT: usize = 8_000;

/// The most attributes that one statement names: an expression has 300 operators.
pub(super) const NAMED: usize = 250;
