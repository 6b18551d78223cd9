//! The limits of a statement on the archive, and its name in errors.

/// The archive's name in errors.
pub(super) const ARCHIVE: &str = "archive";

/// The longest statement that DynamoDB accepts, in characters, less some for its tail.
pub(super) const STATEMENT: usize = 8_000;

/// The most attributes in one statement: an expression has 300 operators.
pub(super) const NAMED: usize = 250;
