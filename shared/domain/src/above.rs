//! Which record was above another one when a deletion took that: a key becomes free when its record is removed, and a restore
//! gives nothing back below the next record of that key.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::collection::Collection;
use crate::fingerprint::{Fingerprint, is_dated};
use crate::row::Row;

/// What tells the record above another one apart, outside of the deletion: the nearest that says when it was created. One
/// that does not say so is not remembered: any change would make it another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Above(Option<Known>);

/// Which key, and which record of that key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
struct Known(Fingerprint, Fingerprint);

/// A record that is above others now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    key: Fingerprint,
    /// `None` where it does not say when it was created.
    record: Option<Fingerprint>,
    /// Whether nothing can tell it apart: its collection declares no time.
    is_undated: bool,
    /// Whether it says that it was written after the deletion.
    is_late: bool,
}

/// Whether a record above another one is the one that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent {
    /// It is.
    Same,
    /// It is another record, of the same key or written after the deletion.
    Another,
    /// Nothing says that it is another one.
    Unknown,
}

impl Above {
    /// What is remembered of those above a record, as they were read, nearest first.
    #[must_use]
    pub fn nearest<'a>(rows: impl IntoIterator<Item = (&'a Collection, &'a Row)>) -> Self {
        let mut rows = rows.into_iter();
        let dated = rows.find(|(collection, row)| is_dated(row, collection));
        Self(dated.map(|(collection, row)| {
            let record = Fingerprint::of(row, collection, &[]);
            Known(key(row, collection), record)
        }))
    }

    /// Whether nothing is known of what was above.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// About how many bytes it takes in a page: two numbers of up to ten digits.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.map_or(0, |_| 24)
    }

    /// Whether this one is the one that the record had. Of one that was not known, like the place to which a record was
    /// moved since, its time decides.
    #[must_use]
    pub fn judge(&self, now: &Standing) -> Parent {
        let known = self.0.filter(|Known(key, _)| *key == now.key);
        match known.filter(|_| !now.is_undated) {
            Some(Known(_, had)) if Some(had) == now.record => Parent::Same,
            Some(_) => Parent::Another,
            None if now.is_late => Parent::Another,
            None => Parent::Unknown,
        }
    }

    /// Whether all of these, nearest first, are those that the record had. What is above one that is the same is that
    /// one's matter.
    #[must_use]
    pub fn is_still(&self, now: impl IntoIterator<Item = Standing>) -> bool {
        let judged = now.into_iter().map(|now| self.judge(&now));
        judged
            .into_iter()
            .find(|parent| *parent != Parent::Unknown)
            .is_none_or(|parent| parent == Parent::Same)
    }
}

impl Standing {
    /// A record above others, for a deletion that was accepted at this moment.
    #[must_use]
    pub fn of(row: &Row, collection: &Collection, deleted_at: Timestamp) -> Self {
        Self {
            key: key(row, collection),
            record: is_dated(row, collection).then(|| Fingerprint::of(row, collection, &[])),
            is_undated: collection.filters.time.is_none(),
            is_late: row.is_written_after(collection, deleted_at),
        }
    }

    /// The same, of one that the deletion itself has taken: its time says nothing.
    #[must_use]
    pub fn taken(self) -> Self {
        Self {
            is_late: false,
            ..self
        }
    }
}

fn key(row: &Row, collection: &Collection) -> Fingerprint {
    let parts: Vec<&str> = row.key.values().collect();
    Fingerprint::of_text(&serde_json::json!([collection.name, parts]).to_string())
}

#[cfg(test)]
mod tests;
