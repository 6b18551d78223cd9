//! A deletion of what is under the key, and the calls of its worker.

use super::{DELETIONS, Keys, Next, Row, Under};

/// How a deletion takes the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It is claimed, copied and removed.
    Archive,
    /// It is removed.
    Erase,
    /// It is marked, and purged later; found over an index.
    Flag,
    /// A purge looks below its root, finds it there, marks it and removes it.
    Look,
}

/// One call of a worker, or one that can only be made in the same breath.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Finds the record, or does not.
    Select,
    /// Writes the page, or finds the one that an earlier attempt wrote.
    PutPage,
    /// Reads the row of a page that is taken up again, or that is done when all pages are written.
    Judge,
    /// Marks the row, if it carries no mark.
    Mark,
    /// Reads the row; without a claim, that is all that is known of it.
    Read,
    /// Copies what was read.
    Copy,
    /// Looks for a child, and takes it.
    Look,
    /// Reads whose the row is, before it is purged.
    ReadMark,
    /// Removes the row on a condition.
    Remove,
    /// Stores the outcome.
    Checkpoint,
    /// Asks the index once more, when everything is over.
    AskAgain,
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    Deleted,
    AlreadyDeleted,
    Missing,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Stands {
    Working,
    Cancelled,
    Failed,
    Over,
}

/// A deletion as the control table has it, and its worker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is something that it has done, or found, or not"
)]
pub(crate) struct Deletion {
    pub(crate) way: Way,
    pub(crate) stands: Stands,
    /// The record that its page means.
    pub(crate) page: Option<u8>,
    pub(crate) outcome: Option<Outcome>,
    /// Whether a run has looked below the record.
    looked: bool,
    /// Whether the index was asked once more.
    asked_again: bool,
    // Of the worker:
    next: Call,
    is_resumed: bool,
    /// What it knows of the row.
    read: Option<Row>,
    /// What it will store.
    found: Option<Outcome>,
    /// Of the row when this worker began: where it was, and which it was.
    began: Option<Row>,
    /// Whether there was a child when the present run began.
    child_before: bool,
}

impl Deletion {
    /// Just accepted.
    pub(super) fn asked(way: Way) -> Self {
        Self {
            way,
            stands: Stands::Working,
            page: None,
            outcome: None,
            looked: false,
            asked_again: false,
            next: Call::Select,
            is_resumed: false,
            read: None,
            found: None,
            began: Some(Row::NEW),
            child_before: false,
        }
    }

    /// What it found is to be stored.
    fn ends(&mut self, outcome: Outcome) {
        (self.found, self.next) = (Some(outcome), Call::Checkpoint);
    }

    pub(super) fn is_over(&self) -> bool {
        self.stands == Stands::Over
    }

    fn removes(&self) -> bool {
        matches!(self.way, Way::Archive | Way::Erase)
    }
}

/// The latest record that had the key.
pub(super) fn latest(under: &Under) -> u8 {
    let pages = under
        .deletions
        .iter()
        .flatten()
        .filter_map(|deletion| deletion.page);
    pages
        .chain(under.copies.into_iter().flatten())
        .max()
        .unwrap_or_default()
}

pub(super) fn possible(keys: &Keys, under: &Under, next: &mut Vec<Next>) {
    for id in 0..DELETIONS {
        let Some(deletion) = &under.deletions[id] else {
            continue;
        };
        match deletion.stands {
            Stands::Working => {
                next.push(Next::Makes(id, deletion.next));
                if under.left.crashes > 0 {
                    next.push(Next::Dies(id));
                }
                if deletion.next == Call::Remove && under.left.rejects > 0 {
                    next.push(Next::Refused(id));
                }
                // Pages of what is removed are written first, and a cancel may come before they are done.
                let is_between = deletion.page.is_some() && deletion.next == first(keys, deletion);
                if is_between && deletion.removes() && under.left.retries > 0 {
                    next.push(Next::Cancelled(id));
                }
            }
            Stands::Cancelled | Stands::Failed => next.push(Next::Retried(id)),
            Stands::Over => {
                let asks = keys.rules.asked_once_more && keys.lags && under.is_shown;
                if asks && !deletion.asked_again && deletion.way != Way::Look {
                    next.push(Next::Makes(id, Call::AskAgain));
                }
            }
        }
    }
}

/// The first call for a page that is written. What is removed is judged also if this worker has written the page: all
/// pages are written before the first is done.
fn first(keys: &Keys, deletion: &Deletion) -> Call {
    let judges = match deletion.way {
        Way::Look => keys.rules.adopted_is_judged,
        _ => keys.rules.judged_again || keys.rules.identity_compared,
    };
    if (deletion.is_resumed || deletion.removes()) && judges {
        return Call::Judge;
    }
    act(keys, deletion)
}

