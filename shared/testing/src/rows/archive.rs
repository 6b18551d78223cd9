//! The archive in memory, and rows that are removed at once.

use std::sync::Arc;

use super::{Attributes, FakeRows, State, bytes, is_of, mark_of};
use domain::collection::{Collection, CollectionName};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::{Mark, Row, RowMark};
use domain::size::{ITEM_BYTES, copy_bytes};
use ports::{
    ArchiveRows, Attempt, CopyOutcome, DependencyError, EraseOutcome, EraseRows, Found,
    PutBackOutcome, RowToCopy, RowToErase, Stored, TakeOutcome, WholeRow,
};

/// How many attributes a statement of DynamoDB can contain.
pub(super) const WIDEST: usize = 200;

impl FakeRows {
    /// The most bytes of whole rows and copies that were in memory at a time, of those that were read through the port.
    #[must_use]
    pub fn most_bytes_held(&self) -> usize {
        self.state().held.most()
    }

    /// From now on the row with this key cannot be put back, in any table.
    pub fn take_the_room(&self, key: &RecordKey) {
        self.state().without_room.insert(key.clone());
    }

    /// Undoes [`take_the_room`](Self::take_the_room).
    pub fn make_room(&self, key: &RecordKey) {
        self.state().without_room.remove(key);
    }

    /// The copy of a row under this deletion, or `None`.
    #[must_use]
    pub fn copy_of(
        &self,
        deletion: DeletionId,
        collection: &Collection,
        key: &RecordKey,
    ) -> Option<Attributes> {
        let at = (deletion, collection.name.clone(), key.clone());
        self.state().copies.get(&at).cloned()
    }

    /// The keys of all archived rows: deletion, collection, key.
    #[must_use]
    pub fn copies(&self) -> Vec<(DeletionId, CollectionName, RecordKey)> {
        self.state().copies.keys().cloned().collect()
    }
}

impl ArchiveRows for FakeRows {
    type Whole = Attributes;

    async fn whole(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
    ) -> Result<Vec<WholeRow<Attributes>>, DependencyError> {
        let asked: Vec<_> = keys.iter().collect();
        let state = &mut *self.begin("read whole rows", Self::WHOLE_BATCH, &asked)?;
        let rows = state.tables.get(&collection.name);
        let held = &mut state.held;
        let mut read = |key| {
            let row = rows?.get(key)?;
            Some(held.hand_out(stored(key, row), bytes(row)))
        };
        Ok(keys.iter().map(|key| Attempt::Done(read(key))).collect())
    }

    async fn copy(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        mark: &Mark,
        rows: &[RowToCopy<Attributes>],
    ) -> Result<Vec<Attempt<CopyOutcome>>, DependencyError> {
        let asked: Vec<_> = rows.iter().map(|row| &row.stored.row.key).collect();
        let mut state = self.begin("copy rows", Self::MOVE_BATCH, &asked)?;
        let mut copy = |row: &RowToCopy<Attributes>| {
            let whole = &row.stored.raw;
            let at = (
                mark.deletion_id,
                collection.name.clone(),
                row.stored.row.key.clone(),
            );
            if whole.len() > WIDEST {
                return CopyOutcome::TooWide;
            }
            if row.again != state.copies.contains_key(&at) {
                return CopyOutcome::Earlier;
            }
            let key = &row.stored.row.key;
            let added = copy_bytes(collection, tenant, key, mark.deleted_by.len()) + whole.len();
            if bytes(whole) + added > ITEM_BYTES {
                return CopyOutcome::TooLarge;
            }
            state.copies.insert(at, whole.clone());
            CopyOutcome::Copied
        };
        Ok(rows.iter().map(|row| Attempt::Done(copy(row))).collect())
    }

