//! The strategies `archive` and `erase`.

pub(crate) mod archives;
mod bytes;
mod erases;
mod killed;
mod unarchives;
