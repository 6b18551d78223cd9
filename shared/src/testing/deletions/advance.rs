//! Compare-and-set, and pages of which the first one written counts.

use super::{FakeDeletions, id_of};
use crate::domain::deletion::Deletion;
use crate::domain::page::{Exceptions, Page};
use crate::ports::{AdvanceDeletions, DependencyError, PutPageOutcome, StoreOutcome};

impl AdvanceDeletions for FakeDeletions {
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
            .or_insert_with(|| page.clone());
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
        if exceptions.is_empty() {
            state.exceptions.remove(&(id, number));
        } else {
            state.exceptions.insert((id, number), exceptions.clone());
        }
        Ok(())
    }

    async fn drop_page(&self, deletion: &Deletion, number: u32) -> Result<(), DependencyError> {
        let (mut state, id) = (self.begin(), id_of(deletion));
        state.pages.remove(&(id.clone(), number));
        state.exceptions.remove(&(id.clone(), number));
        if number == 1 {
            state.scopes.remove(&id);
        }
        Ok(())
    }
}
