//! Walks over what the scope lists, then over the manifest, as a queue of parents.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::AtomicBool;

use tracing::warn;

use crate::kit::manifest;
use crate::kit::related;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use crate::select::above::Parents;
use crate::select::requested::Requested;
use crate::select::step::{Found, Step};
use domain::above::Above;
use domain::collection::{Collection, CollectionName};
use domain::cursor::Place;
use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use domain::page::{Entry, Judged, Outcome, PAGE_BYTES, Page, SelectCursor};
use domain::row::Row;
use domain::scope::Scope;
use ports::{EnginePorts, Related, RowPage};

/// How the reason begins for which a record that is held back was not taken.
const HELD: &str = "RECORD_HELD";

/// Whether anything but the root can have children: if not, the manifest need not be read as a queue.
pub(crate) fn only_root_has_children(scope: &Scope, deletion: &Deletion) -> bool {
    match deletion.root {
        Some(_) => scope
            .cascade
            .keys()
            .all(|name| *name == deletion.collection),
        None => scope.cascade.is_empty(),
    }
}

/// How much one page may take, in queries and pages of the manifest that are read: parents without children are queried
/// all the same, and a slice must store its progress before it ends, or the next one begins there again.
pub(crate) const STEPS: usize = 500;

/// How many parents a step queries for at most, if those before had few children: the answers that do not fit into the
/// page are dropped.
const WIDEST: usize = 32;

/// Walks over what the scope lists and then over the manifest, as a queue of parents. Holds one page at a time.
pub(crate) struct Walk<'a, P: EnginePorts> {
    pub(crate) work: Work<'a, P>,
    pub(crate) scope: &'a Scope,
    loaded: Option<Page>,
    /// What became of records in a page, with its number.
    outcomes: Outcomes,
    /// The parents of the last step that still wait for their turn in a delete.
    waiting: HashSet<(CollectionName, RecordKey)>,
    /// What was above the records that the scope lists.
    parents: Parents,
    /// For how many parents the next step queries.
    width: usize,
    /// How much was done since this was last asked.
    taken: usize,
}

/// What became of the records of a page in a deletion without a root.
#[derive(Default)]
struct Outcomes {
    page: u32,
    /// The places of those that the deletion has not taken.
    not_taken: BTreeSet<usize>,
    /// The places of those that it could not take.
    failed: BTreeSet<usize>,
}

/// A query for the children of a parent in one collection, and its place.
struct Question {
    /// Whether the parent still waits for its turn in a delete.
    is_waiting: bool,
    place: Place,
    parent: Entry,
    child: CollectionName,
}

impl<'a, P: EnginePorts> Walk<'a, P> {
    pub(crate) fn new(work: Work<'a, P>, scope: &'a Scope) -> Self {
        Self {
            work,
            scope,
            loaded: None,
            outcomes: Outcomes::default(),
            waiting: HashSet::new(),
            parents: Parents::default(),
            width: 1,
            taken: 0,
        }
    }

    /// How much was done since this was last asked, in [`STEPS`].
    pub(crate) fn taken(&mut self) -> usize {
        std::mem::take(&mut self.taken)
    }

    /// The parents of the last step that still wait for their turn in a delete.
    pub(crate) fn waiting(&self) -> HashSet<(CollectionName, RecordKey)> {
        self.waiting.clone()
    }

    /// So many pages of the manifest were read beside it.
    pub(crate) fn also_took(&mut self, pages: u32) {
        self.taken += pages as usize;
    }

