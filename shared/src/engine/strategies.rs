//! What each strategy does with the records of a page.

pub(crate) mod archive;
pub(crate) mod erase;
pub(crate) mod flag;
