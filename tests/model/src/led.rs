//! The model led by hand: what happens is said, and each step tells the store calls that it stands for. So a trace of the
//! engine can be held against it.

use domain::deletion::{Action, Deletion, State};
use domain::page::{Exceptions, Page};
use stateright::Model;
use testing::Operation;

use crate::checker::Happens;
use crate::records::record_at;
use crate::setup::Setup;
use crate::step::{Call, Step};
use crate::world::{Job, RECORDS, Worker, World};

/// One worker, and what was said to have happened until now.
#[derive(Debug, Clone)]
pub struct Led {
    setup: Setup,
    world: World,
}

/// A step of the worker: the store calls that it stands for, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// What is called.
    pub operations: Vec<Operation>,
    /// Whether a query has found as much as its page holds. The engine asks once more, for what stands behind that; the
    /// model knows that there is nothing.
    pub asks_on: bool,
    /// Whether a page is done, and told in the same step: the engine, if its slice is over by then, owes that.
    pub tells: bool,
}

/// What a row or a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marked {
    /// Not there.
    Gone,
    /// There, without a mark.
    Live,
    /// There, with the mark of this deletion.
    By(usize),
}

impl Marked {
    fn of<M: Into<Option<usize>>>(mark: Option<M>) -> Self {
        match mark.map(Into::into) {
            None => Self::Gone,
            Some(None) => Self::Live,
            Some(Some(id)) => Self::By(id),
        }
    }
}

impl Led {
    /// The beginning, with one worker.
    ///
    /// # Panics
    ///
    /// When the setup has several: who of them makes a step would not be known.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        assert_eq!(setup.workers, 1, "one worker is led");
        let world = setup.init_states().pop().expect("there is a beginning");
        Self {
            setup: setup.clone(),
            world,
        }
    }

    /// Whether this can happen now.
    #[must_use]
    pub fn can(&self, happens: Happens) -> bool {
        let mut next = Vec::new();
        self.setup.actions(&self.world, &mut next);
        next.contains(&happens)
    }

    /// Whether this can be asked of a deletion now.
    #[must_use]
    pub fn can_ask(&self, id: usize, action: Action) -> bool {
        self.can(Happens::Ask(id, action))
    }

    /// Lets it happen.
    ///
    /// # Panics
    ///
    /// When it cannot.
    pub fn happen(&mut self, happens: Happens) {
        assert!(self.can(happens), "{happens:?} cannot happen");
        let next = self.setup.next_state(&self.world, happens);
        self.world = next.expect("it can happen");
    }

    /// Whether the worker is at work.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.job().is_some()
    }

    /// The worker's next step; `is_rejected` says of a record whether the index refuses its document. `None` when it has
    /// nothing to do.
    pub fn step(&mut self, is_rejected: impl Fn(usize) -> bool) -> Option<Made> {
        let job = self.job()?;
        let (id, step) = (job.id, job.step.clone());
        let refuses = step.may_be_rejected() && record_of(&step).is_some_and(is_rejected);
        let asks_on = self.query(&step);
        let mut operations = vec![operation(&step)];
        // Reads that the model takes as one.
        operations.extend(vec![Operation::ReadRows; self.read_beside(id, &step)]);
        if refuses {
            self.world.left.rejects = self.world.left.rejects.max(1);
        }
        self.happen(if refuses {
            Happens::Rejected(0)
        } else {
            Happens::Step(0)
        });
        let tells = matches!(step, Step::Checkpoint { .. });
        match step {
            Step::Release if !self.is_at_work() => operations.push(Operation::Send),
            // It is told in the same step.
            Step::End { .. } | Step::EndHidden { .. } | Step::Park { .. }
                if self.world.meta(id).state.is_done() && !self.is_at_work() =>
            {
                operations.push(Operation::Store);
            }
            _ => {}
        }
        Some(Made {
            operations,
            asks_on,
            tells,
        })
    }

    /// Whether a message of this deletion waits.
    #[must_use]
    pub fn is_queued(&self, id: usize) -> bool {
        self.world.queued[id] > 0
    }

    /// A deletion as it stands.
    #[must_use]
    pub fn deletion(&self, id: usize) -> Option<&Deletion> {
        let control = self.world.deletions[id].as_ref()?;
        Some(&control.meta)
    }

    /// The records of each page, with what stands beside it.
    #[must_use]
    pub fn manifest(&self, id: usize) -> Vec<(Vec<usize>, Exceptions)> {
        let Some(control) = &self.world.deletions[id] else {
            return Vec::new();
        };
        let records = |page: &Page| {
            (0..page.entries.len())
                .map(|place| record_at(page, place))
                .collect()
        };
        let pages = control.manifest.pages.values();
        pages
            .map(|page| (records(page), self.world.exceptions(id, page.number)))
            .collect()
    }

    /// By record, what its row and its document are.
    #[must_use]
    pub fn marks(&self) -> [[Marked; 2]; RECORDS] {
        std::array::from_fn(|record| {
            let row = self.world.rows[record].map(|row| row.mark);
            let document = self.world.documents[record].map(|document| document.mark);
            [row, document].map(Marked::of)
        })
    }

    /// The state of a deletion.
    #[must_use]
    pub fn state(&self, id: usize) -> Option<State> {
        self.deletion(id).map(|deletion| deletion.state)
    }

    /// Of a query: whether it fills its page.
    fn query(&self, step: &Step) -> bool {
        let Some(job) = self.job() else { return false };
        let (number, cursor, found) = match step {
            Step::Select {
                number,
                cursor,
                found,
            } => (*number, cursor, found),
            Step::Look { cursor, found } => (job.held.pages + 1, cursor, found),
            // The look continues in the query that has filled this page.
            Step::PageFound { page } => return page.entries.len() == self.setup.page_keys,
            _ => return false,
        };
        let is_look = matches!(step, Step::Look { .. });
        let open = if is_look { &[] } else { found.as_slice() };
        let question = self
            .world
            .next_question(job.id, cursor.clone(), (number, open));
        question.is_some_and(|(record, _)| {
            self.world.rows[record].is_some() && found.len() + 1 == self.setup.page_keys
        })
    }

    /// How many reads of the engine stand beside this one: what is above a root, one after the other, and the parent of a
    /// record to be restored, whatever its row says.
    fn read_beside(&self, id: usize, step: &Step) -> usize {
        match step {
            Step::ReadAncestors if self.world.rows[id].is_some() => id,
            Step::Act { page, calls, .. } => match calls.last() {
                Some(Call::ReadRow(place)) => {
                    let row = self.world.rows[record_at(page, *place)];
                    usize::from(row.is_some_and(|row| row.mark != Some(id)))
                }
                _ => 0,
            },
            _ => 0,
        }
    }

    fn job(&self) -> Option<&Job> {
        match self.world.workers.first()? {
            Worker::Idle => None,
            Worker::At(job) => Some(job),
        }
    }
}

