//! Live records that match a text.
//!
//! The order is that of the keys, downwards: it is the same for every text, and nobody's writes move a record in it. So
//! each record that is live and found throughout is on exactly one page, whatever others write, delete and restore
//! between two of them. Relevance cannot be the order: the index counts it over all tenants, and it changes with every
//! write. Where ids sort by time, the newest come first, and what is written meanwhile comes before the place: pages
//! end.

use super::listed::{Listed, ReadError, may_read};
use crate::api::Api;
use crate::budget::Budget;
use crate::cursor;
use crate::hidden::Hidden;
use crate::liveness::{is_shown, live_of, read_many};
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::permission::{Action, Right, allows};
use domain::principal::Principal;
use domain::row::Row;
use ports::{ApiPorts, Clock, DependencyError, Fields, SearchDocuments, SearchPage, SearchQuery};

/// How many hits a search reads in one round at the most.
const MOST: usize = 100;

/// By how much a round is larger than the one before it, if that was not enough.
const GROWTH: usize = 4;

/// One page of them.
///
/// # Errors
///
/// See [`ReadError`].
pub async fn search<P: ApiPorts>(
    api: &Api<P>,
    principal: &Principal,
    collection: &Collection,
    text: &str,
    limit: usize,
    from: Option<&str>,
) -> Result<Listed, ReadError> {
    // The index itself leaves out what is not the caller's own, so that not even the end of the pages tells of it.
    let author = match may_read(principal, collection)? {
        Right::OwnOnly => Some(principal.subject.as_str()),
        Right::Always | Right::Never => None,
    };
    let query = ["search", collection.name.as_ref(), text];
    let after = from.map(|from| cursor::read(api, principal, &query, from));
    let mut after: Option<RecordKey> = after.transpose()?;
    let mut hits = Hits {
        api,
        principal,
        collection,
        hidden: Hidden::of(api, &principal.tenant, collection).await?,
        budget: Budget::of(api.ports.clock()),
    };
    let mut items: Vec<Row> = Vec::new();
    // One more than requested: only if there is one, there is a cursor.
    let mut round = limit + 1;
    // The first round has hardly more than what is wanted; of the others only what is shown is read whole.
    let mut fields = Fields::All;
    let next = loop {
        let wanted = limit - items.len();
        let asked = SearchQuery {
            collection,
            tenant: &principal.tenant,
            author,
            text,
            after: after.as_ref(),
            limit: round.min(MOST),
        };
        let page = hits.find(asked).await?;
        let mut shown = hits.shown(&page.hits, fields).await?;
        if shown.len() > wanted {
            // Behind the last one that is in the answer, and before the one that made it certain that there is more.
            shown.truncate(wanted);
            let last = shown.last().map(|row| row.key.clone()).or(after);
            items.extend(hits.whole(shown, fields).await?);
            break last;
        }
        items.extend(hits.whole(shown, fields).await?);
        after = page.next;
        if after.is_none() || hits.budget.is_spent() {
            break after;
        }
        fields = Fields::Judged;
        let is_full_now = wanted > 0 && items.len() == limit;
        round = if is_full_now {
            1
        } else {
            round.saturating_mul(GROWTH)
        };
    };
    Ok(Listed {
        items,
        next_cursor: next.map(|next| cursor::write(api, principal, &query, next)),
    })
}

/// The hits of one request.
struct Hits<'a, P: ApiPorts> {
    api: &'a Api<P>,
    principal: &'a Principal,
    collection: &'a Collection,
    hidden: Hidden<'a>,
    budget: Budget<'a, P::Clock>,
}

impl<P: ApiPorts> Hits<'_, P> {
    async fn find(&mut self, asked: SearchQuery<'_>) -> Result<SearchPage, DependencyError> {
        self.budget.spend(1);
        self.api.ports.documents().search(asked).await
    }

    /// Of these hits those that the caller may read: a document may lag, only the rows say what is live. What is above
    /// them is read once for all.
    async fn shown(
        &mut self,
        hits: &[RecordKey],
        fields: Fields,
    ) -> Result<Vec<Row>, DependencyError> {
        let rows = self.readable(hits, fields).await?;
        let (hidden, budget) = (&self.hidden, &mut self.budget);
        live_of(self.api, self.collection, hidden, rows, budget).await
    }

    /// These rows whole, as far as they are still shown; they were read with these fields.
    async fn whole(&mut self, rows: Vec<Row>, fields: Fields) -> Result<Vec<Row>, DependencyError> {
        if fields == Fields::All {
            return Ok(rows);
        }
        let keys: Vec<RecordKey> = rows.into_iter().map(|row| row.key).collect();
        self.readable(&keys, Fields::All).await
    }

    async fn readable(
        &mut self,
        keys: &[RecordKey],
        fields: Fields,
    ) -> Result<Vec<Row>, DependencyError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.api.ports.clock().now();
        self.budget.spend(1);
        let rows = read_many(self.api, self.collection, keys, fields).await?;
        let rows = rows.into_iter().flatten().filter(|row| {
            is_shown(&self.hidden, self.collection, row)
                && allows(self.principal, self.collection, Action::Read, row, now)
        });
        Ok(rows.collect())
    }
}
