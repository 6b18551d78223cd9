//! Shows the manifest of a deletion to those who may see the deletion: its records, and what became of each.

use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::budget::Budget;
use crate::cursor::{self, InvalidCursor};
use crate::visible::visible;
use domain::collection::CollectionName;
use domain::deletion::{Deletion, DeletionId, Pass};
use domain::key::RecordKey;
use domain::page::{Exceptions, NotPurged, NotRestored, Outcome, Page};
use domain::principal::Principal;
use ports::{ApiPorts, DependencyError, ReadDeletions};

/// How many pages of a manifest are read for one answer: pages may be empty, sometimes many in a row.
const PAGES: usize = 100;

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// No deletion that the caller may see has this id.
    #[error("no deletion that the caller may see has this id")]
    NotFound,
    /// The deletion is over and its pages are dropped: the counts and the certificate are left.
    #[error("the records of the deletion are dropped")]
    Dropped,
    /// See [`InvalidCursor`].
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// Which records are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestFilter {
    /// With this outcome in one of the passes.
    pub outcome: Option<RecordOutcome>,
    /// Of this collection.
    pub collection: Option<String>,
}

/// What may become of a record in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub enum RecordOutcome {
    Pending,
    Deleted,
    AlreadyDeleted,
    Missing,
    Kept,
    Failed,
    Restored,
    Conflict,
    Purged,
}

impl RecordOutcome {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Deleted,
        Self::AlreadyDeleted,
        Self::Missing,
        Self::Kept,
        Self::Failed,
        Self::Restored,
        Self::Conflict,
        Self::Purged,
    ];

    /// The name in answers and filters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Deleted => "deleted",
            Self::AlreadyDeleted => "already_deleted",
            Self::Missing => "missing",
            Self::Kept => "kept",
            Self::Failed => "failed",
            Self::Restored => "restored",
            Self::Conflict => "conflict",
            Self::Purged => "purged",
        }
    }

    /// Whether every record with it is an exception of its page: a page without such exceptions need not be read.
    fn is_exception(self) -> bool {
        matches!(self, Self::Failed | Self::Conflict)
    }

    fn is_among(self, exceptions: &Exceptions) -> bool {
        exceptions
            .deleted
            .values()
            .any(|one| of_delete(one) == self)
            || exceptions
                .restored
                .values()
                .any(|one| of_restore(one) == self)
            || exceptions.purged.values().any(|one| of_purge(one) == self)
    }
}

/// One record of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestRecord {
    /// Its collection.
    pub collection: CollectionName,
    /// Its key.
    pub key: RecordKey,
    /// Its outcome in the delete.
    pub outcome: Outcome,
    /// Whether the restore has brought it back, once the restore has reached it.
    pub restore: Option<Result<(), NotRestored>>,
    /// Whether the purge has removed it, once the purge has reached it.
    pub purge: Option<Result<(), NotPurged>>,
}

impl ManifestRecord {
    /// Its outcome in the delete.
    #[must_use]
    pub fn deleted(&self) -> RecordOutcome {
        of_delete(&self.outcome)
    }

    /// Its outcome in the restore, once that has reached it.
    #[must_use]
    pub fn restored(&self) -> Option<RecordOutcome> {
        let restore = self.restore.as_ref()?;
        Some(
            restore
                .as_ref()
                .err()
                .map_or(RecordOutcome::Restored, of_restore),
        )
    }

    /// Its outcome in the purge, once that has reached it.
    #[must_use]
    pub fn purged(&self) -> Option<RecordOutcome> {
        let purge = self.purge.as_ref()?;
        Some(purge.as_ref().err().map_or(RecordOutcome::Purged, of_purge))
    }

    fn is_wanted(&self, filter: &ManifestFilter) -> bool {
        let all = [Some(self.deleted()), self.restored(), self.purged()];
        let collection = filter.collection.as_deref();
        collection.is_none_or(|wanted| wanted == self.collection.as_ref())
            && filter
                .outcome
                .is_none_or(|wanted| all.contains(&Some(wanted)))
    }
}

fn of_delete(outcome: &Outcome) -> RecordOutcome {
    match outcome {
        Outcome::Pending => RecordOutcome::Pending,
        Outcome::Deleted => RecordOutcome::Deleted,
        Outcome::AlreadyDeleted => RecordOutcome::AlreadyDeleted,
        Outcome::Missing => RecordOutcome::Missing,
        Outcome::Kept => RecordOutcome::Kept,
        Outcome::Failed { .. } => RecordOutcome::Failed,
    }
}

fn of_restore(outcome: &NotRestored) -> RecordOutcome {
    match outcome {
        NotRestored::Conflict { .. } => RecordOutcome::Conflict,
        NotRestored::Failed { .. } => RecordOutcome::Failed,
    }
}

fn of_purge(outcome: &NotPurged) -> RecordOutcome {
    match outcome {
        NotPurged::Kept => RecordOutcome::Kept,
        NotPurged::Failed { .. } => RecordOutcome::Failed,
    }
}

/// A part of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManifestPart {
    /// The records, in the order in which they were selected.
    pub records: Vec<ManifestRecord>,
    /// Where to continue; `None` at the end of what there is.
    pub next: Option<String>,
    /// Whether no more records join the manifest: no pass is under way that selects some.
    pub complete: bool,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct Place {
    page: u32,
    entry: usize,
}

