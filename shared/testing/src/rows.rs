//! Rows in memory, with the conditions that the real store checks.
//!
//! It refuses what DynamoDB refuses (too many keys in a call, one key twice), so that a use case that relies on more
//! fails here and not in production.

mod archive;
mod effects;
mod held;
mod query;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value};

use domain::change::Change;
use domain::collection::{Collection, CollectionName, KeyKind};
use domain::deletion::DeletionId;
use domain::found::Found;
use domain::key::RecordKey;
use domain::page::Position;
use domain::principal::Tenant;
use domain::row::{Mark, Row, RowMark, Unreadable};
use domain::size::{Count, ITEM_BYTES};
use ports::{
    Attempt, ClearOutcome, ClearRows, DependencyError, Fields, FindMarked, MarkOutcome, MarkRows,
    PurgeOutcome, PurgeRows, RowPage, RowToClear, RowToMark,
};

pub(super) const NAME: &str = "record store";

type Attributes = Map<String, Value>;
/// The archived rows of all deletions.
type Copies = BTreeMap<(DeletionId, CollectionName, RecordKey), Attributes>;
type Tables = BTreeMap<CollectionName, BTreeMap<RecordKey, Attributes>>;

/// The rows of all collections.
#[derive(Debug, Clone, Default)]
pub struct FakeRows(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    tables: Tables,
    /// The archive.
    copies: Copies,
    /// What indexes show while they lag.
    indexed: Option<Tables>,
    /// Whole rows in memory.
    held: held::Held<Attributes>,
    /// Keys whose rows cannot be put back.
    without_room: BTreeSet<RecordKey>,
    calls: u64,
}

impl FakeRows {
    /// Stores a row, and replaces what was stored; `attributes` contains its key. `null` is DynamoDB's explicit NULL.
    ///
    /// # Panics
    ///
    /// When the attributes do not contain the key.
    pub fn put(&self, collection: &Collection, attributes: Attributes) {
        let key = key_of(collection, &attributes).expect("a row has its key");
        self.state()
            .tables
            .entry(collection.name.clone())
            .or_default()
            .insert(key, attributes);
    }

    /// The row as it is, or `None`.
    #[must_use]
    pub fn get(&self, collection: &Collection, key: &RecordKey) -> Option<Attributes> {
        self.state().tables.get(&collection.name)?.get(key).cloned()
    }

    /// Removes a row, as its owner might.
    pub fn remove(&self, collection: &Collection, key: &RecordKey) {
        if let Some(rows) = self.state().tables.get_mut(&collection.name) {
            rows.remove(key);
        }
    }

    /// The keys of all rows of a collection, in order.
    #[must_use]
    pub fn keys(&self, collection: &Collection) -> Vec<RecordKey> {
        self.state()
            .tables
            .get(&collection.name)
            .map_or_else(Vec::new, |rows| rows.keys().cloned().collect())
    }

    /// From now on indexes show what is stored at this moment, until [`settle`](Self::settle).
    pub fn lag(&self) {
        let mut state = self.state();
        state.indexed = Some(state.tables.clone());
    }

    /// Indexes catch up.
    pub fn settle(&self) {
        self.state().indexed = None;
    }

    /// How many calls there were through the ports.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    /// Changes one row in place, if it exists, atomically with what the caller has locked.
    pub(super) fn change<T>(
        &self,
        collection: &Collection,
        key: &RecordKey,
        change: impl FnOnce(Option<&mut Attributes>) -> T,
    ) -> T {
        change(
            self.state()
                .tables
                .get_mut(&collection.name)
                .and_then(|rows| rows.get_mut(key)),
        )
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("no test panics with the lock held")
    }

    fn begin(
        &self,
        operation: &'static str,
        most: usize,
        keys: &[&RecordKey],
    ) -> Result<MutexGuard<'_, State>, DependencyError> {
        let mut state = self.state();
        state.calls += 1;
        if keys.len() > most {
            return Err(DependencyError::refused(
                NAME,
                operation,
                format!("{} keys in one call, {most} allowed", keys.len()),
            ));
        }
        if keys.iter().collect::<BTreeSet<_>>().len() < keys.len() {
            return Err(DependencyError::refused(
                NAME,
                operation,
                "a key is named twice",
            ));
        }
        Ok(state)
    }
}

impl MarkRows for FakeRows {
    async fn mark(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToMark],
    ) -> Result<Vec<Attempt<MarkOutcome>>, DependencyError> {
        let keys: Vec<_> = rows.iter().map(|row| &row.key).collect();
        let mut state = self.begin("mark rows", Self::MARK_BATCH, &keys)?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        Ok(rows
            .iter()
            .map(|row| {
                let mine = Mine {
                    collection,
                    tenant,
                    mark,
                };
                Attempt::Done(mine.mark(table.get_mut(&row.key), &row.found))
            })
            .collect())
    }
}

