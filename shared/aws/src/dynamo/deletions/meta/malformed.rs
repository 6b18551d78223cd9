//! The error of an item `META` that can be neither read nor written.

use crate::dynamo::deletions::{ItemError, keys};

pub(super) fn malformed(why: impl std::fmt::Display) -> ItemError {
    ItemError::malformed(keys::META, why)
}
