//! What has been seen of the stores after each call: where every record was, who took it and who gave it back.
//!
//! It is written against the contract and asks nothing of the engine: it reads rows and copies as they are stored, has
//! its own idea of what a mark is, and tells records of one key apart by an attribute that only tests write.

use std::collections::{BTreeMap, BTreeSet};

use domain::collection::CollectionName;
use domain::deletion::{Deletion, DeletionId, State};
use domain::key::RecordKey;
use domain::only::Only;
use domain::scope::{Scope, Source};
use jiff::Timestamp;
use ports::ReadDeletions;
use serde_json::{Map, Value};

use super::board::{Board, LARGE};
use super::lanes::Actor;
use super::looks::Look;
use super::rules::Rule;
use crate::engine::world::at_once;

/// The attribute that tells one record from the next of the same key.
pub(super) const BORN: &str = "born";

/// What tells one record from the next of the same key.
pub(super) type Born = u64;
/// A collection and a key.
pub(super) type Record = (String, RecordKey);

/// A row as it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stands {
    pub(super) record: Record,
    pub(super) tenant: String,
    pub(super) sender: String,
    /// Whose mark it carries.
    pub(super) mark: Option<String>,
    pub(super) parent: Option<Record>,
    /// Whether it has no room for a mark.
    pub(super) is_large: bool,
    /// When it says that it was written, if its collection declares that.
    pub(super) says: Option<Timestamp>,
}

/// All rows and copies at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Snapshot {
    pub(super) rows: BTreeMap<Born, Stands>,
    pub(super) copies: BTreeMap<Born, BTreeSet<DeletionId>>,
    /// Which record is in the row of a key.
    pub(super) at: BTreeMap<Record, Born>,
}

/// A deletion took a record: it was live, and is not any more.
#[derive(Debug, Clone)]
pub(super) struct Take {
    pub(super) by: DeletionId,
    pub(super) undone_at: Option<u64>,
}

/// What was seen of one record, from its writing on.
#[derive(Debug, Clone)]
pub(super) struct Life {
    pub(super) record: Record,
    pub(super) sender: String,
    pub(super) born_at: u64,
    /// When its owner last wrote what it belongs to.
    pub(super) placed_at: u64,
    /// The record above it, when it was last placed.
    pub(super) above: Option<Born>,
    pub(super) foreign_since: Option<u64>,
    pub(super) takes: Vec<Take>,
    /// When it became live again: given back, or taken back by its owner.
    pub(super) back_at: Option<u64>,
    /// Whether its owner has ever taken it back.
    pub(super) is_taken_back: bool,
    pub(super) gone: Option<(u64, Actor, Option<DeletionId>)>,
}

impl Life {
    /// Who has it.
    pub(super) fn taken_by(&self) -> Option<DeletionId> {
        let last = self.takes.last()?;
        last.undone_at.is_none().then_some(last.by)
    }
}

/// What was seen of one deletion.
#[derive(Debug, Clone)]
pub(super) struct Course {
    pub(super) accepted_at: u64,
    epoch: u64,
    /// When its lease was last taken.
    pub(super) leased_at: u64,
    /// When workers were on its delete: from, and to when, if the delete was over then.
    pub(super) slices: Vec<(u64, Option<u64>)>,
    /// Which documents the index refused when it was compared, if it is.
    pub(super) compared: Option<BTreeSet<String>>,
    /// When it was last seen to have been purged and compared: nobody looks at anything for it after that.
    pub(super) over_at: Option<u64>,
    /// What it was asked for.
    pub(super) scope: Option<Scope>,
    pub(super) ids: Vec<RecordKey>,
    /// When a record was first seen in its pages.
    pub(super) listed: BTreeMap<Record, u64>,
}

