//! The ports over AWS and OpenSearch. Of the layers and functions, only this crate and `wiring` use an SDK.
//!
//! Adapters translate and decide nothing: no retries beyond the SDK's own (and one for a dead connection where there is
//! no SDK), no order of writes. What they must get right is which failure is final and which is temporary, because
//! everything above relies on it.

#[cfg(feature = "full")]
mod clients;
mod dynamo;
#[cfg(feature = "full")]
mod event_bridge_events;
#[cfg(feature = "full")]
mod event_bridge_schedules;
#[cfg(feature = "full")]
mod open_search_domain;
#[cfg(feature = "full")]
mod opensearch_documents;
mod sdk_error;
#[cfg(feature = "full")]
mod search_health;
#[cfg(feature = "full")]
mod sqs_queue;
#[cfg(feature = "full")]
mod system_clock;

#[cfg(feature = "full")]
pub use self::clients::sdk_config;
pub use self::dynamo::{DynamoDeletions, DynamoRows, PositionError, TableNames};
#[cfg(feature = "full")]
pub use self::event_bridge_events::EventBridgeEvents;
#[cfg(feature = "full")]
pub use self::event_bridge_schedules::EventBridgeSchedules;
#[cfg(feature = "full")]
pub use self::open_search_domain::OpenSearchDomain;
#[cfg(feature = "full")]
pub use self::opensearch_documents::{
    OpenSearchDocuments, SearchAuth, SearchTransport, SearchTransportError, search_transport,
};
#[cfg(feature = "full")]
pub use self::search_health::{SearchHealth, SearchedIndex};
#[cfg(feature = "full")]
pub use self::sqs_queue::SqsQueue;
#[cfg(feature = "full")]
pub use self::system_clock::SystemClock;
