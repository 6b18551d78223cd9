//! What the comparison of a page has found, and how far its looks below the records are.
//!
//! What another deletion or another tenant has below a record stays there, and may be more than a stretch can read. So a
//! look that takes more than one query has a place, which the next stretch continues from. The looks of a page are in one
//! order: by collection as the page has them, those below rows before those below archived rows, then by the place of the
//! record. What is before the place has had its turn: it is gone, or stays. Below the records that such a look finds, it
//! has further places: each in the query of the one before.
//!
//! Only a restored deletion removes such records. What another one remembers here is below which records children were
//! detached. The place is stored in the field that is for the search below the root: a restored deletion has none, and the
//! others begin it when all pages are compared.

use domain::cursor::{Place, PlaceBelow, SelectCursor};
use domain::deletion::Deletion;
use domain::deletion::comparison::Findings;
use domain::page::Entry;

/// What the comparison of a page has found, and how far it is.
#[derive(Debug)]
pub(crate) struct Progress {
    /// What was found; lost if the stretch ends within the page.
    pub(crate) findings: Findings,
    /// How far the looks are.
    pub(crate) looked: Looked,
}

/// What is removed once nothing is below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Removing {
    /// Rows.
    Rows,
    /// Archived rows: the looks below them are a second reading of the page.
    Copies,
}

/// How far the looks below the records of a page are.
#[derive(Debug)]
pub(crate) struct Looked {
    page: u32,
    /// Where the stretch began.
    from: Option<SelectCursor>,
    /// Where the next one continues.
    at: Option<SelectCursor>,
    /// And where below what is found there.
    deeper: Vec<PlaceBelow>,
}

impl Progress {
    /// Nothing is found yet, and the looks are where an earlier stretch has left them.
    pub(crate) fn of(deletion: &Deletion, page: u32) -> Self {
        let stored = deletion.comparison.below_cursor.clone();
        // A build that does not know of it leaves that of an earlier page.
        let from = stored.filter(|cursor| cursor.page() == Some(page));
        let deeper = from.as_ref().map(|_| deletion.comparison.deeper.clone());
        let findings = Findings::default();
        let looked = Looked {
            page,
            at: from.clone(),
            from,
            deeper: deeper.unwrap_or_default(),
        };
        Self { findings, looked }
    }
}

impl Looked {
    /// Where the next stretch continues, `None` for the page's beginning; and where below what is found there.
    pub(crate) fn places(self) -> (Option<SelectCursor>, Vec<PlaceBelow>) {
        (self.at, self.deeper)
    }

    /// Where the looks below what is found continue.
    pub(crate) fn deeper(&self) -> Vec<PlaceBelow> {
        self.deeper.clone()
    }

    /// Where the look below the record at a place begins; `None` if an earlier stretch has left it as it is.
    pub(crate) fn begin(
        &self,
        entries: &[Entry],
        removing: Removing,
        entry: usize,
    ) -> Option<Place> {
        let turn = turn(entries, removing, entry);
        if let Some((of, place)) = self.at.as_ref().and_then(parts)
            && (of, place.entry) == (removing, entry)
        {
            return Some(place.clone());
        }
        let from = self
            .from
            .as_ref()
            .and_then(|cursor| cursor_turn(entries, cursor));
        let is_passed = from.is_some_and(|from| turn < Some(from));
        (!is_passed).then_some(Place {
            page: self.page,
            entry,
            ..Place::FIRST
        })
    }

    /// A look has come to this place, and to these below what it has found there, and everything before them was clear.
    pub(crate) fn reach(
        &mut self,
        entries: &[Entry],
        (removing, place): (Removing, &Place),
        deeper: &[PlaceBelow],
    ) {
        let at = self.at.as_ref();
        if at.and_then(|cursor| cursor_turn(entries, cursor)) > turn(entries, removing, place.entry)
        {
            return;
        }
        // A stretch comes to where the one before has stopped from above.
        if at.and_then(parts) == Some((removing, place)) && self.deeper.starts_with(deeper) {
            return;
        }
        let place = place.clone();
        self.at = Some(match removing {
            Removing::Rows => SelectCursor::Below(place),
            Removing::Copies => SelectCursor::Shared(place),
        });
        self.deeper = deeper.to_vec();
    }
}

/// The turn of a look among those of its page.
type Turn = (usize, Removing, usize);

fn turn(entries: &[Entry], removing: Removing, entry: usize) -> Option<Turn> {
    let collection = &entries.get(entry)?.collection;
    let is_its = |entry: &Entry| entry.collection == *collection;
    let first = entries.iter().position(is_its)?;
    Some((first, removing, entry))
}

fn cursor_turn(entries: &[Entry], cursor: &SelectCursor) -> Option<Turn> {
    let (removing, place) = parts(cursor)?;
    turn(entries, removing, place.entry)
}

fn parts(cursor: &SelectCursor) -> Option<(Removing, &Place)> {
    match cursor {
        SelectCursor::Below(place) => Some((Removing::Rows, place)),
        SelectCursor::Shared(place) => Some((Removing::Copies, place)),
        SelectCursor::Requested(_) => None,
    }
}
