//! Whether a record is live: no mark, no deletion that is about to set one, and every parent that it references is there
//! and live.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};

use crate::api::Api;
use crate::ask_again::Tries;
use crate::budget::Budget;
use crate::hidden::Hidden;
use crate::unreadable::unreadable;
use domain::above::Above;
use domain::collection::{Collection, Collections, TenantRule};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::permission::{Action, allows};
use domain::principal::{Principal, Tenant};
use domain::row::{Row, RowMark, Unreadable};
use jiff::Timestamp;
use ports::{ApiPorts, Attempt, DependencyError, Fields, ReadRows};

/// What the rows say about a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Liveness {
    /// No such row, or another tenant's: the two are never distinguished.
    Absent,
    /// It is there, and nobody can say whose it is.
    Nobodys,
    /// It is the tenant's, and nobody can say whether it, or something above it, is marked.
    Unreadable,
    /// It and everything above it are live.
    Live(Row),
    /// It carries a mark, or is about to get one: a deletion that is under way requests it.
    Marked {
        /// The row.
        row: Row,
        /// The deletion, unless the mark is not ours.
        by: Option<DeletionId>,
    },
    /// It is not, but something above it is.
    Hidden {
        /// The row.
        row: Row,
        /// That ancestor's deletion, unless the mark is not ours.
        by: Option<DeletionId>,
    },
    /// It is unmarked, but references a parent that does not exist.
    Orphan(Row),
}

/// The state of what is above a record.
pub(super) enum Ancestors<'a> {
    /// Everything that it references is there and live: these, nearest first.
    Live(Vec<(&'a Collection, Row)>),
    /// An ancestor carries a mark, or is about to: that deletion's, unless the mark is not ours.
    Marked(Option<DeletionId>),
    /// An ancestor is missing, or another tenant's.
    Missing,
    /// Nobody can say whose an ancestor is, or whether it is marked.
    Unreadable,
}

/// The ancestors that a record's key itself references, as they were read: nearest first.
pub(super) type Known = Vec<(RecordKey, Option<Row>)>;

/// A record as a caller asks for it.
pub(super) struct Asked<'a> {
    /// Its collection.
    pub(super) collection: &'a Collection,
    /// Its key.
    pub(super) key: &'a RecordKey,
    /// What is read of it.
    pub(super) fields: Fields,
    /// What the caller may want to do to it, or be told of it for.
    pub(super) actions: &'a [Action],
    /// When.
    pub(super) now: Timestamp,
}

/// Reads a record and everything above it. A record to which the caller may do nothing of what is asked is absent, and costs
/// no store call more than an absent one.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn for_caller<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    hidden: &Hidden<'_>,
    asked: &Asked<'_>,
) -> Result<Liveness, DependencyError> {
    let record = (asked.collection, asked.key);
    let read = read_with_named(api, &principal.tenant, record, asked.fields).await?;
    let found = judge_for(api, principal, hidden, asked, read).await?;
    Ok(found.0)
}

/// The same for a delete, and what tells apart what is above a record that is live. What is hidden is read beside the
/// rows: whoever then takes a row for live that is marked meanwhile is refused by the acceptance.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn with_above<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    asked: &Asked<'_>,
) -> Result<(Liveness, Above), DependencyError> {
    let record = (asked.collection, asked.key);
    let (hidden, read) = join(
        Hidden::of(api, &principal.tenant, asked.collection),
        read_with_named(api, &principal.tenant, record, asked.fields),
    )
    .await;
    judge_for(api, principal, &hidden?, asked, read?).await
}

async fn judge_for<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    hidden: &Hidden<'_>,
    asked: &Asked<'_>,
    (row, known): (Option<Row>, Known),
) -> Result<(Liveness, Above), DependencyError> {
    let Asked {
        collection,
        actions,
        now,
        ..
    } = *asked;
    let row = row.filter(|row| {
        row.may_be_of(hidden.tenant, collection)
            && is_below_theirs(&api.collections, collection, hidden.tenant, &known)
            && concerns(principal, collection, actions, row, now)
    });
    match row {
        Some(row) if row.unreadable(collection) == Some(Unreadable::Tenant) => {
            unreadable(api, collection, &row);
            Ok((Liveness::Nobodys, Above::default()))
        }
        Some(row) => judge_with(api, collection, hidden, row, &known).await,
        None => Ok((Liveness::Absent, Above::default())),
    }
}

/// Whether a record whose tenant is its parent's is this tenant's, by the ancestors that its key references. Of others the
/// row says it.
pub(super) fn is_below_theirs(
    collections: &Collections,
    collection: &Collection,
    tenant: &Tenant,
    known: &[(RecordKey, Option<Row>)],
) -> bool {
    let (mut below, mut known) = (collection, known.iter());
    while below.tenant == TenantRule::Parent {
        let (Some(parent), Some((_, Some(row)))) = (collections.parent_of(below), known.next())
        else {
            return false;
        };
        if !row.may_be_of(tenant, parent) {
            return false;
        }
        below = parent;
    }
    true
}

