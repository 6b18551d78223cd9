//! What has become of the records of a page since it was written: of one that another worker may have begun, or that an
//! earlier run wrote, and of each where all pages are written before the first is done. What is done is done, and what is
//! no longer the deletion's stays.

use std::collections::BTreeMap;

use crate::kit::identified::read_identified;
use crate::kit::membership::Membership;
use crate::kit::ours::is_root;
use crate::kit::records::Records;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::fingerprint::{Fingerprint, is_dated};
use domain::page::{Entry, Page};
use domain::row::{Row, RowMark, Unreadable};
use domain::scope::Scope;
use ports::EnginePorts;

/// What has become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Now {
    /// It carries the deletion's mark.
    Ours,
    /// It carries another deletion's mark.
    Others,
    /// There is no row with its key.
    Gone,
    /// The row with its key is another record.
    Another,
    /// The row with its key was written since, and nothing says whether it is still the same record.
    Written,
    /// It is there, but no longer the deletion's: moved to another parent, or to another tenant.
    Elsewhere,
    /// It is there, and nobody can say whose it is, or whether it is marked.
    Unreadable(Unreadable),
}

/// Why a record stays that may be another one by now.
pub(crate) const WRITTEN: &str = "RECORD_WRITTEN: it was written since it was selected, and has no time that says whether it is still the same record; delete it again if it is meant";

/// What has become of the records of a page since it was written.
#[derive(Debug)]
pub(crate) struct Since {
    now: BTreeMap<usize, Now>,
    may_be_begun: bool,
}

impl Since {
    /// A worker may have begun it, and all that is there is as it was.
    pub(crate) const BEGUN: Self = Self {
        now: BTreeMap::new(),
        may_be_begun: true,
    };

    /// What has become of the record at this place; `None` if it is as it was selected.
    pub(crate) fn at(&self, place: usize) -> Option<Now> {
        self.now.get(&place).copied()
    }
}

/// What has become of the records of a page; `None` if they are taken for what they were a moment before.
pub(crate) type Again<'a> = Option<&'a Since>;

/// Whether another worker may have begun the page: what is missing may have been removed by it.
pub(crate) fn may_be_begun(again: Again<'_>) -> bool {
    again.is_some_and(|again| again.may_be_begun)
}

/// Reads these records of a page again. A record that is as it was selected has no entry in the answer, and neither has
/// one that a delete has nothing to do with.
pub(crate) async fn recheck<P: EnginePorts>(
    work: Work<'_, P>,
    (deletion, scope): (&Deletion, &Scope),
    page: &Page,
    records: &[Records<'_>],
    may_be_begun: bool,
) -> Result<Since, Stop> {
    let mut membership = Membership::of_page(work, deletion, scope, page);
    if !may_be_begun {
        membership = membership.not_begun();
    }
    let mut found = BTreeMap::new();
    for records in records {
        let collection = records.collection;
        let rows = read(work, records).await?;
        // Those that their parents decide about.
        let (mut places, mut below) = (Vec::new(), Vec::new());
        for (place, row) in records.places.iter().copied().zip(rows) {
            let Some((row, fingerprint)) = row else {
                found.insert(place, Now::Gone);
                continue;
            };
            let entry = records.entry(place);
            match plain(deletion, collection, entry, &row) {
                Some(now) => drop(found.insert(place, now)),
                None if scope.is_deleted_with_links(&entry.collection, &deletion.collection)
                    || membership.is_requested(collection, &row).await? =>
                {
                    if deletion.adopts && row.mark(collection).is_live() {
                        // Its owner has taken it back since.
                        found.insert(place, Now::Elsewhere);
                        continue;
                    }
                    if is_another(entry, fingerprint) {
                        let is_dated = is_dated(&row, collection);
                        let now = if is_dated { Now::Another } else { Now::Written };
                        found.insert(place, now);
                    }
                }
                None => {
                    places.push(place);
                    below.push(row);
                }
            }
        }
        let ours = membership.of(collection, &below).await?;
        let elsewhere = places.into_iter().zip(ours).filter(|(_, is_ours)| !is_ours);
        found.extend(elsewhere.map(|(place, _)| (place, Now::Elsewhere)));
    }
    Ok(Since {
        now: found,
        may_be_begun,
    })
}

/// What the row alone says; `None` if it is unmarked and the tenant's.
fn plain(deletion: &Deletion, collection: &Collection, entry: &Entry, row: &Row) -> Option<Now> {
    match row.mark(collection) {
        mark if mark.is_of(deletion.id) => Some(Now::Ours),
        // It was marked at acceptance.
        _ if is_root(deletion, entry) => Some(Now::Another),
        _ if let Some(why) = row.unreadable_to(&deletion.tenant, collection) => {
            Some(Now::Unreadable(why))
        }
        _ if !row.is_of(&deletion.tenant, collection) => Some(Now::Elsewhere),
        mark @ RowMark::By(_) if !deletion.takes_over(collection, mark) => Some(Now::Others),
        RowMark::Absent | RowMark::Null | RowMark::Busy | RowMark::By(_) | RowMark::Unreadable => {
            None
        }
    }
}

/// Builds before fingerprints have not stored any: then nothing tells the two apart.
fn is_another(entry: &Entry, now: Option<Fingerprint>) -> bool {
    entry.fingerprint.is_some() && entry.fingerprint != now
}

/// The rows, with fingerprints where there are any to be compared.
async fn read<P: EnginePorts>(
    work: Work<'_, P>,
    records: &Records<'_>,
) -> Result<Vec<Option<(Row, Option<Fingerprint>)>>, Stop> {
    let is_compared = |place: &usize| records.entry(*place).fingerprint.is_some();
    if records.places.iter().any(is_compared) {
        let rows = read_identified(work, records.collection, &records.keys()).await?;
        let with = |row: Option<_>| row.map(|(row, fingerprint)| (row, Some(fingerprint)));
        return Ok(rows.into_iter().map(with).collect());
    }
    let rows = records.rows(work).await?;
    Ok(rows.into_iter().map(|row| Some((row?, None))).collect())
}
