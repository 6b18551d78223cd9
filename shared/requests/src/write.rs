//! Writes a record for a client: the row, a check of what is above it, then the document.
//!
//! The check comes *after* the write. A check before it could not see a deletion that is accepted in between, and the
//! record would become live below a deleted parent. After it, either the write is undone or the deletion's own cascade
//! finds the row. Rows before documents: the document is written last, from what the row says.
//!
//! A write that is not finished, whatever the reason, is undone: a row without its document would be read and never
//! found. Only a crash leaves one, or an undo that got no answer, which is logged; the same request writes both again.

mod mirror;
mod parent;

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tracing::warn;

use crate::api::Api;
use crate::ask_again::{Tries, ask_again};
use crate::hidden::Hidden;
use crate::liveness::{
    Ancestors, Liveness, check_ancestors, concerns, is_below_theirs, is_shown, judge_with, owners,
};
use crate::visible::visible;
use domain::collection::{Collection, Guarded, IdError};
use domain::deletion::Deletion;
use domain::document::{Document, is_same};
use domain::permission::{Action, Right, allows, right};
use domain::principal::Principal;
use domain::row::Row;
use domain::size::{Count, SUBJECT_BYTES, TooLarge, leaves_room};
use domain::tags::{Tags, tag_of};
use domain::time::{later, read, rfc3339};
use ports::{
    ApiPorts, COMPARED, Clock, DependencyError, Stored, TakeBackOutcome, Unchanged, WriteOutcome,
    WriteRows,
};
use telemetry::chain;

use self::mirror::{Mirrored, is_mirrored, mirror};
use self::parent::nearest;

/// How often a write is judged again if another writer writes the row at the same moment.
const RACES: u32 = 3;

/// What was done.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// There was no such record.
    Created(Row),
    /// There was one, and it was live.
    Replaced(Row),
}

/// Why a record was not written. Unless a dependency failed, nothing has changed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The caller may not write this record, which they may read, or may write none of the collection.
    #[error("not allowed to write this record")]
    Forbidden,
    /// Something that the caller cannot see has this key: another tenant's record, a deleted one, or one that they may
    /// not read. The three are never distinguished.
    #[error("the key is taken")]
    KeyTaken,
    /// The record, or something above it, is marked, and the caller may restore it.
    #[error("the record is deleted")]
    Deleted(Box<Deletion>),
    /// The parent that the record references is absent, deleted, or below something that is.
    #[error("the record's parent is not live")]
    ParentNotLive,
    /// It is not of a version that the request is meant for, or the caller cannot see it.
    #[error("the record has changed")]
    PreconditionFailed,
    /// It has too many attributes for a store to compare them.
    #[error("the record is too wide to be compared")]
    TooWideToCompare,
    /// It says that it was written later than now.
    #[error("the record is of a later time")]
    Later {
        /// The attribute.
        attribute: String,
    },
    /// It has another value than the one that is computed.
    #[error("an attribute is computed")]
    Computed {
        /// The attribute.
        attribute: String,
    },
    /// It has another value than the row has of what no client changes.
    #[error("an attribute is only to be read")]
    ReadOnly {
        /// The attribute.
        attribute: String,
    },
    /// The row would be larger than the store allows.
    #[error("the record is too large")]
    TooLarge,
    /// The row would leave no room for what its deletion adds.
    #[error("the record could not be deleted")]
    NoRoom(#[from] TooLarge),
    /// The row would have more attributes than the archive takes.
    #[error("the record could not be archived")]
    TooWide,
    /// The table or the index cannot store the record's content.
    #[error("a store cannot hold the record")]
    Unstorable,
    /// No document id can be made of the key.
    #[error(transparent)]
    DocumentId(#[from] IdError),
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// For which versions of the record a write is meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meant {
    /// Only for one with one of these tags.
    pub tags: Tags,
    /// Only for none: the record is to be created.
    pub is_new: bool,
}

/// By how much a client's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_mins(5);

type Before<'a, P> = Option<&'a Stored<<<P as ApiPorts>::Rows as WriteRows>::Raw>>;

/// Creates or replaces a live record; `wanted` is what [`draft`](domain::draft::draft) made of the request.
///
/// # Errors
///
/// See [`WriteError`]. After a dependency error the record is as it was before, unless the undo failed too; asking again
/// is safe, and writes row and document.
pub async fn write<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    wanted: &Row,
    meant: &Meant,
) -> Result<Written, WriteError> {
    if right(principal, collection, Action::Write) == Right::Never {
        return Err(WriteError::Forbidden);
    }
    // What the key alone makes impossible is so whatever is stored.
    if let Err(error) = Document::of(collection, wanted)
        && !error.leaves_a_document()
    {
        return Err(error.into());
    }
    for _ in 0..RACES {
        let rows = api.ports.rows();
        let before = rows.stored(collection, &wanted.key).await?;
        let asked = (wanted, meant);
        let row = admit(api, principal, collection, asked, before.as_ref()).await?;
        // Where a document is may depend on what no client sends.
        Document::of(collection, &row)?;
        // What is kept must be so until the write: whoever changes it meanwhile does not know of this one.
        let kept = not_the_clients(api, collection);
        let unchanged = if matches!(meant.tags, Tags::Of(_)) {
            let names = before
                .iter()
                .flat_map(|before| before.row.attributes.keys());
            let names: BTreeSet<_> = names.chain(row.attributes.keys()).collect();
            if names.len() > COMPARED {
                return Err(WriteError::TooWideToCompare);
            }
            Unchanged::All
        } else {
            Unchanged::These(&kept)
        };
        let tenant = &principal.tenant;
        leaves_room(collection, tenant, &row, SUBJECT_BYTES, Count::Most)?;
        let finished = match rows
            .write(collection, &row, before.as_ref(), unchanged)
            .await
        {
            Ok(WriteOutcome::Written) => {
                finish(api, principal, collection, &row, before.as_ref()).await
            }
            Ok(WriteOutcome::TooLarge) => return Err(WriteError::TooLarge),
            Ok(WriteOutcome::TooWide) => return Err(WriteError::TooWide),
            Ok(WriteOutcome::Unstorable) => return Err(WriteError::Unstorable),
            // The current row decides.
            Ok(WriteOutcome::Changed) => continue,
            // It may be written.
            Err(error) => Err(error.into()),
        };
        if let Err(error) = finished {
            return Err(undone(api, collection, &row, before.as_ref(), error).await);
        }
        return Ok(match before {
            None => Written::Created(row),
            Some(_) => Written::Replaced(row),
        });
    }
    let why = "somebody else kept writing the row";
    Err(DependencyError::unavailable("record store", "write a row", why).into())
}

