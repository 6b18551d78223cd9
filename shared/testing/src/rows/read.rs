//! Rows in memory, read by key or by a query.

use super::{FakeRows, query, row};
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{Attempt, DependencyError, Fields, ReadRows, RowPage, RowQuery, Through};

impl ReadRows for FakeRows {
    async fn read(
        &self,
        collection: &Collection,
        keys: &[RecordKey],
        fields: Fields,
    ) -> Result<Vec<Attempt<Option<Row>>>, DependencyError> {
        let state = self.begin(
            "read rows",
            Self::READ_BATCH,
            &keys.iter().collect::<Vec<_>>(),
        )?;
        let rows = state.tables.get(&collection.name);
        let read = |key| Some(row(collection, key, rows?.get(key)?, fields));
        Ok(keys.iter().map(|key| Attempt::Done(read(key))).collect())
    }

    async fn query(&self, query: RowQuery<'_>) -> Result<RowPage, DependencyError> {
        let state = self.begin("query rows", 0, &[])?;
        let shown = match (query.through, &state.indexed) {
            (Through::Index(_), Some(indexed)) => indexed,
            _ => &state.tables,
        };
        query::run(shown.get(&query.collection.name), query)
    }
}
