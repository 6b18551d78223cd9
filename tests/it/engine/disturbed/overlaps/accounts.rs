//! What must hold of manifest, counts and events when everything is at rest. The counts are made anew from what is
//! stored.

use std::collections::{BTreeMap, BTreeSet};

use domain::collection::Strategy as How;
use domain::deletion::{Deletion, State};
use domain::page::{Exceptions, Judged, NotPurged, NotRestored, Outcome, Page};
use serde_json::{Value, json};

use super::board::Board;
use super::ledger::{Ledger, Life, Record};
use super::rules::Rule;

/// Counts by collection and word.
type Counts = BTreeMap<String, BTreeMap<&'static str, u64>>;

fn outcome(page: &Page, exceptions: &Exceptions, place: usize) -> &'static str {
    match (exceptions.deleted.get(&place), page.entries[place].judged) {
        (Some(Outcome::Deleted), _) | (None, Judged::Live | Judged::LiveNull) => "deleted",
        (Some(Outcome::AlreadyDeleted), _) | (None, Judged::AlreadyDeleted) => "already_deleted",
        (Some(Outcome::Missing), _) | (None, Judged::Missing) => "missing",
        (Some(Outcome::Kept), _) => "kept",
        (Some(Outcome::Failed { .. }), _) => "failed",
        (Some(Outcome::Pending), _) => "not_reached",
    }
}

fn add(counts: &mut Counts, collection: &str, word: &'static str) {
    *counts
        .entry(collection.to_owned())
        .or_default()
        .entry(word)
        .or_default() += 1;
}

/// The stored counts of a pass, without zeros.
fn stored(counts: &Value) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut all: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (collection, words) in counts.as_object().into_iter().flatten() {
        for (word, count) in words.as_object().into_iter().flatten() {
            let count = count.as_u64().unwrap_or_default();
            if count > 0 {
                all.entry(collection.clone())
                    .or_default()
                    .insert(word.clone(), count);
            }
        }
    }
    all
}

impl Board {
    /// Judges every deletion whose manifest is still whole.
    pub(super) fn judge_accounts(&self) {
        let ledger = &mut *self.ledger();
        let published = self.world.events.published();
        self.one_content_for_each_id(ledger);
        for deletion in self.world.deletions.all() {
            let manifest = self.world.deletions.manifest(&deletion);
            if !deletion.state.is_done() || manifest.len() < deletion.pages as usize {
                continue;
            }
            let known: Vec<_> = manifest
                .into_iter()
                .filter(|(page, _)| page.number <= deletion.pages)
                .collect();
            counts(ledger, &deletion, &known);
            taken(ledger, &deletion, &known);
            told(ledger, &deletion, &known, &published);
        }
    }

    /// An event that is sent again is the same, but for who asked: a page that is purged twice is told once.
    fn one_content_for_each_id(&self, ledger: &mut Ledger) {
        let mut seen: BTreeMap<String, Value> = BTreeMap::new();
        for event in self.world.events.published() {
            let id = event.detail["event_id"].to_string();
            let mut detail = event.detail.clone();
            detail["actor"] = Value::Null;
            let content = json!([event.kind, detail]);
            let first = seen.entry(id).or_insert_with(|| content.clone());
            if *first != content {
                ledger.breaks(
                    Rule::Told,
                    format!("one id, two events: {first} and {content}"),
                );
            }
        }
    }
}

fn counts(ledger: &mut Ledger, deletion: &Deletion, manifest: &[(Page, Exceptions)]) {
    let (mut deleted, mut restored, mut purged) = (Counts::new(), Counts::new(), Counts::new());
    let mut listed = BTreeMap::new();
    for (page, exceptions) in manifest {
        for (place, entry) in page.entries.iter().enumerate() {
            let name = entry.collection.as_ref();
            // One that was another deletion's, or missing, when its page was done may arrive once more, and so may another
            // record of its key, and one that its owner has taken back since; each is taken once.
            let is_taken =
                deletion.is_acted(page.number) && outcome(page, exceptions, place) == "deleted";
            let taken: &mut bool = listed
                .entry((name.to_owned(), entry.key.clone()))
                .or_default();
            let record = (name.to_owned(), entry.key.clone());
            let lives = ledger.lives.values().filter(|life| life.record == record);
            let lives: Vec<&Life> = lives.collect();
            let marks = lives.iter().flat_map(|life| &life.takes);
            let marks = marks.filter(|take| take.by == deletion.id).count();
            let is_one = lives.len() < 2 && marks < 2;
            if std::mem::replace(taken, *taken || is_taken) && is_taken && is_one {
                let what = format!("{name} {:?} is taken twice by {}", entry.key, deletion.id);
                ledger.breaks(Rule::Counts, what);
            }
            if deletion.is_acted(page.number) {
                add(&mut deleted, name, "selected");
                add(&mut deleted, name, outcome(page, exceptions, place));
            }
            add(
                &mut restored,
                name,
                match exceptions.restored.get(&place) {
                    None => "restored",
                    Some(NotRestored::Conflict { .. }) => "conflict",
                    Some(NotRestored::Failed { .. }) => "failed",
                },
            );
            add(
                &mut purged,
                name,
                match exceptions.purged.get(&place) {
                    None => "purged",
                    Some(NotPurged::Kept) => "kept",
                    Some(NotPurged::Failed { .. }) => "failed",
                },
            );
        }
    }
    let mut compare = |pass: &str, counted: &Counts, stands: &Value| {
        if json!(counted) != json!(stored(stands)) {
            let what = format!(
                "{} ({}) says {stands} of its {pass}, its manifest {counted:?}",
                deletion.id, deletion.state
            );
            ledger.breaks(Rule::Counts, what);
        }
    };
    // What a cancel, or giving up, has left out is selected and not reached; it is in no page that the delete has done.
    let mut stands = json!(deletion.deleted);
    for (_, words) in stands.as_object_mut().into_iter().flatten() {
        let count = |word: &str| words[word].as_u64().unwrap_or_default();
        words["selected"] = json!(count("selected") - count("not_reached"));
        words["not_reached"] = json!(0);
    }
    compare("delete", &deleted, &stands);
    if deletion.state == State::Restored {
        compare("restore", &restored, &json!(deletion.restored));
    }
    // What erases is purged by its delete.
    if deletion.state == State::Purged && !deletion.purged.is_empty() {
        compare("purge", &purged, &json!(deletion.purged));
    }
}

