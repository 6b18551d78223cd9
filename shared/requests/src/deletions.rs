//! Shows deletions and their manifests to those who may see them; for all others there are none.

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tracing::warn;

use crate::api::Api;
use crate::budget::Budget;
use crate::cursor::{self, InvalidCursor};
use crate::visible::visible;
use domain::collection::CollectionName;
use domain::deletion::{Deletion, DeletionId, Pass, State};
use domain::key::RecordKey;
use domain::page::{Exceptions, NotPurged, NotRestored, Outcome};
use domain::principal::Principal;
use domain::scope::Scope;
use ports::{ApiPorts, DeletionSummary, DependencyError, ReadDeletions};
use telemetry::chain;

/// How many reads one list of deletions makes before it answers with what it has: each deletion is read by itself.
const READS: usize = 250;

/// How many of them are made at the same time at the most.
const TOGETHER: usize = 10;

/// How many pages of a manifest are read for one answer: pages may be empty, sometimes many in a row.
const PAGES: usize = 100;

/// How many it reads from the index at once.
const STRETCH: usize = 50;

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// See [`InvalidCursor`].
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// Which deletions are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeletionFilter {
    /// In this state.
    pub state: Option<State>,
    /// With a root in this collection.
    pub collection: Option<String>,
    /// Requested by this subject.
    pub requested_by: Option<String>,
}

impl DeletionFilter {
    /// Whether a deletion may be wanted, by what the index has of it.
    fn may_be(&self, summary: &DeletionSummary) -> bool {
        let collection = self.collection.as_deref();
        let requested_by = self.requested_by.as_deref();
        collection.is_none_or(|wanted| wanted == summary.collection.as_ref())
            && requested_by.is_none_or(|wanted| wanted == summary.requested_by)
    }
}

/// One deletion; `None` is "none that the caller may see".
///
/// # Errors
///
/// When the control table did not answer.
pub async fn show<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    id: DeletionId,
) -> Result<Option<Box<Deletion>>, DependencyError> {
    visible(api, principal, Some(id)).await
}

/// What a deletion without a root covers; `None` if there is a root, or if the scope has been dropped.
///
/// # Errors
///
/// When the control table did not answer.
pub async fn scope<P: ApiPorts>(
    api: &Api<P>,
    deletion: &Deletion,
) -> Result<Option<Scope>, DependencyError> {
    if deletion.root.is_some() {
        return Ok(None);
    }
    let deletions = api.ports.deletions();
    deletions.scope(&deletion.tenant, deletion.id).await
}

/// Deletions, newest first, and where to continue. One that a later version wrote is left out: only that version can
/// decide who may see it.
///
/// # Errors
///
/// See [`ShowError`].
pub async fn list<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    filter: &DeletionFilter,
    limit: usize,
    from: Option<&str>,
) -> Result<(Vec<Deletion>, Option<String>), ShowError> {
    let name = [
        "deletions",
        filter.state.map_or("", State::as_str),
        filter.collection.as_deref().unwrap_or(""),
        filter.requested_by.as_deref().unwrap_or(""),
    ];
    let before = from.map(|from| cursor::read(api, principal, &name, from));
    let mut before: Option<DeletionId> = before.transpose()?;
    let go_on = |before: Option<DeletionId>| {
        before.map(|before| cursor::write(api, principal, &name, before))
    };
    let mut budget = Budget::of_calls(api.ports.clock(), READS);
    let mut found: Vec<Deletion> = Vec::new();
    // One more than requested: only if there is one, there is a cursor.
    let together = TOGETHER.min(limit + 1);
    loop {
        budget.spend(1);
        let deletions = api.ports.deletions();
        let stretch = deletions.list(&principal.tenant, before, STRETCH).await?;
        for summaries in stretch.chunks(together) {
            let wanted: Vec<bool> = summaries.iter().map(|one| filter.may_be(one)).collect();
            budget.spend(wanted.iter().filter(|is_wanted| **is_wanted).count());
            let read = summaries.iter().zip(wanted);
            let read = read.map(|(summary, is_wanted)| async move {
                if is_wanted {
                    listed(api, principal, filter, summary.id).await
                } else {
                    Ok(None)
                }
            });
            for (summary, read) in summaries.iter().zip(join_all(read).await) {
                if let Some(deletion) = read? {
                    // Only one that the caller may see makes a cursor.
                    if found.len() == limit {
                        return Ok((found, go_on(before)));
                    }
                    found.push(*deletion);
                }
                before = Some(summary.id);
            }
            if budget.is_spent() {
                return Ok((found, go_on(before)));
            }
        }
        if stretch.len() < STRETCH {
            return Ok((found, None));
        }
    }
}

/// The deletion, if it is one of those that are wanted. The index has what never changes; the state is read from the
/// deletion itself.
async fn listed<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    filter: &DeletionFilter,
    id: DeletionId,
) -> Result<Option<Box<Deletion>>, DependencyError> {
    match visible(api, principal, Some(id)).await {
        Ok(found) => {
            Ok(found.filter(|deletion| filter.state.is_none_or(|wanted| wanted == deletion.state)))
        }
        // A caller who requests it by its id gets the error; it must not make the others unreadable.
        Err(error) if error.is_newer => {
            warn!(deletion_id = %id, error = %chain(&error), "deletion {id} is left out");
            Ok(None)
        }
        Err(error) => Err(error),
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

#[derive(Serialize, Deserialize)]
struct Place {
    page: u32,
    entry: usize,
}

/// The manifest of a deletion, page by page. `None` is "no deletion that the caller may see".
///
/// # Errors
///
/// See [`ShowError`].
pub async fn records<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    id: DeletionId,
    limit: usize,
    from: Option<&str>,
) -> Result<Option<(Vec<ManifestRecord>, Option<String>)>, ShowError> {
    let id_text = id.to_string();
    let name = ["records", &id_text];
    let mut place: Place = from
        .map(|from| cursor::read(api, principal, &name, from))
        .transpose()?
        .unwrap_or(Place { page: 1, entry: 0 });
    let Some(deletion) = visible(api, principal, Some(id)).await? else {
        return Ok(None);
    };
    let deletions = api.ports.deletions();
    let mut found = Vec::new();
    for _ in 0..PAGES {
        if found.len() == limit {
            break;
        }
        let Some(page) = deletions.page(&principal.tenant, id, place.page).await? else {
            return Ok(Some((found, None)));
        };
        let seen = Seen::of(&deletion, place.page);
        let exceptions = if seen.is_any() {
            deletions
                .exceptions(&principal.tenant, id, place.page)
                .await?
                .unwrap_or_default()
        } else {
            Exceptions::default()
        };
        for (entry, record) in page.entries.iter().enumerate().skip(place.entry) {
            if found.len() == limit {
                return Ok(Some((
                    found,
                    Some(cursor::write(
                        api,
                        principal,
                        &name,
                        Place {
                            page: place.page,
                            entry,
                        },
                    )),
                )));
            }
            found.push(ManifestRecord {
                collection: record.collection.clone(),
                key: record.key.clone(),
                outcome: if seen.deleted {
                    page.outcome(entry, &exceptions)
                } else {
                    Outcome::Pending
                },
                restore: seen
                    .restored
                    .then(|| exceptions.restored.get(&entry).cloned().map_or(Ok(()), Err)),
                purge: seen
                    .purged
                    .then(|| exceptions.purged.get(&entry).cloned().map_or(Ok(()), Err)),
            });
        }
        place = Place {
            page: place.page + 1,
            entry: 0,
        };
    }
    Ok(Some((
        found,
        Some(cursor::write(api, principal, &name, place)),
    )))
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
}
