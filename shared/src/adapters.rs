//! The ports over AWS and OpenSearch. Nothing outside this folder and the three `main.rs` names an SDK.
//!
//! Adapters translate and decide nothing: no retries beyond the SDK's own (and one of a dead connection where there is no
//! SDK), no order of writes. What they must get right is which failure is final and which passes, because everything above
//! believes them.

#[cfg(feature = "aws")]
mod clients;
mod dynamo;
#[cfg(feature = "aws")]
mod event_bridge_events;
#[cfg(feature = "aws")]
mod event_bridge_schedules;
#[cfg(feature = "aws")]
mod open_search_domain;
#[cfg(feature = "aws")]
mod opensearch_documents;
mod sdk_error;
#[cfg(feature = "aws")]
mod search_health;
#[cfg(feature = "aws")]
mod sqs_queue;
#[cfg(feature = "aws")]
mod system_clock;

#[cfg(feature = "aws")]
pub use self::clients::sdk_config;
pub use self::dynamo::{DynamoDeletions, DynamoRows, PositionError, TableNames};
#[cfg(feature = "aws")]
pub use self::event_bridge_events::EventBridgeEvents;
#[cfg(feature = "aws")]
pub use self::event_bridge_schedules::EventBridgeSchedules;
#[cfg(feature = "aws")]
pub use self::open_search_domain::OpenSearchDomain;
#[cfg(feature = "aws")]
pub use self::opensearch_documents::{
    OpenSearchDocuments, SearchAuth, SearchTransport, SearchTransportError, search_transport,
};
#[cfg(feature = "aws")]
pub use self::search_health::{SearchHealth, SearchedIndex};
#[cfg(feature = "aws")]
pub use self::sqs_queue::SqsQueue;
#[cfg(feature = "aws")]
pub use self::system_clock::SystemClock;
