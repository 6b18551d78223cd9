//! The delete: what it marks, counts, tells and leaves to be proved.

mod adopted_pages;
mod bounds;
mod certificates;
mod failing_records;
mod kept_beside;
mod overlaps;
mod routed_documents;
mod stale_pages;
pub(crate) mod undisturbed;
mod unreadable_rows;
