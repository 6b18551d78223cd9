//! A parent that is not deleted while it has a live child.

use crate::api::Api;
use crate::budget::Budget;
use crate::related;
use crate::unreadable::unreadable;
use domain::collection::{Collection, CollectionName};
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Row;
use ports::{ApiPorts, DependencyError, LOOKED_FOR_HELD, Related};

/// The first query for children reads few, the next ones many.
const FEW: usize = 10;
const MANY: usize = 1000;

/// As how many rows a query for held children counts at the least: some find none.
const FEWEST: usize = 10;

/// How many store calls the search for a live child may make. Each marked child in front of it is read, because no index
/// tells the two apart.
const CALLS: usize = 250;

/// A child that keeps its parent from being deleted.
#[derive(Debug)]
pub(super) struct Blocking {
    /// Its collection.
    pub(super) child: CollectionName,
    /// Whether there is one. Otherwise there are more deleted ones than can be looked through, and maybe one behind
    /// them: what may be there counts, because the record would be deleted above it.
    pub(super) is_known: bool,
}

/// What blocks this record, if anything. A child that is written after this check stays below a deleted parent, and is
/// hidden by it.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn blocking_child<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    collection: &Collection,
    key: &RecordKey,
) -> Result<Option<Blocking>, DependencyError> {
    let mut budget = budget(api);
    for child in api.collections.restricting(&collection.name) {
        let is_live = |row: &Row| row.may_be_live(tenant, child);
        let is_known = match look(api, child, key, &mut budget, is_live).await? {
            Look::Nothing => continue,
            Look::Found => true,
            Look::TooMany => false,
        };
        return Ok(Some(Blocking {
            child: child.name.clone(),
            is_known,
        }));
    }
    Ok(None)
}

/// The collection of a child of this record that is held back, or of which nobody can say: in one of these, among the first
/// ones. One that is held back later, or that is behind those, is met when it is to be marked, and stays.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn held_child<P: ApiPorts>(
    api: &Api<P>,
    tenant: &Tenant,
    children: &[&Collection],
    key: &RecordKey,
) -> Result<Option<CollectionName>, DependencyError> {
    for child in children {
        let related = Related::children(child, key).filter(|_| !child.held.is_nothing());
        let Some(related) = related else { continue };
        let (mut after, mut left) = (None, LOOKED_FOR_HELD);
        loop {
            let limit = left.min(MANY);
            let page = related::page(api, &related, after.as_ref(), limit).await?;
            let held = page.rows.iter().find(|row| row.may_be_held(tenant, child));
            if let Some(row) = held {
                unreadable(api, child, row);
                return Ok(Some(child.name.clone()));
            }
            // A query ends before its limit where rows are large.
            left = left.saturating_sub(page.rows.len().max(FEWEST));
            after = page.next;
            if after.is_none() || left == 0 {
                break;
            }
        }
    }
    Ok(None)
}

/// What came of a look for one child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// There is one.
    Found,
    /// There are more rows than can be looked through, and maybe one behind them.
    TooMany,
    /// There is none.
    Nothing,
}

/// What all looks of one request may cost.
pub(super) fn budget<P: ApiPorts>(api: &Api<P>) -> Budget<'_, P::Clock> {
    Budget::of_calls(api.ports.clock(), CALLS)
}

/// Looks for one child of a record in a collection, until one is found or the budget is spent.
///
/// # Errors
///
/// When the record store did not answer.
pub(super) async fn look<P: ApiPorts>(
    api: &Api<P>,
    child: &Collection,
    key: &RecordKey,
    budget: &mut Budget<'_, P::Clock>,
    is_wanted: impl Fn(&Row) -> bool + Send,
) -> Result<Look, DependencyError> {
    let Some(children) = Related::children(child, key) else {
        return Ok(Look::Nothing);
    };
    let (mut after, mut limit) = (None, FEW);
    loop {
        let page = related::page(api, &children, after.as_ref(), limit).await?;
        budget.spend(related::calls::<P>(&children, limit));
        (after, limit) = (page.next, MANY);
        if page.rows.iter().any(&is_wanted) {
            return Ok(Look::Found);
        }
        if after.is_none() {
            return Ok(Look::Nothing);
        }
        if budget.is_spent() {
            return Ok(Look::TooMany);
        }
    }
}
