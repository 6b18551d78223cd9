//! The restore pass: the root's row is judged first and stays marked, then backwards through the manifest; the root comes
//! last, in one transaction with the final state.
//!
//! Until that transaction everything below the root is hidden by it, so a restore that stops half way shows nothing. Only
//! marks with this deletion's id are cleared; truth before copy, as when marking.

use std::collections::BTreeMap;

use crate::domain::collection::Strategy;
use crate::domain::deletion::{Deletion, Failure, NotAllowed, Pass};
use crate::domain::page::{Exceptions, Judged, Page};
use crate::engine::kit::archived::drop_copies;
use crate::engine::kit::clear::conflict;
use crate::engine::kit::ours::is_root;
use crate::engine::kit::records::{by_collection, read_rows};
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::engine::passes::page::{PagePass, run_backwards};
use crate::engine::strategies::archive::put_back;
use crate::engine::strategies::flag::restore;
use crate::ports::{
    AdvanceDeletions, Ancestor, ChangeDeletions, EnginePorts, Fields, ReadDeletions,
    RestoreOutcome, StoreOutcome,
};

/// Restores all pages from the checkpoint on, all but the root's own mark.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    if deletion.strategy == Strategy::Archive {
        put_back::root(work, deletion).await?;
    }
    if let Err(failure) = root_is_ours(work, deletion).await? {
        return Err(Stop::Impossible(failure));
    }
    run_backwards(work, deletion, &Restore).await
}

/// Whether the root is there and ours. If not, nothing may move: what came back would hang below something else.
async fn root_is_ours<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Result<(), Failure>, Stop> {
    let Some(root) = &deletion.root else {
        return Ok(Ok(()));
    };
    let collection = work.collection(&deletion.collection)?;
    let rows = read_rows(work, collection, std::slice::from_ref(root), Fields::Judged).await?;
    Ok(match rows.into_iter().flatten().next() {
        Some(row) if row.mark(collection).is_of(deletion.id) => Ok(()),
        Some(row) if deletion.has_lost_its_key_to(&row, collection) => Err(Failure {
            code: "KEY_TAKEN".to_owned(),
            reason: "another record has the root's key by now; nothing was moved".to_owned(),
        }),
        Some(_) | None => Err(Failure {
            code: "ROOT_MISSING".to_owned(),
            reason: "the root's row is gone; nothing was moved".to_owned(),
        }),
    })
}

/// What a restore does with a page.
pub(crate) struct Restore;

impl<P: EnginePorts> PagePass<P> for Restore {
    const PASS: Pass = Pass::Restore;

    async fn act(
        &self,
        work: Work<'_, P>,
        deletion: &Deletion,
        page: &Page,
        only: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        let mut exceptions = Exceptions::default();
        for (collection, mut places) in by_collection(work.collections(), &page.entries)? {
            let missing = places
                .iter()
                .filter(|place| page.entries[**place].judged == Judged::Missing)
                .filter(|place| only.is_none_or(|only| only.contains(place)))
                .map(|place| (*place, conflict("ROW_MISSING: the row is gone")));
            exceptions.restored.extend(missing);
            places.retain(|place| {
                only.is_none_or(|only| only.contains(place))
                    // The root's mark stays until the end; its row was judged at the beginning.
                    && !is_root(deletion, &page.entries[*place])
                    // Never this deletion's: not looked at.
                    && page.entries[*place].judged != Judged::Missing
            });
            let mut copied = Vec::new();
            if deletion.strategy == Strategy::Archive {
                let rows = put_back::rows(work, deletion, collection, &page.entries, &places);
                let (not_back, back) = Box::pin(rows).await?;
                places.retain(|place| !not_back.contains_key(place));
                exceptions.restored.extend(not_back);
                copied = back;
            }
            let found = restore(work, deletion, collection, &page.entries, &places);
            exceptions.restored.extend(found.await?);
            copied.retain(|place| !exceptions.restored.contains_key(place));
            let keys: Vec<_> = copied
                .iter()
                .map(|place| page.entries[*place].key.clone())
                .collect();
            drop_copies(work, deletion, collection, &keys).await?;
        }
        Ok(exceptions)
    }
}

