//! How far a worker is within a page. What is done to rows and documents can be seen there; what was found out before that,
//! and what follows it, cannot. So where a page may take longer than a slice it is remembered beside the page.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cursor::Position;
use crate::outcome::{NotPurged, Outcome};

/// How far a worker is within a page, in one run of a pass.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Part {
    /// The run. What another run has left is of no use.
    pub run: u32,
    /// How many of the records that this run does, in the order in which it does them, have had their turn.
    pub taken: usize,
    /// How far the look at what may keep the next one is.
    #[serde(default, skip_serializing_if = "Look::is_none")]
    pub look: Look,
    /// The exceptions of those that have had their turn, in a delete.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deleted: BTreeMap<usize, Outcome>,
    /// The same of a purge.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub purged: BTreeMap<usize, NotPurged>,
    /// When all have had their turn: how far what follows them is, by the name of the effect; `None` if it is through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<BTreeMap<String, Option<usize>>>,
}

impl Part {
    /// The beginning of a page, in this run.
    #[must_use]
    pub fn of(run: u32) -> Self {
        Self {
            run,
            ..Self::default()
        }
    }

    /// Whether a record that has had its turn has failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.deleted.values().any(Outcome::is_failed)
            || self.purged.values().any(NotPurged::is_failed)
    }
}

/// How far a look at what may keep a record is: there may be more below it, or more links to it, than a slice can read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Look {
    /// Which of the collections that are asked, from 0.
    pub of: usize,
    /// Where that query continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Position>,
    /// Whether it is for records that have failed, and everything else has been asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_for_failed: bool,
}

impl Look {
    /// Whether it has not begun.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}
