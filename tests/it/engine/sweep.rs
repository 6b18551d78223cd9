//! The sweeper: what is due, and events that are owed.

mod adopting;
mod giving_up;
mod owed_events;
mod shares;
mod sweeps;
