//! The restore pass: the root's row is judged first and stays marked; then the pass runs backwards through the
//! manifest; the root is last, in one transaction with the final state.
//!
//! Until that transaction everything below the root is hidden by it, so a restore that stops half way shows nothing.
//! Only marks with this deletion's id are cleared; rows before documents, as when marking.

use std::collections::{BTreeMap, BTreeSet};

use crate::kit::manifest;
use crate::kit::rows::read_row;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::passes::backwards;
use crate::passes::owed_events::clear_root_document;
use crate::passes::publisher::Publisher;
use crate::passes::task::Task;
use crate::strategies;
use domain::above::Standing;
use domain::change::Change;
use domain::collection::Collection;
use domain::deletion::{Deletion, Failure, NotAllowed, Pass};
use domain::page::{AsRead, Exceptions, NotRestored, Page};
use domain::row::RowMark;
use jiff::Timestamp;
use ports::{
    AdvanceDeletions, Ancestor, ChangeDeletions, EnginePorts, Fields, RestoreOutcome, StoreOutcome,
};

/// How often the root is read again whose owner changes what its mark has changed.
const TRIES: u32 = 3;

/// Restores all pages from the checkpoint on, except for the root's own mark.
pub(crate) async fn run<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
) -> Result<(), Stop> {
    if deletion.is_hidden_by_its_root() {
        strategies::give_back_root(work, deletion).await?;
        if let Err(failure) = root_is_ours(work, deletion).await? {
            return Err(Stop::Impossible(failure));
        }
    }
    backwards::run(work, deletion, Task::Restore, true, &mut Publisher::new()).await
}

/// Whether the root is there and ours. If not, nothing may move: what came back would be below another record.
async fn root_is_ours<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Result<(), Failure>, Stop> {
    let Some(root) = &deletion.root else {
        return Ok(Ok(()));
    };
    let collection = work.collection(&deletion.collection)?;
    let row = read_row(work, collection, root, Fields::Judged).await?;
    Ok(match row {
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

/// The end of a restore: the root's mark is removed and the final state stored, if everything above the root is there
/// and live; after that nothing is hidden any more. Returns the stored deletion.
pub(crate) async fn end<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
) -> Result<Deletion, Stop> {
    let deletions = work.deletions();
    let page = manifest::page(work, deletion, 1).await?;
    let mut page =
        page.ok_or_else(|| Stop::broken("PAGE_MISSING", "the root's page is missing"))?;
    let earlier = manifest::exceptions(work, deletion, 1).await?;
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
    if deletion.root_restored {
        let mut found = Exceptions::default();
        if earlier.restored.contains_key(&0) {
            let refused = clear_root_document(work, deletion).await?;
            found.restored.extend(refused.map(|why| (0, why)));
        }
        let failure = (!found.restored.is_empty()).then(|| Failure::of_records(1));
        let exceptions = followed(found);
        put_exceptions(work, deletion, &earlier, &exceptions).await?;
        let ended = deletion.restored(now, &page, &exceptions, failure);
        return store(work, ended).await;
    }
    // Its row has been back since the beginning, and stays if this fails.
    strategies::forget_root(work, deletion).await?;
    let mut tries = 0;
    while let Some(ancestors) = ancestors(work, deletion, &mut page).await? {
        let exceptions = followed(Exceptions {
            expired: expired_root(collection, &page, now),
            ..Exceptions::default()
        });
        put_exceptions(work, deletion, &earlier, &exceptions).await?;
        let restored = deletion
            .restored(now, &page, &exceptions, None)
            .map_err(|_| Stop::Superseded)?;
        let ending = deletions.finish_restore(collection, &restored, &page, &ancestors);
        match work.call(ending).await? {
            RestoreOutcome::Restored => return Ok(restored),
            RestoreOutcome::Changed => return Err(Stop::Superseded),
            RestoreOutcome::RootNotOurs => {
                return Err(impossible(
                    "KEY_TAKEN",
                    "the root's row is no longer this deletion's",
                ));
            }
            RestoreOutcome::RootChanged if tries < TRIES => tries += 1,
            RestoreOutcome::RootChanged => {
                return Err(Stop::Busy("the root's row keeps changing".to_owned()));
            }
            RestoreOutcome::ParentNotLive => break,
        }
    }
    let failure = Failure {
        code: "PARENT_NOT_LIVE".to_owned(),
        reason: "the record above the root is gone or deleted; restore that one first".to_owned(),
    };
    let reason = "PARENT_NOT_LIVE: the record above it is gone or deleted, or another one by now";
    let exceptions = followed(Exceptions {
        restored: BTreeMap::from([(0, NotRestored::conflict(reason))]),
        ..Exceptions::default()
    });
    work.call(deletions.put_exceptions(deletion, 1, &exceptions))
        .await?;
    let failed = deletion.restored(now, &page, &exceptions, Some(failure));
    store(work, failed).await
}

/// The place of the root, if it has a TTL that has passed once it is live.
fn expired_root(collection: &Collection, page: &Page, now: Timestamp) -> BTreeSet<usize> {
    let root = page.entries.first();
    let found = root.and_then(|root| root.found(collection));
    let is_expired = |found| Change::leaves_to_the_ttl(collection, RowMark::By(None), &found, now);
    found
        .is_some_and(is_expired)
        .then_some(0)
        .into_iter()
        .collect()
}

async fn put_exceptions<P: EnginePorts>(
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
    let next = next.map_err(|_| Stop::Superseded)?;
    match work.closing(work.deletions().store(&next)).await? {
        StoreOutcome::Stored => Ok(next),
        StoreOutcome::Changed(_) => Err(Stop::Superseded),
    }
}

/// Everything above the root, nearest first, to be checked once more in the transaction; `None` when one of them is
/// missing, not live, or another one by now. The root's entry gets what is in its row.
async fn ancestors<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    page: &mut Page,
) -> Result<Option<Vec<Ancestor>>, Stop> {
    let mut ancestors: Vec<Ancestor> = Vec::new();
    let mut standing: Vec<Standing> = Vec::new();
    let mut collection = work.collection(&deletion.collection)?;
    let Some(root) = page.entries.first_mut() else {
        return Ok(None);
    };
    let mut key = root.key.clone();
    loop {
        let row = read_row(work, collection, &key, Fields::Judged).await?;
        let Some(row) = row.filter(|row| row.is_of(&deletion.tenant, collection)) else {
            if ancestors.is_empty() {
                return Err(impossible("ROOT_MISSING", "the root's row is gone"));
            }
            return Ok(None);
        };
        if ancestors.is_empty() {
            root.as_read = AsRead::of(collection, &row);
        } else {
            if !row.mark(collection).is_live() {
                return Ok(None);
            }
            standing.push(Standing::of(&row, collection, deletion.deleted_at));
        }
        let (Some(parent), Some(link)) =
            (work.collections().parent_of(collection), &collection.parent)
        else {
            return Ok(root.above.is_still(standing).then_some(ancestors));
        };
        let Some(above) = row.parent_key(collection, &deletion.tenant) else {
            let is_still = !link.required && root.above.is_still(standing);
            return Ok(is_still.then_some(ancestors));
        };
        ancestors.push(Ancestor {
            collection: parent.clone(),
            key: above.clone(),
        });
        (collection, key) = (parent, above);
    }
}
