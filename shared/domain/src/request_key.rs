//! The key by which a client says that a request is the same as an earlier one, which it may have missed the answer to.

use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::deletion::DeletionId;
use crate::hex::hex;
use crate::time::later;

/// For how long a request is the same as an earlier one of its key.
pub const REMEMBERED: Duration = Duration::from_hours(24);

/// The key of a request. What the client wrote is not in it: keys may be guessed at, and requests hold personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestKey {
    /// A hash of who asks, of method and path, and of the client's key: only the same caller on the same route finds it.
    pub name: String,
    /// A hash of what else was asked: the query, the body, and for which versions.
    pub asked: String,
    /// The moment of the request.
    pub at: Timestamp,
}

impl RequestKey {
    /// The key of a request that was made at this moment.
    #[must_use]
    pub fn new(who_and_where: &[&str], asked: &[&str], at: Timestamp) -> Self {
        Self {
            name: hash(who_and_where),
            asked: hash(asked),
            at,
        }
    }

    /// From when on a request of this key is another one.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        later(self.at, REMEMBERED)
    }
}

/// What an earlier request of a key was, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// As [`RequestKey::asked`].
    pub asked: String,
    /// The deletion that it accepted or acted on.
    pub deletion: DeletionId,
}

/// With their lengths, so that parts that are cut elsewhere are others.
fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_earlier_builds_have_stored_is_found_again() {
        let at = "2026-11-21T07:00:00Z".parse().unwrap();

        let key = RequestKey::new(&["ann", "DELETE", "/v1/memos/n-1", "k-1"], &["", ""], at);

        assert_eq!(
            key.name,
            "68e293fd5f3c2cb3ddd79fa7ba0f69b1d64fd1df8d2686d03302236e03e9e501"
        );
        assert_eq!(
            key.asked,
            "374708fff7719dd5979ec875d56cd2286f6d3cf7ec317a3b25632aab28ec37bb"
        );
    }
}
