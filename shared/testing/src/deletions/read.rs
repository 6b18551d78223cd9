//! Reading deletions, one tenant's at a time, and finding what is due.

use jiff::Timestamp;

use super::{FakeDeletions, NAME};
use domain::deletion::{Deletion, DeletionId, DueKind};
use domain::key::RecordKey;
use domain::open::{Announcement, MOST_OPEN};
use domain::page::{Exceptions, Page};
use domain::principal::Tenant;
use domain::scope::Scope;
use ports::{
    Attempt, DeletionItems, DeletionRange, DeletionSummary, DependencyError, FindDue, ReadDeletions,
};

impl ReadDeletions for FakeDeletions {
    async fn deletion(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Deletion>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read a deletion")?;
        Ok(state.deletions.get(&id).cloned())
    }

    const DELETIONS_BATCH: usize = 50;

    async fn deletions(
        &self,
        tenant: &Tenant,
        ids: &[DeletionId],
    ) -> Result<Vec<Attempt<DeletionItems>>, DependencyError> {
        let state = self.begin();
        if ids.len() > Self::DELETIONS_BATCH {
            let why = "more than a batch";
            return Err(DependencyError::refused(NAME, "read deletions", why));
        }
        let read = |id: &DeletionId| {
            let id = (tenant.clone(), *id);
            let Some(deletion) = state.deletions.get(&id) else {
                return DeletionItems::None;
            };
            if state.newer.contains(&id) {
                return DeletionItems::Newer;
            }
            let scope = state.scopes.get(&id).cloned().map(Box::new);
            DeletionItems::Known(Box::new(deletion.clone()), scope)
        };
        Ok(ids.iter().map(read).map(Attempt::Done).collect())
    }

    async fn scope(
        &self,
        tenant: &Tenant,
        id: DeletionId,
    ) -> Result<Option<Scope>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read a scope")?;
        Ok(state.scopes.get(&id).cloned())
    }

    async fn ids(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        part: u32,
    ) -> Result<Option<Vec<RecordKey>>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read the ids of a scope")?;
        Ok(state.ids.get(&(id, part)).cloned())
    }

    async fn page(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Page>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read a page")?;
        Ok(state.pages.get(&(id, number)).cloned())
    }

    async fn exceptions(
        &self,
        tenant: &Tenant,
        id: DeletionId,
        number: u32,
    ) -> Result<Option<Exceptions>, DependencyError> {
        let (state, id) = (self.begin(), (tenant.clone(), id));
        state.known(&id, "read exceptions")?;
        Ok(state.exceptions.get(&(id, number)).cloned())
    }

    async fn open(&self, tenant: &Tenant) -> Result<Vec<Announcement>, DependencyError> {
        let state = self.begin();
        let entries = state.open.iter().rev();
        let entries = entries.filter(|((of, _), _)| of == tenant);
        let entries = entries.map(|((_, id), keys)| Announcement {
            id: *id,
            keys: keys.clone(),
        });
        Ok(entries.take(MOST_OPEN).collect())
    }

    async fn list(
        &self,
        tenant: &Tenant,
        range: DeletionRange,
        limit: usize,
    ) -> Result<Vec<DeletionSummary>, DependencyError> {
        let state = self.begin();
        if limit == 0 {
            return Err(DependencyError::refused(
                NAME,
                "list deletions",
                "a limit of 0",
            ));
        }
        let shown = state
            .indexed
            .as_ref()
            .unwrap_or(&state.deletions)
            .values()
            .rev();
        let wanted = shown.filter(|one| {
            one.tenant == *tenant
                && range.before.is_none_or(|before| one.id < before)
                && range.from.is_none_or(|from| from <= one.id)
        });
        Ok(wanted.take(limit).map(summary).collect())
    }
}

impl FindDue for FakeDeletions {
    async fn find_due(
        &self,
        kind: DueKind,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Tenant, DeletionId)>, DependencyError> {
        let state = self.begin();
        let shown = state.indexed.as_ref().unwrap_or(&state.deletions).values();
        let mut due: Vec<_> = shown
            .filter_map(|one| Some((one.due_at?, one)))
            .filter(|(due_at, one)| *due_at <= now && one.due_kind() == kind)
            .collect();
        due.sort_by_key(|(due_at, one)| (*due_at, one.id));
        Ok(due
            .into_iter()
            .take(limit)
            .map(|(_, one)| (one.tenant.clone(), one.id))
            .collect())
    }
}

fn summary(deletion: &Deletion) -> DeletionSummary {
    DeletionSummary {
        id: deletion.id,
        collection: deletion.collection.clone(),
        requested_by: deletion.requested_by.clone(),
    }
}
