//! Groups whose owner is deleted: the oldest live member that is left becomes the owner.
//!
//! Each record of a page is one query, because only the index knows whether it owned a group: a query takes one value of an
//! index, and a batch no index. What a record says of its own owner is no proof, as a new owner still names the old one
//! until the end. So the queries are made side by side.
//!
//! The other members are moved to the new owner first, and the new owner loses its own owner last. So a worker that
//! repeats this after a crash finds it as the oldest of those that still reference the old owner.

use std::sync::atomic::AtomicBool;

use crate::effects::effect::{Answer, Effect};
use crate::effects::notes::{Notes, declared};
use crate::effects::records::Done;
use crate::kit::related;
use crate::kit::settle::together;
use crate::kit::slice::Stop;
use crate::kit::work::Work;
use domain::collection::{Collection, Promotion};
use domain::deletion::{Deletion, Pass};
use domain::key::RecordKey;
use domain::number::in_store_order;
use domain::page::{Entry, Position};
use domain::row::Row;
use ports::{DetachRows, EnginePorts, Related};
use serde_json::Value;

/// The most members of one query.
const LOOK: usize = 1000;

/// See the module.
pub(super) struct Promote;

impl<P: EnginePorts> Effect<P> for Promote {
    fn name(&self) -> &'static str {
        "promote"
    }

    fn follow<'a>(
        &'a self,
        work: Work<'a, P>,
        done: &'a Done<'a>,
        _notes: &'a mut Notes,
        from: usize,
    ) -> Answer<'a, Option<usize>> {
        Box::pin(async move {
            if done.pass() == Pass::Restore {
                return Ok(None);
            }
            let (some, next) = done.from(from);
            groups(work, done.deletion, some).await?;
            Ok(next)
        })
    }
}

/// Gives the groups that these deleted records owned a new owner.
async fn groups<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    entries: &[&Entry],
) -> Result<(), Stop> {
    let failed = AtomicBool::new(false);
    let slice = work.slice.unless(&failed);
    let work = Work::new(work.engine, &slice);
    let mut asked = Vec::new();
    for entry in entries {
        let Some(collection) = declared(work.collections(), entry) else {
            continue;
        };
        let promotion = collection
            .parent
            .as_ref()
            .and_then(|link| link.promote.as_ref());
        if let Some(promotion) = promotion
            && !goes_as_a_whole(deletion, collection)
        {
            let group = group(work, deletion, collection, promotion, &entry.key);
            asked.push(Box::pin(group));
        }
    }
    together(&failed, asked).await.map(|_| ())
}

/// Whether the deletion takes whole groups: they are within one partition, which is deleted with the parent.
fn goes_as_a_whole(deletion: &Deletion, collection: &Collection) -> bool {
    let is_below = deletion.root.is_some() && deletion.collection != collection.name;
    let with_the_parent = collection
        .parent
        .as_ref()
        .is_some_and(|link| collection.key.is_in_partition(&link.by));
    is_below && collection.key.sort.is_some() && with_the_parent
}

async fn group<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    collection: &Collection,
    promotion: &Promotion,
    owner: &RecordKey,
) -> Result<(), Stop> {
    let name = last_part(owner);
    let is_member = |row: &Row| {
        row.is_unmarked(&deletion.tenant, collection)
            && (owner.sort.is_none() || row.key.partition == owner.partition)
    };
    let of_the_owner = Related::over(collection, &promotion.gsi, &promotion.owner, name);
    let mut members: Vec<(Value, RecordKey)> = Vec::new();
    let mut after: Option<Position> = None;
    loop {
        let found = related::page(work, &of_the_owner, after.as_ref(), LOOK).await?;
        let in_group = found.rows.into_iter().filter(is_member);
        members.extend(in_group.map(|row| {
            let age = row.attributes.get(&promotion.by).cloned();
            (age.unwrap_or_default(), row.key)
        }));
        // The oldest of the first query is the oldest of all; the others of a large group follow query by query.
        after = found.next;
        if after.is_none() || members.len() >= LOOK {
            break;
        }
    }
    let older = in_store_order(members.iter().map(|(age, _)| age));
    members.sort_by(|(age, key), (other, its)| older(age, other).then_with(|| key.cmp(its)));
    members.dedup();
    let mut members = members.into_iter().map(|(_, key)| key);
    let Some(next) = members.next() else {
        return Ok(());
    };
    let others: Vec<RecordKey> = members.collect();
    let members = Members {
        collection,
        promotion,
        of: name,
    };
    members.name(work, Some(last_part(&next)), &others).await?;
    if after.is_some() {
        // The group has more members: the same query, made once more, finds them before the new owner becomes one.
        return Box::pin(group(work, deletion, collection, promotion, owner)).await;
    }
    members.name(work, None, &[next]).await
}

/// The members of a group.
struct Members<'a> {
    collection: &'a Collection,
    promotion: &'a Promotion,
    /// The owner whom they reference so far.
    of: &'a str,
}

impl Members<'_> {
    /// Writes another owner, or none, into those that still reference the old one.
    async fn name<P: EnginePorts>(
        &self,
        work: Work<'_, P>,
        owner: Option<&str>,
        keys: &[RecordKey],
    ) -> Result<(), Stop> {
        let (rows, collection, of) = (work.rows(), self.collection, self.of);
        let attribute = self.promotion.owner.as_str();
        let _named = work
            .settle(keys, P::Rows::DETACH_BATCH, |batch| async move {
                rows.regroup(collection, attribute, of, owner, &batch).await
            })
            .await?;
        Ok(())
    }
}

/// The part of a key by which members reference their owner.
fn last_part(key: &RecordKey) -> &str {
    key.sort.as_deref().unwrap_or(&key.partition)
}
