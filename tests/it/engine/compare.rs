//! Comparing and repairing both stores after a pass.

mod archive;
mod asked_again;
pub(crate) mod compares;
mod hanging;
mod killed;
mod late_indexes;
mod long_looks;
mod purged;
mod settled;
