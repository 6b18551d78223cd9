//! Deletes of many records in one deletion, which has no root: by id, and all that an author wrote.

mod chat;
mod claims;
mod crashes;
mod late_children;
mod naming;
mod open;
mod parents;
mod passes;
mod rights;
mod strategies;
mod twice;
pub(crate) mod world;
