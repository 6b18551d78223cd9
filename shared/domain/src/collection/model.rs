//! The parts of a collection, and the questions that they answer. Nothing here knows how a file is read.

pub(super) mod collections;
pub(super) mod document;
pub(super) mod effects;
pub(super) mod filters;
pub(super) mod held;
pub(super) mod index_name;
pub(super) mod key_schema;
pub(super) mod marks;
pub(super) mod name;
pub(super) mod naming;
pub(super) mod parent;
pub(super) mod pattern;
pub(super) mod permissions;
pub(super) mod place;
pub(super) mod record;
pub(super) mod retention;
pub(super) mod schedule;
pub(super) mod status;
pub(super) mod template;
pub(super) mod tenant;
pub(super) mod watched;
