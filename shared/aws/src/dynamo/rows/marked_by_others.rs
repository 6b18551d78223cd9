//! Rows that others have marked, by looking through the table: a part of it in each call.

use super::{DynamoRows, STORE, position, rows_of};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::position::start_of_scan;
use crate::sdk_error::dependency_error;
use domain::collection::Collection;
use domain::page::Position;
use domain::row::RowMark;
use ports::{DependencyError, Fields, FindMarked, RowPage};

const OPERATION: &str = "look through rows";

impl FindMarked for DynamoRows {
    async fn marked_by_others(
        &self,
        collection: &Collection,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<RowPage, DependencyError> {
        let start = after.map(|after| start_of_scan(after, &collection.key));
        let start = start
            .transpose()
            .map_err(|error| DependencyError::refused(STORE, OPERATION, error))?;
        let mut places = Placeholders::default();
        let attributes = Fields::Judged.attributes(collection).unwrap_or_default();
        let projection = places.projection(&attributes);
        let answer = self
            .client
            .scan()
            .table_name(self.tables.of(collection))
            .projection_expression(projection)
            .set_expression_attribute_names(Some(places.names()))
            .set_exclusive_start_key(start)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .send()
            .await
            .map_err(|error| dependency_error(STORE, OPERATION, error))?;
        // A row that is none of the collection's, in a table with several, is nothing that it could take over. One whose
        // key is of another type says that the file is wrong, as in every look.
        let mut rows = rows_of(collection, answer.items, Fields::Judged, OPERATION)?;
        rows.retain(|row| row.mark(collection) == RowMark::By(None));
        Ok(RowPage {
            rows,
            next: position(answer.last_evaluated_key)?,
        })
    }
}
