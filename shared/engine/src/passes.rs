//! The passes over a manifest: in which order each does its pages, and how one page is done.

pub(crate) mod backwards;
pub(crate) mod counting;
pub(crate) mod events;
pub(crate) mod forwards;
pub(crate) mod late_arrivals;
pub(crate) mod owed_events;
pub(crate) mod page;
mod parts;
pub(crate) mod publisher;
pub(crate) mod purge;
pub(crate) mod removing;
pub(crate) mod restore;
pub(crate) mod task;
