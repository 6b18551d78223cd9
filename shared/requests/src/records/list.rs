//! Live records below a parent, or of the tenant where the collection has no parent.
//!
//! The order is that of the table or index, and a page ends exactly behind its last record, so what others write, delete
//! and restore meanwhile moves nothing from one page into another. Stretches of records that are not shown are read in
//! ever larger steps; if a step brings more than fits, it is made again, as long as needed.

use jiff::Timestamp;

use super::listed::{Listed, ReadError, may_read};
use crate::api::Api;
use crate::budget::Budget;
use crate::cursor;
use crate::hidden::Hidden;
use crate::liveness::{
    ANYTHING, Known, Liveness, concerns, is_below_theirs, is_shown, judge_with, read_many,
    read_with_named,
};
use crate::related;
use crate::unreadable::unreadable;
use domain::collection::Collection;
use domain::condition::Condition;
use domain::key::RecordKey;
use domain::page::Position;
use domain::permission::{Action, Right, allows};
use domain::principal::Principal;
use domain::row::{Row, Unreadable};
use ports::{ApiPorts, Clock, DependencyError, Fields, ReadRows, Related, RowPage};
use serde_json::json;

/// How many rows are read in one step at the most, where those before were not shown.
const MOST: usize = 500;

/// By how much a step is larger than the one before it, if that brought little.
const GROWTH: usize = 4;

/// Which records are listed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Below<'a> {
    /// Only those below this one.
    pub parent: Option<&'a RecordKey>,
    /// Only those that meet all of these.
    pub filters: &'a [Condition],
}

impl<'a> From<Option<&'a RecordKey>> for Below<'a> {
    fn from(parent: Option<&'a RecordKey>) -> Self {
        let filters = &[];
        Self { parent, filters }
    }
}

/// One page of them.
///
/// # Errors
///
/// See [`ReadError`].
pub async fn list<'b, P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    below: impl Into<Below<'b>>,
    limit: usize,
    from: Option<&str>,
) -> Result<Listed, ReadError> {
    let below: Below<'_> = below.into();
    page_of(api, principal, collection, below, (limit, from)).await
}

async fn page_of<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    Below { parent, filters }: Below<'_>,
    (limit, from): (usize, Option<&str>),
) -> Result<Listed, ReadError> {
    let right = may_read(principal, collection)?;
    let (related, by_author) = related_to(collection, principal, right, parent)?;
    let asked = filters
        .iter()
        .map(|filter| (&filter.attribute, &filter.must));
    let asked: Vec<String> = asked.map(|asked| json!(asked).to_string()).collect();
    let mut query = vec!["list", collection.name.as_ref()];
    query.push(if by_author { "own" } else { "all" });
    query.extend(parent.into_iter().flat_map(RecordKey::values));
    query.extend(asked.iter().map(String::as_str));
    // Before the parent is read: a cursor that is none is refused whatever becomes of the parent.
    let after = from.map(|from| cursor::read(api, principal, &query, from));
    let after: Option<Position> = after.transpose()?;
    let hidden = Hidden::of(api, &principal.tenant, collection).await?;
    let nothing = || Listed {
        items: Vec::new(),
        next_cursor: None,
    };
    let declared = api.collections.declared_parent_of(collection);
    if let (Some(above), Some(key)) = (declared.filter(|above| above.is_rowless), parent)
        && !above.may_be_of(key, &principal.tenant)
    {
        return Ok(nothing());
    }
    let above = match (api.collections.parent_of(collection), parent) {
        (Some(above), Some(key)) => {
            let read = Parent::read(api, principal, above, key).await?;
            if read.is_told && !read.is_live(api, &hidden).await? {
                return Ok(nothing());
            }
            if !read.is_told && !by_author && !read.is_shown(&hidden) {
                // The rows below it are not looked at: they may be another tenant's. So that this costs as many calls as
                // a list without rows, it is read once more.
                Parent::read(api, principal, above, key).await?;
                return Ok(nothing());
            }
            Some(read)
        }
        _ => None,
    };
    let mut walk = Walk {
        api,
        principal,
        parent,
        filters,
        related: related.asked_by(filters),
        hidden,
        now: api.ports.clock().now(),
        budget: Budget::of(api.ports.clock()),
    };
    let (items, next) = walk.page(after, limit).await?;
    // Whether a parent that the caller must not know of is there is asked only for what they may read below it.
    if let Some(above) = above.filter(|above| !above.is_told)
        && !(items.is_empty() && next.is_none())
        && !above.is_live(api, &walk.hidden).await?
    {
        return Ok(nothing());
    }
    Ok(Listed {
        items,
        next_cursor: next.map(|next| cursor::write(api, principal, &query, next)),
    })
}