fn act(keys: &Keys, deletion: &Deletion) -> Call {
    match deletion.way {
        Way::Archive if !keys.rules.claim_before_copy => Call::Read,
        Way::Archive | Way::Flag | Way::Look => Call::Mark,
        Way::Erase => Call::Look,
    }
}

/// Another worker begins where the control table says.
fn begin(keys: &Keys, under: &mut Under, id: usize) {
    let row = under.row;
    let Some(deletion) = &mut under.deletions[id] else {
        return;
    };
    deletion.began = row;
    (deletion.read, deletion.found) = (None, None);
    deletion.is_resumed = deletion.page.is_some();
    deletion.next = if deletion.page.is_some() {
        first(keys, deletion)
    } else {
        Call::Select
    };
}

pub(super) fn disturb(keys: &Keys, under: &mut Under, id: usize, next: Next) {
    let stands = match next {
        Next::Dies(_) => {
            under.left.crashes -= 1;
            Stands::Working
        }
        Next::Cancelled(_) => {
            under.left.retries -= 1;
            Stands::Cancelled
        }
        Next::Refused(_) => {
            under.left.rejects -= 1;
            Stands::Failed
        }
        _ => Stands::Working,
    };
    let is_new_run = matches!(next, Next::Retried(_));
    let has_child = under.has_child;
    if let Some(deletion) = &mut under.deletions[id] {
        deletion.stands = stands;
        if is_new_run {
            deletion.child_before = has_child;
        }
        if is_new_run && keys.rules.look_in_every_run {
            deletion.looked = false;
        }
    }
    begin(keys, under, id);
}

/// Whether it is the record that the page means, where it was.
fn is_meant(deletion: &Deletion, row: Row) -> bool {
    row.is_here && deletion.page == Some(row.generation)
}

/// The worker takes the row: whether it may is seen by what was there when it began.
fn takes(under: &mut Under, id: usize, row: Row) {
    let Some(deletion) = &under.deletions[id] else {
        return;
    };
    let was = deletion.began;
    under.happened.took_moved |=
        was.is_some_and(|was| was.generation == row.generation && !was.is_here);
    let is_later = deletion.page.is_some_and(|page| page < row.generation);
    under.happened.took_unmeant |= !is_meant(deletion, row);
    under.happened.took_later |=
        is_later && was.is_some_and(|was| was.generation == row.generation);
}

/// Makes one call.
pub(super) fn make(keys: &Keys, under: &mut Under, id: usize, call: Call) {
    let Some(mut deletion) = under.deletions[id].clone() else {
        return;
    };
    match call {
        Call::Select => select(under, &mut deletion),
        Call::PutPage => {
            deletion.page = deletion.read.map(|read| read.generation);
            deletion.next = first(keys, &deletion);
        }
        Call::Judge => judge(keys, under, id, &mut deletion),
        Call::Mark => mark(keys, under, id, &mut deletion),
        Call::Read => read(keys, under, id, &mut deletion),
        Call::Copy => {
            under.copies[id] = deletion.read.map(|read| read.generation);
            deletion.next = Call::Look;
        }
        Call::Look => look(keys, under, id, &mut deletion),
        Call::ReadMark => {
            deletion.read = under.row;
            match under.row {
                Some(row) if row.mark() == Some(id) => deletion.next = Call::Remove,
                // What is not ours is kept.
                _ => deletion.ends(Outcome::Deleted),
            }
        }
        Call::Remove => remove(keys, under, id, &mut deletion),
        Call::Checkpoint => {
            deletion.outcome = deletion.found;
            deletion.stands = Stands::Over;
        }
        Call::AskAgain => {
            deletion.asked_again = true;
            if deletion.page.is_none() {
                (deletion.stands, deletion.next) = (Stands::Working, Call::Select);
            }
        }
    }
    under.deletions[id] = Some(deletion);
}

/// Ids and children are read from the table, an author's records over an index.
fn select(under: &Under, deletion: &mut Deletion) {
    let is_seen = under.is_shown || deletion.way != Way::Flag;
    let is_found = |row: &Row| is_seen && row.mark().is_none() && row.is_here;
    if let Some(found) = under.row.filter(is_found) {
        deletion.read = Some(found);
        deletion.next = Call::PutPage;
    } else if under.row.is_some_and(|row| row.mark().is_some()) {
        deletion.ends(Outcome::AlreadyDeleted);
    } else {
        deletion.ends(Outcome::Missing);
    }
}

/// What a missing row, or another record's, means: a copy of the page's record was made by an earlier attempt.
fn gone(under: &Under, id: usize, page: Option<u8>) -> Outcome {
    match under.copies[id] {
        Some(copy) if page.is_none_or(|page| page == copy) => Outcome::Deleted,
        _ => Outcome::Missing,
    }
}

