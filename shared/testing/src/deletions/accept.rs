//! Acceptance, all or nothing, and rolling it back.

use serde_json::{Map, Value};

use super::{FakeDeletions, Id, NAME, State, id_of};
use crate::rows::bytes;
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::open::Keys;
use domain::page::{Entry, Page};
use domain::principal::Tenant;
use domain::request_key::{RequestKey, UsedKey};
use domain::row::{Row, RowMark};
use domain::scope::Scope;
use domain::size::ITEM_BYTES;
use ports::{
    AcceptDeletions, AcceptOutcome, ChangeDeletions, DependencyError, OnlyIf, RequestedOutcome,
    StoreOnceOutcome, StoreOutcome, UndoOutcome,
};

impl AcceptDeletions for FakeDeletions {
    type Raw = Map<String, Value>;

    async fn accept(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        scope: &Scope,
        page: &Page,
        only_if: OnlyIf<'_, Map<String, Value>>,
    ) -> Result<AcceptOutcome, DependencyError> {
        let OnlyIf { key, seen } = only_if;
        let root = root_of(page)?;
        let (mut state, id) = (self.begin(), id_of(deletion));
        // By a call whose answer was lost. The deletion may have advanced meanwhile, and stays as it is.
        if state.deletions.contains_key(&id) {
            return Ok(AcceptOutcome::Accepted);
        }
        if state.is_in_use(&deletion.tenant, key) {
            return Ok(AcceptOutcome::KeyInUse);
        }
        self.rows.change(collection, &root.key, |row| {
            let Some(attributes) = row else {
                return Ok(AcceptOutcome::RootNotLive);
            };
            let row = Row {
                key: root.key.clone(),
                attributes: attributes.clone(),
            };
            match row.mark(collection) {
                RowMark::By(Some(by)) if by == deletion.id => return Ok(AcceptOutcome::Accepted),
                RowMark::By(_) | RowMark::Busy | RowMark::Unreadable => {
                    return Ok(AcceptOutcome::RootNotLive);
                }
                RowMark::Absent | RowMark::Null => {}
            }
            let is_otherwise = !row.is_of(&deletion.tenant, collection)
                || seen.is_some_and(|seen| !is_as_seen(collection, attributes, &seen.raw));
            let change = marking(collection, deletion, page);
            let depends = collection.mark_depends_on_more();
            if is_otherwise || (depends && !change.holds(attributes)) {
                return Ok(AcceptOutcome::RootNotLive);
            }
            let mut marked = attributes.clone();
            change.apply(&mut marked);
            if bytes(&marked) > ITEM_BYTES {
                return Ok(AcceptOutcome::RootTooLarge);
            }
            *attributes = marked;
            state.deletions.insert(id.clone(), deletion.clone());
            state.scopes.insert(id.clone(), scope.clone());
            state.pages.insert((id, page.number), page.as_stored());
            state.use_key(deletion, key);
            Ok(AcceptOutcome::Accepted)
        })
    }

