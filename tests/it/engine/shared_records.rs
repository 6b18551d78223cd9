//! Records that several parents share.

mod judged;
mod keeps;
mod killed;
pub(crate) mod world;