fn judge(keys: &Keys, under: &Under, id: usize, deletion: &mut Deletion) {
    let row = under.row;
    let is_same = row.is_some_and(|row| Some(row.generation) == deletion.page);
    let is_ours = row.is_some_and(|row| row.mark() == Some(id));
    let is_here = row.is_some_and(|row| row.is_here);
    let compares = keys.rules.identity_compared && !is_same;
    let judges = match deletion.way {
        Way::Look => keys.rules.adopted_is_judged,
        _ => keys.rules.judged_again,
    };
    if row.is_none() && deletion.way == Way::Erase && deletion.is_resumed {
        // An earlier attempt may have removed it, and leaves nothing that could tell.
        deletion.ends(Outcome::Deleted);
    } else if row.is_none() || compares || (judges && !is_here && !is_ours) {
        deletion.ends(gone(under, id, deletion.page));
    } else {
        deletion.next = act(keys, deletion);
    }
}

fn mark(keys: &Keys, under: &mut Under, id: usize, deletion: &mut Deletion) {
    match under.row {
        Some(found) if keys.rules.judged_in_condition && !is_meant(deletion, found) => {
            deletion.ends(gone(under, id, deletion.page));
        }
        Some(found) if found.mark().is_none_or(|by| by == id) => {
            if found.mark().is_none() {
                takes(under, id, found);
            }
            under.row = Some(Row {
                id: Some(id),
                is_dated: true,
                ..found
            });
            deletion.next = match deletion.way {
                Way::Archive => Call::Read,
                Way::Flag | Way::Look => Call::ReadMark,
                Way::Erase => Call::Look,
            };
        }
        Some(_) => deletion.ends(Outcome::AlreadyDeleted),
        None => deletion.ends(gone(under, id, deletion.page)),
    }
}

/// The row is read to be copied.
fn read(keys: &Keys, under: &Under, id: usize, deletion: &mut Deletion) {
    deletion.read = under.row;
    let claimed = keys.rules.claim_before_copy.then_some(id);
    match under.row {
        Some(row) if row.mark() == claimed => deletion.next = Call::Copy,
        // Taken back by its owner: it is claimed again, or it is another deletion's by now.
        Some(row) if row.mark().is_none() => deletion.next = Call::Mark,
        Some(_) => deletion.ends(Outcome::AlreadyDeleted),
        None => deletion.ends(gone(under, id, None)),
    }
}

/// Takes a child where a run has not looked yet; what is erased is read for its condition.
fn look(keys: &Keys, under: &mut Under, id: usize, deletion: &mut Deletion) {
    if !deletion.looked {
        under.has_child = false;
        deletion.looked = true;
    }
    deletion.read = under.row;
    deletion.next = Call::Remove;
    let Some(row) = under.row.filter(|_| deletion.way == Way::Erase) else {
        return;
    };
    if row.mark().is_some_and(|by| by != id) {
        deletion.ends(Outcome::AlreadyDeleted);
    } else if keys.rules.judged_in_condition && !is_meant(deletion, row) {
        deletion.ends(Outcome::Missing);
    }
}

/// Removes the row on the condition of its way.
fn remove(keys: &Keys, under: &mut Under, id: usize, deletion: &mut Deletion) {
    let Some(row) = under.row else {
        // Who has not asked for the removal before knows that it was not himself. An earlier attempt may have been: then a
        // copy of one's own is the only proof there is, and an erasure has none.
        let is_own = deletion.is_resumed || !keys.rules.claim_before_copy;
        deletion.found = Some(match deletion.way {
            Way::Archive | Way::Erase if is_own => Outcome::Deleted,
            Way::Archive => Outcome::AlreadyDeleted,
            _ => Outcome::Missing,
        });
        if !is_own {
            under.copies[id] = None;
        }
        deletion.next = Call::Checkpoint;
        return;
    };
    let is_removed = match deletion.way {
        Way::Archive if keys.rules.claim_before_copy => row.mark() == Some(id),
        // As it was copied, or as it was read.
        Way::Archive | Way::Erase => Some(row) == deletion.read,
        Way::Flag | Way::Look if keys.rules.one_predicate => row.mark() == Some(id),
        Way::Flag | Way::Look => row.id == Some(id),
    };
    if !is_removed {
        // It is another one's now, or its owner has taken it back.
        match (deletion.way, row.mark()) {
            (Way::Flag | Way::Look, _) => {
                deletion.ends(Outcome::Deleted);
            }
            (_, Some(by)) if by != id => {
                under.copies[id] = None;
                deletion.ends(Outcome::AlreadyDeleted);
            }
            _ => deletion.next = act(keys, deletion),
        }
        return;
    }
    if row.mark().is_none() {
        takes(under, id, row);
        under.happened.removed_live |= matches!(deletion.way, Way::Flag | Way::Look);
    }
    under.happened.left_a_child |= under.has_child && deletion.child_before;
    under.row = None;
    deletion.ends(Outcome::Deleted);
}
