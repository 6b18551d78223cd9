//! What the api's clients request, as verbs: each function takes ports and returns an outcome.
//!
//! The order of writes is decided here, and in the engine for what it does: rows before documents when marking ("truth
//! before copy"). A crash between two writes then leaves a difference that a later run detects. Nothing here works on a
//! deletion: a request says what is wanted, and the engine, which nothing here depends on, does it.

pub mod accept;
pub mod act;
mod api;
mod ask_again;
mod budget;
pub mod cursor;
pub mod deletions;
pub mod destroy;
mod hidden;
mod live_children;
mod liveness;
pub mod manifest;
pub mod once;
pub mod records;
mod related;
mod seal;
mod unreadable;
mod visible;
mod way_back;
pub mod write;

pub use self::api::Api;
pub use self::seal::CursorKeys;
pub use domain::message::OnPublishFailure;
