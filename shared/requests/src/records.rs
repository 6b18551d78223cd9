//! Reads of live records: get, list and search, each checked against the rows.

use std::collections::HashSet;

use serde_json::Value;

use crate::api::Api;
use crate::cursor::{self, InvalidCursor};
use crate::liveness::{Liveness, judge, liveness, read_many};
use crate::related;
use crate::visible::visible;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::Position;
use domain::permission::{Action, Right, allows, right};
use domain::principal::Principal;
use domain::row::Row;
use ports::{ApiPorts, Clock, DependencyError, Fields, Related, SearchDocuments, SearchQuery};

/// How many queries one list, and how many pages of hits one search may take before it answers with what it has.
const ROUNDS: usize = 5;

/// How many hits a search reads in one round.
const HITS: usize = 100;

/// The answer to a get.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    /// Live.
    Live(Row),
    /// Marked, and the caller may restore it: its deletion.
    Deleted(Box<Deletion>),
    /// Absent, another tenant's, not readable, or marked and one that the caller may not restore.
    Absent,
}

/// Why records are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The caller may not read this collection.
    #[error("not allowed to read this collection")]
    Forbidden,
    /// The collection is listed only below a parent.
    #[error("this collection is listed below a parent only")]
    ParentRequired,
    /// See [`InvalidCursor`].
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// A dependency failed.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
}

/// One page of live records.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The records; there may be fewer than requested although there are more.
    pub items: Vec<Row>,
    /// Where to continue.
    pub next_cursor: Option<String>,
}

/// One record.
///
/// # Errors
///
/// [`ReadError::Forbidden`] is decided before existence is revealed.
pub async fn get<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    key: &RecordKey,
) -> Result<Got, ReadError> {
    may_read(principal, collection)?;
    let now = api.ports.clock().now();
    let found = liveness(api, collection, &principal.tenant, key, Fields::All).await?;
    match found {
        Liveness::Live(row) if allows(principal, collection, Action::Read, &row, now) => {
            Ok(Got::Live(row))
        }
        Liveness::Marked { row, by } | Liveness::Hidden { row, by }
            if allows(principal, collection, Action::Restore, &row, now) =>
        {
            Ok(visible(api, principal, by)
                .await?
                .map_or(Got::Absent, Got::Deleted))
        }
        Liveness::Live(_)
        | Liveness::Marked { .. }
        | Liveness::Hidden { .. }
        | Liveness::Orphan(_)
        | Liveness::Absent => Ok(Got::Absent),
    }
}

/// Live records below a parent, or of the tenant where the collection has no parent.
///
/// # Errors
///
/// See [`ReadError`].
pub async fn list<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    parent: Option<&RecordKey>,
    limit: usize,
    from: Option<&str>,
) -> Result<Listed, ReadError> {
    may_read(principal, collection)?;
    let now = api.ports.clock().now();
    let tenant = principal.tenant.as_str();
    let declared = collection
        .parent
        .as_ref()
        .zip(api.collections.parent_of(collection));
    let mut query: Vec<&str> = vec!["list", collection.name.as_ref(), tenant];
    let related = match (declared, parent) {
        (Some((link, above)), Some(key)) => {
            query.extend(key.values());
            let found = liveness(api, above, &principal.tenant, key, Fields::Judged).await?;
            if !matches!(found, Liveness::Live(_)) {
                return Ok(Listed {
                    items: Vec::new(),
                    next_cursor: None,
                });
            }
            Related::by(collection, &link.lookup, &link.by, key.values())
        }
        (None, None) => match &collection.tenant.gsi {
            Some(index) => Related::over(collection, index, &collection.tenant.attribute, tenant),
            None => return Err(ReadError::ParentRequired),
        },
        (Some(_), None) | (None, Some(_)) => return Err(ReadError::ParentRequired),
    };
    let related = related.with(Fields::All);
    let mut after: Option<Position> = from.map(|from| cursor::read(&query, from)).transpose()?;
    let mut items = Vec::new();
    for _ in 0..ROUNDS {
        let page = related::page(api, &related, after.as_ref(), limit - items.len()).await?;
        let rows = page.rows.into_iter();
        for row in rows.filter(|row| row.is_of(&principal.tenant, collection)) {
            let readable = allows(principal, collection, Action::Read, &row, now);
            if readable && row.mark(collection).is_live() {
                items.push(row);
            }
        }
        after = page.next;
        if after.is_none() || items.len() >= limit {
            break;
        }
    }
    Ok(Listed {
        items,
        next_cursor: after.map(|after| cursor::write(&query, after)),
    })
}

/// Live records that match a text.
///
/// # Errors
///
/// See [`ReadError`].
pub async fn search<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    text: &str,
    limit: usize,
    from: Option<&str>,
) -> Result<Listed, ReadError> {
    may_read(principal, collection)?;
    let query = [
        "search",
        collection.name.as_ref(),
        principal.tenant.as_str(),
        text,
    ];
    let mut after: Option<Value> = from.map(|from| cursor::read(&query, from)).transpose()?;
    let mut items = Vec::new();
    for _ in 0..ROUNDS {
        let asked = SearchQuery {
            collection,
            tenant: &principal.tenant,
            text,
            after: after.as_ref(),
            limit: HITS,
        };
        let mut page = api.ports.documents().search(asked).await?;
        // Another writer may have stored a second document of a record beside ours; a store refuses a key that is
        // listed twice.
        let mut seen = HashSet::new();
        page.hits.retain(|hit| seen.insert(hit.key.clone()));
        let keys: Vec<RecordKey> = page.hits.iter().map(|hit| hit.key.clone()).collect();
        let rows = read_many(api, collection, &keys, Fields::All).await?;
        let mut more = page.more;
        let count = page.hits.len();
        for (seen, (hit, row)) in page.hits.into_iter().zip(rows).enumerate() {
            after = Some(hit.place);
            // The document may lag: only the rows say whether a hit is live.
            if let Some(row) = shown(api, principal, collection, row).await? {
                items.push(row);
            }
            if items.len() >= limit {
                more = more || seen + 1 < count;
                break;
            }
        }
        if !more {
            after = None;
        }
        if !more || items.len() >= limit {
            break;
        }
    }
    Ok(Listed {
        items,
        next_cursor: after.map(|after| cursor::write(&query, after)),
    })
}

async fn shown<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    row: Option<Row>,
) -> Result<Option<Row>, DependencyError> {
    let now = api.ports.clock().now();
    let readable = |row: &Row| {
        row.is_of(&principal.tenant, collection)
            && allows(principal, collection, Action::Read, row, now)
    };
    let Some(row) = row.filter(readable) else {
        return Ok(None);
    };
    match judge(api, collection, &principal.tenant, row).await? {
        Liveness::Live(row) => Ok(Some(row)),
        Liveness::Absent
        | Liveness::Marked { .. }
        | Liveness::Hidden { .. }
        | Liveness::Orphan(_) => Ok(None),
    }
}

fn may_read(principal: &Principal, collection: &Collection) -> Result<(), ReadError> {
    match right(principal, collection, Action::Read) {
        Right::Always | Right::OwnOnly => Ok(()),
        Right::Never => Err(ReadError::Forbidden),
    }
}