/// The parent of a list, as it was read.
struct Parent<'a> {
    collection: &'a Collection,
    row: Option<Row>,
    known: Known,
    /// Whether the caller may do anything to it. One of which they are told nothing costs what an absent one costs.
    is_told: bool,
}

impl<'a> Parent<'a> {
    async fn read<P: ApiPorts>(
        api: &Api<P>,
        principal: &Principal,
        collection: &'a Collection,
        key: &RecordKey,
    ) -> Result<Self, DependencyError> {
        let (row, known) =
            read_with_named(api, &principal.tenant, (collection, key), Fields::Judged).await?;
        let tenant = &principal.tenant;
        let row = row.filter(|row| {
            row.is_of(tenant, collection)
                && is_below_theirs(&api.collections, collection, tenant, &known)
        });
        let now = api.ports.clock().now();
        let is_told = row
            .as_ref()
            .is_some_and(|row| concerns(principal, collection, &ANYTHING, row, now));
        Ok(Self {
            collection,
            row,
            known,
            is_told,
        })
    }

    /// Whether it is there and is not deleted itself.
    fn is_shown(&self, hidden: &Hidden<'_>) -> bool {
        let mut row = self.row.iter();
        row.any(|row| is_shown(hidden, self.collection, row))
    }

    async fn is_live<P: ApiPorts>(
        &self,
        api: &Api<P>,
        hidden: &Hidden<'_>,
    ) -> Result<bool, DependencyError> {
        let Some(row) = &self.row else {
            return Ok(false);
        };
        let found = judge_with(api, self.collection, hidden, row.clone(), &self.known).await?;
        Ok(matches!(found.0, Liveness::Live(_)))
    }
}

/// The rows that the list is made of, and whether they are the caller's own, by the index of the author: the rows of
/// others are then not even counted.
fn related_to<'a>(
    collection: &'a Collection,
    principal: &'a Principal,
    right: Right,
    parent: Option<&'a RecordKey>,
) -> Result<(Related<'a>, bool), ReadError> {
    let all = match (&collection.parent, parent, collection.tenant.index()) {
        (Some(link), Some(key), _) => {
            let values = link.of.values(&link.by, key);
            Related::by(collection, &link.lookup, &link.by, values)
        }
        (None, None, Some((index, attribute))) => {
            let tenant = principal.tenant.as_str();
            Related::over(collection, index, attribute, tenant)
        }
        (None, None, None) | (Some(_), None, _) | (None, Some(_), _) => {
            return Err(ReadError::ParentRequired);
        }
    };
    let author = collection.author.as_ref();
    let index = author.and_then(|author| Some((author, author.gsi.as_ref()?)));
    Ok(match (right, index) {
        (Right::OwnOnly, Some((author, index))) => {
            let own = Related::over(collection, index, &author.attribute, &principal.subject);
            (own, true)
        }
        (Right::Always | Right::OwnOnly | Right::Never, _) => (all, false),
    })
}

/// The way through the rows of one request.
struct Walk<'a, P: ApiPorts> {
    api: &'a Api<P>,
    principal: &'a Principal,
    parent: Option<&'a RecordKey>,
    filters: &'a [Condition],
    related: Related<'a>,
    hidden: Hidden<'a>,
    now: Timestamp,
    budget: Budget<'a, P::Clock>,
}

