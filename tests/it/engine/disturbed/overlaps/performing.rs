//! What each act does.

use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use proptest::sample::Index;
use requests::destroy::Requested;
use serde_json::{Value, json};
use testing::Faults;
use testing::samples::key;

use super::acts::{Act, Ids, LAST, What, Written};
use super::board::{Board, FOREIGN, LARGE, Name, Slot};
use super::lanes::{Actor, give_way};
use crate::engine::world::{TENANT, admin, document_id};

/// Does it, and says in the mailbox who is doing something.
pub(super) async fn perform(board: &Board, lane: usize, act: Act) {
    let faults = act.trouble.faults(&board.world);
    faults.one_by_one();
    let acting = |actor| board.mailbox().acting[lane] = actor;
    match act.what {
        What::Deliver { of, twice } => {
            if let Some(deletion) = board.next_message(of, twice) {
                acting(Actor::Worker(deletion.id));
                let from = board.ledger().now;
                let _ = faults
                    .until_crash(board.world.deliver(&faults, &deletion))
                    .await;
                board.worked(&deletion, from);
            }
        }
        What::Lose(of) => drop(board.next_message(of, false)),
        What::Sweep => {
            acting(Actor::Sweeper);
            let _ = faults.until_crash(board.world.sweep(&faults)).await;
        }
        What::Delete(slot) => {
            acting(Actor::Api);
            let (collection, record) = &board.near(slot).name;
            let _ = faults
                .until_crash(board.world.ask(&faults, collection, record))
                .await;
        }
        What::Destroy(ids) => {
            acting(Actor::Api);
            board.destroy_ids(&faults, &ids).await;
        }
        What::DestroyAuthor { author, stream } => {
            acting(Actor::Api);
            board.destroy_author_of(&faults, author, stream).await;
        }
        What::Ask { of, action } => {
            let now = ports::Clock::now(&board.world.clock);
            let mut deletions = board.world.deletions.all();
            // Mostly of one that would do it.
            if of.index(4) > 0 {
                deletions.retain(|deletion| deletion.allowed_actions(now).any(|one| one == action));
            }
            if !deletions.is_empty() {
                acting(Actor::Api);
                let asking = board
                    .world
                    .act_disturbed(&faults, of.get(&deletions), action);
                let _ = faults.until_crash(asking).await;
            }
        }
        What::DestroyHot => {
            acting(Actor::Api);
            let (collection, record) = &board.slots[board.hot].name;
            let admin = admin();
            let named = Requested::Ids {
                ids: vec![record.clone()],
                author: None,
            };
            let asking = board
                .world
                .destroy(&faults, &admin, collection, named, None);
            let _ = faults.until_crash(asking).await;
        }
        What::DestroyHotAuthor => {
            acting(Actor::Api);
            let author = board.slots[board.hot].sender;
            board.destroy_author_of(&faults, author, None).await;
        }
        What::DeleteAboveHot => {
            acting(Actor::Api);
            if let Some((collection, record)) = board.above_hot() {
                let asking = board.world.ask(&faults, collection, &record);
                let _ = faults.until_crash(asking).await;
            }
        }
        What::AskAll(action) => {
            acting(Actor::Api);
            for deletion in board.world.deletions.all() {
                let asking = board.world.act_disturbed(&faults, &deletion, action);
                let _ = faults.until_crash(asking).await;
            }
        }
        at_once => {
            acting(Actor::Owner);
            board.happens(&at_once);
        }
    }
    give_way().await;
    acting(Actor::Nobody);
}

impl Board {
    /// A worker was on this deletion, and has left it now.
    fn worked(&self, deletion: &Deletion, from: u64) {
        let is_over = self.world.now(deletion).state.working_pass() != Some(Pass::Delete);
        let ledger = &mut *self.ledger();
        let to = is_over.then_some(ledger.now + 1);
        if let Some(course) = ledger.courses.get_mut(&deletion.id) {
            course.slices.push((from, to));
        }
    }

    /// What takes no call: the owner writes, the indexes lag or refuse.
    fn happens(&self, what: &What) {
        match what {
            What::Write(slot, written) => self.owner_writes(self.near(*slot), *written),
            What::Hot(written) => self.owner_writes(&self.slots[self.hot], *written),
            What::Lag => self.world.rows.lag(),
            What::Settle => self.world.rows.settle(),
            What::Refuse(slot) => self.refuse(self.document_of(self.near(*slot))),
            What::RefuseAboveHot => {
                let above = self.above_hot();
                let id = |(name, key): Name| document_id(self.world.collection(name), &key);
                self.refuse(above.and_then(id));
            }
            What::Take(slot) => {
                if let Some(id) = self.document_of(self.near(*slot)) {
                    self.world.documents.accept(&id);
                    self.mailbox().refused.remove(&id);
                }
            }
            What::TakeAll => self.take_all(),
            _ => {}
        }
    }

    /// From now on the index refuses every change of this document.
    fn refuse(&self, id: Option<String>) {
        if let Some(id) = id {
            let reason = "mapper_parsing_exception";
            self.world.documents.reject(&id, reason);
            self.mailbox().was_refused.insert(id.clone());
            self.mailbox().refused.insert(id);
        }
    }

    /// A place; half of the time the hot one, or one above or below it: what is rare happens to one record.
    fn near(&self, slot: Index) -> &Slot {
        if slot.index(2) == 0 {
            return &self.slots[self.family[slot.index(self.family.len())]];
        }
        slot.get(&self.slots)
    }