/// What is counted as deleted was taken by this deletion, and what it took and still has is in its manifest. Erasing
/// claims nothing: of what is removed while a worker is on it, or when one has died on it, nobody can tell who did it. Nor
/// can a run that continues one which was cancelled or given up.
fn taken(ledger: &mut Ledger, deletion: &Deletion, manifest: &[(Page, Exceptions)]) {
    let mut outcomes: BTreeMap<Record, &str> = BTreeMap::new();
    for (page, exceptions) in manifest {
        for (place, entry) in page.entries.iter().enumerate() {
            let record = (entry.collection.to_string(), entry.key.clone());
            let is_acted = deletion.is_acted(page.number);
            let outcome = if is_acted {
                outcome(page, exceptions, place)
            } else {
                "not acted"
            };
            outcomes.insert(record, outcome);
        }
    }
    for (record, outcome) in &outcomes {
        let lives: Vec<_> = ledger.lives_of(record).collect();
        let is_its = lives
            .iter()
            .any(|life| life.takes.iter().any(|take| take.by == deletion.id));
        let is_others = lives
            .iter()
            .all(|life| life.takes.iter().any(|take| take.by != deletion.id));
        let slices = &ledger.courses[&deletion.id].slices;
        let is_known = deletion.strategy != How::Erase
            || (deletion.run == 1
                && lives.iter().all(|life| {
                    let gone = life.gone.map(|(at, ..)| at);
                    gone.is_some_and(|at| !slices.iter().any(|slice| may_be_within(*slice, at)))
                }));
        if *outcome == "deleted" && !is_its && is_others && is_known {
            let what = format!(
                "{record:?} is counted as deleted by {}, which has not taken it",
                deletion.id
            );
            ledger.breaks(Rule::Counted, what);
        }
    }
    let held: Vec<Record> = ledger
        .lives
        .values()
        .filter(|life| life.taken_by() == Some(deletion.id) && life.gone.is_none())
        .map(|life| life.record.clone())
        .collect();
    for record in held {
        let outcome = outcomes.get(&record).copied();
        if !matches!(
            outcome,
            Some("deleted" | "failed" | "not acted" | "not_reached")
        ) {
            let what = format!(
                "{record:?} is held by {}, which says {outcome:?}",
                deletion.id
            );
            ledger.breaks(Rule::Counted, what);
        }
    }
}

fn may_be_within((from, to): (u64, Option<u64>), at: u64) -> bool {
    from <= at && to.is_none_or(|to| at <= to)
}

fn told(
    ledger: &mut Ledger,
    deletion: &Deletion,
    manifest: &[(Page, Exceptions)],
    published: &[domain::event::Event],
) {
    let mut seen = BTreeSet::new();
    let mut named: BTreeMap<(String, String), u64> = BTreeMap::new();
    let of_it = published
        .iter()
        .filter(|event| event.detail["deletion_id"] == json!(deletion.id));
    let mut finished = BTreeSet::new();
    for event in of_it.filter(|event| seen.insert(event.detail["event_id"].to_string())) {
        if event.kind == "DeletionFinished" {
            finished.insert(
                event.detail["state"]
                    .as_str()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
        if event.kind == "RecordsDeleted" {
            let collection = event.detail["collection"].as_str().unwrap_or_default();
            for id in event.detail["ids"].as_array().into_iter().flatten() {
                *named
                    .entry((collection.to_owned(), id.to_string()))
                    .or_default() += 1;
            }
        }
    }
    if deletion.notified.owes() {
        return;
    }
    if !finished.contains(deletion.state.as_str()) {
        ledger.breaks(
            Rule::Told,
            format!("{} is {}, and nobody is told", deletion.id, deletion.state),
        );
    }
    let mut deleted = BTreeMap::new();
    for (page, exceptions) in manifest {
        for (place, entry) in page.entries.iter().enumerate() {
            let record = (entry.collection.to_string(), json!(entry.key).to_string());
            let is_deleted =
                deletion.is_acted(page.number) && outcome(page, exceptions, place) == "deleted";
            *deleted.entry(record).or_insert(0) += u64::from(is_deleted);
        }
    }
    for (record, deleted) in deleted {
        let times = named.remove(&record).unwrap_or_default();
        if times != deleted {
            let what = format!(
                "{record:?} is told {times} times by {}, deleted: {deleted}",
                deletion.id
            );
            ledger.breaks(Rule::Told, what);
        }
    }
    if !named.is_empty() {
        ledger.breaks(
            Rule::Told,
            format!("{} tells of {named:?}, which it does not list", deletion.id),
        );
    }
}
