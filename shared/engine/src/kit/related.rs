//! Rows found by what they say: the children of a record, the links to it, what an author wrote, the members of a group.
//!
//! An index lags, and need not have what a row is judged by. So what an index finds is read again on the table, and only
//! what says there what was asked for is answered. Nothing else in the engine queries a store for rows.

use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{ChildLookup, Collection};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use ports::{
    EnginePorts, Fields, OrderAlong, OrderQuery, ReadRows, RepairAggregates, RowPage, RowQuery,
    Through,
};

/// Which rows of a collection are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Related<'a> {
    collection: &'a Collection,
    through: Through<'a>,
    /// Attributes and what they must say.
    equals: Vec<(&'a str, &'a str)>,
    not_marked_by: Option<DeletionId>,
    fields: Fields,
}

impl<'a> Related<'a> {
    /// Rows whose attributes `by` have these values, in the same order.
    pub(crate) fn by(
        collection: &'a Collection,
        lookup: &'a ChildLookup,
        by: &'a [String],
        values: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut equals: Vec<(&str, &str)> = by.iter().map(String::as_str).zip(values).collect();
        let through = match lookup {
            ChildLookup::Table => {
                // The table's partition attribute first: the port's rule.
                equals.sort_by_key(|(attribute, _)| *attribute != collection.key.partition);
                Through::Table
            }
            ChildLookup::Index(index) => Through::Index(index),
        };
        Self {
            collection,
            through,
            equals,
            not_marked_by: None,
            fields: Fields::Judged,
        }
    }

    /// Rows whose attribute has this value, over an index.
    pub(crate) fn over(
        collection: &'a Collection,
        index: &'a str,
        attribute: &'a str,
        value: &'a str,
    ) -> Self {
        Self {
            collection,
            through: Through::Index(index),
            equals: vec![(attribute, value)],
            not_marked_by: None,
            fields: Fields::Judged,
        }
    }

    /// Without those that carry the mark of this deletion.
    pub(crate) fn not_marked_by(mut self, deletion: DeletionId) -> Self {
        self.not_marked_by = Some(deletion);
        self
    }

    /// With all attributes, and not only those that a row is judged by.
    pub(crate) fn whole(mut self) -> Self {
        self.fields = Fields::All;
        self
    }

    /// Some of the rows as the table has them now, from `after` on: at most `limit` are looked at.
    pub(crate) async fn page<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<RowPage, Stop> {
        let query = RowQuery {
            collection: self.collection,
            through: self.through,
            equals: &self.equals,
            after,
            limit,
            not_marked_by: self.not_marked_by,
            fields: self.fields,
        };
        let mut found = work.call(work.rows().query(query)).await?;
        if matches!(self.through, Through::Index(_)) {
            found.rows = again(work, self.collection, found.rows, self.fields).await?;
            found.rows.retain(|row| self.is_answered_by(row));
        }
        Ok(found)
    }

    fn is_answered_by(&self, row: &Row) -> bool {
        let is_marked = self
            .not_marked_by
            .is_some_and(|deletion| row.mark(self.collection).is_of(deletion));
        let mut equals = self.equals.iter();
        !is_marked && equals.all(|(attribute, value)| row.text(attribute) == Some(*value))
    }
}

/// Rows of one partition by their sort value.
#[derive(Debug)]
pub(crate) struct Ordered {
    /// The rows as the table has them now; of an index, they may have gone elsewhere.
    pub(crate) rows: Vec<Row>,
    /// The sort value of the last one that was found, where there may be more behind it.
    pub(crate) last: Option<String>,
}

/// Some rows in the order of an attribute.
pub(crate) async fn in_order<P: EnginePorts>(
    work: Work<'_, P>,
    query: OrderQuery<'_>,
    attribute: &str,
) -> Result<Ordered, Stop> {
    let found = work.call(work.rows().in_order(query)).await?;
    let value = |row: &Row| row.text(attribute).map(str::to_owned);
    let last = found.rows.last().and_then(value).filter(|_| found.more);
    let rows = match query.along {
        OrderAlong::Table => found.rows,
        OrderAlong::Index { .. } => {
            again(work, query.collection, found.rows, Fields::Judged).await?
        }
    };
    Ok(Ordered { rows, last })
}

/// The rows that an index has found, as the table has them.
async fn again<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    found: Vec<Row>,
    fields: Fields,
) -> Result<Vec<Row>, Stop> {
    let keys: Vec<RecordKey> = found.into_iter().map(|row| row.key).collect();
    let read = read_rows(work, collection, &keys, fields).await?;
    Ok(read.into_iter().flatten().collect())
}
