//! Shows deletions to those who may see them; for all others there are none.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::api::Api;
use crate::ask_again::Tries;
use crate::budget::Budget;
use crate::cursor::{self, InvalidCursor};
use crate::visible::{lacks_names, name, visible};
use domain::deletion::{Deletion, DeletionId, State};
use domain::permission::sees;
use domain::principal::{Principal, Tenant};
use domain::scope::Scope;
use domain::time::{later, to_millisecond};
use ports::{
    ApiPorts, Attempt, DeletionItems, DeletionRange, DeletionSummary, DependencyError,
    ReadDeletions,
};

/// How many deletions one list reads before it answers with what it has.
const SCAN_LIMIT: usize = 500;

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
    /// Accepted after this moment.
    pub later_than: Option<Timestamp>,
    /// Accepted before this moment.
    pub earlier_than: Option<Timestamp>,
}

impl DeletionFilter {
    /// The ids of deletions that were accepted in the time that is asked: each begins with its millisecond.
    fn range(&self) -> DeletionRange {
        let millisecond = Duration::from_millis(1);
        let after = |at: Timestamp| later(to_millisecond(at), millisecond);
        let up_to = |at: Timestamp| match to_millisecond(at) {
            whole if whole == at => whole,
            whole => later(whole, millisecond),
        };
        DeletionRange {
            from: self.later_than.map(|at| DeletionId::first_of(after(at))),
            before: self.earlier_than.map(|at| DeletionId::first_of(up_to(at))),
        }
    }

    /// Whether what never changes of a deletion is what is asked for.
    fn wants(&self, summary: &DeletionSummary) -> bool {
        let requested_by = self.requested_by.as_deref();
        requested_by.is_none_or(|wanted| wanted == summary.requested_by)
    }

    /// Whether a deletion requests records of the collection that is asked for.
    fn is_about(&self, deletion: &Deletion) -> bool {
        let mut requested = std::iter::once(&deletion.collection).chain(&deletion.names);
        let collection = self.collection.as_deref();
        collection.is_none_or(|wanted| requested.any(|name| name.as_ref() == wanted))
    }
}

/// A deletion and what it covers: what every answer shows of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The deletion.
    pub deletion: Box<Deletion>,
    /// What it covers; `None` if there is a root, or if the scope has been dropped.
    pub scope: Option<Scope>,
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
) -> Result<Option<Shown>, DependencyError> {
    match visible(api, principal, Some(id)).await? {
        Some(deletion) => Ok(Some(with_scope(api, deletion).await?)),
        None => Ok(None),
    }
}

/// A deletion that the caller may see, with what it covers.
///
/// # Errors
///
/// When the control table did not answer.
pub async fn with_scope<P: ApiPorts>(
    api: &Api<P>,
    deletion: Box<Deletion>,
) -> Result<Shown, DependencyError> {
    let scope = if deletion.root.is_some() {
        None
    } else {
        let deletions = api.ports.deletions();
        deletions.scope(&deletion.tenant, deletion.id).await?
    };
    Ok(Shown { deletion, scope })
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
) -> Result<(Vec<Shown>, Option<String>), ShowError> {
    let moment = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let (later_than, earlier_than) = (moment(filter.later_than), moment(filter.earlier_than));
    let name = [
        "deletions",
        filter.state.map_or("", State::as_str),
        filter.collection.as_deref().unwrap_or(""),
        filter.requested_by.as_deref().unwrap_or(""),
        &later_than,
        &earlier_than,
    ];
    let place = from.map(|from| cursor::read(api, principal, &name, from));
    let mut place: Option<DeletionId> = place.transpose()?;
    let go_on =
        |place: Option<DeletionId>| place.map(|place| cursor::write(api, principal, &name, place));
    let mut range = filter.range();
    range.before = place.into_iter().chain(range.before).min();
    let mut budget = Budget::of(api.ports.clock());
    let (mut found, mut scanned) = (Vec::new(), 0);
    loop {
        let deletions = api.ports.deletions();
        let stretch = deletions.list(&principal.tenant, range, STRETCH).await?;
        let is_last = stretch.len() < STRETCH;
        scanned += stretch.len();
        let wanted: Vec<DeletionId> = stretch
            .iter()
            .filter(|summary| filter.wants(summary))
            .map(|summary| summary.id)
            .collect();
        budget.spend(1 + wanted.len().div_ceil(P::Deletions::DELETIONS_BATCH));
        // The index has what never changes; the state is read from the deletions themselves.
        for (id, shown) in read_all(api, &principal.tenant, &wanted).await? {
            let is_wanted = |shown: &Shown| {
                sees(principal, &api.collections, &shown.deletion)
                    && filter.is_about(&shown.deletion)
                    && filter
                        .state
                        .is_none_or(|wanted| wanted == shown.deletion.state)
            };
            if let Some(shown) = shown.filter(is_wanted) {
                // Only one that the caller may see makes a cursor.
                if found.len() == limit {
                    return Ok((found, go_on(place)));
                }
                found.push(shown);
            }
            place = Some(id);
        }
        let Some(last) = stretch.last().filter(|_| !is_last) else {
            return Ok((found, None));
        };
        place = Some(last.id);
        range.before = place;
        if scanned >= SCAN_LIMIT || budget.is_spent() {
            return Ok((found, go_on(place)));
        }
    }
}

/// Reads deletions with what they cover, in this order. `None` is one that is gone, or that a later version wrote: a
/// caller who requests that one by its id gets the error; it must not make the others unreadable.
pub(super) async fn read_all<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    ids: &[DeletionId],
) -> Result<Vec<(DeletionId, Option<Shown>)>, DependencyError> {
    let mut read: BTreeMap<DeletionId, Option<Shown>> = BTreeMap::new();
    let mut tries = Tries::at_once(api.ports.clock());
    loop {
        let open: Vec<_> = ids
            .iter()
            .copied()
            .filter(|id| !read.contains_key(id))
            .collect();
        if open.is_empty() {
            break;
        }
        for asked in open.chunks(P::Deletions::DELETIONS_BATCH) {
            let answers = api.ports.deletions().deletions(tenant, asked).await?;
            for (id, answer) in asked.iter().zip(answers) {
                if let Attempt::Done(items) = answer {
                    read.insert(*id, shown(*id, items));
                }
            }
        }
        if read.len() < ids.len() {
            let why = "the store kept putting deletions off";
            let busy = DependencyError::unavailable("control table", "read deletions", why);
            tries.again(busy).await?;
        }
    }
    let shown = ids.iter().filter_map(|id| read.remove_entry(id));
    Ok(shown.collect())
}

fn shown(id: DeletionId, items: DeletionItems) -> Option<Shown> {
    match items {
        DeletionItems::None => None,
        DeletionItems::Newer => {
            warn!(deletion_id = %id, "deletion {id} is left out: a later version wrote it");
            None
        }
        DeletionItems::Known(mut deletion, scope) => {
            let scope = scope.map(|scope| *scope);
            if lacks_names(&deletion) {
                name(&mut deletion, scope.as_ref());
            }
            let scope = scope.filter(|_| deletion.root.is_none());
            Some(Shown { deletion, scope })
        }
    }
}