#[derive(Debug, Default)]
pub(super) struct Ledger {
    pub(super) now: u64,
    /// The calls, and the items of the control table, at the last look.
    stamp: (u64, u64),
    items: usize,
    born: Born,
    pub(super) last: Snapshot,
    pub(super) lives: BTreeMap<Born, Life>,
    pub(super) courses: BTreeMap<DeletionId, Course>,
    /// What was wrong, with the rule that it breaks.
    pub(super) wrong: Vec<(Rule, String)>,
}

impl Ledger {
    pub(super) fn next_born(&mut self) -> Born {
        self.born += 1;
        self.born
    }

    /// Whether there was ever a record with this name.
    pub(super) fn was_there(&self, name: &(&'static str, RecordKey)) -> bool {
        let lives = self.lives.values();
        lives
            .into_iter()
            .any(|life| life.record.0 == name.0 && life.record.1 == name.1)
    }

    pub(super) fn breaks(&mut self, rule: Rule, mut what: String) {
        what.insert_str(0, &format!("at {}: ", self.now));
        self.wrong.push((rule, what));
    }

    /// Whether a document may still differ from its row because of this deletion: it is not compared yet, or the index
    /// refused the document even then, which it has told.
    pub(super) fn may_differ(&self, by: &str, document: &str) -> bool {
        let course = by.parse().ok().and_then(|by| self.courses.get(&by));
        let compared = course.and_then(|course| course.compared.as_ref());
        compared.is_none_or(|refused| refused.contains(document))
    }

    /// Everything seen of records with this name.
    pub(super) fn lives_of(&self, record: &Record) -> impl Iterator<Item = &Life> {
        self.lives
            .values()
            .filter(move |life| life.record == *record)
    }
}

/// The mark of a row or document, by the names that its collection gives it.
pub(super) fn mark_in(names: [&str; 2], attributes: &Map<String, Value>) -> Option<String> {
    let [deleted_at, deletion_id] = names;
    attributes.get(deleted_at).filter(|date| !date.is_null())?;
    let id = attributes.get(deletion_id).and_then(Value::as_str);
    Some(id.unwrap_or("?").to_owned())
}

impl Board {
    /// The names of date and deletion in the marks of a collection.
    pub(super) fn mark_names(&self, collection: &str) -> [&str; 2] {
        let marks = &self.world.collection(collection).marks;
        [&marks.deleted_at, &marks.deletion_id]
    }

    fn snapshot(&self) -> Snapshot {
        let mut seen = Snapshot::default();
        for collection in self.world.collections.iter() {
            let name = collection.name.as_str();
            for key in self.world.rows.keys(collection) {
                let Some(row) = self.world.rows.get(collection, &key) else {
                    continue;
                };
                let text = |name: &str| row.get(name).and_then(Value::as_str);
                let parent = collection.parent.as_ref().and_then(|link| {
                    let above = link.collection.to_string();
                    let first = text(&link.by[0])?;
                    Some((
                        above,
                        RecordKey::stored(first, link.by.get(1).and_then(|by| text(by))),
                    ))
                });
                let stands = Stands {
                    record: (name.to_owned(), key),
                    tenant: text(collection.tenant.attribute().unwrap())
                        .unwrap_or_default()
                        .to_owned(),
                    sender: text("sender").unwrap_or_default().to_owned(),
                    mark: mark_in(self.mark_names(name), &row),
                    parent,
                    is_large: row.contains_key(LARGE),
                    says: collection
                        .filters
                        .time
                        .as_ref()
                        .and_then(|time| text(time)?.parse().ok()),
                };
                let born = row[BORN].as_u64().expect("tests write it");
                seen.at.insert(stands.record.clone(), born);
                seen.rows.insert(born, stands);
            }
        }
        for (deletion, collection, key) in self.world.rows.copies() {
            let declared = self.world.collection(collection.as_str());
            if let Some(copy) = self.world.rows.copy_of(deletion, declared, &key) {
                let born = copy[BORN].as_u64().expect("tests write it");
                seen.copies.entry(born).or_default().insert(deletion);
            }
        }
        seen
    }

