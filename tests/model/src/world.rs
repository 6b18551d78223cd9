//! The stores and the workers, as one value: the state that is explored.
//!
//! Three records hang below one another: the root, its child, its grandchild. Deletion 0 is of the root, deletion 1 of the
//! child, so that the second lies within the first.

use std::collections::BTreeMap;

use domain::deletion::{Deletion, State};
use domain::page::{Exceptions, Page};

use crate::setup::Bounds;
use crate::shared_value::Common;
use crate::step::Step;

/// How many records there are; each is the parent of the next.
pub(crate) const RECORDS: usize = 3;

/// How many deletions there can be; each has the record of its number for its root.
pub(crate) const DELETIONS: usize = 2;

/// A row: the truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// Which of the records that had this key, in time.
    pub(crate) generation: u8,
    /// The deletion whose mark it carries.
    pub(crate) mark: Option<usize>,
    /// By deletion: whether it was written below a live root that is newer than the one the deletion was accepted for.
    pub(crate) is_newer: [bool; DELETIONS],
}

/// A document: the copy. Content and version are one: what is equal here is not always equal in an index, which would
/// refuse more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Document {
    /// Of which row.
    pub(crate) generation: u8,
    /// The deletion whose mark it carries.
    pub(crate) mark: Option<usize>,
}

/// The manifest: pages by number from 1, and exceptions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Manifest {
    pub(crate) pages: BTreeMap<u32, Common<Page>>,
    pub(crate) exceptions: BTreeMap<u32, Exceptions>,
}

/// What the control table has of one deletion.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Control {
    pub(crate) meta: Common<Deletion>,
    pub(crate) manifest: Common<Manifest>,
    /// The root that it was accepted for.
    pub(crate) root: u8,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) enum Worker {
    #[default]
    Idle,
    At(Box<Job>),
}

/// What a worker is at: the deletion as it knows it, and its next store call.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Job {
    pub(crate) id: usize,
    pub(crate) held: Common<Deletion>,
    /// Whether the page that is next may have been begun by somebody else.
    pub(crate) resumed: bool,
    pub(crate) step: Step,
}

/// What must never happen and cannot be read off the stores afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that happened or did not"
)]
pub(crate) struct Happened {
    /// A row was removed that did not carry the mark of the deletion that removed it.
    pub(crate) removed_anothers: bool,
    /// A row was removed before its deletion's `purge_at`.
    pub(crate) removed_early: bool,
    /// A document was removed whose row stands and is not of the deletion that removed it.
    pub(crate) removed_anothers_document: bool,
    /// A deletion marked what was written below a root that is newer than its own.
    pub(crate) marked_newer: bool,
    /// `RESTORED` was told of a root that something above hides.
    pub(crate) restored_hidden: bool,
    /// A mark was taken off by another deletion.
    pub(crate) cleared_anothers: bool,
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub(crate) rows: [Option<Row>; RECORDS],
    pub(crate) documents: [Option<Document>; RECORDS],
    pub(crate) deletions: [Option<Control>; DELETIONS],
    pub(crate) workers: Vec<Worker>,
    /// Messages by deletion, on their way or waiting. Their order is anybody's.
    pub(crate) queued: [u8; DELETIONS],
    /// Whether `purge_at` has come.
    pub(crate) is_late: bool,
    /// What may still happen.
    pub(crate) left: Bounds,
    pub(crate) happened: Happened,
}

/// The revision of whatever stands. Only whether a copy is of it, of the one before or older decides anything, so the
/// numbers are counted back from here: states that differ in nothing else are one.
pub(crate) const REVISION: u64 = 2;

impl World {
    pub(crate) fn control(&self, id: usize) -> &Control {
        self.deletions[id]
            .as_ref()
            .expect("the deletion is accepted")
    }

    pub(crate) fn control_mut(&mut self, id: usize) -> &mut Control {
        self.deletions[id]
            .as_mut()
            .expect("the deletion is accepted")
    }

    pub(crate) fn meta(&self, id: usize) -> &Common<Deletion> {
        &self.control(id).meta
    }

    /// What stands beside a page.
    pub(crate) fn exceptions(&self, id: usize, page: u32) -> Exceptions {
        let found = self.control(id).manifest.exceptions.get(&page);
        found.cloned().unwrap_or_default()
    }

    pub(crate) fn page(&self, id: usize, page: u32) -> Option<&Common<Page>> {
        self.control(id).manifest.pages.get(&page)
    }

    /// Puts a page if there is none of its number; answers whether it did.
    pub(crate) fn put_page(&mut self, id: usize, page: &Common<Page>) -> bool {
        if self.page(id, page.number).is_some() {
            return false;
        }
        let control = self.control_mut(id);
        let mut manifest = Manifest::clone(&control.manifest);
        manifest.pages.insert(page.number, page.clone());
        control.manifest = Common::new(manifest);
        true
    }

    pub(crate) fn put_exceptions(&mut self, id: usize, page: u32, exceptions: Exceptions) {
        let control = self.control_mut(id);
        let mut manifest = Manifest::clone(&control.manifest);
        if exceptions.is_empty() {
            manifest.exceptions.remove(&page);
        } else {
            manifest.exceptions.insert(page, exceptions);
        }
        control.manifest = Common::new(manifest);
    }

    /// The compare-and-set: what stands then, or what stood in its way.
    pub(crate) fn store(
        &mut self,
        id: usize,
        next: Deletion,
    ) -> Result<Common<Deletion>, Common<Deletion>> {
        let stored = self.meta(id);
        if next.revision != stored.revision + 1 {
            return Err(stored.clone());
        }
        // Everybody else's copy is one older now.
        for job in self.jobs_mut().filter(|job| job.id == id) {
            let mut held = Deletion::clone(&job.held);
            held.revision = held.revision.saturating_sub(1);
            job.held = Common::new(held);
        }
        let stored = Common::new(crate::time::settled(next));
        self.control_mut(id).meta = stored.clone();
        Ok(stored)
    }

    pub(crate) fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.workers.iter().filter_map(|worker| match worker {
            Worker::Idle => None,
            Worker::At(job) => Some(&**job),
        })
    }

    pub(crate) fn jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        self.workers.iter_mut().filter_map(|worker| match worker {
            Worker::Idle => None,
            Worker::At(job) => Some(&mut **job),
        })
    }

    pub(crate) fn is_marked_by(&self, record: usize, id: usize) -> bool {
        self.rows[record].is_some_and(|row| row.mark == Some(id))
    }

    pub(crate) fn is_live(&self, record: usize) -> bool {
        self.rows[record].is_some_and(|row| row.mark.is_none())
    }

    /// Whether the root of a deletion is there and not marked by it: a new one.
    pub(crate) fn is_root_recreated(&self, id: usize) -> bool {
        self.rows[id].is_some_and(|row| row.mark != Some(id))
    }

    /// Sends the message of a deletion. More than two at once add nothing: each is taken on its own.
    pub(crate) fn send(&mut self, id: usize) {
        self.queued[id] = (self.queued[id] + 1).min(2);
    }

    /// Whether a deletion is where this pass ends well or badly.
    pub(crate) fn is_in(&self, id: usize, states: &[State]) -> bool {
        self.deletions[id]
            .as_ref()
            .is_some_and(|control| states.contains(&control.meta.state))
    }
}
