//! Records that several parents share.

mod judged;
mod keeps;
mod killed;
mod listed;
pub(crate) mod world;
