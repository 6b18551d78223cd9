//! What every request is carried out with.

use std::sync::Arc;

use crate::seal::CursorKeys;
use domain::collection::Collections;
use domain::deletion::Timing;
use domain::message::OnPublishFailure;
use telemetry::Counter;

/// The api's use cases: their ports, the collections and the settings.
#[derive(Debug)]
pub struct Api<P> {
    /// What it works with.
    pub ports: P,
    /// The collections.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// What seals the cursors of lists.
    pub cursor_keys: CursorKeys,
    /// What happens when the message cannot be sent.
    pub on_publish_failure: OnPublishFailure,
    /// How many rows could not be read as their collections are declared.
    pub unreadable_rows: Counter,
}