/// The end of a restore: the root's mark off and the final state, if everything above the root is there and live; then
/// nothing is hidden any more. Answers what stands.
pub(crate) async fn end<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Deletion, Stop> {
    let deletions = work.deletions();
    let read = work
        .call(deletions.page(&deletion.tenant, deletion.id, 1))
        .await?;
    let page = read.ok_or_else(|| Stop::broken("PAGE_MISSING", "the root's page is missing"))?;
    let earlier = work
        .call(deletions.exceptions(&deletion.tenant, deletion.id, 1))
        .await?
        .unwrap_or_default();
    let open = deletion
        .is_done_before(Pass::Restore, 1)
        .then(|| earlier.open(Pass::Restore));
    let followed = |found: Exceptions| {
        earlier.followed_by(Pass::Restore, found, open.as_deref(), false, deletion.run)
    };
    let now = work.now();
    let collection = work.collection(&deletion.collection)?;
    let failed: u64 = deletion.restored.values().map(|counts| counts.failed).sum();
    if failed > 0 {
        return store(work, deletion.finish(now)).await;
    }
    if deletion.strategy == Strategy::Archive {
        // Its row is back since the beginning, and stays if this fails.
        put_back::forget_root(work, deletion).await?;
    }
    if let Some(ancestors) = ancestors(work, deletion, &page).await? {
        let exceptions = followed(Exceptions::default());
        keep_exceptions(work, deletion, &earlier, &exceptions).await?;
        let restored = deletion
            .restored(now, &page, &exceptions, None)
            .map_err(|_| Stop::Overtaken)?;
        let ending = deletions.finish_restore(collection, &restored, &page, &ancestors);
        match work.call(ending).await? {
            RestoreOutcome::Restored => return Ok(restored),
            RestoreOutcome::Changed => return Err(Stop::Overtaken),
            RestoreOutcome::RootNotOurs => {
                return Err(impossible(
                    "KEY_TAKEN",
                    "the root's row is no longer this deletion's",
                ));
            }
            RestoreOutcome::ParentNotLive => {}
        }
    }
    let failure = Failure {
        code: "PARENT_NOT_LIVE".to_owned(),
        reason: "the record above the root is gone or deleted; restore that one first".to_owned(),
    };
    let reason = "PARENT_NOT_LIVE: the record above it is gone or deleted";
    let exceptions = followed(Exceptions {
        restored: BTreeMap::from([(0, conflict(reason))]),
        ..Exceptions::default()
    });
    work.call(deletions.put_exceptions(deletion, 1, &exceptions))
        .await?;
    let failed = deletion.restored(now, &page, &exceptions, Some(failure));
    store(work, failed).await
}

async fn keep_exceptions<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    earlier: &Exceptions,
    exceptions: &Exceptions,
) -> Result<(), Stop> {
    if exceptions == earlier {
        return Ok(());
    }
    let deletions = work.deletions();
    work.call(deletions.put_exceptions(deletion, 1, exceptions))
        .await
}

fn impossible(code: &str, reason: &str) -> Stop {
    Stop::Impossible(Failure {
        code: code.to_owned(),
        reason: reason.to_owned(),
    })
}

async fn store<P: EnginePorts>(
    work: Work<'_, P>,
    next: Result<Deletion, NotAllowed>,
) -> Result<Deletion, Stop> {
    let next = next.map_err(|_| Stop::Overtaken)?;
    match work.closing(work.deletions().store(&next)).await? {
        StoreOutcome::Stored => Ok(next),
        StoreOutcome::Changed(_) => Err(Stop::Overtaken),
    }
}

/// Everything above the root, nearest first, to be checked once more in the transaction; `None` when one of them is not
/// there or not live.
async fn ancestors<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    root: &Page,
) -> Result<Option<Vec<Ancestor>>, Stop> {
    let mut ancestors: Vec<Ancestor> = Vec::new();
    let mut collection = work.collection(&deletion.collection)?;
    let Some(mut key) = root.entries.first().map(|entry| entry.key.clone()) else {
        return Ok(None);
    };
    loop {
        let keys = std::slice::from_ref(&key);
        let rows = read_rows(work, collection, keys, Fields::Judged).await?;
        let row = rows
            .into_iter()
            .flatten()
            .find(|row| row.is_of(&deletion.tenant, collection));
        let Some(row) = row else {
            if ancestors.is_empty() {
                return Err(impossible("ROOT_MISSING", "the root's row is gone"));
            }
            return Ok(None);
        };
        if !ancestors.is_empty() && !row.mark(collection).is_live() {
            return Ok(None);
        }
        let (Some(parent), Some(link)) =
            (work.collections().parent_of(collection), &collection.parent)
        else {
            return Ok(Some(ancestors));
        };
        let Some(above) = row.parent_key(collection) else {
            return Ok((!link.required).then_some(ancestors));
        };
        ancestors.push(Ancestor {
            collection: parent.clone(),
            key: above.clone(),
        });
        (collection, key) = (parent, above);
    }
}
