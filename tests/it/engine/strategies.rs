//! The strategies `archive` and `erase`.

mod archives;
mod erases;
mod killed;
mod unarchives;
