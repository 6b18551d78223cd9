//! The sweeper: what is due, and events that are owed.

mod owed_events;
mod sweeps;
