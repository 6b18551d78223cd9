//! What every part of the engine uses, from the bottom up: the slice, the stores asked until they answer, the records
//! of a page, and the questions that several passes ask.

pub(crate) mod archived;
pub(crate) mod asked;
pub(crate) mod checkpoint;
pub(crate) mod children;
pub(crate) mod clear;
pub(crate) mod detach;
pub(crate) mod documents;
pub(crate) mod engine;
pub(crate) mod identified;
pub(crate) mod manifest;
pub(crate) mod mark;
pub(crate) mod membership;
pub(crate) mod ours;
pub(crate) mod parents;
pub(crate) mod purge_rows;
pub(crate) mod recheck;
pub(crate) mod records;
pub(crate) mod related;
pub(crate) mod remove_documents;
pub(crate) mod rows;
pub(crate) mod settle;
pub(crate) mod slice;
pub(crate) mod turn;
pub(crate) mod unreadable;
pub(crate) mod work;
pub(crate) mod write_documents;