    /// Looks at everything, and judges what has changed since the last look, which this one did.
    pub(super) fn observe(&self, actor: Actor) {
        let stamp = (self.world.rows.calls(), self.world.deletions.calls());
        if actor != Actor::Owner && std::mem::replace(&mut self.ledger().stamp, stamp) == stamp {
            // No call has reached the rows or the control table.
            return;
        }
        let seen = self.snapshot();
        let deletions = self.world.deletions.all();
        let ledger = &mut *self.ledger();
        ledger.now += 1;
        self.follow(ledger, &deletions);
        let look = Look {
            board: self,
            deletions: &deletions,
            actor,
            seen: &seen,
        };
        look.judge(ledger);
        ledger.last = seen;
    }

    fn follow(&self, ledger: &mut Ledger, deletions: &[Deletion]) {
        let now = ledger.now;
        let items = self.world.deletions.items();
        let has_more = std::mem::replace(&mut ledger.items, items) != items;
        for deletion in deletions {
            let course = ledger.courses.entry(deletion.id).or_insert_with(|| Course {
                accepted_at: now,
                epoch: deletion.epoch,
                leased_at: now,
                slices: Vec::new(),
                compared: None,
                over_at: None,
                scope: at_once(self.world.deletions.scope(&deletion.tenant, deletion.id))
                    .unwrap_or_default(),
                ids: at_once(self.world.deletions.ids(&deletion.tenant, deletion.id, 1))
                    .unwrap_or_default()
                    .unwrap_or_default(),
                listed: BTreeMap::new(),
            });
            if course.epoch != deletion.epoch {
                (course.epoch, course.leased_at) = (deletion.epoch, now);
            }
            let refused = || self.mailbox().refused.clone();
            let compared = course.compared.take();
            course.compared = (deletion.comparison.done).then(|| compared.unwrap_or_else(refused));
            let is_over = deletion.state == State::Purged && deletion.comparison.done;
            course.over_at = is_over.then(|| course.over_at.unwrap_or(now));
            let pages = if has_more {
                self.world.deletions.manifest(deletion)
            } else {
                Vec::new()
            };
            for (page, _) in pages {
                for entry in page.entries {
                    let record = (entry.collection.to_string(), entry.key);
                    course.listed.entry(record).or_insert(now);
                }
            }
        }
    }
}

impl Ledger {
    /// Whether all of an author was asked for.
    pub(super) fn is_an_authors(&self, by: &Deletion) -> bool {
        let scope = self.courses[&by.id].scope.as_ref();
        scope.is_some_and(|scope| matches!(scope.source, Source::Author { .. }))
    }

    /// Whether the record is one that a request without a root names itself, by what was asked and what its row says.
    pub(super) fn is_asked(&self, by: &Deletion, stands: &Stands, life: &Life) -> bool {
        let Some(scope) = self
            .courses
            .get(&by.id)
            .and_then(|course| course.scope.as_ref())
        else {
            return false;
        };
        let (name, key) = &stands.record;
        let of_name = |names: &BTreeMap<CollectionName, Only>| {
            names
                .iter()
                .find(|(one, _)| one.as_ref() == name)
                .map(|(_, only)| only.clone())
        };
        let only = of_name(&scope.only).unwrap_or_default();
        let is_listed = match &scope.source {
            // No course asks for the latter.
            Source::Root | Source::Matching { .. } => false,
            Source::Author { author, .. } => *author == life.sender,
            Source::Ids { .. } => self.courses[&by.id].ids.contains(key),
        };
        let is_authors = only.author.is_none_or(|author| author == life.sender);
        let is_below = only.parent.is_none_or(|parent| {
            stands
                .parent
                .as_ref()
                .is_some_and(|(_, above)| *above == parent)
        });
        is_listed && is_authors && is_below && by.named().any(|one| one == name)
    }
}
