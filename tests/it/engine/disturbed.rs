//! Whatever goes wrong on the way: the end is that of an undisturbed run.

pub(crate) mod crashes;
mod deliveries;
mod dependencies;
mod in_flight;
mod killed_requests;
mod overlaps;
mod random;
mod random_requests;
mod slow_pages;
pub(crate) mod stalls;
pub(crate) mod story;