/// The record that a step is about, if it is about one.
fn record_of(step: &Step) -> Option<usize> {
    let Step::Act { page, calls, .. } = step else {
        return None;
    };
    let place = match *calls.last()? {
        Call::ReadRoot => 0,
        Call::MarkRow(place)
        | Call::MarkDocument(place)
        | Call::ReadRow(place)
        | Call::ReadParent(place)
        | Call::ClearRow(place)
        | Call::ClearDocument(place)
        | Call::Children(place)
        | Call::Version(place)
        | Call::VersionBehind(place, _)
        | Call::Explain(place, _)
        | Call::ExplainFirst(place)
        | Call::RemoveDocument(place, ..)
        | Call::RemoveRow(place)
        | Call::Recheck(place)
        | Call::Above(place, _)
        | Call::StillBelow(place)
        | Call::BelowWhat(place, _)
        | Call::MarkUnmarked(place)
        | Call::MarkItsDocument(place) => place,
    };
    Some(record_at(page, place))
}

/// What the engine calls where the model makes this step.
fn operation(step: &Step) -> Operation {
    let calls = match step {
        Step::Act { calls, .. } => calls,
        Step::Lease
        | Step::Checkpoint { .. }
        | Step::EndHidden { .. }
        | Step::Notice
        | Step::PageFound { .. }
        | Step::LookOver
        | Step::End { .. }
        | Step::Release
        | Step::ParkLease
        | Step::Park { .. } => return Operation::Store,
        Step::Select { .. } | Step::Look { .. } => return Operation::QueryRows,
        Step::PutPage { .. } | Step::LookPut { .. } => return Operation::PutPage,
        Step::PutExceptions { .. } | Step::PutRootExceptions { .. } | Step::ParkPage { .. } => {
            return Operation::PutExceptions;
        }
        Step::SelectRoot
        | Step::RestoreRoot
        | Step::ReadAncestors
        | Step::LookRootFirst
        | Step::LookAbove { .. } => return Operation::ReadRows,
        Step::Restore { .. } => return Operation::FinishRestore,
        Step::ClearRootDocument => return Operation::ClearDocuments,
    };
    match calls.last().expect("a page at work has a call") {
        Call::ReadRoot
        | Call::ReadRow(_)
        | Call::ReadParent(_)
        | Call::Explain(..)
        | Call::ExplainFirst(_)
        | Call::Recheck(_)
        | Call::Above(..)
        | Call::StillBelow(_)
        | Call::BelowWhat(..) => Operation::ReadRows,
        Call::MarkRow(_) | Call::MarkUnmarked(_) => Operation::MarkRows,
        Call::MarkDocument(_) | Call::MarkItsDocument(_) => Operation::MarkDocuments,
        Call::ClearRow(_) => Operation::ClearRows,
        Call::ClearDocument(_) => Operation::ClearDocuments,
        Call::Children(_) => Operation::QueryRows,
        Call::Version(_) | Call::VersionBehind(..) => Operation::DocumentStates,
        Call::RemoveDocument(..) => Operation::RemoveDocuments,
        Call::RemoveRow(_) => Operation::PurgeRows,
    }
}