impl<P: ApiPorts> Walk<'_, P> {
    /// Records, and the place behind them if there is more.
    async fn page(
        &mut self,
        mut after: Option<Position>,
        limit: usize,
    ) -> Result<(Vec<Row>, Option<Position>), DependencyError> {
        let mut items = Vec::new();
        let mut step = limit;
        while items.len() < limit {
            let wanted = limit - items.len();
            if self.budget.is_spent() {
                return Ok((items, after));
            }
            // A long step is for finding out where the records are: only those that are shown are read whole.
            let is_long = step > wanted;
            let fields = if is_long { Fields::Judged } else { Fields::All };
            let page = self.read(after.as_ref(), step, fields).await?;
            let shown: Vec<usize> = (0..page.rows.len())
                .filter(|place| self.shows(&page.rows[*place]))
                .collect();
            if shown.len() > wanted {
                step = 1 + shown[wanted - 1];
                continue;
            }
            let is_little = shown.is_empty() || shown.len() * 2 < step.min(wanted);
            step = if is_little {
                (step * GROWTH).min(MOST)
            } else {
                (wanted - shown.len()).max(1)
            };
            let rows = page.rows.into_iter().enumerate();
            let rows = rows.filter(|(place, _)| shown.contains(place));
            let rows: Vec<Row> = rows.map(|(_, row)| row).collect();
            items.extend(if is_long {
                self.whole(&rows).await?
            } else {
                rows
            });
            after = page.next;
            if after.is_none() {
                return Ok((items, None));
            }
        }
        let next = self.before_the_next(after).await?;
        Ok((items, next))
    }

    /// A place before the next record that is shown, or `None` if there is none.
    async fn before_the_next(
        &mut self,
        mut after: Option<Position>,
    ) -> Result<Option<Position>, DependencyError> {
        let mut step = 1;
        while after.is_some() && !self.budget.is_spent() {
            let page = self.read(after.as_ref(), step, Fields::Judged).await?;
            if page.rows.iter().any(|row| self.shows(row)) {
                break;
            }
            after = page.next;
            step = (step * GROWTH).min(MOST);
        }
        Ok(after)
    }

    async fn read(
        &mut self,
        after: Option<&Position>,
        limit: usize,
        fields: Fields,
    ) -> Result<RowPage, DependencyError> {
        let related = self.related.clone().with(fields);
        self.budget.spend(related::calls::<P>(&related, limit));
        let page = related::page(self.api, &related, after, limit).await?;
        for row in &page.rows {
            // It is in no list: whoever corrects it must learn of it all the same.
            if matches!(
                row.unreadable_to(&self.principal.tenant, related.collection()),
                Some(Unreadable::Composed(_))
            ) {
                unreadable(self.api, related.collection(), row);
            }
        }
        Ok(page)
    }

    /// These rows whole, as far as they are still shown.
    async fn whole(&mut self, rows: &[Row]) -> Result<Vec<Row>, DependencyError> {
        let keys: Vec<RecordKey> = rows.iter().map(|row| row.key.clone()).collect();
        self.budget.spend(keys.len().div_ceil(P::Rows::READ_BATCH));
        let rows = read_many(self.api, self.related.collection(), &keys, Fields::All).await?;
        let rows = rows.into_iter().flatten();
        Ok(rows.filter(|row| self.shows(row)).collect())
    }

    /// Whether a row is a record of this list that the caller may read. That what is above it is live is known.
    fn shows(&self, row: &Row) -> bool {
        let collection = self.related.collection();
        is_shown(&self.hidden, collection, row)
            && self.parent.is_none_or(|parent| {
                row.parent_key(collection, &self.principal.tenant).as_ref() == Some(parent)
            })
            && self
                .filters
                .iter()
                .all(|filter| filter.holds(row, collection))
            && allows(self.principal, collection, Action::Read, row, self.now)
    }
}
