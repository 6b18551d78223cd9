//! Whether a live link references a record: queried through an index, and checked on the tables with all its ancestors.

use std::collections::BTreeSet;

use crate::kit::related;
use crate::kit::rows::read_rows;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::Collection;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::page::{Look, Position};
use domain::row::Row;
use ports::{EnginePorts, Fields, Related};

/// The first query for the links to a record reads few, the next ones many: most records have few, and one live link is
/// enough.
const FEW: usize = 10;
const MANY: usize = 1000;

/// The state of the links to a record.
pub(crate) enum LinkState {
    /// One of them is live.
    Referenced,
    /// None is.
    Unreferenced,
    /// There are more to check.
    Unfinished(Look),
}

/// A check of the links to one record.
pub(crate) struct LinkCheck<'a, P: EnginePorts> {
    pub(crate) work: Work<'a, P>,
    pub(crate) deletion: &'a Deletion,
    pub(crate) collection: &'a Collection,
    pub(crate) key: &'a RecordKey,
}

impl<P: EnginePorts> LinkCheck<'_, P> {
    /// Whether one of the links is live, as far as this many queries can find out.
    pub(crate) async fn links(&self, from: Look, mut queries: usize) -> Result<LinkState, Stop> {
        let keepers = self
            .work
            .collections()
            .link_collections_of(&self.collection.name);
        let mut after = from.after;
        for (keeper, link) in keepers.enumerate().skip(from.of) {
            let mut is_first = after.is_none();
            loop {
                if queries == 0 {
                    return Ok(LinkState::Unfinished(Look {
                        of: keeper,
                        after,
                        is_for_failed: false,
                    }));
                }
                queries -= 1;
                let limit = if is_first { FEW } else { MANY };
                let (rows, next) = self.page(link, after.as_ref(), limit).await?;
                if self.is_any_live(link, rows).await? {
                    return Ok(LinkState::Referenced);
                }
                after = next;
                if after.is_none() {
                    break;
                }
                is_first = false;
            }
        }
        Ok(LinkState::Unreferenced)
    }

    /// Some links of a collection that reference the record and carry no mark, from `after` on.
    async fn page(
        &self,
        link: &Collection,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<(Vec<Row>, Option<Position>), Stop> {
        let Some(keeps) = &link.keeps else {
            return Ok((Vec::new(), None));
        };
        let links = Related::by(
            link,
            &keeps.lookup,
            &keeps.by,
            keeps.of.values(&keeps.by, self.key),
        );
        let links = links.not_marked_by(self.deletion.id);
        let mut found = related::page(self.work, &links, after, limit).await?;
        let tenant = &self.deletion.tenant;
        found.rows.retain(|row| row.may_be_live(tenant, link));
        Ok((found.rows, found.next))
    }

    /// Whether one of these unmarked rows is live: everything above it is there and unmarked.
    async fn is_any_live(&self, link: &Collection, rows: Vec<Row>) -> Result<bool, Stop> {
        let (mut collection, mut rows) = (link, rows);
        while !rows.is_empty() {
            let above = self.work.collections().parent_of(collection);
            let (Some(parent), Some(relation)) = (above, &collection.parent) else {
                return Ok(true);
            };
            let tenant = &self.deletion.tenant;
            let named = rows.iter().map(|row| row.parent_key(collection, tenant));
            let named: Vec<_> = named.collect();
            if !relation.required && named.iter().any(Option::is_none) {
                return Ok(true);
            }
            let keys: BTreeSet<RecordKey> = named.into_iter().flatten().collect();
            let keys: Vec<RecordKey> = keys.into_iter().collect();
            let read = read_rows(self.work, parent, &keys, Fields::Judged).await?;
            rows = read.into_iter().flatten().collect();
            rows.retain(|row| row.may_be_live(tenant, parent));
            collection = parent;
        }
        Ok(false)
    }
}
