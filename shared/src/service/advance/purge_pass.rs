//! The purge pass: after the look, backwards through the manifest, the root last and marked until then.
//!
//! Copy before truth: a document goes while its row still explains it. Bugs here lose data for good; two rules keep it
//! safe: a row goes only with this deletion's mark on it, which the store itself checks, and a document only as it was
//! when its row was read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::collection::Collection;
use crate::domain::deletion::{Deletion, Pass};
use crate::domain::page::{Entry, Exceptions, Judged, NotPurged, Page};
use crate::domain::row::Row;
use crate::domain::scope::Scope;
use crate::ports::{
    DocumentVersion, EnginePorts, Fields, PurgeDocuments, PurgeOutcome, PurgeRows, RemoveOutcome,
};
use crate::service::advance::delete_pass::document_ids;
use crate::service::advance::pass::{PagePass, run_backwards};
use crate::service::advance::select::{by_collection, read_rows};
use crate::service::advance::settle::settle;
use crate::service::advance::slice::{Slice, Stop};
use crate::service::advance::{Engine, look};

/// How often a document that changes under our hands is read again before its record is left for a retry.
const READS: usize = 5;

/// Looks, then removes all pages from the checkpoint on.
pub(super) async fn run<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    if !deletion.looked {
        look::run(engine, slice, deletion, scope).await?;
    }
    run_backwards(engine, slice, deletion, &Purge).await
}

struct Purge;

impl<P: EnginePorts> PagePass<P> for Purge {
    const PASS: Pass = Pass::Purge;
    // What somebody unmarked since was marked again in place, wherever it stands.
    const ONLY_OPEN: bool = false;

    async fn act(
        &self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &Deletion,
        page: &Page,
        _only: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        let mut exceptions = Exceptions::default();
        for (collection, mut places) in by_collection(&engine.collections, &page.entries)? {
            // Never this deletion's: whatever is there now is not looked at.
            places.retain(|place| {
                let is_missing = page.entries[*place].judged == Judged::Missing;
                if is_missing {
                    exceptions.purged.insert(*place, NotPurged::Kept);
                }
                !is_missing
            });
            purge(
                engine,
                slice,
                deletion,
                collection,
                page,
                &places,
                &mut exceptions,
            )
            .await?;
        }
        Ok(exceptions)
    }

    fn done(deletion: &Deletion, now: Timestamp, page: &Page, exceptions: &Exceptions) -> Deletion {
        deletion.page_purged(now, page, exceptions)
    }

    fn is_done_before(deletion: &Deletion, _page: u32) -> bool {
        // Which pages an earlier run came to is no longer known once the look has found more. It need not be: all of a
        // page is done again, and what was an exception before is told as this run's.
        deletion.notified.purge.is_again()
    }
}

async fn purge<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    collection: &Collection,
    page: &Page,
    places: &[usize],
    exceptions: &mut Exceptions,
) -> Result<(), Stop> {
    let rows = remove_documents(
        engine, slice, deletion, collection, page, places, exceptions,
    )
    .await?;
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
    let store = engine.ports.rows();
    let outcomes = settle(slice, &keys, P::Rows::PURGE_BATCH, |batch| async move {
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
    Ok(())
}

/// Removes the documents whose row is ours or gone, and returns the rows as they were read.
async fn remove_documents<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    collection: &Collection,
    page: &Page,
    places: &[usize],
    exceptions: &mut Exceptions,
) -> Result<BTreeMap<usize, Option<Row>>, Stop> {
    // A record whose document id cannot be rendered has no document.
    let (mut open, _) = document_ids(collection, &page.entries, places);
    let mut rows = BTreeMap::new();
    for round in 0..READS {
        // The copy first, then the truth: what is written in between changes the version that is named at the removal.
        let versions = versions(engine, slice, collection, &open).await?;
        let wanted: Vec<usize> = if round == 0 {
            places.to_vec()
        } else {
            open.iter().map(|(place, _)| *place).collect()
        };
        let read = rows_at(engine, slice, collection, &page.entries, &wanted).await?;
        let explained = |place: usize| {
            read.get(&place).is_some_and(|row| {
                row.as_ref()
                    .is_none_or(|row| row.mark(collection).is_of(deletion.id))
            })
        };
        let removable: Vec<(usize, String, DocumentVersion)> = open
            .iter()
            .zip(versions)
            .filter_map(|((place, id), version)| {
                version.map(|version| (*place, id.clone(), version))
            })
            .filter(|(place, ..)| explained(*place))
            .collect();
        rows.extend(read);
        open = remove(engine, slice, collection, removable, exceptions).await?;
        if open.is_empty() {
            return Ok(rows);
        }
    }
    for (place, _) in open {
        let reason = "DOCUMENT_CHANGING: somebody else keeps writing the document".to_owned();
        exceptions
            .purged
            .insert(place, NotPurged::Failed { reason });
    }
    Ok(rows)
}

async fn versions<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    open: &[(usize, String)],
) -> Result<Vec<Option<DocumentVersion>>, Stop> {
    let documents = engine.ports.documents();
    let ids: Vec<String> = open.iter().map(|(_, id)| id.clone()).collect();
    settle(slice, &ids, P::Documents::PURGE_BATCH, |batch| async move {
        documents.versions(collection, &batch).await
    })
    .await
}

async fn rows_at<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Option<Row>>, Stop> {
    let keys: Vec<_> = places
        .iter()
        .map(|place| entries[*place].key.clone())
        .collect();
    let rows = read_rows(engine, slice, collection, &keys, Fields::Judged).await?;
    Ok(places.iter().copied().zip(rows).collect())
}

/// Removes documents as they were read; returns those that changed since.
async fn remove<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    removable: Vec<(usize, String, DocumentVersion)>,
    exceptions: &mut Exceptions,
) -> Result<Vec<(usize, String)>, Stop> {
    let documents = engine.ports.documents();
    let asked: Vec<(String, DocumentVersion)> = removable
        .iter()
        .map(|(_, id, version)| (id.clone(), *version))
        .collect();
    let outcomes = settle(
        slice,
        &asked,
        P::Documents::PURGE_BATCH,
        |batch| async move { documents.remove(collection, &batch).await },
    )
    .await?;
    let mut changed = Vec::new();
    for ((place, id, _), outcome) in removable.into_iter().zip(outcomes) {
        match outcome {
            RemoveOutcome::Gone => {}
            RemoveOutcome::Changed => changed.push((place, id)),
            RemoveOutcome::Rejected(why) => {
                let reason = format!("DOCUMENT_REJECTED: {why}");
                exceptions
                    .purged
                    .insert(place, NotPurged::Failed { reason });
            }
        }
    }
    Ok(changed)
}