/// The ancestors that a record's key itself references, where its parent says whose it is: only there calls are made.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn owners<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    tenant: &Tenant,
    key: &RecordKey,
) -> Result<Known, DependencyError> {
    let mut known = Known::new();
    if collection.tenant != TenantRule::Parent {
        return Ok(known);
    }
    for (parent, key) in named_by_key(&api.collections, collection, tenant, key) {
        let read = read_one(api, parent, &key, Fields::Judged).await?;
        known.push((key, read));
    }
    Ok(known)
}

/// Whether the record with this key is this tenant's, where its parent says whose it is: only there calls are made.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn is_theirs<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    tenant: &Tenant,
    key: &RecordKey,
) -> Result<bool, DependencyError> {
    let owners = owners(api, collection, tenant, key).await?;
    Ok(is_below_theirs(
        &api.collections,
        collection,
        tenant,
        &owners,
    ))
}

/// What a caller may want to do to a record: who may do none of it is told nothing of it.
pub(super) const ANYTHING: [Action; 4] =
    [Action::Read, Action::Write, Action::Delete, Action::Restore];

/// Whether the caller may do one of these things to a record of their tenant.
pub(super) fn concerns(
    principal: &Principal,
    collection: &Collection,
    actions: &[Action],
    row: &Row,
    now: Timestamp,
) -> bool {
    let mut actions = actions.iter();
    actions.any(|action| allows(principal, collection, *action, row, now))
}

/// A row, and in the same round trip the ancestors that its key itself references.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn read_with_named<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    (collection, key): (&Collection, &RecordKey),
    fields: Fields,
) -> Result<(Option<Row>, Known), DependencyError> {
    let named = named_by_key(&api.collections, collection, tenant, key);
    let ancestors = join_all(
        named
            .iter()
            .map(|(parent, key)| read_one(api, parent, key, Fields::Judged)),
    );
    let (row, ancestors) = join(read_one(api, collection, key, fields), ancestors).await;
    let row = row?;
    let mut known = Vec::new();
    for ((_, key), ancestor) in named.into_iter().zip(ancestors) {
        known.push((key, ancestor?));
    }
    Ok((row, known))
}

/// The ancestors whose keys are parts of this record's key, nearest first.
fn named_by_key<'a>(
    collections: &'a Collections,
    collection: &'a Collection,
    tenant: &Tenant,
    key: &RecordKey,
) -> Vec<(&'a Collection, RecordKey)> {
    let mut named = Vec::new();
    let mut child = (collection, key.clone());
    while let Some(parent) = collections.parent_of(child.0) {
        let Some(key) = child.0.parent_named_by(&child.1, tenant) else {
            break;
        };
        named.push((parent, key.clone()));
        child = (parent, key);
    }
    named
}

/// What the rows say about a row that was read just now, with ancestors that were read already; and what tells apart what is
/// above a record that is live.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn judge_with<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    hidden: &Hidden<'_>,
    row: Row,
    known: &[(RecordKey, Option<Row>)],
) -> Result<(Liveness, Above), DependencyError> {
    let unknown = Above::default();
    if unreadable(api, collection, &row).is_some() {
        return Ok((Liveness::Unreadable, unknown));
    }
    if let RowMark::By(by) = mark_of(hidden, collection, &row) {
        return Ok((Liveness::Marked { row, by }, unknown));
    }
    Ok(
        match check_ancestors(api, collection, hidden, &row, known).await? {
            Ancestors::Live(rows) => {
                let rows = rows.iter().map(|(above, row)| (*above, row));
                (Liveness::Live(row), Above::nearest(rows))
            }
            Ancestors::Marked(by) => (Liveness::Hidden { row, by }, unknown),
            Ancestors::Missing => (Liveness::Orphan(row), unknown),
            Ancestors::Unreadable => (Liveness::Unreadable, unknown),
        },
    )
}

/// The mark of a row: the one that it has, or the one that a deletion is about to set.
fn mark_of(hidden: &Hidden<'_>, collection: &Collection, row: &Row) -> RowMark {
    let mark = row.mark(collection);
    if !mark.is_live() {
        return mark;
    }
    let by = hidden.by(collection, row);
    by.map_or(mark, |by| RowMark::By(Some(by)))
}

/// Whether a row has neither a mark nor a deletion that is about to take it.
pub(super) fn is_shown(hidden: &Hidden<'_>, collection: &Collection, row: &Row) -> bool {
    row.is_of(hidden.tenant, collection) && mark_of(hidden, collection, row).is_live()
}

