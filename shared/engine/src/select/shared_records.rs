//! Shared records: one whose last live link a deletion takes is deleted with it.
//!
//! A shared record is judged when the links of the deletion are marked or gone, over the pages that have them, so it
//! need not be known which links are ours: one that is still live is not. The links to a record are queried through an
//! index and read again from the table, with all their ancestors. A link below a record that another deletion has taken
//! is not live, so if two deletions take the last two links, the one that checks later takes the record.

use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::AtomicBool;

use crate::kit::asked::{Asked, Said};
use crate::kit::checkpoint::checkpoint;
use crate::kit::identified::{Identified, read_identified};
use crate::kit::manifest::{self, LONGEST, Listed, known, record};
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::links::{LinkCheck, LinkState};
use crate::select::step::Step;
use crate::select::walk::{STEPS, Walk};
use domain::collection::{Collection, CollectionName};
use domain::cursor::Place;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Entry, Look, Outcome, PAGE_BYTES, Page, SelectCursor};
use domain::scope::Scope;
use ports::EnginePorts;

/// How many records are judged in one step.
const AT_ONCE: usize = 32;

/// How many queries of a selection such a step counts as: it makes several for each of its records. After four steps
/// the selection saves its cursor, whether it has found something or not: a slice that ended before that would begin
/// there again.
pub(crate) const QUESTIONS: usize = STEPS / 4;

/// How many queries for the links to one record a step makes; the next step continues there.
const QUERIES: usize = 10;

/// A shared record that a link in a page of the manifest references.
struct Candidate<'e> {
    /// The link's place.
    place: usize,
    collection: &'e Collection,
    key: RecordKey,
}

/// Whether the selection itself continues with shared records: it does if pages are done as soon as they are written.
pub(crate) fn follows_selection(deletion: &Deletion, scope: &Scope) -> bool {
    !deletion.strategy.is_done_backwards() && !scope.keeps.is_empty()
}

/// The next shared records without a live link: at most this many and, except for the first, this many bytes. The links
/// are in the pages before `open`.
pub(crate) async fn step<P: EnginePorts>(
    walk: &mut Walk<'_, P>,
    deletion: &Deletion,
    place: &Place,
    open: u32,
    (limit, room): (usize, usize),
) -> Result<Step, Stop> {
    if place.page >= open {
        return Ok(Step::Over);
    }
    let (work, scope) = (walk.work, walk.scope);
    let begin = Look {
        of: place.child,
        after: place.after.clone(),
        is_for_failed: false,
    };
    // A record with very many links is checked alone.
    let most = if begin.is_none() {
        limit.clamp(1, AT_ONCE)
    } else {
        1
    };
    let page = walk.page(deletion, place.page).await?;
    let mut candidates = match page {
        Some(page) => candidates(work, (deletion, scope), page)?,
        None => Vec::new(),
    };
    candidates.retain(|candidate| candidate.place >= place.entry);
    let mut next = match candidates.get(most) {
        Some(later) => at(place.page, later.place, Look::default()),
        None => at(place.page + 1, 0, Look::default()),
    };
    candidates.truncate(most);
    let rows = live_rows(work, deletion, &candidates).await?;
    let ask: Vec<bool> = rows.iter().map(Option::is_some).collect();
    let said = check_links(work, deletion, &candidates, &ask, (&begin, QUERIES)).await?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut bytes = 0;
    for ((candidate, row), links) in candidates.iter().zip(rows).zip(said) {
        match (row, links) {
            (_, LinkState::Unfinished(from)) => {
                next = at(place.page, candidate.place, from);
                break;
            }
            (Some((row, fingerprint)), LinkState::Unreferenced) => {
                let entry = Entry::of_row(candidate.collection, row, deletion.id);
                let entry = entry.with(Some(fingerprint));
                bytes += entry.bytes();
                if bytes > room && !entries.is_empty() {
                    next = at(place.page, candidate.place, Look::default());
                    break;
                }
                entries.push(entry);
            }
            (_, LinkState::Referenced | LinkState::Unreferenced) => {}
        }
    }
    Ok(Step::Entries {
        entries,
        next: SelectCursor::Shared(next),
    })
}

