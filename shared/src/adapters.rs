//! The ports over AWS and OpenSearch. Nothing outside this folder and the three `main.rs` names an SDK.
//!
//! Adapters translate and decide nothing: no retries beyond the SDK's own (and one of a dead connection where there is no
//! SDK), no order of writes. What they must get right is which failure is final and which passes, because everything above
//! believes them.

mod clients;
mod dynamo;
mod event_bridge_events;
mod event_bridge_schedules;
mod open_search_domain;
mod opensearch_documents;
mod sdk_error;
mod search_health;
mod sqs_queue;
mod system_clock;

pub use self::clients::sdk_config;
pub use self::dynamo::{DynamoDeletions, DynamoRows, PositionError, TableNames};
pub use self::event_bridge_events::EventBridgeEvents;
pub use self::event_bridge_schedules::EventBridgeSchedules;
pub use self::open_search_domain::OpenSearchDomain;
pub use self::opensearch_documents::{
    OpenSearchDocuments, SearchAuth, SearchTransport, SearchTransportError, search_transport,
};
pub use self::search_health::{SearchHealth, SearchedIndex};
pub use self::sqs_queue::SqsQueue;
pub use self::system_clock::SystemClock;
