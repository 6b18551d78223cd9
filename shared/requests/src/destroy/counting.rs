//! How many records a delete of many would delete, before it is asked for: with the conditions that it would have.
//!
//! Counting is a way to read, so it is for those who may read all records of the collections. It is bounded in time and
//! memory: where there are more records than it has counted, it says so.

use std::time::Duration;

use jiff::Timestamp;

use super::below::below_what_is_there;
use super::covering;
use super::request::{DestroyError, DestroyRequest, MOST_COUNTED, Requested};
use crate::api::Api;
use crate::budget::Budget;
use crate::hidden::Hidden;
use crate::liveness::{is_shown, live_of, read_many};
use crate::related;
use domain::collection::{Collection, CollectionName};
use domain::key::RecordKey;
use domain::permission::{Action, Right, right};
use domain::row::Row;
use domain::scope::Scope;
use domain::time::to_millisecond;
use ports::{ApiPorts, Clock, DependencyError, Fields, Related};

/// The most records of a sample.
pub const SAMPLE: usize = 100;

/// How long one request counts.
const TIME: Duration = Duration::from_secs(5);

/// How many rows a query of a table reads at once.
const ROWS: usize = 1_000;

/// How many it reads through an index, which are then read again by key.
const ROWS_OF_INDEX: usize = 100;

/// What a delete would delete. What is below these records is not counted, as in a request by ids it is not listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// How many records; at least, if it is not exact.
    pub count: usize,
    /// Whether there are no more than those.
    pub exact: bool,
    /// Some of them: live ones, with everything above them.
    pub sample: Vec<(CollectionName, RecordKey)>,
    /// The moment until which records were written that are counted. A request with it means no other ones.
    pub as_of: Timestamp,
}

/// What a delete would delete; nothing is written.
///
/// # Errors
///
/// Those of the delete, and [`DestroyError::NotCounted`].
pub async fn preview<P: ApiPorts>(
    api: &Api<P>,
    request: &DestroyRequest<'_>,
) -> Result<Preview, DestroyError> {
    let now = to_millisecond(api.ports.clock().now());
    let scope = covering::scope(&api.collections, request, 0, now)?;
    let scope = below_what_is_there(api, request, scope).await?;
    let counted = match request.expected_count {
        Some(expected) => must_be(api, request, &scope, expected).await?,
        None => count(api, request, &scope).await?,
    };
    Ok(Preview {
        count: counted.count,
        exact: counted.exact,
        sample: live(api, request, &counted.hidden, counted.first).await?,
        as_of: request.as_of.map_or(now, |as_of| as_of.min(now)),
    })
}

/// Counts the records, and fails if there are more or fewer than expected, or if that cannot be said.
pub(super) async fn must_be<'r, P: ApiPorts>(
    api: &Api<P>,
    request: &DestroyRequest<'r>,
    scope: &Scope,
    expected: usize,
) -> Result<Counted<'r>, DestroyError> {
    let counted = count(api, request, scope).await?;
    let Counted { count, exact, .. } = counted;
    if exact && count == expected {
        Ok(counted)
    } else {
        Err(DestroyError::CountChanged { count, exact })
    }
}

/// What was counted.
pub(super) struct Counted<'t> {
    /// What other deletions that are under way take.
    hidden: Hidden<'t>,
    count: usize,
    exact: bool,
    /// The first rows, which a sample is made of.
    first: Vec<(CollectionName, Row)>,
}

async fn count<'r, P: ApiPorts>(
    api: &Api<P>,
    request: &DestroyRequest<'r>,
    scope: &Scope,
) -> Result<Counted<'r>, DestroyError> {
    let collections = request.collections();
    let may_read = |one: &&Collection| right(request.principal, one, Action::Read) == Right::Always;
    if !collections.iter().all(may_read) {
        return Err(DestroyError::NotCounted);
    }
    let hidden = Hidden::of(api, &request.principal.tenant, request.collection).await?;
    let mut counted = Counted {
        hidden,
        count: 0,
        exact: true,
        first: Vec::new(),
    };
    let began = api.ports.clock().now();
    for collection in collections {
        if let Requested::Ids { ids, .. } = &request.named {
            let rows = read_many(api, collection, ids, Fields::Judged).await?;
            counted.add(scope, collection, rows.into_iter().flatten());
            continue;
        }
        let tenant = &request.principal.tenant;
        let Some(listed) = Related::listed(collection, scope, tenant) else {
            continue;
        };
        let limit = if listed.is_over_an_index() {
            ROWS_OF_INDEX
        } else {
            ROWS
        };
        let mut after = None;
        loop {
            let passed = api.ports.clock().now().duration_since(began);
            if counted.count > MOST_COUNTED || passed.unsigned_abs() >= TIME {
                counted.exact = false;
                return Ok(counted);
            }
            let page = related::page(api, &listed, after.as_ref(), limit).await?;
            counted.add(scope, collection, page.rows.into_iter());
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(counted)
}

impl Counted<'_> {
    /// Adds those of these rows that a delete would delete.
    fn add(&mut self, scope: &Scope, collection: &Collection, rows: impl Iterator<Item = Row>) {
        let only = scope.only.get(&collection.name);
        let meant = rows.filter(|row| {
            is_shown(&self.hidden, collection, row)
                && only.is_none_or(|only| only.holds(row, collection, self.hidden.tenant))
        });
        for row in meant.collect::<Vec<Row>>() {
            self.count += 1;
            if self.first.len() < SAMPLE {
                self.first.push((collection.name.clone(), row));
            }
        }
    }
}

/// The keys of those rows that are live: nothing above them is deleted or missing.
async fn live<P: ApiPorts>(
    api: &Api<P>,
    request: &DestroyRequest<'_>,
    hidden: &Hidden<'_>,
    rows: Vec<(CollectionName, Row)>,
) -> Result<Vec<(CollectionName, RecordKey)>, DependencyError> {
    let mut budget = Budget::of(api.ports.clock());
    let mut live = Vec::new();
    for collection in request.collections() {
        let its = rows.iter().filter(|(name, _)| *name == collection.name);
        let its = its.map(|(_, row)| row.clone()).collect();
        let shown = live_of(api, collection, hidden, its, &mut budget).await?;
        live.extend(
            shown
                .into_iter()
                .map(|row| (collection.name.clone(), row.key)),
        );
    }
    Ok(live)
}
