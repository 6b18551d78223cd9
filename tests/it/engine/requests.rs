//! What is asked of a deletion on its way.

mod cancels;
mod retries;
