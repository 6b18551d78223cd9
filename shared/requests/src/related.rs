//! Rows found by what they say: the children of a record, or all of a tenant. As in the engine, what an index finds is
//! read again on the table, and only what says there what was asked for is answered; nothing else of the requests
//! queries a store for rows.

use crate::api::Api;
use crate::liveness::read_many;
use domain::collection::{ChildLookup, Collection, Parent};
use domain::key::RecordKey;
use domain::page::Position;
use ports::{ApiPorts, DependencyError, Fields, ReadRows, RowPage, RowQuery, Through};

/// Which rows of a collection are asked for.
pub(super) struct Related<'a> {
    collection: &'a Collection,
    through: Through<'a>,
    /// Attributes and what they must say.
    equals: Vec<(&'a str, &'a str)>,
}

impl<'a> Related<'a> {
    /// The rows that name this record as their parent.
    pub(super) fn below(
        collection: &'a Collection,
        link: &'a Parent,
        parent: &'a RecordKey,
    ) -> Self {
        let by = link.by.iter().map(String::as_str);
        let mut equals: Vec<(&str, &str)> = by.zip(parent.values()).collect();
        let through = match &link.lookup {
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
        }
    }

    /// The rows whose attribute has this value, over an index.
    pub(super) fn over(
        collection: &'a Collection,
        index: &'a str,
        attribute: &'a str,
        value: &'a str,
    ) -> Self {
        Self {
            collection,
            through: Through::Index(index),
            equals: vec![(attribute, value)],
        }
    }

    /// Some of the rows as the table has them now, from `after` on: at most `limit` are looked at.
    ///
    /// # Errors
    ///
    /// When the record store did not answer.
    pub(super) async fn page<P: ApiPorts>(
        &self,
        api: &Api<P>,
        fields: Fields,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<RowPage, DependencyError> {
        let query = RowQuery {
            collection: self.collection,
            through: self.through,
            equals: &self.equals,
            after,
            limit,
            not_marked_by: None,
            fields,
        };
        let mut page = api.ports.rows().query(query).await?;
        if matches!(self.through, Through::Index(_)) {
            // It may be marked by now, or have moved to another parent, which nobody has looked at.
            let keys: Vec<RecordKey> = page.rows.into_iter().map(|row| row.key).collect();
            let rows = read_many(api, self.collection, &keys, fields).await?;
            page.rows = rows.into_iter().flatten().collect();
            page.rows.retain(|row| {
                let mut equals = self.equals.iter();
                equals.all(|(attribute, value)| row.text(attribute) == Some(*value))
            });
        }
        Ok(page)
    }
}