fn at(page: u32, entry: usize, from: Look) -> Place {
    Place {
        page,
        entry,
        child: from.of,
        after: from.after,
    }
}

/// The shared records that the links of a page reference, each at the first link to it.
fn candidates<'e, P: EnginePorts>(
    work: Work<'e, P>,
    (deletion, scope): (&Deletion, &Scope),
    page: &Page,
) -> Result<Vec<Candidate<'e>>, Stop> {
    let mut seen = HashSet::new();
    let mut found = Vec::new();
    for (place, entry) in page.entries.iter().enumerate() {
        let Some(kept) = scope.keeps.get(&entry.collection) else {
            continue;
        };
        let link = work.collection(&entry.collection)?;
        if entry.judged.is_open()
            && let Some(key) = entry.shared_record_key(link, &deletion.tenant)
            && seen.insert((kept, key.clone()))
        {
            found.push(Candidate {
                place,
                collection: work.collection(kept)?,
                key,
            });
        }
    }
    Ok(found)
}

/// The rows of those that are there, the tenant's and unmarked, in order.
async fn live_rows<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    candidates: &[Candidate<'_>],
) -> Result<Vec<Option<Identified>>, Stop> {
    let mut rows: Vec<Option<Identified>> = candidates.iter().map(|_| None).collect();
    let names: BTreeSet<&CollectionName> =
        candidates.iter().map(|one| &one.collection.name).collect();
    for name in names {
        let collection = work.collection(name)?;
        let of_it = candidates.iter().enumerate();
        let (places, keys): (Vec<usize>, Vec<RecordKey>) = of_it
            .filter(|(_, one)| one.collection.name == *name)
            .map(|(place, one)| (place, one.key.clone()))
            .unzip();
        let read = read_identified(work, collection, &keys).await?;
        for (place, row) in places.into_iter().zip(read) {
            rows[place] = row.filter(|(row, _)| row.is_unmarked(&deletion.tenant, collection));
        }
    }
    Ok(rows)
}

/// The state of the links to these records, in order; records that are not asked about count as unreferenced.
async fn check_links<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    candidates: &[Candidate<'_>],
    ask: &[bool],
    (from, queries): (&Look, usize),
) -> Result<Vec<LinkState>, Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let work = Work::new(work.engine, &slice);
    let mut asked = Vec::new();
    for (candidate, is_asked) in candidates.iter().zip(ask) {
        let check = LinkCheck {
            work,
            deletion,
            collection: candidate.collection,
            key: &candidate.key,
        };
        let from = from.clone();
        asked.push(Box::pin(async move {
            if *is_asked {
                check.links(from, queries).await
            } else {
                Ok(LinkState::Unreferenced)
            }
        }));
    }
    together(&failed, asked).await
}

/// The entries of a page without those of shared records that have failed before: several links lead to one, which is in
/// the manifest already if it could not be deleted there. One that could be is marked or gone, and not found again. In a
/// manifest that is too long to be read it is listed once more, and fails once more.
pub(super) async fn not_failed_before<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    mut entries: Vec<Entry>,
) -> Result<Vec<Entry>, Stop> {
    let may_be_listed = |entry: &&Entry| {
        let counts = deletion.deleted.get(&entry.collection);
        counts.is_some_and(|counts| counts.failed > 0)
            && scope.is_deleted_with_links(&entry.collection, &deletion.collection)
    };
    let wanted: HashSet<_> = entries.iter().filter(may_be_listed).map(record).collect();
    if !wanted.is_empty() && deletion.pages <= LONGEST {
        let known = known(work, deletion, wanted, Listed::Open).await?;
        entries.retain(|entry| !known.contains(&record(entry)));
    }
    Ok(entries)
}

