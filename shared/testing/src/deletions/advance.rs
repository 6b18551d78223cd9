//! Compare-and-set, and pages, of which the first version is valid.

use super::{FakeDeletions, id_of};
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::page::{Exceptions, Page};
use domain::row::Row;
use ports::{
    AdvanceDeletions, Ancestor, ChangeDeletions, DependencyError, PutPageOutcome, RestoreOutcome,
    StoreOutcome,
};

impl ChangeDeletions for FakeDeletions {
    async fn store(&self, next: &Deletion) -> Result<StoreOutcome, DependencyError> {
        let (mut state, id) = (self.begin(), id_of(next));
        state.known(&id, "store a deletion")?;
        Ok(match state.deletions.get_mut(&id) {
            None => StoreOutcome::Changed(None),
            Some(stored) if *stored == *next => StoreOutcome::Stored,
            Some(stored) if stored.revision + 1 == next.revision => {
                stored.clone_from(next);
                StoreOutcome::Stored
            }
            Some(stored) => StoreOutcome::Changed(Some(Box::new(stored.clone()))),
        })
    }
}

impl AdvanceDeletions for FakeDeletions {
    async fn finish_restore(
        &self,
        collection: &Collection,
        restored: &Deletion,
        page: &Page,
        ancestors: &[Ancestor],
    ) -> Result<RestoreOutcome, DependencyError> {
        let (mut state, id) = (self.begin(), id_of(restored));
        state.known(&id, "end a restore")?;
        match state.deletions.get(&id) {
            Some(stored) if *stored == *restored => return Ok(RestoreOutcome::Restored),
            Some(stored) if stored.revision + 1 == restored.revision => {}
            _ => return Ok(RestoreOutcome::Changed),
        }
        let is_live = |ancestor: &Ancestor| {
            let Ancestor { collection, key } = ancestor;
            self.rows.get(collection, key).is_some_and(|attributes| {
                let row = Row {
                    key: key.clone(),
                    attributes,
                };
                row.is_of(&restored.tenant, collection) && row.mark(collection).is_live()
            })
        };
        let are_live = ancestors.iter().all(is_live);
        let Some(root) = page.entries.first() else {
            return Ok(RestoreOutcome::RootNotOurs);
        };
        let outcome = self.rows.change(collection, &root.key, |row| {
            let Some(attributes) = row else {
                return RestoreOutcome::RootNotOurs;
            };
            let row = Row {
                key: root.key.clone(),
                attributes: attributes.clone(),
            };
            if !row.mark(collection).is_of(restored.id) {
                return RestoreOutcome::RootNotOurs;
            }
            if !are_live {
                return RestoreOutcome::ParentNotLive;
            }
            let found = root.found(collection).unwrap_or_default();
            let at = restored.ended_at.unwrap_or(restored.progress_at);
            let change = Change::unmarking(collection, &found, at);
            if !change.holds(attributes) {
                return RestoreOutcome::RootChanged;
            }
            change.apply(attributes);
            RestoreOutcome::Restored
        });
        if outcome == RestoreOutcome::Restored {
            state.deletions.insert(id, restored.clone());
        }
        Ok(outcome)
    }

    async fn put_page(
        &self,
        deletion: &Deletion,
        page: &Page,
    ) -> Result<PutPageOutcome, DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.known(&id, "write a page")?;
        let stored = state
            .pages
            .entry((id, page.number))
            .or_insert_with(|| page.as_stored());
        Ok(if stored == page {
            PutPageOutcome::Written
        } else {
            PutPageOutcome::Earlier(Box::new(stored.clone()))
        })
    }

    async fn put_exceptions(
        &self,
        deletion: &Deletion,
        number: u32,
        exceptions: &Exceptions,
    ) -> Result<(), DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.known(&id, "write the exceptions of a page")?;
        if exceptions.is_empty() {
            state.exceptions.remove(&(id, number));
        } else {
            state.exceptions.insert((id, number), exceptions.clone());
        }
        Ok(())
    }

    async fn close(&self, deletion: &Deletion) -> Result<(), DependencyError> {
        self.begin().open.remove(&id_of(deletion));
        Ok(())
    }

    async fn drop_ids(&self, deletion: &Deletion, part: u32) -> Result<(), DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.known(&id, "remove the ids of a scope")?;
        state.ids.remove(&(id, part));
        Ok(())
    }

    async fn drop_page(&self, deletion: &Deletion, number: u32) -> Result<(), DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.known(&id, "remove a page")?;
        state.pages.remove(&(id.clone(), number));
        state.exceptions.remove(&(id.clone(), number));
        state.told.remove(&(id.clone(), number));
        if number == 1 {
            state.scopes.remove(&id);
        }
        Ok(())
    }
}