    async fn accept_requested(
        &self,
        deletion: &Deletion,
        scope: &Scope,
        ids: &[Vec<RecordKey>],
        key: Option<&RequestKey>,
    ) -> Result<RequestedOutcome, DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        // By a call whose answer was lost. The deletion may have advanced meanwhile, and stays as it is.
        if state.deletions.contains_key(&id) {
            return Ok(RequestedOutcome::Accepted);
        }
        if state.is_in_use(&deletion.tenant, key) {
            return Ok(RequestedOutcome::KeyInUse);
        }
        state.use_key(deletion, key);
        state.deletions.insert(id.clone(), deletion.clone());
        state.scopes.insert(id.clone(), scope.clone());
        let keys = Keys::of(ids.iter().flatten());
        state.open.insert(id.clone(), keys);
        for (part, keys) in (1..).zip(ids) {
            state.ids.insert((id.clone(), part), keys.clone());
        }
        Ok(RequestedOutcome::Accepted)
    }

    async fn store_once(
        &self,
        next: &Deletion,
        key: &RequestKey,
    ) -> Result<StoreOnceOutcome, DependencyError> {
        if self.state().is_in_use(&next.tenant, Some(key)) {
            let stored = self.state().deletions.get(&id_of(next)).cloned();
            // By a call whose answer was lost.
            return Ok(if stored.as_ref() == Some(next) {
                StoreOnceOutcome::Known(StoreOutcome::Stored)
            } else {
                StoreOnceOutcome::KeyInUse
            });
        }
        let stored = self.store(next).await?;
        if stored == StoreOutcome::Stored {
            self.state().use_key(next, Some(key));
        }
        Ok(StoreOnceOutcome::Known(stored))
    }

    async fn used_key(
        &self,
        tenant: &Tenant,
        key: &RequestKey,
    ) -> Result<Option<UsedKey>, DependencyError> {
        Ok(self.begin().used(tenant, key).cloned())
    }

    async fn undo_requested(
        &self,
        deletion: &Deletion,
        parts: u32,
        key: Option<&RequestKey>,
    ) -> Result<UndoOutcome, DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        if let Err(outcome) = state.roll_back(&id) {
            return Ok(outcome);
        }
        state.open.remove(&id);
        for part in 1..=parts {
            state.ids.remove(&(id.clone(), part));
        }
        state.free_key(deletion, key);
        Ok(UndoOutcome::Undone)
    }

    async fn undo(
        &self,
        collection: &Collection,
        deletion: &Deletion,
        page: &Page,
        key: Option<&RequestKey>,
    ) -> Result<UndoOutcome, DependencyError> {
        let root = root_of(page)?;
        let mut state = self.begin();
        let id = id_of(deletion);
        if let Err(outcome) = state.roll_back(&id) {
            return Ok(outcome);
        }
        state.pages.remove(&(id, page.number));
        state.free_key(deletion, key);
        self.rows.change(collection, &root.key, |row| {
            let Some(attributes) = row else { return };
            let row = Row {
                key: root.key.clone(),
                attributes: attributes.clone(),
            };
            if !row.mark(collection).is_of(deletion.id) {
                return;
            }
            let found = root.found(collection).unwrap_or_default();
            Change::undoing(collection, &deletion.mark(), &found).apply(attributes);
        });
        Ok(UndoOutcome::Undone)
    }
}

impl State {
    /// Removes a deletion that has not begun, with its scope. An error is the answer if there is none to remove.
    fn roll_back(&mut self, id: &Id) -> Result<(), UndoOutcome> {
        match self.deletions.get(id) {
            Some(stored) if stored.epoch > 0 || self.newer.contains(id) => Err(UndoOutcome::Begun),
            // Undone by a call whose answer was lost.
            None => Err(UndoOutcome::Undone),
            Some(_) => {
                self.deletions.remove(id);
                self.scopes.remove(id);
                Ok(())
            }
        }
    }
}

/// Whether a row still has the attributes that were seen; as DynamoDB, it is not asked for others.
fn is_as_seen(
    collection: &Collection,
    now: &Map<String, Value>,
    seen: &Map<String, Value>,
) -> bool {
    let marks = collection.marks.own();
    let mut names = seen.keys().filter(|name| !marks.contains(&name.as_str()));
    names.all(|name| now.get(name) == seen.get(name))
}

/// How the root is marked, as who has accepted it has found it.
fn marking(collection: &Collection, deletion: &Deletion, page: &Page) -> Change {
    let root = page.entries.first();
    let found = root.and_then(|root| root.found(collection));
    Change::marking(collection, &deletion.mark(), &found.unwrap_or_default())
}

/// The root, which page 1 holds, and nothing else.
fn root_of(page: &Page) -> Result<&Entry, DependencyError> {
    match page.entries.as_slice() {
        [root] if page.number == 1 => Ok(root),
        _ => Err(DependencyError::refused(
            NAME,
            "accept a deletion",
            "page 1 holds the root and nothing else",
        )),
    }
}
