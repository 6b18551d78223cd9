//! Takes over rows that others have marked, where their collection says so: a part of one table in each sweep, and the
//! whole table again after a while, because others go on.
//!
//! The intent is stored before a row is touched, as for any delete: a deletion that lists the rows by key and takes over
//! those that still carry somebody else's mark. Whoever stops in between finds the same rows again, and the key of the
//! request says that they have their deletion already.

use std::time::Duration;

use tracing::{info, warn};

use crate::kit::engine::Engine;
use domain::adoption::{Adopted, Adoption, adopted};
use domain::collection::Collection;
use domain::deletion::{Accepted, Deletion};
use domain::key::RecordKey;
use domain::message::DeletionMessage;
use domain::request_key::RequestKey;
use domain::scope::{Scope, Source};
use domain::time::later;
use jiff::Timestamp;
use ports::{
    AcceptDeletions, Clock, DependencyError, FindMarked, Ids, RequestedOutcome, SendDeletion,
    StoreAdoptions, SweepPorts,
};
use telemetry::chain;

/// How many rows of a table one sweep looks at.
const LOOKED_AT: usize = 100;

/// How many keys are in one item: with keys of any length it stays below 400 KB.
const KEYS_IN_A_PART: usize = 50;

/// When the search begins again at the front of a table that it has looked through.
const AGAIN_AFTER: Duration = Duration::from_hours(24);

/// Takes over what one look through each table finds. Returns how many deletions were made, and how many looks failed.
pub(super) async fn adopt<P: SweepPorts>(
    engine: &Engine<P>,
    deadline: Timestamp,
) -> (usize, usize) {
    let (mut made, mut failed) = (0, 0);
    for collection in engine.collections.iter() {
        if collection.adopt.is_none() || engine.ports.clock().now() >= deadline {
            continue;
        }
        match look(engine, collection).await {
            Ok(more) => made += more,
            Err(error) => {
                failed += 1;
                warn!(
                    collection = %collection.name, error = %chain(&error),
                    "rows of {} that others have marked are left to a later sweep", collection.name
                );
            }
        }
    }
    (made, failed)
}

async fn look<P: SweepPorts>(
    engine: &Engine<P>,
    collection: &Collection,
) -> Result<usize, DependencyError> {
    let (store, now) = (engine.ports.due(), engine.ports.clock().now());
    let Adoption { after, not_before } = store.adoption(&collection.name).await?;
    if not_before.is_some_and(|not_before| now < not_before) {
        return Ok(0);
    }
    let marked = engine.ports.marked();
    let found = marked
        .marked_by_others(collection, after.as_ref(), LOOKED_AT)
        .await?;
    let (groups, undated) = adopted(collection, &found.rows, now);
    if undated > 0 {
        warn!(
            collection = %collection.name, undated,
            "rows of {} that others have marked do not say when, and are not taken over", collection.name
        );
    }
    let mut made = 0;
    for group in groups {
        made += usize::from(take_over(engine, collection, group).await?);
    }
    let next = Adoption {
        not_before: found.next.is_none().then(|| later(now, AGAIN_AFTER)),
        after: found.next,
    };
    store.store_adoption(&collection.name, &next).await?;
    Ok(made)
}

/// Makes the deletion of these rows; `false` if an earlier sweep has made it.
async fn take_over<P: SweepPorts>(
    engine: &Engine<P>,
    collection: &Collection,
    group: Adopted,
) -> Result<bool, DependencyError> {
    let clock = engine.ports.clock();
    let now = clock.now();
    let name = collection.name.as_str();
    let parts: Vec<Vec<RecordKey>> = group
        .keys
        .chunks(KEYS_IN_A_PART)
        .map(<[_]>::to_vec)
        .collect();
    let source = Source::Ids {
        parts: u32::try_from(parts.len()).unwrap_or(u32::MAX),
        count: group.keys.len(),
    };
    let scope = Scope::of(source, [&collection.name], &engine.collections);
    let keys: Vec<String> = group.keys.iter().map(|key| format!("{key:?}")).collect();
    let at = group.deleted_at.to_string();
    let asked: Vec<&str> = keys
        .iter()
        .map(String::as_str)
        .chain([at.as_str()])
        .collect();
    let mut whose = vec!["adopt", name];
    whose.extend(&asked);
    let key = RequestKey::new(&whose, &[], now);
    let accepted = Accepted {
        id: clock.deletion(now),
        tenant: group.tenant,
        requested_by: group.deleted_by,
        request_id: format!("adopt-{name}"),
        collection,
        first: None,
        names: scope.names(&collection.name),
        now,
    };
    let deletion = Deletion::adopt(accepted, group.deleted_at, &engine.timing);
    let store = engine.ports.due();
    let outcome = store.accept_requested(&deletion, &scope, &parts, Some(&key));
    if outcome.await? == RequestedOutcome::KeyInUse {
        return Ok(false);
    }
    info!(
        deletion_id = %deletion.id, collection = name, records = keys.len(),
        "deletion {} takes over what others have marked", deletion.id
    );
    // One that is not sent is due, and sent by a later sweep.
    let message = DeletionMessage::about(&deletion);
    if let Err(error) = engine.ports.queue().send(&message, Duration::ZERO).await {
        warn!(deletion_id = %deletion.id, error = %chain(&error), "message of deletion {} was not sent", deletion.id);
    }
    Ok(true)
}