/// The manifest of a deletion, page by page, as far as it is what is wanted.
///
/// # Errors
///
/// See [`ManifestError`].
pub async fn records<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    (id, filter): (DeletionId, &ManifestFilter),
    limit: usize,
    from: Option<&str>,
) -> Result<ManifestPart, ManifestError> {
    let id_text = id.to_string();
    let name = [
        "records",
        principal.tenant.as_str(),
        &id_text,
        filter.outcome.map_or("", RecordOutcome::as_str),
        filter.collection.as_deref().unwrap_or(""),
    ];
    let mut place: Place = from
        .map(|from| cursor::read(api, principal, &name, from))
        .transpose()?
        .unwrap_or(Place { page: 1, entry: 0 });
    let deletion = visible(api, principal, Some(id)).await?;
    let deletion = deletion.ok_or(ManifestError::NotFound)?;
    if deletion.comparison.dropped > 0 {
        return Err(ManifestError::Dropped);
    }
    // Nothing joins a manifest but by a delete, or by a purge that finds late arrivals.
    let grows = deletion
        .state
        .working_pass()
        .is_some_and(|pass| pass != Pass::Restore);
    let part = |records, next| ManifestPart {
        records,
        next,
        complete: !grows,
    };
    let budget = Budget::of(api.ports.clock());
    let mut records = Vec::new();
    for _ in 0..PAGES {
        if budget.is_spent() {
            break;
        }
        let seen = Seen::of(&deletion, place.page);
        let Some((page, exceptions)) = read(api, &deletion, place.page, (&seen, filter)).await?
        else {
            if place.page > deletion.pages {
                return Ok(part(records, None));
            }
            // Dropped meanwhile, or passed over: it has nothing that is wanted.
            if !filter.outcome.is_some_and(RecordOutcome::is_exception) {
                return Err(ManifestError::Dropped);
            }
            place = place.next_page();
            continue;
        };
        for entry in place.entry..page.entries.len() {
            let record = seen.record(&page, entry, &exceptions);
            if !record.is_wanted(filter) {
                continue;
            }
            // Only if there is one more, there is a cursor.
            if records.len() == limit {
                let place = Place { entry, ..place };
                return Ok(part(
                    records,
                    Some(cursor::write(api, principal, &name, place)),
                ));
            }
            records.push(record);
        }
        place = place.next_page();
    }
    Ok(part(
        records,
        Some(cursor::write(api, principal, &name, place)),
    ))
}

impl Place {
    fn next_page(self) -> Self {
        Self {
            page: self.page + 1,
            entry: 0,
        }
    }
}

/// A page with its exceptions. `None` where there is none, or where no exception is what is wanted.
async fn read<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
    number: u32,
    (seen, filter): (&Seen, &ManifestFilter),
) -> Result<Option<(Page, Exceptions)>, DependencyError> {
    let (deletions, tenant, id) = (api.ports.deletions(), &deletion.tenant, deletion.id);
    let exceptions = if seen.is_any() {
        let exceptions = deletions.exceptions(tenant, id, number).await?;
        exceptions.unwrap_or_default()
    } else {
        Exceptions::default()
    };
    let sought = filter.outcome.filter(|outcome| outcome.is_exception());
    if sought.is_some_and(|outcome| !outcome.is_among(&exceptions)) {
        return Ok(None);
    }
    let page = deletions.page(tenant, id, number).await?;
    Ok(page.map(|page| (page, exceptions)))
}

/// Which passes have done a page.
struct Seen {
    deleted: bool,
    restored: bool,
    purged: bool,
}

impl Seen {
    fn of(deletion: &Deletion, page: u32) -> Self {
        // After the pages that the delete wrote are those that a purge added for late arrivals: they were marked when
        // they were written.
        let is_found = deletion.state.pass() == Pass::Purge
            && page > deletion.selected.unwrap_or(deletion.acted);
        let behind = |pages: u32, done: u32| page <= pages && page > pages.saturating_sub(done);
        let present = |pass| {
            if deletion.state.pass() == pass {
                deletion.cursor
            } else {
                0
            }
        };
        let restore = &deletion.notified.restore;
        Self {
            deleted: deletion.is_acted(page) || is_found,
            restored: behind(restore.of, restore.done.max(present(Pass::Restore))),
            purged: behind(deletion.pages, present(Pass::Purge)),
        }
    }

    fn is_any(&self) -> bool {
        self.deleted || self.restored || self.purged
    }

    /// The record at this place, with what each pass has done to it.
    fn record(&self, page: &Page, entry: usize, exceptions: &Exceptions) -> ManifestRecord {
        let record = &page.entries[entry];
        let restored = || exceptions.restored.get(&entry).cloned().map_or(Ok(()), Err);
        let purged = || exceptions.purged.get(&entry).cloned().map_or(Ok(()), Err);
        ManifestRecord {
            collection: record.collection.clone(),
            key: record.key.clone(),
            outcome: if self.deleted {
                page.outcome(entry, exceptions)
            } else {
                Outcome::Pending
            },
            restore: self.restored.then(restored),
            purge: self.purged.then(purged),
        }
    }
}