/// Finds the next page of shared records for a delete that runs backwards, and writes it; or stores that there are no
/// more.
pub(crate) async fn next_page<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &mut Deletion,
    scope: &Scope,
) -> Result<(), Stop> {
    let number = deletion.pages + 1;
    // Another worker may have written it, and crashed before the deletion knew.
    if let Some(page) = manifest::adopted(work, deletion).await? {
        let next = deletion.page_of_shared_records(work.now(), &page);
        return checkpoint(work, deletion, next).await;
    }
    let mut walk = Walk::new(work, scope);
    let mut place = match &deletion.links {
        Some(SelectCursor::Shared(place)) => place.clone(),
        _ => Place::FIRST,
    };
    let (mut entries, mut seen): (Vec<Entry>, HashSet<_>) = (Vec::new(), HashSet::new());
    let mut bytes = 0;
    for _ in 0..STEPS / QUESTIONS {
        let room = (
            work.engine.page_keys - entries.len(),
            PAGE_BYTES.saturating_sub(bytes),
        );
        if room.0 == 0 || room.1 == 0 {
            break;
        }
        match step(&mut walk, deletion, &place, number, room).await? {
            Step::Entries {
                entries: some,
                next,
            } => {
                for entry in some {
                    if seen.insert(record(&entry)) {
                        bytes += entry.bytes();
                        entries.push(entry);
                    }
                }
                if let SelectCursor::Shared(next) = next {
                    place = next;
                }
            }
            Step::Rows { .. } | Step::Over => break,
        }
        if entries.is_empty() {
            // Saved with the next store call of the slice: the walk continues from here.
            deletion.links = Some(SelectCursor::Shared(place.clone()));
        }
    }
    let entries = not_failed_before(work, (deletion, scope), entries).await?;
    if entries.is_empty() {
        let next = deletion.links_followed(work.now(), SelectCursor::Shared(place));
        return checkpoint(work, deletion, next).await;
    }
    let page = Page {
        number,
        entries,
        next: Some(SelectCursor::Shared(place)),
    };
    let page = manifest::put(work, deletion, page).await?;
    let next = deletion.page_of_shared_records(work.now(), &page);
    checkpoint(work, deletion, next).await
}

/// The shared records among these that a live link references now, right before they are deleted: they stay, as `kept`.
pub(crate) async fn blocked<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    entries: &[Entry],
    places: &[usize],
    from: &Look,
) -> Result<Asked<Outcome>, Stop> {
    let candidates = unreferenced(work, deletion, scope, entries, places)?;
    let mut asked = Asked::default();
    // One that carries our mark is half done, and is finished.
    for some in candidates.chunks(AT_ONCE) {
        let rows = live_rows(work, deletion, some).await?;
        let ask: Vec<bool> = rows.iter().map(Option::is_some).collect();
        let said = check_links(work, deletion, some, &ask, (from, QUERIES)).await?;
        if !asked.go_on(answers(some, said, &Outcome::Kept)) {
            break;
        }
    }
    Ok(asked)
}

/// The shared records among these that a live link references now.
pub(crate) async fn referenced_again<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    entries: &[Entry],
    places: &[usize],
    from: &Look,
) -> Result<Asked<()>, Stop> {
    let mut asked = Asked::default();
    for some in unreferenced(work, deletion, scope, entries, places)?.chunks(AT_ONCE) {
        let ask = vec![true; some.len()];
        let said = check_links(work, deletion, some, &ask, (from, QUERIES)).await?;
        if !asked.go_on(answers(some, said, &())) {
            break;
        }
    }
    Ok(asked)
}

/// What these states of their links say of records.
fn answers<T: Clone>(
    candidates: &[Candidate<'_>],
    links: Vec<LinkState>,
    referenced: &T,
) -> impl Iterator<Item = (usize, Said<T>)> {
    let said = links.into_iter().map(move |state| match state {
        LinkState::Referenced => Said::Kept(referenced.clone()),
        LinkState::Unreferenced => Said::Free,
        LinkState::Unfinished(look) => Said::More(look),
    });
    candidates.iter().map(|one| one.place).zip(said)
}

/// Those of these records that are deleted because no link keeps them any more, and not because they were requested.
fn unreferenced<'e, P: EnginePorts>(
    work: Work<'e, P>,
    deletion: &Deletion,
    scope: &Scope,
    entries: &[Entry],
    places: &[usize],
) -> Result<Vec<Candidate<'e>>, Stop> {
    places
        .iter()
        .map(|place| (*place, &entries[*place]))
        .filter(|(_, entry)| scope.is_deleted_with_links(&entry.collection, &deletion.collection))
        .map(|(place, entry)| {
            Ok(Candidate {
                place,
                collection: work.collection(&entry.collection)?,
                key: entry.key.clone(),
            })
        })
        .collect()
}