    /// Moves to the next parents from `cursor` on and reads at most `limit` rows below them. `open` are the entries of
    /// the page that is being written, with its number.
    pub(crate) async fn step(
        &mut self,
        deletion: &Deletion,
        cursor: SelectCursor,
        open: (u32, &[Entry]),
        limit: usize,
    ) -> Result<Step, Stop> {
        self.taken += 1;
        let place = match cursor {
            SelectCursor::Below(place) => place,
            // Shared records are not found by this walk.
            SelectCursor::Shared(_) => return Ok(Step::Over),
            SelectCursor::Requested(place) => {
                let room = PAGE_BYTES.saturating_sub(open.1.iter().map(Entry::bytes).sum());
                let asked = Requested {
                    work: self.work,
                    scope: self.scope,
                    deletion,
                };
                if let Some(step) = asked.next(&mut self.parents, &place, (limit, room)).await? {
                    return Ok(step);
                }
                Place::FIRST
            }
        };
        let questions = self.questions(deletion, &place, open, limit).await?;
        if !questions.is_empty() {
            return self.ask(deletion, questions, limit).await;
        }
        if place.page >= open.0 || only_root_has_children(self.scope, deletion) {
            return Ok(Step::Over);
        }
        // The caller stores how far it is: millions of records without children may follow.
        Ok(Step::Entries {
            entries: Vec::new(),
            next: SelectCursor::Below(place.next_page()),
        })
    }

    /// The next queries below the records of one page, from a place on.
    async fn questions(
        &mut self,
        deletion: &Deletion,
        from: &Place,
        open: (u32, &[Entry]),
        limit: usize,
    ) -> Result<Vec<Question>, Stop> {
        let (scope, width) = (self.scope, self.width.min(limit));
        if from.page < open.0 {
            self.page(deletion, from.page).await?;
            if deletion.root.is_none() && !scope.cascade.is_empty() {
                self.read_outcomes(deletion, from.page).await?;
            }
        }
        let loaded = self.loaded.as_ref();
        let entries = match from.page.cmp(&open.0) {
            Ordering::Equal => open.1,
            Ordering::Greater => &[],
            // What is below records that it never had is not the deletion's.
            Ordering::Less if deletion.has_left(from.page) => &[],
            Ordering::Less => loaded.map_or(&[][..], |page| &page.entries),
        };
        let known = Some(&self.outcomes).filter(|outcomes| outcomes.page == from.page);
        let is_held = |place: usize| {
            let entry = &entries[place];
            let declared = self.work.collections().get(entry.collection.as_ref());
            declared.is_some_and(|collection| entry.is_held_back(collection))
        };
        let is_taken = |place: usize| {
            let is_known = known.is_some_and(|outcomes| outcomes.not_taken.contains(&place));
            !is_known && (deletion.root.is_some() || !is_held(place))
        };
        let may_wait = deletion.root.is_none()
            && deletion.state.working_pass() == Some(Pass::Delete)
            && deletion.strategy.removes_rows();
        let is_waiting = |place: usize| {
            let has_failed = known.is_some_and(|outcomes| outcomes.failed.contains(&place));
            may_wait && (has_failed || !deletion.is_acted(from.page))
        };
        let mut questions = Vec::new();
        let mut place = from.clone();
        while questions.len() < width
            && let Some(parent) = entries.get(place.entry)
        {
            let below = scope.children_of(&parent.collection);
            match below.get(place.child) {
                Some(child) if may_have_ours_below(deletion, parent) && is_taken(place.entry) => {
                    questions.push(Question {
                        is_waiting: is_waiting(place.entry),
                        place: place.clone(),
                        parent: parent.clone(),
                        child: child.clone(),
                    });
                    place = place.behind(None);
                }
                Some(_) | None => place = place.next_entry(),
            }
        }
        Ok(questions)
    }

    /// Asks all of them, and answers as far as `limit` goes: the rest is asked again.
    async fn ask(
        &mut self,
        deletion: &Deletion,
        questions: Vec<Question>,
        limit: usize,
    ) -> Result<Step, Stop> {
        self.taken += questions.len() - 1;
        let waiting = questions.iter().filter(|question| question.is_waiting);
        let name =
            |Question { parent, .. }: &Question| (parent.collection.clone(), parent.key.clone());
        self.waiting = waiting.map(name).collect();
        // All of them together read no more rows than one does alone.
        let each = (limit / questions.len()).max(1);
        let failed = AtomicBool::new(false);
        let slice = self.work.slice.unless(&failed);
        let work = Work::new(self.work.engine, &slice);
        let asked = questions.iter();
        let answers = asked.map(|question| Box::pin(answer(work, deletion, question, each)));
        let answers = together(&failed, answers.collect()).await?;
        let (mut rows, mut next) = (Vec::new(), None);
        let mut is_all = true;
        for (question, answer) in questions.iter().zip(answers) {
            let is_cut = answer.next.is_some();
            let collection = self.work.collection(&question.child)?;
            // Below a root everything comes back with it.
            let above = match deletion.root {
                None => question.parent.above,
                Some(_) => Above::default(),
            };
            rows.extend(ours(deletion, collection, answer.rows, above));
            next = Some(question.place.behind(answer.next));
            if is_cut {
                is_all = false;
                break;
            }
        }
        self.width = if is_all {
            (self.width * 2).min(WIDEST)
        } else {
            1
        };
        let next = next.ok_or_else(|| Stop::broken("WALK_EMPTY", "a walk asked for nothing"))?;
        Ok(Step::Rows {
            rows,
            next: SelectCursor::Below(next),
        })
    }

