//! Children that stay when their parent is deleted: they reference no parent any more. They are found over an index, which
//! may not show one of them yet, so a comparison does it once more.

use std::sync::atomic::AtomicBool;

use crate::kit::related;
use crate::kit::rows::read_row;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, OnDelete};
use domain::deletion::Deletion;
use domain::page::{Entry, Position};
use ports::{DetachOutcome, DetachRows, EnginePorts, Fields, Related};

/// The most children of one query.
const LOOK: usize = 1000;

/// Detaches the children of these deleted records, where their collections say so; returns how many there were.
pub(crate) async fn detach<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: impl Iterator<Item = &Entry>,
) -> Result<u64, Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let work = Work::new(work.engine, &slice);
    let mut asked = Vec::new();
    for parent in entries {
        for child in work.collections().attached_to(&parent.collection) {
            let link = child.parent.as_ref();
            if link.is_some_and(|link| link.on_delete == OnDelete::Detach) {
                asked.push(Box::pin(children(work, deletion, parent, child)));
            }
        }
    }
    let detached = together(&failed, asked).await?;
    Ok(detached.into_iter().sum())
}

/// The children of one collection.
async fn children<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    parent: &Entry,
    child: &Collection,
) -> Result<u64, Stop> {
    let Some(children) = Related::children(child, &parent.key) else {
        return Ok(0);
    };
    let mut after: Option<Position> = None;
    let mut detached = 0;
    loop {
        let found = related::page(work, &children, after.as_ref(), LOOK).await?;
        let mut ours = found.rows;
        ours.retain(|row| row.is_of(&deletion.tenant, child));
        if !ours.is_empty() {
            match now(work, deletion, parent).await? {
                Now::Gone => {}
                Now::Another => ours.retain(|row| row.is_written_by(child, deletion.deleted_at)),
                Now::There => return Ok(detached),
            }
        }
        let keys: Vec<_> = ours.into_iter().map(|row| row.key).collect();
        let rows = work.rows();
        let outcomes = work
            .settle(&keys, P::Rows::DETACH_BATCH, |batch| async move {
                rows.detach(child, &parent.key, &batch).await
            })
            .await?;
        let done = outcomes.into_iter();
        let done = done.filter(|outcome| *outcome == DetachOutcome::Detached);
        detached += u64::try_from(done.count()).unwrap_or(u64::MAX);
        after = found.next;
        if after.is_none() {
            return Ok(detached);
        }
    }
}

/// What a parent is by now.
enum Now {
    /// Still the deletion's, or gone.
    Gone,
    /// Another record has its key, which says that it was written after the deletion: it keeps its own children, but not
    /// those that say that they were there before.
    Another,
    /// It is live again, or nothing tells whether it is another record: it keeps its children.
    There,
}

/// It is read after the children.
async fn now<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    parent: &Entry,
) -> Result<Now, Stop> {
    let collection = work.collection(&parent.collection)?;
    let row = read_row(work, collection, &parent.key, Fields::Judged).await?;
    Ok(match row {
        None => Now::Gone,
        Some(row) if row.mark(collection).is_of(deletion.id) => Now::Gone,
        Some(row) if row.is_written_after(collection, deletion.deleted_at) => Now::Another,
        Some(_) => Now::There,
    })
}