/// The row to be written, if the caller may write it over the current one.
async fn admit<P: ApiPorts, K: Sync>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    (wanted, meant): (&Row, &Meant),
    before: Option<&Stored<K>>,
) -> Result<Row, WriteError> {
    let now = api.ports.clock().now();
    let hidden = Hidden::of(api, &principal.tenant, collection).await?;
    // What the caller may do nothing to is judged like another tenant's, and costs no more.
    // Read whether there is a row or not, so that the two take the same time.
    let owners = owners(api, collection, &principal.tenant, &wanted.key).await?;
    let is_theirs = is_below_theirs(&api.collections, collection, &principal.tenant, &owners);
    let ours = before.filter(|before| {
        let actions = [Action::Read, Action::Write, Action::Restore];
        is_theirs
            && before.row.is_of(&principal.tenant, collection)
            && concerns(principal, collection, &actions, &before.row, now)
    });
    let found = match ours {
        Some(before) => {
            let judged = judge_with(api, collection, &hidden, before.row.clone(), &owners);
            Some(judged.await?.0)
        }
        None => None,
    };
    if let Some(Liveness::Marked { row, by } | Liveness::Hidden { row, by }) = &found
        && allows(principal, collection, Action::Restore, row, now)
        && let Some(deletion) = visible(api, principal, *by).await?
    {
        return Err(WriteError::Deleted(deletion));
    }
    // From here on the answer is the same whether the key is free or held by something that the caller cannot see,
    // until the write is refused for exactly that reason.
    let live = found.as_ref().and_then(|found| match found {
        Liveness::Live(row) => Some(row),
        _ => None,
    });
    let known = live.filter(|live| may_know(principal, collection, live, now));
    let mut kept = wanted.clone();
    keep(api, collection, &mut kept, known)?;
    let mut row = completed(principal, collection, &kept, live)?;
    if before.is_none() {
        date(collection, &mut row, now);
    }
    is_not_later(collection, &row, known, now)?;
    if !row.is_of(&principal.tenant, collection) {
        return Err(WriteError::KeyTaken);
    }
    let above = nearest(api, principal, collection, (&row, known), owners).await?;
    let above = match above {
        Some(above) => check_ancestors(api, collection, &hidden, &row, &above).await?,
        None => Ancestors::Missing,
    };
    if !matches!(above, Ancestors::Live(_)) {
        return Err(WriteError::ParentNotLive);
    }
    let is_asked = meant.tags.are_asked();
    match (before, live) {
        // What the caller cannot see has no tag that they know.
        (_, None) if is_asked => Err(WriteError::PreconditionFailed),
        (None, _) => Ok(row),
        (Some(_), None) => Err(WriteError::KeyTaken),
        (Some(_), Some(old)) => match may_replace(principal, collection, old, now) {
            Err(WriteError::KeyTaken) if is_asked => Err(WriteError::PreconditionFailed),
            Ok(()) if meant.is_new || !meant.tags.hold(&tag_of(collection, old)) => {
                Err(WriteError::PreconditionFailed)
            }
            may => may.map(|()| row),
        },
    }
}

