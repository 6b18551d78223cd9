//! The three records, in the words of `domain`, and the walk below their parents.

use std::sync::LazyLock;

use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::{Entry, Judged, Page, SelectCursor};
use domain::row::RowMark;
use testing::samples;

use crate::world::{DELETIONS, Document, RECORDS, Row, World};

/// The collections of the samples, from the root down.
const NAMES: [&str; RECORDS] = ["discussions", "messages", "replies"];

static COLLECTIONS: LazyLock<Vec<Collection>> =
    LazyLock::new(|| NAMES.into_iter().map(samples::collection).collect());

pub(crate) fn collection(record: usize) -> &'static Collection {
    &COLLECTIONS[record]
}

pub(crate) fn key(record: usize) -> RecordKey {
    samples::key(NAMES[record])
}

/// The entry of a record as a deletion finds it now.
pub(crate) fn entry(record: usize, row: Row, id: usize) -> Entry {
    let mark = match row.mark {
        None => RowMark::Absent,
        Some(by) => RowMark::By(Some(deletion_id(by))),
    };
    let judged = Judged::of(mark, deletion_id(id));
    Entry::new(collection(record).name.clone(), key(record), judged)
}

pub(crate) fn deletion_id(id: usize) -> domain::deletion::DeletionId {
    samples::deletion_id(number(id))
}

/// The samples count deletions from 1.
pub(crate) fn number(id: usize) -> u8 {
    u8::try_from(id).expect("there are few deletions") + 1
}

pub(crate) fn record(entry: &Entry) -> usize {
    let name = entry.collection.as_ref();
    let found = NAMES.into_iter().position(|record| record == name);
    found.expect("an entry of one of the three")
}

pub(crate) fn record_at(page: &Page, place: usize) -> usize {
    record(&page.entries[place])
}

/// What is read above a record, to judge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Above {
    /// Its parent.
    Parent(usize),
    /// A record above that one.
    Further(usize),
    /// The root, behind everything else.
    Root,
}

/// Whether a record belongs to a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leads {
    Yes,
    No,
    /// What is read next decides.
    Ask(Above),
}

impl World {
    /// The next parent from `cursor` on that has children in the scope: the record below it, and where the walk goes on.
    /// As `Walk::step` of the engine; `open` is the page that is being written.
    pub(crate) fn next_question(
        &self,
        id: usize,
        cursor: SelectCursor,
        open: (u32, &[Entry]),
    ) -> Option<(usize, SelectCursor)> {
        let SelectCursor::Below(mut place) = cursor else {
            return None;
        };
        loop {
            let parent = if place.page == open.0 {
                open.1.get(place.entry)
            } else {
                self.page(id, place.page)
                    .filter(|page| page.number < open.0)
                    .and_then(|page| page.entries.get(place.entry))
            };
            let Some(parent) = parent else {
                if place.page >= open.0 {
                    return None;
                }
                place = place.next_page();
                continue;
            };
            let child = record(parent) + 1;
            if child < RECORDS && place.child == 0 {
                place.child = 1;
                return Some((child, SelectCursor::Below(place)));
            }
            place = place.next_entry();
        }
    }

    /// Whether a record belongs to this deletion because of what is above it, of which one row is read now. Orphans are
    /// the deletion's where they were found below its records.
    pub(crate) fn leads_to(&self, id: usize, above: Above, orphans_are_ours: bool) -> Leads {
        let at = match above {
            Above::Parent(at) | Above::Further(at) => at,
            Above::Root => id,
        };
        match (self.rows[at], above) {
            (None, Above::Parent(_)) if !orphans_are_ours => Leads::No,
            (None, Above::Parent(at)) if at != id => Leads::Ask(Above::Root),
            (None, Above::Parent(_) | Above::Root) => Leads::Yes,
            (None, Above::Further(_)) => Leads::No,
            (Some(row), Above::Parent(at) | Above::Further(at))
                if row.mark == Some(id) && at != id =>
            {
                Leads::Ask(Above::Root)
            }
            (Some(row), _) if row.mark == Some(id) => Leads::Yes,
            // A root without its mark is another record.
            (Some(_), _) if at == id => Leads::No,
            (Some(_), _) => Leads::Ask(Above::Further(at - 1)),
        }
    }

    /// The record, if it is there without the mark of this deletion.
    pub(crate) fn answer(&self, id: usize, record: usize) -> Option<Entry> {
        let row = self.rows[record].filter(|row| row.mark != Some(id))?;
        Some(entry(record, row, id))
    }

    /// Its owner writes a record where there is none, row and document, whatever is above it.
    pub(crate) fn write(&mut self, record: usize, generation: u8) {
        let mut is_newer = [false; DELETIONS];
        for (id, is_newer) in is_newer.iter_mut().enumerate().take(record + 1) {
            let Some(control) = &self.deletions[id] else {
                continue;
            };
            *is_newer = id == record
                || (self.rows[id].is_some_and(|root| root.generation != control.root)
                    && (id..record).all(|above| self.is_live(above)));
        }
        self.rows[record] = Some(Row {
            generation,
            mark: None,
            is_newer,
        });
        self.documents[record] = Some(Document {
            generation,
            mark: None,
        });
    }
}
