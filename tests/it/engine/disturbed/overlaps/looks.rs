//! One look at the stores: what has changed since the last one, whose doing it was, and whether it may be so.

use std::collections::BTreeSet;

use domain::collection::Strategy;
use domain::deletion::{Deletion, DeletionId, State};
use domain::key::RecordKey;
use ports::Clock;

use super::board::Board;
use super::lanes::Actor;
use super::ledger::{Born, Ledger, Life, Snapshot, Stands, Take};
use super::rules::Rule;
use crate::engine::world::TENANT;

/// One look at the stores.
pub(super) struct Look<'a> {
    pub(super) board: &'a Board,
    pub(super) deletions: &'a [Deletion],
    pub(super) actor: Actor,
    pub(super) seen: &'a Snapshot,
}

impl Look<'_> {
    /// Judges what has changed since the last look.
    pub(super) fn judge(&self, ledger: &mut Ledger) {
        let before = std::mem::take(&mut ledger.last);
        for (born, stands) in &self.seen.rows {
            match before.rows.get(born) {
                Some(old) if old == stands => {}
                Some(old) => self.changed(ledger, *born, (old, stands)),
                None if ledger.lives.contains_key(born) => self.came_back(ledger, *born, stands),
                None => self.born(ledger, *born, stands),
            }
        }
        for (born, old) in &before.rows {
            if !self.seen.rows.contains_key(born) {
                self.left(ledger, *born, old, &before);
            }
        }
        for (born, holders) in &before.copies {
            let now = self.seen.copies.get(born).cloned().unwrap_or_default();
            for holder in holders.difference(&now) {
                self.copy_left(ledger, *born, *holder, &now);
            }
        }
    }

    fn deletion(&self, id: &str) -> Option<&Deletion> {
        self.deletions
            .iter()
            .find(|deletion| deletion.id.to_string() == id)
    }

    fn born(&self, ledger: &mut Ledger, born: Born, stands: &Stands) {
        let life = Life {
            record: stands.record.clone(),
            sender: stands.sender.clone(),
            born_at: ledger.now,
            placed_at: ledger.now,
            above: self.above(stands),
            foreign_since: (stands.tenant != TENANT).then_some(ledger.now),
            takes: Vec::new(),
            back_at: None,
            is_taken_back: false,
            gone: None,
        };
        ledger.lives.insert(born, life);
    }

    fn above(&self, stands: &Stands) -> Option<Born> {
        self.seen.at.get(stands.parent.as_ref()?).copied()
    }

    fn changed(&self, ledger: &mut Ledger, born: Born, (old, new): (&Stands, &Stands)) {
        let now = ledger.now;
        if old.parent != new.parent || old.tenant != new.tenant {
            let above = self.above(new);
            let life = ledger.lives.get_mut(&born).expect("it was seen");
            (life.placed_at, life.above) = (now, above);
            life.foreign_since = (new.tenant != TENANT).then_some(now);
        }
        match (&old.mark, &new.mark) {
            (None, Some(by)) => match self.deletion(by) {
                Some(by) => self.take(ledger, born, by, new),
                None => ledger.breaks(
                    Rule::OneMark,
                    format!("{:?} is marked by nobody known", new.record),
                ),
            },
            (Some(_), None) => self.back(ledger, born, new),
            (Some(one), Some(other)) if one != other => {
                let what = format!("{:?} is marked by {other}, and was by {one}", new.record);
                ledger.breaks(Rule::OneMark, what);
            }
            _ => {}
        }
    }

    fn came_back(&self, ledger: &mut Ledger, born: Born, stands: &Stands) {
        ledger.lives.get_mut(&born).expect("it was seen").gone = None;
        if stands.mark.is_none() {
            self.back(ledger, born, stands);
        }
    }

    /// A record is live again.
    fn back(&self, ledger: &mut Ledger, born: Born, stands: &Stands) {
        let now = ledger.now;
        let above = self.above(stands);
        let life = ledger.lives.get_mut(&born).expect("it was seen");
        life.back_at = Some(now);
        let (is_elsewhere, had, holder) = (life.above != above, life.above, life.taken_by());
        if let Some(take) = life.takes.last_mut() {
            take.undone_at = Some(now);
        }
        if self.actor == Actor::Owner {
            life.is_taken_back = true;
            return;
        }
        // The row above may come later, if the same deletion has it.
        let comes_later = above.is_none()
            && had
                .and_then(|had| self.seen.copies.get(&had))
                .is_some_and(|holders| holder.is_some_and(|holder| holders.contains(&holder)));
        if stands.parent.is_some() && is_elsewhere && !comes_later {
            let what = format!(
                "{:?} is given back below another record, or below none",
                stands.record
            );
            ledger.breaks(Rule::SameParent, what);
        }
        let state = holder
            .and_then(|by| self.deletion(&by.to_string()))
            .map(|by| by.state);
        let is_restored = state.is_some_and(|state| {
            [State::Restoring, State::Restored, State::RestoreFailed].contains(&state)
        });
        if !is_restored {
            let what = format!(
                "{:?} is given back while its deletion is {state:?}",
                stands.record
            );
            ledger.breaks(Rule::GivenBackByItsOwn, what);
        }
    }

    /// A deletion takes a record that is live.
    fn take(&self, ledger: &mut Ledger, born: Born, by: &Deletion, stands: &Stands) {
        let (now, above) = (ledger.now, self.above(stands));
        let life = ledger.lives.get_mut(&born).expect("it was seen");
        // Its owner may have put another record above it since it was placed.
        life.above = above.or(life.above);
        life.takes.push(Take {
            by: by.id,
            undone_at: None,
        });
        let life = life.clone();
        let what = |why: &str| {
            format!(
                "{:?} is taken by {} ({}): {why}",
                stands.record, by.id, by.state
            )
        };
        let course = &ledger.courses[&by.id];
        let (accepted_at, leased_at) = (course.accepted_at, course.leased_at);
        let listed_at = course.listed.get(&life.record).copied().unwrap_or(now);
        if life.foreign_since.is_some() {
            ledger.breaks(Rule::Foreign, what("it is another tenant's"));
        }
        let is_requested = by.root.is_none() && by.named().any(|name| name == life.record.0);
        if is_requested && life.born_at > listed_at {
            ledger.breaks(
                Rule::LaterIsLeftAlone,
                what("it is a later record of its key"),
            );
        }
        let is_later = stands.says.is_some_and(|says| says > by.deleted_at);
        if is_requested && is_later && ledger.is_an_authors(by) {
            ledger.breaks(
                Rule::LaterThanAsked,
                what("it says that it was written after the request"),
            );
        }
        let is_root =
            by.root.as_ref() == Some(&life.record.1) && by.collection.as_ref() == life.record.0;
        if is_root && life.born_at > accepted_at {
            ledger.breaks(Rule::LaterIsLeftAlone, what("it is a later root"));
        }
        let is_elsewhere = life.placed_at > life.born_at || life.born_at > listed_at;
        if is_elsewhere && life.placed_at < leased_at && !self.covers(ledger, by, &life, stands) {
            ledger.breaks(Rule::MovedAway, what("it was elsewhere before this slice"));
        }
        let new_root = by
            .root
            .as_ref()
            .and_then(|root| self.seen.at.get(&(by.collection.to_string(), root.clone())));
        let is_newer = |root: &&Born| ledger.lives[root].born_at > accepted_at;
        if let Some(root) = new_root.filter(is_newer)
            && by.state == State::Purging
            && life.above == Some(*root)
        {
            ledger.breaks(Rule::LaterIsLeftAlone, what("it is below a later root"));
        }
    }

    /// Whether the record belongs to what the deletion was asked for, by its keys.
    fn covers(&self, ledger: &Ledger, by: &Deletion, life: &Life, stands: &Stands) -> bool {
        let mut place = Some(stands.record.clone());
        while let Some(record) = place {
            let is_root = by.root.as_ref() == Some(&record.1) && by.collection.as_ref() == record.0;
            let is_named = by.root.is_none() && by.named().any(|name| name == record.0);
            if is_root || is_named {
                let life = if record == stands.record {
                    Some(life)
                } else {
                    ledger.lives_of(&record).last()
                };
                let row = self.seen.at.get(&record);
                let row = row.and_then(|born| self.seen.rows.get(born));
                let row = if record == stands.record {
                    Some(stands)
                } else {
                    row
                };
                // It may have been taken before what is below it, which has arrived late.
                let is_its = life.is_some_and(|life| life.taken_by() == Some(by.id));
                // It is what was asked for, and another deletion has moved it into the archive.
                let course = &ledger.courses[&by.id];
                let is_listed_still = row.is_none()
                    && life
                        .zip(course.listed.get(&record))
                        .is_some_and(|(life, listed_at)| {
                            life.gone.is_none() && life.born_at <= *listed_at
                        });
                return is_root
                    || is_its
                    || is_listed_still
                    || life
                        .zip(row)
                        .is_some_and(|(life, row)| ledger.is_asked(by, row, life));
            }
            place = match record.0.as_str() {
                // Keys of reactions are of their message's, whose key names its stream.
                "reactions" => Some((
                    "messages".to_owned(),
                    RecordKey::stored(&record.1.partition[..1], Some(&record.1.partition)),
                )),
                "messages" => Some((
                    "streams".to_owned(),
                    RecordKey::stored(&record.1.partition, None),
                )),
                "notes" => stands.parent.clone(),
                _ => None,
            };
        }
        false
    }

    fn left(&self, ledger: &mut Ledger, born: Born, old: &Stands, before: &Snapshot) {
        let now = ledger.now;
        let copies = |of: &Snapshot| of.copies.get(&born).cloned().unwrap_or_default();
        let held = &copies(before) | &copies(self.seen);
        let worker = match self.actor {
            Actor::Worker(id) => self.deletions.iter().find(|deletion| deletion.id == id),
            _ => None,
        };
        let gone = |ledger: &mut Ledger, by| {
            ledger.lives.get_mut(&born).expect("it was seen").gone = Some((now, self.actor, by));
        };
        if self.actor == Actor::Owner {
            return gone(ledger, None);
        }
        let Some(mark) = &old.mark else {
            match worker {
                Some(worker) if held.contains(&worker.id) => self.take(ledger, born, worker, old),
                Some(worker) if worker.strategy == Strategy::Erase && !worker.state.is_done() => {
                    self.take(ledger, born, worker, old);
                    gone(ledger, Some(worker.id));
                }
                // A purge removes a late arrival as it is, if it has no room for a mark.
                _ if old.is_large => gone(ledger, worker.map(|worker| worker.id)),
                _ => {
                    gone(ledger, None);
                    let what = format!(
                        "{:?} was live, and is removed by {:?}",
                        old.record, self.actor
                    );
                    ledger.breaks(Rule::OnlyMarkedAreRemoved, what);
                }
            }
            return;
        };
        let by = self.deletion(mark);
        if by.is_some_and(|by| held.contains(&by.id)) {
            return;
        }
        gone(ledger, by.map(|by| by.id));
        if !by.is_some_and(|by| self.may_remove(by)) {
            let state = by.map(|by| by.state);
            let what = format!(
                "{:?} is removed while its deletion is {state:?}",
                old.record
            );
            ledger.breaks(Rule::NotBeforeItsTime, what);
        }
    }

    /// Whether what this deletion holds may go for good now.
    fn may_remove(&self, by: &Deletion) -> bool {
        let now = self.board.world.clock.now();
        let is_due = by.purge_at.is_some_and(|purge_at| purge_at <= now);
        match by.state {
            State::Purging => true,
            State::Restored => is_due,
            state => by.strategy == Strategy::Erase && (!state.is_done() || state == State::Purged),
        }
    }

    fn copy_left(
        &self,
        ledger: &mut Ledger,
        born: Born,
        holder: DeletionId,
        left: &BTreeSet<DeletionId>,
    ) {
        if self.seen.rows.contains_key(&born) || !left.is_empty() {
            return;
        }
        let by = self.deletions.iter().find(|deletion| deletion.id == holder);
        let life = ledger.lives.get_mut(&born).expect("it was seen");
        if life.gone.is_none() {
            life.gone = Some((ledger.now, self.actor, Some(holder)));
        }
        let record = life.record.clone();
        let is_owners = matches!(life.gone, Some((_, Actor::Owner, _)));
        if !is_owners && !by.is_some_and(|by| self.may_remove(by)) {
            let state = by.map(|by| by.state);
            let what =
                format!("the last copy of {record:?} is dropped while its deletion is {state:?}");
            ledger.breaks(Rule::NotBeforeItsTime, what);
        }
    }
}
