//! The purge pass: after the look, backwards through the manifest, the root last and marked until then.
//!
//! Copy before truth: a document goes while its row still explains it. Bugs here lose data for good; two rules keep it
//! safe: a row goes only with this deletion's mark on it, which the store itself checks, and a document only as it was
//! when its row was read.

use crate::domain::collection::{Collection, Strategy};
use crate::domain::deletion::{Deletion, Pass};
use crate::domain::page::{Exceptions, Judged, NotPurged, NotRestored, Page};
use crate::domain::row::{Row, RowMark};
use crate::domain::scope::Scope;
use crate::engine::kit::archived::drop_copies;
use crate::engine::kit::records::by_collection;
use crate::engine::kit::remove_documents::remove_documents;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::passes::late_arrivals;
use crate::engine::passes::page::{PagePass, run_backwards};
use crate::engine::passes::restore::Restore;
use crate::engine::select::shared_records;
use crate::ports::{EnginePorts, PurgeOutcome, PurgeRows};

/// Looks, then removes all pages from the checkpoint on.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    if !deletion.looked {
        late_arrivals::run(work, deletion, scope).await?;
    }
    run_backwards(work, deletion, &Purge { scope }).await
}

struct Purge<'a> {
    scope: &'a Scope,
}

impl<P: EnginePorts> PagePass<P> for Purge<'_> {
    const PASS: Pass = Pass::Purge;

    async fn act(
        &self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
        _only: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        let mut exceptions = Exceptions::default();
        let named = shared_records::named_again(work, deletion, self.scope, &page.entries);
        let (named, unknown) = Box::pin(named).await?;
        let failed = |reason: &str| NotPurged::Failed {
            reason: reason.to_owned(),
        };
        let unknown = unknown.into_iter();
        exceptions
            .purged
            .extend(unknown.map(|place| (place, failed(shared_records::TOO_MANY))));
        if !named.is_empty() {
            // Nobody could bring them back any more, and a live link names them: they come back now.
            let back = Restore.act(work, deletion, page, Some(&named));
            let not_back = Box::pin(back).await?.restored;
            for place in named {
                match not_back.get(&place) {
                    None => drop(exceptions.purged.insert(place, NotPurged::Kept)),
                    // Its row may be live already: it is finished by a later attempt, and its copy stays for that.
                    Some(NotRestored::Failed { reason }) => {
                        exceptions.purged.insert(place, failed(reason));
                    }
                    Some(NotRestored::Conflict { .. }) => {}
                }
            }
        }
        for (collection, mut places) in by_collection(work.collections(), &page.entries)? {
            // Never this deletion's: whatever is there now is not looked at.
            places.retain(|place| {
                let is_missing = page.entries[*place].judged == Judged::Missing;
                if is_missing {
                    exceptions.purged.insert(*place, NotPurged::Kept);
                }
                !is_missing && !exceptions.purged.contains_key(place)
            });
            purge(work, deletion, collection, page, &places, &mut exceptions).await?;
        }
        Ok(exceptions)
    }
}

async fn purge<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    page: &Page,
    places: &[usize],
    exceptions: &mut Exceptions,
) -> Result<(), Stop> {
    // Without a row, a document with another deletion's mark is explained by that one's archive copy.
    let explained = |_, document: RowMark, row: Option<&Row>| match row {
        Some(row) => row.mark(collection).is_of(deletion.id),
        None => document.is_live() || document.is_of(deletion.id),
    };
    let removing = remove_documents(work, collection, &page.entries, places, &explained);
    let (rows, failed) = removing.await?;
    for (place, reason) in failed {
        exceptions
            .purged
            .insert(place, NotPurged::Failed { reason });
    }
    let mut ours = Vec::new();
    for (place, row) in rows {
        match row {
            // Gone already: by an earlier attempt, or by somebody else.
            None => {}
            Some(row) if !row.mark(collection).is_of(deletion.id) => {
                exceptions.purged.insert(place, NotPurged::Kept);
            }
            Some(_) if exceptions.purged.contains_key(&place) => {}
            Some(_) => ours.push(place),
        }
    }
    let keys: Vec<_> = ours
        .iter()
        .map(|place| page.entries[*place].key.clone())
        .collect();
    let store = work.rows();
    let outcomes = work
        .settle(&keys, P::Rows::PURGE_BATCH, |batch| async move {
            store.purge(collection, deletion.id, &batch).await
        })
        .await?;
    for (place, outcome) in ours.into_iter().zip(outcomes) {
        match outcome {
            PurgeOutcome::Gone => {}
            PurgeOutcome::Kept => {
                exceptions.purged.insert(place, NotPurged::Kept);
            }
        }
    }
    if deletion.strategy != Strategy::Archive {
        return Ok(());
    }
    // Last, as it explains what is left of the record; also where another record has the key by now.
    let done = |place: &&usize| {
        !matches!(
            exceptions.purged.get(*place),
            Some(NotPurged::Failed { .. })
        )
    };
    let keys: Vec<_> = places
        .iter()
        .filter(done)
        .map(|place| page.entries[*place].key.clone())
        .collect();
    drop_copies(work, deletion, collection, &keys).await
}