/// Of rows that were read just now, those that are live and have only what is live above them, in their order. Each
/// ancestor is read once, and all of a level in one batch.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn live_of<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    hidden: &Hidden<'_>,
    rows: Vec<Row>,
    budget: &mut Budget<'_, P::Clock>,
) -> Result<Vec<Row>, DependencyError> {
    let mut live: Vec<bool> = rows
        .iter()
        .map(|row| is_shown(hidden, collection, row))
        .collect();
    // Those whose ancestors are still to be read, each with its place among the rows.
    let mut open: Vec<(usize, Row)> = rows.iter().cloned().enumerate().collect();
    open.retain(|(place, _)| live[*place]);
    let mut below = collection;
    while let (Some(parent), Some(link)) = (api.collections.parent_of(below), &below.parent) {
        let mut keys = Vec::new();
        for (place, row) in open {
            match row.parent_key(below, hidden.tenant) {
                Some(key) => keys.push((place, key)),
                None => live[place] = !link.required,
            }
        }
        let distinct: BTreeSet<RecordKey> = keys.iter().map(|(_, key)| key.clone()).collect();
        let distinct: Vec<RecordKey> = distinct.into_iter().collect();
        budget.spend(distinct.len().div_ceil(P::Rows::READ_BATCH));
        let ancestors = read_many(api, parent, &distinct, Fields::Judged).await?;
        let there = ancestors.into_iter().flatten();
        let there: BTreeMap<RecordKey, Row> = there
            .filter(|row| is_shown(hidden, parent, row))
            .map(|row| (row.key.clone(), row))
            .collect();
        open = Vec::new();
        for (place, key) in keys {
            match there.get(&key) {
                Some(ancestor) => open.push((place, ancestor.clone())),
                None => live[place] = false,
            }
        }
        below = parent;
    }
    let rows = rows.into_iter().zip(live);
    Ok(rows.filter_map(|(row, live)| live.then_some(row)).collect())
}

/// Reads what is above a row, except for what is known of it: one round trip for each level.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn check_ancestors<'a, P: ApiPorts>(
    api: &'a Api<P>,
    collection: &'a Collection,
    hidden: &Hidden<'_>,
    row: &Row,
    known: &[(RecordKey, Option<Row>)],
) -> Result<Ancestors<'a>, DependencyError> {
    let mut live = Vec::new();
    let mut child = (collection, row.clone());
    let mut known = known.iter();
    while let (Some(parent), Some(link)) = (api.collections.parent_of(child.0), &child.0.parent) {
        let Some(key) = child.1.parent_key(child.0, hidden.tenant) else {
            return Ok(if link.required {
                Ancestors::Missing
            } else {
                Ancestors::Live(live)
            });
        };
        let read = match known.next() {
            Some((known, ancestor)) if *known == key => ancestor.clone(),
            _ => read_one(api, parent, &key, Fields::Judged).await?,
        };
        let Some(found) = read.filter(|row| row.may_be_of(hidden.tenant, parent)) else {
            return Ok(Ancestors::Missing);
        };
        if unreadable(api, parent, &found).is_some() {
            return Ok(Ancestors::Unreadable);
        }
        if let RowMark::By(by) = mark_of(hidden, parent, &found) {
            return Ok(Ancestors::Marked(by));
        }
        live.push((parent, found.clone()));
        child = (parent, found);
    }
    Ok(Ancestors::Live(live))
}

async fn read_one<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    key: &RecordKey,
    fields: Fields,
) -> Result<Option<Row>, DependencyError> {
    Ok(
        read_many(api, collection, std::slice::from_ref(key), fields)
            .await?
            .pop()
            .flatten(),
    )
}

/// Reads rows for a request. Those that the store puts off are asked for again; a store that keeps doing so is busy,
/// and the client may try again later.
///
/// # Errors
///
/// When the record store did not answer for every row.
pub(super) async fn read_many<P: ApiPorts>(
    api: &Api<P>,
    collection: &Collection,
    keys: &[RecordKey],
    fields: Fields,
) -> Result<Vec<Option<Row>>, DependencyError> {
    let mut found: Vec<Option<Option<Row>>> = vec![None; keys.len()];
    let mut tries = Tries::at_once(api.ports.clock());
    loop {
        let open: Vec<usize> = (0..keys.len())
            .filter(|place| found[*place].is_none())
            .collect();
        if open.is_empty() {
            return Ok(found.into_iter().flatten().collect());
        }
        for places in open.chunks(P::Rows::READ_BATCH) {
            let asked: Vec<RecordKey> = places.iter().map(|place| keys[*place].clone()).collect();
            let read = api.ports.rows().read(collection, &asked, fields).await?;
            for (place, attempt) in places.iter().zip(read) {
                if let Attempt::Done(row) = attempt {
                    found[*place] = Some(row);
                }
            }
        }
        if found.iter().any(Option::is_none) {
            let why = "the store kept putting rows off";
            let busy = DependencyError::unavailable("record store", "read all rows", why);
            tries.again(busy).await?;
        }
    }
}
