//! Rows in the order of their keys, and the attributes of a parent that follow them.

use crate::{Attempt, DependencyError};
use domain::change::Change;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;

/// The direction of a query through a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest sort value up.
    Rising,
    /// From the largest sort value down.
    Falling,
}

/// What the rows are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderAlong<'a> {
    /// The table, whose key has two parts; read consistently.
    Table,
    /// An index, which may lag.
    Index {
        /// Its name.
        name: &'a str,
        /// Its partition attribute.
        partition: &'a str,
        /// Its sort attribute.
        sort: &'a str,
    },
}

/// Rows of one partition, by their sort value.
#[derive(Debug, Clone, Copy)]
pub struct OrderQuery<'a> {
    /// The collection.
    pub collection: &'a Collection,
    /// Table or index.
    pub along: OrderAlong<'a>,
    /// The value of the partition attribute.
    pub partition: &'a str,
    /// How the sort values begin; without it, in any way.
    pub within: Option<&'a str>,
    /// The sort value where the query begins, itself included; without it, at the first or the last row.
    pub from: Option<&'a str>,
    /// Where to continue: through an index many rows may have one sort value.
    pub after: Option<&'a Position>,
    /// Up or down.
    pub direction: Direction,
    /// The most rows.
    pub limit: usize,
}

/// Some rows in order.
#[derive(Debug, Clone, PartialEq)]
pub struct InOrder {
    /// The rows, with the attributes of [`Fields::Judged`](crate::Fields::Judged).
    pub rows: Vec<Row>,
    /// Where to continue; `None` when everything was read.
    pub next: Option<Position>,
}

/// The outcome of setting the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SetOutcome {
    /// They have their next values.
    Set,
    /// One of them is no longer what was read: read again.
    Changed,
    /// There is no such row, and none was created.
    Missing,
    /// With the values it would be larger than the store allows; it was left as it is.
    TooLarge,
}

/// Maintains attributes of a parent that its children determine.
pub trait RepairAggregates: Send + Sync {
    /// Rows of a partition in order.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused. A `Position` that is not of this query is refused.
    fn in_order(
        &self,
        query: OrderQuery<'_>,
    ) -> impl Future<Output = Result<InOrder, DependencyError>> + Send;

    /// Sets attributes of one row in one write, if those that the change asks for are what was read. The row's mark does
    /// not matter.
    ///
    /// # Errors
    ///
    /// When the store did not answer (whether they were set is then unknown), or refused.
    fn set(
        &self,
        collection: &Collection,
        key: &RecordKey,
        change: &Change,
    ) -> impl Future<Output = Result<Attempt<SetOutcome>, DependencyError>> + Send;
}
