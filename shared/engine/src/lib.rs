//! One engine carries every deletion on: a slice under a lease, page by page, to the end or to the next slice; and a sweep
//! does whatever is due.

mod advance;
mod compare;
mod effects;
mod kit;
mod passes;
mod select;
mod strategies;
mod sweep;

pub use self::advance::{Advanced, advance, park};
pub use self::kit::engine::Engine;
pub use self::sweep::{SweepReport, sweep};
