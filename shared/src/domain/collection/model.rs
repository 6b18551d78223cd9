//! The parts of a collection, and what they answer. Nothing here knows how a file is read.

pub(super) mod name;
pub(super) mod retention;
pub(super) mod schedule;
pub(super) mod template;
