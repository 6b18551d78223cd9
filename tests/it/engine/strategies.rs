//! The strategies `archive` and `erase`.

mod archives;
mod bytes;
mod erases;
mod killed;
mod unarchives;
