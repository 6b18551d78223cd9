//! One engine works on every deletion: one slice under a lease at a time, page by page, until the end or the next
//! slice. A sweep processes everything that is due.

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
