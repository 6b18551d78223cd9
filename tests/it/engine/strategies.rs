//! The strategies `archive` and `erase`.

pub(crate) mod archives;
mod erases;
mod killed;
mod unarchives;
