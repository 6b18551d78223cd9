//! What must hold of both stores when everything is at rest, and when everything is over.

use std::collections::BTreeMap;

use domain::deletion::{Deletion, DeletionId, State};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::board::Board;
use super::lanes::Actor;
use super::ledger::{BORN, Ledger, Record, mark_in};
use super::rules::Rule;
use crate::engine::world::document_id;

type Attributes = Map<String, Value>;

impl Board {
    /// Everything is at rest: no message waits, and nothing is due.
    pub(super) fn judge_at_rest(&self) {
        let ledger = &mut *self.ledger();
        self.one_place(ledger);
        self.stores_agree(ledger);
    }

    /// Everything is over: what was not restored is purged and compared, and everything has come to its time.
    pub(super) fn judge_in_the_end(&self) {
        let ledger = &mut *self.ledger();
        self.nothing_left(ledger);
        no_orphans(self, ledger);
        self.complete(ledger);
    }

    /// A record is in its row or in one copy. One that a deletion failed on may be in both.
    fn one_place(&self, ledger: &mut Ledger) {
        let failed = |id: &DeletionId| {
            self.world
                .deletions
                .get(*id)
                .is_some_and(|by| by.state.is_parked() || by.state == State::Cancelled)
        };
        let seen = ledger.last.clone();
        for (born, holders) in &seen.copies {
            let record = &ledger.lives[born].record;
            let places = holders.len() + usize::from(seen.rows.contains_key(born));
            let sure = holders.iter().filter(|id| !failed(id)).count();
            if places > 1 && sure > 0 {
                let what =
                    format!("{record:?} has copies of {holders:?} and is in {places} places");
                ledger.breaks(Rule::OnePlace, what);
            }
        }
        let lost: Vec<Record> = ledger
            .lives
            .iter()
            .filter(|(born, life)| {
                life.gone.is_none()
                    && !seen.rows.contains_key(born)
                    && !seen.copies.contains_key(born)
            })
            .map(|(_, life)| life.record.clone())
            .collect();
        for record in lost {
            ledger.breaks(
                Rule::OnePlace,
                format!("{record:?} is gone without a reason"),
            );
        }
    }

    /// The documents of a collection by id, and the rows that should explain them.
    fn documents(&self, name: &str) -> Vec<(String, Attributes)> {
        let collection = self.world.collection(name);
        let ids = self.world.documents.ids(collection).into_iter();
        ids.filter_map(|id| Some((id.clone(), self.world.documents.get(collection, &id)?)))
            .collect()
    }

    /// Row and document say the same, whether or not the row is still there. Not so where a deletion has stopped half
    /// way: one that was cancelled before its first page has marked its root's row only. And not where an owner has taken
    /// a row back while its document was being marked, or the index has refused to mark, clear or write it, before the
    /// comparison.
    fn stores_agree(&self, ledger: &mut Ledger) {
        let stopped: Vec<String> = self
            .world
            .deletions
            .all()
            .iter()
            .filter(|deletion| deletion.state.is_parked() || deletion.state == State::Cancelled)
            .map(|deletion| deletion.id.to_string())
            .collect();
        let is_stopped = |mark: Option<&String>| mark.is_some_and(|mark| stopped.contains(mark));
        for name in ["streams", "messages", "notes"] {
            let collection = self.world.collection(name);
            let mut documents: BTreeMap<String, Attributes> =
                self.documents(name).into_iter().collect();
            let refused = self.mailbox().refused.clone();
            let was_refused = self.mailbox().was_refused.clone();
            documents.retain(|id, _| !refused.contains(id));
            for key in self.world.rows.keys(collection) {
                let row = self.world.rows.get(collection, &key).unwrap_or_default();
                let row_mark = mark_in(self.mark_names(name), &row);
                let id = document_id(collection, &key).expect("tests use plain keys");
                if refused.contains(&id) {
                    continue;
                }
                let born = row.get(BORN).and_then(Value::as_u64).unwrap_or_default();
                let life = ledger.lives.get(&born);
                let Some(document) = documents.remove(&id) else {
                    let by = life.and_then(|life| life.takes.last()).map(|take| take.by);
                    // Also where a deletion lists it that was cancelled before it came to it, and looks at it all the same.
                    let listed = (name.to_owned(), key.clone());
                    let lists = ledger
                        .courses
                        .iter()
                        .filter(|(_, course)| course.listed.contains_key(&listed));
                    let by = by.into_iter().chain(lists.map(|(id, _)| *id));
                    let by: Vec<String> = by.map(|by| by.to_string()).collect();
                    let is_late =
                        was_refused.contains(&id) && by.iter().any(|by| ledger.may_differ(by, &id));
                    if row_mark.is_none() && !is_late {
                        ledger.breaks(
                            Rule::StoresAgree,
                            format!("{name} {id} is live without a document"),
                        );
                    }
                    continue;
                };
                let mark = mark_in(self.mark_names(name), &document);
                let was_refused = was_refused.contains(&id);
                let is_taken_back = life.is_some_and(|life| life.is_taken_back);
                let by = match (&row_mark, &mark) {
                    (None, Some(by)) if is_taken_back || was_refused => Some(by),
                    (Some(by), None) if was_refused => Some(by),
                    _ => None,
                };
                if by.is_some_and(|by| ledger.may_differ(by, &id)) {
                    continue;
                }
                let is_same = mark == row_mark && document.get(BORN) == row.get(BORN);
                if !is_same && !is_stopped(row_mark.as_ref()) && !is_stopped(mark.as_ref()) {
                    let what =
                        format!("{name} {id}: the row says {row_mark:?}, the document {mark:?}");
                    ledger.breaks(Rule::StoresAgree, what);
                }
            }
            for (id, document) in documents {
                let mark = mark_in(self.mark_names(name), &document);
                let born = document
                    .get(BORN)
                    .and_then(Value::as_u64)
                    .unwrap_or_default();
                let holders = ledger.last.copies.get(&born);
                let is_explained = holders.is_some_and(|holders| {
                    holders
                        .iter()
                        .any(|holder| Some(holder.to_string()) == mark)
                });
                if mark.is_none() || (!is_explained && !is_stopped(mark.as_ref())) {
                    let what = format!("{name} {id} has no row, and its document says {mark:?}");
                    ledger.breaks(Rule::StoresAgree, what);
                }
            }
        }
    }