    /// The record above the hot place.
    fn above_hot(&self) -> Option<Name> {
        let hot = &self.slots[self.hot];
        let is_above = |slot: &&Slot| {
            let parent = self
                .world
                .collections
                .parent_of(self.world.collection(hot.name.0));
            parent.is_some_and(|parent| parent.name.as_ref() == slot.name.0)
                && Some(&slot.name.1) == hot.home.as_ref()
        };
        self.slots
            .iter()
            .find(is_above)
            .map(|slot| slot.name.clone())
    }

    fn document_of(&self, slot: &Slot) -> Option<String> {
        document_id(self.world.collection(slot.name.0), &slot.name.1)
    }

    /// The index takes everything again.
    pub(super) fn take_all(&self) {
        let ids = self.slots.iter().filter_map(|slot| self.document_of(slot));
        ids.for_each(|id| self.world.documents.accept(&id));
        self.mailbox().refused.clear();
    }

    /// The owner removes what takes no mark.
    pub(super) fn remove_large(&self) {
        for slot in &self.slots {
            let row = self.world.row(slot.name.0, &slot.name.1);
            if row.is_some_and(|row| row.contains_key(LARGE)) {
                self.owner_writes(slot, Written::Remove);
            }
        }
    }

    /// Takes one of the messages that wait out of the mailbox, or answers one of the deletions if none waits.
    fn next_message(&self, of: usize, twice: bool) -> Option<Deletion> {
        let deletions = self.world.deletions.all();
        let mut mailbox = self.mailbox();
        let sent = self.world.queue.take();
        mailbox
            .waiting
            .extend(sent.iter().map(|sent| sent.message().deletion_id));
        let id = if mailbox.waiting.is_empty() {
            deletions.get(of.checked_rem(deletions.len())?)?.id
        } else {
            let waiting = mailbox.waiting.len();
            let place = if of == LAST {
                waiting - 1
            } else {
                of % waiting
            };
            if twice {
                mailbox.waiting[place]
            } else {
                mailbox.waiting.remove(place)
            }
        };
        deletions.into_iter().find(|deletion| deletion.id == id)
    }

    async fn destroy_ids(&self, faults: &Faults, ids: &Ids) {
        let collection = if ids.notes { "notes" } else { "messages" };
        let of = self.slots.iter().filter(|slot| slot.name.0 == collection);
        let keys: Vec<RecordKey> = of
            .enumerate()
            .filter(|(place, slot)| {
                ids.some & (1 << place) != 0
                    || (ids.with_hot && slot.name == self.slots[self.hot].name)
            })
            .map(|(_, slot)| slot.name.1.clone())
            .collect();
        if keys.is_empty() {
            return;
        }
        let named = Requested::Ids {
            ids: keys,
            author: ids.author.map(str::to_owned),
        };
        let admin = admin();
        let asking = self
            .world
            .destroy(faults, &admin, collection, named, ids.stream.map(key));
        let _ = faults.until_crash(asking).await;
    }

    async fn destroy_author_of(&self, faults: &Faults, author: &str, stream: Option<&str>) {
        let named = Requested::Author {
            author: author.to_owned(),
            beside: vec![self.world.collection("notes")],
        };
        let admin = admin();
        let asking = self
            .world
            .destroy(faults, &admin, "messages", named, stream.map(key));
        let _ = faults.until_crash(asking).await;
    }

    fn owner_writes(&self, slot: &Slot, written: Written) {
        let (collection, record) = &slot.name;
        let (row, _) = self.world.marks(collection, record);
        let declared = self.world.collection(collection);
        let is_live = self.is_live(slot) && self.is_ours(slot);
        match written {
            Written::Put { has_null, is_large } if row.is_none() => {
                let above = declared.parent.as_ref().zip(slot.home.as_ref());
                let has_parent =
                    above.is_none_or(|(link, home)| self.is_there(link.collection.as_ref(), home));
                if has_parent {
                    self.write(slot, has_null);
                    if is_large {
                        self.rewrite(slot, &[(LARGE, json!("x".repeat(409_500)))]);
                    }
                }
            }
            Written::Move if is_live && *collection == "notes" => {
                let row = self.world.row(collection, record).expect("it is live");
                let to = if row["stream"] == json!("s") {
                    "t"
                } else {
                    "s"
                };
                if self.is_there("streams", &key(to)) {
                    self.rewrite(slot, &[("stream", json!(to))]);
                }
            }
            Written::GiveAway if is_live && *collection == "notes" => {
                self.rewrite(slot, &[("realm", json!(FOREIGN))]);
            }
            Written::Remove if is_live => {
                self.world.rows.remove(declared, record);
                if let Some(id) = self.document_of(slot) {
                    self.world.documents.forget(declared, &id);
                }
            }
            Written::Unmark if row.is_some() && !self.is_live(slot) => {
                self.rewrite(slot, &[(&declared.marks.deleted_at, Value::Null)]);
            }
            Written::LoseDocument if !is_live => {
                let was_there = self.ledger().was_there(&slot.name);
                if let Some(id) = self
                    .document_of(slot)
                    .filter(|_| was_there && !self.is_live(slot))
                {
                    self.world.documents.forget(declared, &id);
                }
            }
            _ => {}
        }
    }

    fn is_ours(&self, slot: &Slot) -> bool {
        let row = self.world.row(slot.name.0, &slot.name.1);
        row.is_some_and(|row| row["realm"] == json!(TENANT))
    }

    fn is_live(&self, slot: &Slot) -> bool {
        let (collection, record) = &slot.name;
        let name = &self.world.collection(collection).marks.deleted_at;
        let row = self.world.row(collection, record);
        row.is_some_and(|row| row.get(name).is_none_or(Value::is_null))
    }
}
