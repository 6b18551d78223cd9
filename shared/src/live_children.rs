//! A parent that is not deleted while it has a live child.

use crate::domain::collection::{ChildLookup, Collection, CollectionName, Collections, OnDelete};
use crate::domain::key::RecordKey;
use crate::domain::page::Position;
use crate::domain::principal::Tenant;
use crate::ports::{Attempt, DependencyError, Fields, ReadRows, RowPage, RowQuery, Through};

/// The first look at children takes few, the next ones many.
const FEW: usize = 10;
const MANY: usize = 1000;

/// The collections whose live children keep a record of this one.
pub(crate) fn restricting<'c>(
    collections: &'c Collections,
    parent: &CollectionName,
) -> impl Iterator<Item = &'c Collection> {
    collections.attached_to(parent).filter(|child| {
        let link = child.parent.as_ref();
        link.is_some_and(|link| link.on_delete == OnDelete::Restrict)
    })
}

/// One look at the children of a record.
pub(crate) struct Look {
    /// Whether one of them is live.
    pub(crate) found: bool,
    /// Where to go on, if there are more.
    pub(crate) next: Option<Position>,
}

/// Looks at some children of this record, from `after` on: one page of a query, read again on the table where it came over
/// an index. Two store calls at most; whoever calls decides whether there is time for them.
pub(crate) async fn look<R: ReadRows>(
    rows: &R,
    tenant: &Tenant,
    child: &Collection,
    parent: &RecordKey,
    after: Option<&Position>,
) -> Result<Look, DependencyError> {
    let Some(link) = &child.parent else {
        return Ok(Look {
            found: false,
            next: None,
        });
    };
    let mut equals: Vec<(&str, &str)> = link
        .by
        .iter()
        .map(String::as_str)
        .zip(parent.values())
        .collect();
    let through = match &link.lookup {
        ChildLookup::Table => {
            equals.sort_by_key(|(attribute, _)| *attribute != child.key.partition);
            Through::Table
        }
        ChildLookup::Index(index) => Through::Index(index),
    };
    let RowPage { rows: page, next } = rows
        .query(RowQuery {
            collection: child,
            through,
            equals: &equals,
            after,
            limit: if after.is_none() { FEW } else { MANY },
            not_marked_by: None,
            fields: Fields::Judged,
        })
        .await?;
    let mut children = page;
    if matches!(through, Through::Index(_)) {
        let mut read = Vec::new();
        for keys in children.chunks(R::READ_BATCH) {
            let keys: Vec<_> = keys.iter().map(|row| row.key.clone()).collect();
            for attempt in rows.read(child, &keys, Fields::Judged).await? {
                match attempt {
                    Attempt::Done(row) => read.extend(row),
                    Attempt::Again(why) => {
                        return Err(DependencyError::unavailable(
                            "record store",
                            "read rows",
                            why,
                        ));
                    }
                }
            }
        }
        children = read;
    }
    let is_live = |row: &crate::domain::row::Row| {
        row.is_of(tenant, child)
            && row.mark(child).is_live()
            && row.parent_key(child).as_ref() == Some(parent)
    };
    Ok(Look {
        found: children.iter().any(is_live),
        next,
    })
}