/// A record is of now or of earlier, unless it was of that later time before: what arrives after a request is told by its
/// time.
fn is_not_later(
    collection: &Collection,
    row: &Row,
    live: Option<&Row>,
    now: Timestamp,
) -> Result<(), WriteError> {
    let Some(attribute) = &collection.filters.time else {
        return Ok(());
    };
    let sent = row.attributes.get(attribute);
    let is_kept = live.is_some_and(|live| live.attributes.get(attribute) == sent);
    let is_later = sent
        .and_then(read)
        .is_some_and(|sent| sent > later(now, AHEAD));
    if is_later && !is_kept {
        let attribute = attribute.clone();
        return Err(WriteError::Later { attribute });
    }
    Ok(())
}

/// What no client writes is as it was: what is computed of the record's children, what is only to be read, and what is
/// hidden. What is sent back as it was shown is taken for not sent.
fn keep<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    row: &mut Row,
    known: Option<&Row>,
) -> Result<(), WriteError> {
    let computed = api.collections.computed_attributes(&collection.name);
    for name in not_the_clients(api, collection) {
        let kept = known.and_then(|known| known.attributes.get(name));
        let sent = row.attributes.remove(name);
        if let Some(sent) = sent
            && !kept.is_some_and(|kept| is_same(&sent, kept))
        {
            let attribute = name.to_owned();
            return Err(if computed.contains(&name) {
                WriteError::Computed { attribute }
            } else {
                WriteError::ReadOnly { attribute }
            });
        }
        if let Some(kept) = kept {
            row.attributes.insert(name.to_owned(), kept.clone());
        }
    }
    Ok(())
}

/// The attributes that no client changes.
fn not_the_clients<'a, P: ApiPorts>(api: &'a Api<P>, collection: &'a Collection) -> Vec<&'a str> {
    let mut names = api.collections.computed_attributes(&collection.name);
    let Guarded { hidden, readonly } = &collection.guarded;
    names.extend(readonly.iter().chain(hidden).map(String::as_str));
    names
}

/// Whether the caller may see what the current row says, or may replace it, and then sees it in the answer.
fn may_know(principal: &Principal, collection: &Collection, live: &Row, now: Timestamp) -> bool {
    !matches!(
        may_replace(principal, collection, live, now),
        Err(WriteError::KeyTaken)
    )
}

fn may_replace(
    principal: &Principal,
    collection: &Collection,
    old: &Row,
    now: Timestamp,
) -> Result<(), WriteError> {
    if allows(principal, collection, Action::Write, old, now) {
        Ok(())
    } else if allows(principal, collection, Action::Read, old, now) {
        Err(WriteError::Forbidden)
    } else {
        Err(WriteError::KeyTaken)
    }
}

/// Gives a new row the time at which it is created, if none was sent: it tells the record apart from the next one of its
/// key.
fn date(collection: &Collection, row: &mut Row, now: Timestamp) {
    if let Some(time) = &collection.filters.time {
        row.attributes
            .entry(time)
            .or_insert_with(|| rfc3339(now).into());
    }
}

