//! The strategies `archive` and `erase`.

pub(crate) mod archives;
mod bytes;
mod erases;
mod failed_below;
mod killed;
mod unarchives;
