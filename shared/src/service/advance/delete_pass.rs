//! The delete pass of the strategy `flag`: page by page, rows, then documents, then the checkpoint.

use std::collections::BTreeMap;

use crate::domain::collection::Collection;
use crate::domain::deletion::{Deletion, Pass, State};
use crate::domain::page::{Entry, Exceptions, Judged, Outcome, Page, SelectCursor};
use crate::domain::row::Mark;
use crate::domain::scope::Scope;
use crate::ports::{
    AdvanceDeletions, DocumentMarkOutcome, EnginePorts, Fields, MarkDocuments, MarkOutcome,
    MarkRows, PutPageOutcome, ReadDeletions, RowToMark,
};
use crate::service::advance::Engine;
use crate::service::advance::notify::Notifier;
use crate::service::advance::pass::{PagePass, do_page};
use crate::service::advance::select::{by_collection, open_of, read_rows, select};
use crate::service::advance::settle::settle;
use crate::service::advance::slice::{Slice, Stop};

/// How often a row whose mark attribute changes between absent and NULL is asked again.
const FLIPS: usize = 3;

/// Does all pages from the checkpoint on.
pub(super) async fn run<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let mut notifier = Notifier::new();
    notifier.accepted(engine, slice, deletion).await;
    let deletions = engine.ports.deletions();
    let mut before = match deletion.cursor {
        0 => None,
        done => {
            slice
                .call(deletions.page(&deletion.tenant, deletion.id, done))
                .await?
        }
    };
    let mut resumed = true;
    loop {
        let number = deletion.cursor + 1;
        // Only the first page of a slice can have been begun by somebody else; those that are known are there.
        let written = if resumed || number <= deletion.pages {
            slice
                .call(deletions.page(&deletion.tenant, deletion.id, number))
                .await?
        } else {
            None
        };
        let page = match written {
            Some(page) => page,
            // What is written is finished before a cancel is honoured; nothing is begun any more.
            None if deletion.state == State::Cancelling => return Ok(()),
            None => match next_page(engine, slice, deletion, scope, before.as_ref(), number).await?
            {
                Some(page) => page,
                None => return Ok(()),
            },
        };
        do_page(
            engine,
            slice,
            deletion,
            &mut notifier,
            &Flag { scope },
            &page,
            resumed,
        )
        .await?;
        before = Some(page);
        resumed = false;
    }
}

struct Flag<'a> {
    scope: &'a Scope,
}

impl<P: EnginePorts> PagePass<P> for Flag<'_> {
    const PASS: Pass = Pass::Delete;

    /// Does a page: the root's as it was accepted, every other one's records as they were selected.
    async fn act(
        &self,
        engine: &Engine<P>,
        slice: &Slice<'_, P::Clock>,
        deletion: &Deletion,
        page: &Page,
        only: Option<&[usize]>,
    ) -> Result<Exceptions, Stop> {
        if page.number > 1 || deletion.root.is_none() {
            return mark_entries(engine, slice, deletion, &page.entries, only).await;
        }
        let collection = engine.collection(&deletion.collection)?;
        let mut deleted = root(engine, slice, deletion, collection, page).await?;
        if deleted.is_empty() {
            let mark = deletion.mark();
            deleted = mark_documents(engine, slice, collection, &mark, &page.entries, &[0]).await?;
        }
        Ok(Exceptions {
            deleted,
            ..Exceptions::default()
        })
    }

    fn scope(&self) -> Option<&Scope> {
        Some(self.scope)
    }
}

/// The page behind `before`: as somebody wrote it already, or selected now; `None` when nothing is left.
pub(super) async fn next_page<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    scope: &Scope,
    before: Option<&Page>,
    number: u32,
) -> Result<Option<Page>, Stop> {
    let cursor = match before {
        Some(page) => match &page.next {
            Some(cursor) => cursor.clone(),
            None => return Ok(None),
        },
        None if deletion.root.is_none() && number == 1 => SelectCursor::NAMED,
        None => {
            let why = "a page of the manifest is missing";
            return Err(Stop::broken("PAGE_MISSING", why));
        }
    };
    let Some(page) = select(engine, slice, deletion, scope, number, cursor).await? else {
        return Ok(None);
    };
    match slice
        .call(engine.ports.deletions().put_page(deletion, &page))
        .await?
    {
        PutPageOutcome::Written => Ok(Some(page)),
        PutPageOutcome::Earlier(theirs) => Ok(Some(*theirs)),
    }
}

/// Marks records in both stores, all of them or only those at these places: truth before copy.
pub(super) async fn mark_entries<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    entries: &[Entry],
    only: Option<&[usize]>,
) -> Result<Exceptions, Stop> {
    let mark = deletion.mark();
    let mut exceptions = Exceptions::default();
    for (collection, places) in by_collection(&engine.collections, entries)? {
        let open = open_of(entries, places, only);
        exceptions
            .deleted
            .extend(mark_rows(engine, slice, collection, &mark, entries, &open).await?);
        let marked: Vec<usize> = open
            .into_iter()
            .filter(|place| !exceptions.deleted.contains_key(place))
            .collect();
        exceptions
            .deleted
            .extend(mark_documents(engine, slice, collection, &mark, entries, &marked).await?);
    }
    Ok(exceptions)
}

