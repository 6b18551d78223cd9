//! Rows in the order of their keys, and the attribute of a parent that follows them.

use crate::{Attempt, DependencyError};
use domain::collection::Collection;
use domain::current_value::CurrentValue;
use domain::key::RecordKey;
use domain::row::Row;

/// The direction of a look through a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest sort value up.
    Rising,
    /// From the largest sort value down.
    Falling,
}

/// What has the order.
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

/// Where a look begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderFrom<'a> {
    /// At this sort value, itself included.
    At(&'a str),
    /// Behind it, in the direction.
    Behind(&'a str),
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
    /// Where the look begins; without it at the first, or the last.
    pub from: Option<OrderFrom<'a>>,
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
    /// Whether there may be more behind the last one.
    pub more: bool,
}

/// What came of setting the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum SetOutcome {
    /// It holds the next value.
    Set,
    /// It no longer holds what was read: read again.
    Changed,
    /// There is no such row, and none was made.
    Missing,
}

/// Keeps an attribute of a parent true that its children decide.
pub trait RepairAggregates: Send + Sync {
    /// Rows of a partition in order.
    ///
    /// # Errors
    ///
    /// When the store did not answer, or refused.
    fn in_order(
        &self,
        query: OrderQuery<'_>,
    ) -> impl Future<Output = Result<InOrder, DependencyError>> + Send;

    /// Sets one attribute of one row, if it still holds what was read; without a next value it becomes an explicit
    /// NULL. The mark of the row plays no part. [`CurrentValue::Other`] is never equal to what stands there.
    ///
    /// # Errors
    ///
    /// When the store did not answer (whether it was set is then unknown), or refused.
    fn set(
        &self,
        collection: &Collection,
        key: &RecordKey,
        attribute: &str,
        held: &CurrentValue,
        next: Option<&str>,
    ) -> impl Future<Output = Result<Attempt<SetOutcome>, DependencyError>> + Send;
}
