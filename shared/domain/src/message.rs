//! The message that says "work on this deletion": a reference, never the work itself.
//!
//! Messages outlive deploys, so the format has a version. Only the id and the tenant are trusted; the rest is for
//! people who read a queue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collection::CollectionName;
use crate::deletion::{Deletion, DeletionId};
use crate::json_text::escaped;
use crate::key::RecordKey;
use crate::principal::Tenant;

/// The version this build writes, and the newest it reads.
pub const VERSION: u32 = 1;

/// One message on the delete queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletionMessage {
    /// The format's version.
    pub v: u32,
    /// The deletion to work on.
    pub deletion_id: DeletionId,
    /// Its tenant.
    pub tenant: Tenant,
    /// The root's collection.
    pub collection: CollectionName,
    /// The root, where the scope has one.
    pub root: Option<RecordKey>,
    /// When the deletion was accepted.
    #[serde(serialize_with = "crate::time::serialize")]
    pub requested_at: Timestamp,
    /// The request that created it.
    pub request_id: String,
}

/// What happens when the message cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnPublishFailure {
    /// Still accepted: the sweeper sends it later.
    Outbox,
    /// Rolled back, unless a worker has begun; the client is asked to try again.
    Rollback,
}

/// Why a body is not one of our messages.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// The body is not JSON of this shape.
    #[error("the body is not a deletion message")]
    Unparsable(#[source] serde_json::Error),
    /// The message is of a later version.
    #[error("the message has version {0}, this build reads up to {VERSION}")]
    TooNew(u32),
}

impl DeletionMessage {
    /// The message about this deletion.
    #[must_use]
    pub fn about(deletion: &Deletion) -> Self {
        Self {
            v: VERSION,
            deletion_id: deletion.id,
            tenant: deletion.tenant.clone(),
            collection: deletion.collection.clone(),
            root: deletion.root.clone(),
            requested_at: deletion.deleted_at,
            request_id: deletion.request_id.clone(),
        }
    }

    /// The body to be sent.
    ///
    /// # Errors
    ///
    /// When it cannot be JSON.
    pub fn body(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(escaped)
    }

    /// Reads a message body.
    ///
    /// # Errors
    ///
    /// When it is not JSON of this shape, or of a later version: then it must be left for a newer build.
    pub fn parse(body: &str) -> Result<Self, MessageError> {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        // The version is read first: a later one may have another shape.
        let Version { v } = serde_json::from_str(body).map_err(MessageError::Unparsable)?;
        if v > VERSION {
            return Err(MessageError::TooNew(v));
        }
        serde_json::from_str(body).map_err(MessageError::Unparsable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"v":1,"deletion_id":"01932c5e-7a00-7000-8000-000000000001","tenant":"acme",
        "collection":"discussions","root":{"id":"d~1"},"requested_at":"2026-11-21T07:00:00.000Z","request_id":"r-1"}"#;

    #[test]
    fn version_1_is_read_and_written_back_the_same() {
        let message = DeletionMessage::parse(BODY).unwrap();
        let written = serde_json::to_string(&message).unwrap();

        assert_eq!(DeletionMessage::parse(&written).unwrap(), message);
        assert!(written.starts_with(r#"{"v":1,"deletion_id":"01932c5e-"#));
    }

    #[test]
    fn a_later_version_is_left_alone_whatever_its_shape() {
        assert!(matches!(
            DeletionMessage::parse(r#"{"v":2,"other":true}"#),
            Err(MessageError::TooNew(2))
        ));
    }

    #[test]
    fn anything_else_is_unparsable() {
        for body in [
            "",
            "not json",
            "[]",
            "{}",
            r#"{"v":1}"#,
            r#"{"v":0,"tenant":"x"}"#,
        ] {
            assert!(
                matches!(
                    DeletionMessage::parse(body),
                    Err(MessageError::Unparsable(_))
                ),
                "{body}"
            );
        }
    }
}