/// The root was marked at acceptance. One without our mark is gone or new, and stays as it is.
async fn root<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    deletion: &Deletion,
    collection: &Collection,
    page: &Page,
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let keys: Vec<_> = page.entries.iter().map(|entry| entry.key.clone()).collect();
    let rows = read_rows(engine, slice, collection, &keys, Fields::Judged).await?;
    let not_ours = |(_, row): &(usize, Option<crate::domain::row::Row>)| {
        row.as_ref()
            .is_none_or(|row| !row.mark(collection).is_of(deletion.id))
    };
    Ok(rows
        .into_iter()
        .enumerate()
        .filter(not_ours)
        .map(|(place, _)| (place, Outcome::Missing))
        .collect())
}

/// Marks the rows of some records of one collection; answers those that could not be marked.
pub(super) async fn mark_rows<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    mark: &Mark,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let mut exceptions = BTreeMap::new();
    let mut open: Vec<(usize, bool)> = places
        .iter()
        .map(|place| (*place, entries[*place].judged == Judged::LiveNull))
        .collect();
    for _ in 0..FLIPS {
        if open.is_empty() {
            break;
        }
        let to_mark: Vec<RowToMark> = open
            .iter()
            .map(|(place, null)| RowToMark {
                key: entries[*place].key.clone(),
                null: *null,
            })
            .collect();
        let rows = engine.ports.rows();
        let outcomes = settle(slice, &to_mark, P::Rows::MARK_BATCH, |batch| async move {
            rows.mark(collection, mark, &batch).await
        })
        .await?;
        let mut flipped = Vec::new();
        for ((place, _), outcome) in open.into_iter().zip(outcomes) {
            match outcome {
                MarkOutcome::Marked => {}
                MarkOutcome::MarkedByAnother => {
                    exceptions.insert(place, Outcome::AlreadyDeleted);
                }
                MarkOutcome::Missing => {
                    exceptions.insert(place, Outcome::Missing);
                }
                MarkOutcome::TooLarge => {
                    let reason =
                        "ROW_TOO_LARGE: with the mark it would pass the store's limit of 400 KB";
                    exceptions.insert(
                        place,
                        Outcome::Failed {
                            reason: reason.into(),
                        },
                    );
                }
                MarkOutcome::Null => flipped.push((place, true)),
                MarkOutcome::Absent => flipped.push((place, false)),
            }
        }
        open = flipped;
    }
    for (place, _) in open {
        exceptions.insert(
            place,
            Outcome::Failed {
                reason: "ROW_CHANGING: somebody else keeps changing the mark".into(),
            },
        );
    }
    Ok(exceptions)
}

/// Marks the documents of some records; answers those that could not be marked.
pub(super) async fn mark_documents<P: EnginePorts>(
    engine: &Engine<P>,
    slice: &Slice<'_, P::Clock>,
    collection: &Collection,
    mark: &Mark,
    entries: &[Entry],
    places: &[usize],
) -> Result<BTreeMap<usize, Outcome>, Stop> {
    let (ids, mut exceptions) = document_ids(collection, entries, places);
    let documents = engine.ports.documents();
    let asked: Vec<String> = ids.iter().map(|(_, id)| id.clone()).collect();
    let outcomes = settle(
        slice,
        &asked,
        P::Documents::MARK_BATCH,
        |batch| async move { MarkDocuments::mark(documents, collection, mark, &batch).await },
    )
    .await?;
    for ((place, _), outcome) in ids.into_iter().zip(outcomes) {
        match outcome {
            // Without a document there is nothing that could show the record.
            DocumentMarkOutcome::Marked | DocumentMarkOutcome::Missing => {}
            DocumentMarkOutcome::Rejected(why) => {
                exceptions.insert(
                    place,
                    Outcome::Failed {
                        reason: format!("DOCUMENT_REJECTED: {why}"),
                    },
                );
            }
        }
    }
    Ok(exceptions)
}

/// The document ids of some records. One that cannot be rendered fails alone, before the request is made.
pub(super) fn document_ids(
    collection: &Collection,
    entries: &[Entry],
    places: &[usize],
) -> (Vec<(usize, String)>, BTreeMap<usize, Outcome>) {
    let mut ids = Vec::new();
    let mut exceptions = BTreeMap::new();
    if let Some(spec) = &collection.document {
        for place in places {
            match spec.id.render(&entries[*place].key.parts(&collection.key)) {
                Ok(id) => ids.push((*place, id)),
                Err(error) => {
                    let reason = format!("DOCUMENT_ID_INVALID: {error}");
                    exceptions.insert(*place, Outcome::Failed { reason });
                }
            }
        }
    }
    (ids, exceptions)
}