    async fn take(
        &self,
        collection: &Collection,
        rows: &[Arc<Stored<Attributes>>],
    ) -> Result<Vec<Attempt<TakeOutcome>>, DependencyError> {
        let asked: Vec<_> = rows.iter().map(|stored| &stored.row.key).collect();
        let mut state = self.begin("take rows away", Self::MOVE_BATCH, &asked)?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        let mut take = |stored: &Stored<Attributes>| {
            let Some(now) = table.get(&stored.row.key) else {
                return TakeOutcome::Gone;
            };
            let read = &stored.raw;
            let same = |name: &str| now.get(name) == read.get(name);
            let is_as_read = match &collection.version {
                Some(version) => same(version),
                None => read.keys().all(|name| same(name)),
            };
            if !is_as_read || !collection.marks.own().into_iter().all(same) {
                return TakeOutcome::Changed;
            }
            table.remove(&stored.row.key);
            TakeOutcome::Taken
        };
        Ok(rows.iter().map(|row| Attempt::Done(take(row))).collect())
    }

    async fn copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<WholeRow<Attributes>>, DependencyError> {
        let asked: Vec<_> = keys.iter().collect();
        let state = &mut *self.begin("read copies", Self::WHOLE_BATCH, &asked)?;
        let (held, copies) = (&mut state.held, &state.copies);
        let mut read = |key: &RecordKey| {
            let at = (deletion, collection.name.clone(), key.clone());
            let copy = copies.get(&at)?;
            Some(held.hand_out(stored(key, copy), bytes(copy)))
        };
        Ok(keys.iter().map(|key| Attempt::Done(read(key))).collect())
    }

    async fn put_back(
        &self,
        collection: &Collection,
        rows: &[Arc<Stored<Attributes>>],
    ) -> Result<Vec<Attempt<PutBackOutcome>>, DependencyError> {
        let asked: Vec<_> = rows.iter().map(|stored| &stored.row.key).collect();
        let mut state = self.begin("put rows back", Self::MOVE_BATCH, &asked)?;
        let State {
            tables,
            without_room,
            ..
        } = &mut *state;
        let table = tables.entry(collection.name.clone()).or_default();
        let mut put = |stored: &Stored<Attributes>| {
            let key = &stored.row.key;
            if table.contains_key(key) {
                return PutBackOutcome::Taken;
            }
            if without_room.contains(key) || bytes(&stored.raw) > ITEM_BYTES {
                return PutBackOutcome::Refused("there is no room for it".to_owned());
            }
            table.insert(key.clone(), stored.raw.clone());
            PutBackOutcome::Back
        };
        Ok(rows.iter().map(|row| Attempt::Done(put(row))).collect())
    }

    async fn drop_copies(
        &self,
        collection: &Collection,
        deletion: DeletionId,
        keys: &[RecordKey],
    ) -> Result<Vec<Attempt<()>>, DependencyError> {
        let asked: Vec<_> = keys.iter().collect();
        let mut state = self.begin("remove copies", Self::MOVE_BATCH, &asked)?;
        for key in keys {
            let at = (deletion, collection.name.clone(), key.clone());
            state.copies.remove(&at);
        }
        Ok(keys.iter().map(|_| Attempt::Done(())).collect())
    }
}

impl EraseRows for FakeRows {
    async fn erase(
        &self,
        collection: &Collection,
        tenant: &Tenant,
        deletion: DeletionId,
        rows: &[RowToErase],
    ) -> Result<Vec<Attempt<EraseOutcome>>, DependencyError> {
        let asked: Vec<_> = rows.iter().map(|row| &row.key).collect();
        let mut state = self.begin("erase rows", Self::ERASE_BATCH, &asked)?;
        let table = state.tables.entry(collection.name.clone()).or_default();
        let mut erase = |row: &RowToErase| {
            let Some(now) = table.get(&row.key) else {
                return EraseOutcome::Gone;
            };
            let is_as_found = match row.found {
                Found::Unmarked => mark_of(collection, now) == RowMark::Absent,
                Found::Null => mark_of(collection, now) == RowMark::Null,
                Found::Ours => mark_of(collection, now).is_of(deletion),
            };
            if !is_as_found || !is_of(now, tenant, collection) {
                return EraseOutcome::Changed;
            }
            table.remove(&row.key);
            EraseOutcome::Gone
        };
        Ok(rows.iter().map(|row| Attempt::Done(erase(row))).collect())
    }
}

fn stored(key: &RecordKey, attributes: &Attributes) -> Stored<Attributes> {
    Stored {
        row: Row {
            key: key.clone(),
            attributes: attributes.clone(),
        },
        raw: attributes.clone(),
    }
}