    /// No mark and no copy is left: all deletions are restored or purged, and past their time.
    fn nothing_left(&self, ledger: &mut Ledger) {
        let seen = ledger.last.clone();
        for (born, holders) in &seen.copies {
            let record = &ledger.lives[born].record;
            ledger.breaks(
                Rule::NothingLeft,
                format!("a copy of {record:?} is left by {holders:?}"),
            );
        }
        for stands in seen.rows.values() {
            if let Some(mark) = &stands.mark {
                let state = mark
                    .parse()
                    .ok()
                    .and_then(|id| self.world.deletions.get(id))
                    .map(|by| by.state);
                let what = format!(
                    "{:?} is left with the mark of {mark}, {state:?}",
                    stands.record
                );
                ledger.breaks(Rule::NothingLeft, what);
            }
        }
    }

    /// What an author's deletion, or one of ids, was asked for is not live in the end if it was there when it was
    /// asked, says so itself where it was not listed by its id, and nobody has moved it or taken it back since.
    fn complete(&self, ledger: &mut Ledger) {
        for deletion in self.world.deletions.all() {
            let has_ended = deletion.restored.is_empty() && deletion.state == State::Purged;
            // Not what was cancelled, nor what has failed on some of it, and said so.
            let was_whole = matches!(
                deletion.notified.delete.ended,
                Some(State::Deleted | State::Purged)
            );
            if deletion.root.is_some() || !has_ended || !was_whole {
                continue;
            }
            let accepted_at = ledger.courses[&deletion.id].accepted_at;
            let lives: Vec<_> = ledger
                .last
                .rows
                .iter()
                .map(|(born, stands)| (*born, stands.clone()))
                .collect();
            for (born, stands) in lives {
                let life = ledger.lives[&born].clone();
                let is_asked = ledger.is_asked(&deletion, &stands, &life);
                let is_old = life.placed_at < accepted_at && life.foreign_since.is_none();
                let is_late = ledger.is_an_authors(&deletion)
                    && self.says_that_it_was_later(&stands.record, &deletion);
                if is_asked && is_old && !is_late && life.back_at.is_none() && stands.mark.is_none()
                {
                    let what = format!(
                        "{:?} is live, {} was asked for it",
                        stands.record, deletion.id
                    );
                    ledger.breaks(Rule::Complete, what);
                }
            }
        }
    }
}

impl Board {
    /// Whether the root's key was taken anew, or its owner has taken the root back.
    fn has_another_root(&self, ledger: &Ledger, by: DeletionId) -> bool {
        let deletion = self.world.deletions.get(by);
        let root = deletion.and_then(|by| Some((by.collection.to_string(), by.root?)));
        root.is_some_and(|root| {
            let accepted_at = ledger.courses[&by].accepted_at;
            let mut lives = ledger.lives_of(&root);
            lives.any(|life| life.is_taken_back || life.born_at > accepted_at)
        })
    }

    /// Whether the row's time is after the request: one that is written while the request is accepted may be stored
    /// before it.
    fn says_that_it_was_later(&self, record: &Record, by: &Deletion) -> bool {
        let row = self.world.row(&record.0, &record.1).unwrap_or_default();
        let sent: Option<Timestamp> = row["sent_at"].as_str().and_then(|at| at.parse().ok());
        sent.is_some_and(|sent| sent > by.deleted_at)
    }
}

/// No live record whose parent a deletion has removed, unless it was written when that deletion was over, or the record
/// with the key of that deletion's root is not its root any more: then what is below it is not the deletion's either.
fn no_orphans(board: &Board, ledger: &mut Ledger) {
    let seen = ledger.last.clone();
    for (born, stands) in &seen.rows {
        let life = ledger.lives[born].clone();
        let (Some(parent), None, None) = (&stands.parent, &stands.mark, life.foreign_since) else {
            continue;
        };
        let above = seen.at.get(parent).copied();
        let Some(had) = life.above else { continue };
        if above == Some(had) {
            continue;
        }
        let Some((_, actor, by)) = ledger.lives[&had].gone else {
            continue;
        };
        let by = by.or(match actor {
            Actor::Worker(id) => Some(id),
            _ => None,
        });
        let over_at = by.and_then(|by| ledger.courses.get(&by)?.over_at);
        if by.is_some_and(|by| board.has_another_root(ledger, by)) {
            continue;
        }
        if let Some(by) = by
            && over_at.is_none_or(|over_at| life.placed_at < over_at)
        {
            let instead = above.map_or("none", |_| "a later one");
            let what = format!(
                "{:?} is live, its parent was removed by {by}, and there is {instead}",
                stands.record
            );
            ledger.breaks(Rule::NoOrphan, what);
        }
    }
}
