//! Groups whose owner goes: the oldest live member that is left becomes the owner.
//!
//! The others are moved to the new owner first, and it loses its own owner last. So whoever does it again after a crash
//! finds it as the oldest of those that still name the old one.

use std::collections::BTreeSet;

use crate::domain::collection::{Collection, Promotion};
use crate::domain::deletion::Deletion;
use crate::domain::key::RecordKey;
use crate::domain::page::{Entry, Position};
use crate::domain::row::Row;
use crate::engine::effects::declared;
use crate::engine::kit::records::read_rows;
use crate::engine::kit::slice::Stop;
use crate::engine::kit::work::Work;
use crate::ports::{DetachRows, EnginePorts, Fields, ReadRows, RowQuery, Through};

/// The most members of one look.
const LOOK: usize = 1000;

/// Gives the groups that these deleted records owned a new owner.
pub(crate) async fn groups<P: EnginePorts>(
    work: Work<'_, P>,
    deletion: &Deletion,
    deleted: &[&Entry],
) -> Result<(), Stop> {
    for entry in deleted {
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
            group(work, deletion, collection, promotion, &entry.key).await?;
        }
    }
    Ok(())
}

/// Whether the deletion takes whole groups: they are within one partition, which goes with the parent.
fn goes_as_a_whole(deletion: &Deletion, collection: &Collection) -> bool {
    let is_below = deletion.root.is_some() && deletion.collection != collection.name;
    let with_the_parent = collection
        .parent
        .as_ref()
        .is_some_and(|link| link.by.contains(&collection.key.partition));
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
        row.is_of(&deletion.tenant, collection)
            && row.mark(collection).is_live()
            && row.text(&promotion.owner) == Some(name)
            && (owner.sort.is_none() || row.key.partition == owner.partition)
    };
    let equals = [(promotion.owner.as_str(), name)];
    let mut members: BTreeSet<(String, RecordKey)> = BTreeSet::new();
    let mut after: Option<Position> = None;
    loop {
        let query = RowQuery {
            collection,
            through: Through::Index(&promotion.gsi),
            equals: &equals,
            after: after.as_ref(),
            limit: LOOK,
            not_marked_by: None,
            fields: Fields::Judged,
        };
        let found = work.call(work.rows().query(query)).await?;
        let keys: Vec<_> = found.rows.into_iter().map(|row| row.key).collect();
        let rows = read_rows(work, collection, &keys, Fields::Judged).await?;
        let in_group = rows.into_iter().flatten().filter(is_member);
        members.extend(in_group.map(|row| {
            let age = row.text(&promotion.by).unwrap_or_default().to_owned();
            (age, row.key)
        }));
        // The oldest of a first look is the oldest of all; the others of a large group follow look by look.
        after = found.next;
        if after.is_none() || members.len() >= LOOK {
            break;
        }
    }
    let mut members = members.into_iter().map(|(_, key)| key);
    let Some(next) = members.next() else {
        return Ok(());
    };
    let others: Vec<RecordKey> = members.collect();
    regroup(
        work,
        collection,
        promotion,
        name,
        Some(last_part(&next)),
        &others,
    )
    .await?;
    if after.is_some() {
        // More of the same group: they are found by the same look once more, before the owner is one.
        return Box::pin(group(work, deletion, collection, promotion, owner)).await;
    }
    regroup(work, collection, promotion, name, None, &[next]).await
}

async fn regroup<P: EnginePorts>(
    work: Work<'_, P>,
    collection: &Collection,
    promotion: &Promotion,
    from: &str,
    to: Option<&str>,
    keys: &[RecordKey],
) -> Result<(), Stop> {
    let (rows, owner) = (work.rows(), promotion.owner.as_str());
    let _moved = work
        .settle(keys, P::Rows::DETACH_BATCH, |batch| async move {
            rows.regroup(collection, owner, from, to, &batch).await
        })
        .await?;
    Ok(())
}

/// What members name their owner by.
fn last_part(key: &RecordKey) -> &str {
    key.sort.as_deref().unwrap_or(&key.partition)
}