impl FindMarked for FakeRows {
    async fn marked_by_others(
        &self,
        collection: &Collection,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<RowPage, DependencyError> {
        let state = self.begin("look through rows", 0, &[])?;
        let after = after.map(|after| serde_json::from_str::<RecordKey>(&after.0));
        let after = after
            .transpose()
            .map_err(|error| DependencyError::refused(NAME, "look through rows", error))?;
        let rows = state.tables.get(&collection.name).into_iter().flatten();
        let mut rows = rows.filter(|(key, _)| after.as_ref().is_none_or(|after| *key > after));
        let looked: Vec<_> = rows.by_ref().take(limit).collect();
        let last = looked.last().filter(|_| looked.len() == limit);
        let next = last.map(|(key, _)| Position(serde_json::json!(key).to_string()));
        let is_others =
            |attributes: &Attributes| mark_of(collection, attributes) == RowMark::By(None);
        let found = looked
            .iter()
            .filter(|(_, attributes)| is_others(attributes));
        let rows = found.map(|(key, attributes)| row(collection, key, attributes, Fields::Judged));
        Ok(RowPage {
            rows: rows.collect(),
            next,
        })
    }
}

impl ClearRows for FakeRows {
    async fn clear(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        rows: &[RowToClear],
    ) -> Result<Vec<Attempt<ClearOutcome>>, DependencyError> {
        let keys: Vec<_> = rows.iter().map(|row| &row.key).collect();
        let mut state = self.begin("clear rows", Self::CLEAR_BATCH, &keys)?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        let mut clear = |row: &RowToClear| {
            let Some(attributes) = table.get_mut(&row.key) else {
                return ClearOutcome::Missing;
            };
            let mark = mark_of(collection, attributes);
            if mark.is_live() {
                return ClearOutcome::Live;
            }
            if !mark.is_of(deletion) {
                return ClearOutcome::MarkedByAnother;
            }
            let change = Change::unmarking(collection, &row.found, row.at);
            if !change.holds(attributes) {
                return ClearOutcome::Otherwise(Found::of(collection, mark, attributes));
            }
            change.apply(attributes);
            ClearOutcome::Cleared
        };
        Ok(rows.iter().map(|row| Attempt::Done(clear(row))).collect())
    }
}

impl PurgeRows for FakeRows {
    async fn purge(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<PurgeOutcome>>, DependencyError> {
        let mut state = self.begin(
            "remove rows",
            Self::PURGE_BATCH,
            &keys.iter().collect::<Vec<_>>(),
        )?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        let mut purge = |key: &RecordKey| match table.get(key) {
            Some(attributes) if !mark_of(collection, attributes).is_of(deletion) => {
                PurgeOutcome::Kept
            }
            _ => {
                table.remove(key);
                PurgeOutcome::Gone
            }
        };
        Ok(keys.iter().map(|key| Attempt::Done(purge(key))).collect())
    }
}

/// A mark of a tenant's deletion, on the way to rows of a collection.
struct Mine<'a> {
    collection: &'a Collection,
    tenant: &'a Tenant,
    mark: &'a Mark,
}

impl Mine<'_> {
    fn takes_over(&self, now: RowMark) -> bool {
        self.mark.adopts && self.collection.adopt.is_some() && now == RowMark::By(None)
    }

    fn mark(&self, row: Option<&mut Attributes>, found: &Found) -> MarkOutcome {
        let (collection, mark) = (self.collection, self.mark);
        let Some(attributes) = row else {
            return MarkOutcome::Missing;
        };
        let row = whole(collection, attributes);
        match row.mark(collection) {
            RowMark::By(Some(by)) if by == mark.deletion_id => MarkOutcome::Marked,
            _ if !row.may_be_of(self.tenant, collection) => MarkOutcome::Missing,
            _ if let Some(why) = row.unreadable(collection) => MarkOutcome::Unreadable(why),
            RowMark::Unreadable => MarkOutcome::Unreadable(Unreadable::Mark),
            _ if let Some(attribute) = row.held_by(collection) => {
                let attribute = attribute.to_owned();
                MarkOutcome::Held { attribute }
            }
            now @ RowMark::By(_) if !self.takes_over(now) => MarkOutcome::MarkedByAnother,
            RowMark::Busy => MarkOutcome::Busy,
            RowMark::Null | RowMark::Absent | RowMark::By(_) => {
                let change = Change::marking(collection, mark, found);
                if !change.holds(attributes) {
                    return MarkOutcome::Otherwise(row.found(collection));
                }
                let mut marked = attributes.clone();
                change.apply(&mut marked);
                if bytes(&marked) > ITEM_BYTES {
                    return MarkOutcome::TooLarge;
                }
                *attributes = marked;
                MarkOutcome::Marked
            }
        }
    }
}

/// The bytes of an item, as the store counts them.
pub(super) fn bytes(attributes: &Attributes) -> usize {
    Count::Most.item(attributes)
}

/// What a row with these attributes says about its own deletion.
pub(super) fn mark_of(collection: &Collection, attributes: &Attributes) -> RowMark {
    RowMark::of(collection, attributes)
}

/// Whether a row with these attributes is this tenant's.
fn is_of(attributes: &Attributes, tenant: &Tenant, collection: &Collection) -> bool {
    whole(collection, attributes).is_of(tenant, collection)
}

/// The row of these attributes.
fn whole(collection: &Collection, attributes: &Attributes) -> Row {
    let key = key_of(collection, attributes);
    Row {
        key: key.unwrap_or_else(|| RecordKey::stored("", None)),
        attributes: attributes.clone(),
    }
}

/// The key in these attributes.
pub(super) fn key_of(collection: &Collection, attributes: &Attributes) -> Option<RecordKey> {
    let value = |attribute: &str, kind: KeyKind| kind.read(attributes.get(attribute)?);
    RecordKey::of_attributes(&collection.key, value)
}

fn row(collection: &Collection, key: &RecordKey, attributes: &Attributes, fields: Fields) -> Row {
    let mut attributes = attributes.clone();
    if let Some(wanted) = fields.attributes(collection) {
        attributes.retain(|attribute, _| wanted.contains(&attribute.as_str()));
    }
    Row {
        key: key.clone(),
        attributes,
    }
}