/// The wanted row with its author: as sent, else as it was, else the caller. A caller who may write only as an author
/// cannot write as anyone else, and cannot change the time from which their right is counted.
fn completed(
    principal: &Principal,
    collection: &Collection,
    wanted: &Row,
    live: Option<&Row>,
) -> Result<Row, WriteError> {
    let mut row = wanted.clone();
    let Some(author) = &collection.author else {
        return Ok(row);
    };
    let as_author = right(principal, collection, Action::Write) == Right::OwnOnly;
    let own = |row: &&Row| row.author(collection) == Some(principal.subject.as_str());
    let live = live.filter(|live| !as_author || own(live));
    if row.author(collection).is_none() {
        let before = live.and_then(|live| live.author(collection));
        let name = before.unwrap_or(&principal.subject).to_owned();
        row.attributes.insert(author.attribute.clone(), name.into());
    }
    if as_author
        && wanted
            .author(collection)
            .is_some_and(|author| author != principal.subject)
    {
        return Err(WriteError::Forbidden);
    }
    if as_author
        && collection.permissions.author_within.is_some()
        && let (Some(time), Some(live)) = (&collection.filters.time, live)
    {
        match (row.attributes.get(time), live.attributes.get(time)) {
            (None, Some(before)) => {
                row.attributes.insert(time.clone(), before.clone());
            }
            (sent, before) if sent != before => return Err(WriteError::Forbidden),
            _ => {}
        }
    }
    Ok(row)
}

/// After the row: the check of what is above, then the document.
async fn finish<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    row: &Row,
    before: Before<'_, P>,
) -> Result<(), WriteError> {
    let hidden = Hidden::of(api, &principal.tenant, collection).await?;
    // As it was before, a deletion that was accepted meanwhile takes it.
    if before.is_some_and(|before| !is_shown(&hidden, collection, &before.row)) {
        return Err(WriteError::KeyTaken);
    }
    if !is_below_live(api, collection, &hidden, row, before).await? {
        return Err(WriteError::ParentNotLive);
    }
    match mirror(api, collection, &row.key, Some(row.clone()), None).await {
        Ok(Mirrored::Done) => Ok(()),
        Ok(Mirrored::Rejected) => Err(WriteError::Unstorable),
        Err(error) => match is_mirrored(api, collection, row).await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(error.into()),
        },
    }
}

/// Whether everything above the written row is live; and, if it was moved, everything above the place that it was moved
/// from: otherwise it would have been moved out of a deletion that was accepted first.
async fn is_below_live<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    hidden: &Hidden<'_>,
    row: &Row,
    before: Before<'_, P>,
) -> Result<bool, DependencyError> {
    let moved = before.map(|before| &before.row).filter(|before| {
        let parent = |row: &Row| row.parent_key(collection, hidden.tenant);
        parent(before) != parent(row)
    });
    for row in [Some(row), moved].into_iter().flatten() {
        let above = check_ancestors(api, collection, hidden, row, &[]).await?;
        if !matches!(above, Ancestors::Live(_)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Undoes a write that could not be finished, and returns the answer to it: why it could not, if nothing of it is left.
async fn undone<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    row: &Row,
    before: Before<'_, P>,
    why: WriteError,
) -> WriteError {
    let Err(error) = take_back(api, collection, row, before).await else {
        return why;
    };
    warn!(
        collection = %collection.name, error = %chain(&error),
        "a write that was not finished could not be taken back: its row may have no document until it is written again"
    );
    match why {
        // What kept it from being finished says more than what kept it from being undone.
        WriteError::Dependency(_) => why,
        _ => error.into(),
    }
}

/// Undoes the write. A row that another writer has written or marked since is left: it is not ours any more.
async fn take_back<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    row: &Row,
    before: Before<'_, P>,
) -> Result<(), DependencyError> {
    let (TakeBackOutcome::TakenBack | TakeBackOutcome::Changed) =
        ask_again(Tries::whatever_it_took(api.ports.clock()), || {
            api.ports.rows().take_back(collection, row, before)
        })
        .await?;
    // Another write may have mirrored the row that is now removed. Compare finds what this does not reach.
    if let Err(error) = mirror(api, collection, &row.key, None, Some(row)).await {
        warn!(collection = %collection.name, error = %chain(&error), "a document was not compared after a write was taken back");
    }
    Ok(())
}
