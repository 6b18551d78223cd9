//! Rows found by their attributes: the children of a record, the links to it, an author's records, the members of a
//! group.
//!
//! An index lags, and may lack attributes that a row is judged by. So rows that an index returns are read again from
//! the table, and only those that match there are returned. Nothing else in the engine queries a store for rows.

use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::page::Position;
use domain::row::Row;
use ports::{
    EnginePorts, Fields, OrderAlong, OrderQuery, ReadRows, Related, RepairAggregates, RowPage,
};

/// Some of the rows as the table has them now, from `after` on: at most `limit` are read.
pub(crate) async fn page<P: EnginePorts>(
    work: Work<'_, P>,
    related: &Related<'_>,
    after: Option<&Position>,
    limit: usize,
) -> Result<RowPage, Stop> {
    let mut found = work
        .call(work.rows().query(related.query(after, limit)))
        .await?;
    if related.is_over_an_index() {
        let (collection, fields) = (related.collection(), related.fields());
        found.rows = again(work, collection, found.rows, fields).await?;
    }
    // A query does not ask for everything: not for a part behind one that is unknown.
    found.rows.retain(|row| related.has(row));
    Ok(found)
}

/// Rows of one partition by their sort value.
#[derive(Debug)]
pub(crate) struct Ordered {
    /// The rows as the table has them now; rows that an index returned may have been moved since.
    pub(crate) rows: Vec<Row>,
    /// Where to continue; `None` when everything was read.
    pub(crate) next: Option<Position>,
}

/// Some rows in the order of an attribute.
pub(crate) async fn in_order<P: EnginePorts>(
    work: Work<'_, P>,
    query: OrderQuery<'_>,
) -> Result<Ordered, Stop> {
    let found = work.call(work.rows().in_order(query)).await?;
    let rows = match query.along {
        OrderAlong::Table => found.rows,
        OrderAlong::Index { .. } => {
            again(work, query.collection, found.rows, Fields::Judged).await?
        }
    };
    Ok(Ordered {
        rows,
        next: found.next,
    })
}

/// The rows that an index has returned, as the table has them.
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