    /// Reads what became of the records of a page, if it was done: below those that it has not taken is nothing of a
    /// deletion without a root.
    async fn read_outcomes(&mut self, deletion: &Deletion, page: u32) -> Result<(), Stop> {
        if self.outcomes.page != page {
            let mut outcomes = Outcomes {
                page,
                ..Outcomes::default()
            };
            let exceptions = manifest::exceptions(self.work, deletion, page).await?;
            for (place, outcome) in exceptions.deleted {
                match outcome {
                    Outcome::AlreadyDeleted | Outcome::Missing | Outcome::Kept => {
                        outcomes.not_taken.insert(place);
                    }
                    // It stays as it is, and so does what is below it.
                    Outcome::Failed { reason } if reason.starts_with(HELD) => {
                        outcomes.not_taken.insert(place);
                    }
                    Outcome::Failed { .. } => drop(outcomes.failed.insert(place)),
                    Outcome::Pending | Outcome::Deleted => {}
                }
            }
            self.outcomes = outcomes;
        }
        Ok(())
    }

    /// A page of the manifest; the last one that was read stays in memory.
    pub(crate) async fn page(
        &mut self,
        deletion: &Deletion,
        number: u32,
    ) -> Result<Option<&Page>, Stop> {
        if self
            .loaded
            .as_ref()
            .is_none_or(|page| page.number != number)
        {
            self.loaded = manifest::page(self.work, deletion, number).await?;
        }
        Ok(self.loaded.as_ref())
    }
}

/// The rows of one collection below one parent that do not carry the deletion's own mark.
async fn answer<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    question: &Question,
    limit: usize,
) -> Result<RowPage, Stop> {
    let collection = work.collection(&question.child)?;
    let Some(children) = Related::children(collection, &question.parent.key) else {
        return Ok(RowPage {
            rows: Vec::new(),
            next: None,
        });
    };
    let children = children.not_marked_by(deletion.id);
    related::page(work, &children, question.place.after.as_ref(), limit).await
}

/// Those of these rows that are the tenant's. A child of another tenant is not selected, not counted, never shown; one of
/// which nobody can say whose it is fails.
fn ours(
    deletion: &Deletion,
    collection: &Collection,
    mut rows: Vec<Row>,
    above: Above,
) -> Vec<Found> {
    let found = rows.len();
    rows.retain(|row| row.may_be_of(&deletion.tenant, collection));
    let strangers = found - rows.len();
    if strangers > 0 {
        warn!(
            deletion_id = %deletion.id, collection = %collection.name, strangers,
            "{strangers} rows below deletion {} belong to another tenant and are left alone", deletion.id
        );
    }
    // What is above them tells them apart: a new child of the same parent is deleted too.
    let found = |row| Found {
        collection: collection.name.clone(),
        row,
        fingerprint: None,
        above,
    };
    rows.into_iter().map(found).collect()
}

/// Whether the deletion reaches below this record. A record that it lists but does not delete is not covered, and what
/// is below a record of another deletion belongs to that deletion, unless there is a root, which hides it from the
/// moment of its acceptance on.
fn may_have_ours_below(deletion: &Deletion, parent: &Entry) -> bool {
    match parent.judged {
        Judged::Live | Judged::LiveNull => true,
        Judged::AlreadyDeleted => deletion.root.is_some(),
        Judged::Missing => false,
    }
}
