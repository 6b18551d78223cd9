//! What the api's clients ask for, as verbs: each function takes ports and answers with an outcome.
//!
//! The order of writes is decided here, and in the engine for what it carries out: truth before copy when marking. A crash
//! between two writes then leaves something that a later run sees. Nothing here carries a deletion on: a request says
//! what is wanted, and the engine, which nobody here names, does it.

pub mod accept;
pub mod act;
mod api;
mod ask_again;
pub mod cursor;
pub mod deletions;
pub mod destroy;
mod live_children;
mod liveness;
pub mod records;
mod related;
mod visible;
mod way_back;
pub mod write;

pub use self::api::Api;
pub use domain::message::OnPublishFailure;
