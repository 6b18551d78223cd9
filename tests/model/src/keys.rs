//! A second, small model: one key, and whoever takes what is under it. Deletions without a root, `archive` and `erase`,
//! an owner who writes by himself, an index that lags, pages that META does not know.
//!
//! The large model asks in which order store calls stay safe. This one asks what a worker may conclude from what it
//! finds: that a copy of its own proves a removal, that a page says where a record is, that a key is still the same
//! record. Each rule can be taken out ([`Rules`]).

mod deletion;
mod owner;
mod properties;

use std::collections::BTreeMap;

use stateright::{Checker, HasDiscoveries, Model, Property};

pub use self::deletion::{Call, Way};

/// How many deletions there can be.
const DELETIONS: usize = 2;

/// Rules of the protocol; each can be taken out, to see that the model misses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a rule that is in force or is not"
)]
pub struct Rules {
    /// `archive` marks the row with its own mark before it copies it, and removes it only with that mark.
    pub claim_before_copy: bool,
    /// Where a record belongs is judged again when a page of an earlier run is taken up.
    pub judged_again: bool,
    /// A page that META does not know is judged like a new one.
    pub adopted_is_judged: bool,
    /// A page tells the record that it means from the next one of its key.
    pub identity_compared: bool,
    /// Every run looks below the root before it removes it.
    pub look_in_every_run: bool,
    /// A row is marked if date and deletion say so, for whoever reads and for whoever removes.
    pub one_predicate: bool,
    /// What is found over an index is asked for once more, later.
    pub asked_once_more: bool,
    /// What was judged is part of the condition under which a row is taken, and not only read before: which record it
    /// is, and where it belongs.
    pub judged_in_condition: bool,
}

impl Rules {
    /// The protocol as it is to be.
    pub const ALL: Self = Self {
        claim_before_copy: true,
        judged_again: true,
        adopted_is_judged: true,
        identity_compared: true,
        look_in_every_run: true,
        one_predicate: true,
        asked_once_more: true,
        judged_in_condition: true,
    };
}

/// How often everything that nobody can foresee may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Often {
    /// Workers that die between two calls.
    pub crashes: u8,
    /// Requests to cancel, and to try again.
    pub retries: u8,
    /// The index refuses the document of what is removed.
    pub rejects: u8,
    /// The record moves to where nothing is deleted.
    pub moves: u8,
    /// The owner takes a marked record back: the date is NULL, the deletion's id stays.
    pub unmarks: u8,
    /// The key is taken anew.
    pub renewals: u8,
    /// A child is written below the record.
    pub children: u8,
}

/// One exploration.
#[derive(Debug, Clone)]
pub struct Keys {
    /// How each deletion takes the record; `None` where there is none.
    pub ways: [Option<Way>; DELETIONS],
    /// The rules in force.
    pub rules: Rules,
    /// The most that may happen.
    pub often: Often,
    /// Whether the index shows the record only after a while.
    pub lags: bool,
}

/// The row of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// Which of the records that had this key, in time.
    pub(crate) generation: u8,
    /// The deletion in its mark.
    pub(crate) id: Option<usize>,
    /// Whether the mark has a date.
    pub(crate) is_dated: bool,
    /// Whether it is where the deletions were asked for.
    pub(crate) is_here: bool,
}

impl Row {
    const NEW: Self = Self {
        generation: 0,
        id: None,
        is_dated: false,
        is_here: true,
    };

    /// Whose it is.
    pub(crate) fn mark(self) -> Option<usize> {
        self.id.filter(|_| self.is_dated)
    }
}

/// What must never happen and cannot be read off the stores afterwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that happened or did not"
)]
pub(crate) struct Happened {
    /// A run took what had moved away before it began.
    pub(crate) took_moved: bool,
    /// A run took a record that had got the key before it began, and after the page was written.
    pub(crate) took_later: bool,
    /// A row was taken that was another record than the page means, or somewhere else, at that very moment.
    pub(crate) took_unmeant: bool,
    /// A live row was removed by somebody who had to find it marked.
    pub(crate) removed_live: bool,
    /// The record was removed above a child that was there before the run began.
    pub(crate) left_a_child: bool,
}

/// The stores and the workers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Under {
    pub(crate) row: Option<Row>,
    /// The copy that each deletion has: of which record.
    pub(crate) copies: [Option<u8>; DELETIONS],
    pub(crate) is_shown: bool,
    pub(crate) has_child: bool,
    pub(crate) deletions: [Option<deletion::Deletion>; DELETIONS],
    pub(crate) left: Often,
    pub(crate) happened: Happened,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The worker of a deletion makes its next call.
    Makes(usize, Call),
    /// The same, and the index refuses the document.
    Refused(usize),
    /// The worker of a deletion dies; another one begins where the control table says.
    Dies(usize),
    /// A deletion is cancelled between its pages.
    Cancelled(usize),
    /// It is tried again.
    Retried(usize),
    /// The owner moves the record, takes it back, or takes the key anew.
    Moved,
    /// See [`Moved`](Self::Moved).
    Unmarked,
    /// See [`Moved`](Self::Moved).
    Renewed,
    /// A child is written below the record.
    ChildWritten,
    /// The index shows what is stored.
    Shown,
}

/// What an exploration found: which properties broke, each with the shortest way there, and how many states there are.
#[derive(Debug)]
pub struct Found {
    /// The properties that do not hold, each with what led there.
    pub broken: BTreeMap<&'static str, Vec<Next>>,
    /// Different states.
    pub unique: usize,
}

impl Keys {
    /// Explores all states, or until a property breaks.
    #[must_use]
    pub fn explore(&self) -> Found {
        let checker = self.clone().checker().threads(1);
        let checker = checker.finish_when(HasDiscoveries::AnyFailures);
        let checker = checker.spawn_bfs().join();
        let found = checker.discoveries().into_iter();
        // A discovery may be behind the state that broke the property first.
        let broken = found.map(|(name, path)| {
            let property = self.property(name);
            let holds = |under: &Under| (property.condition)(self, under);
            let all = path.into_vec().into_iter();
            let way = all.take_while(|(under, _)| holds(under));
            (name, way.filter_map(|(_, next)| next).collect())
        });
        let broken = broken.collect();
        Found {
            broken,
            unique: checker.unique_state_count(),
        }
    }
}

impl Model for Keys {
    type State = Under;
    type Action = Next;

    fn init_states(&self) -> Vec<Under> {
        vec![Under {
            row: Some(Row::NEW),
            copies: [None; DELETIONS],
            is_shown: !self.lags,
            has_child: false,
            deletions: self.ways.map(|way| way.map(deletion::Deletion::asked)),
            left: self.often,
            happened: Happened::default(),
        }]
    }

    fn actions(&self, under: &Under, next: &mut Vec<Next>) {
        deletion::possible(self, under, next);
        owner::possible(under, next);
    }

    fn next_state(&self, under: &Under, next: Next) -> Option<Under> {
        let mut under = under.clone();
        match next {
            Next::Makes(id, call) => deletion::make(self, &mut under, id, call),
            Next::Refused(id) | Next::Dies(id) | Next::Cancelled(id) | Next::Retried(id) => {
                deletion::disturb(self, &mut under, id, next);
            }
            Next::Moved | Next::Unmarked | Next::Renewed | Next::ChildWritten | Next::Shown => {
                owner::write(&mut under, next);
            }
        }
        Some(under)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}
