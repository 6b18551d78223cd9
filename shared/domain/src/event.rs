//! What is published on the bus. Keys only, never record values; the same event always has the same id.

mod envelope;
mod groups;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::collection::{CollectionName, Collections};
use crate::deletion::{Deletion, Failure, Pass, State};
use crate::key::RecordId;
use crate::notice::AggregateChange;
use crate::time::rfc3339;

use self::envelope::{Identity, common};

pub use self::envelope::{Event, MOST_BYTES};
pub use self::groups::{Group, of_groups};

/// The delete was accepted; sent by the first slice.
#[must_use]
pub fn accepted(collections: &Collections, deletion: &Deletion) -> Event {
    let id = Identity::of_run(deletion, 1, "DeletionAccepted", &deletion.collection);
    let mut detail = common(deletion, Pass::Delete, &id);
    let root = deletion.root.as_ref();
    let root = root.map(|root| collections.id_of(&deletion.collection, root));
    detail["root"] = json!(root);
    detail["requested_at"] = json!(rfc3339(deletion.deleted_at));
    Event {
        kind: "DeletionAccepted".into(),
        detail,
    }
}

/// The records of a page that a pass has done: one event per collection and part. `redone` is the run, if it is not the
/// one that did the page first.
#[must_use]
pub fn of_page(
    deletion: &Deletion,
    pass: Pass,
    page: u32,
    redone: Option<u32>,
    records: &BTreeMap<CollectionName, Vec<RecordId>>,
) -> Vec<Event> {
    let mut groups = Vec::new();
    for (collection, keys) in records {
        groups.push(Group {
            keys: keys.clone(),
            ..Group::plain(collection)
        });
    }
    of_groups(deletion, pass, page, redone, &groups)
}

/// A page changed a value of a parent.
#[must_use]
pub fn aggregate_changed(
    collections: &Collections,
    deletion: &Deletion,
    page: u32,
    change: &AggregateChange,
) -> Event {
    const KIND: &str = "AggregateChanged";
    let of = json!([change.key, change.attribute]).to_string();
    let id = Identity {
        run: change.run,
        page,
        of: &of,
        ..Identity::of_page(deletion, change.pass, KIND, &change.on)
    };
    let mut detail = common(deletion, change.pass, &id);
    detail["key"] = json!(collections.id_of(&change.on, &change.key));
    detail["attribute"] = json!(change.attribute);
    detail["value"] = json!(change.value);
    detail["page"] = json!(page);
    Event {
        kind: KIND.into(),
        detail,
    }
}

/// A pass reached a final state in its latest run; `None` when it has not.
#[must_use]
pub fn finished(deletion: &Deletion, pass: Pass) -> Option<Event> {
    let events = deletion.notified.of(pass);
    let state: State = events.ended?;
    let id = Identity::of_run(
        deletion,
        events.run,
        "DeletionFinished",
        &deletion.collection,
    );
    let mut detail = common(deletion, pass, &id);
    detail["state"] = json!(state);
    detail["pass"] = json!(pass);
    detail["counts"] = match pass {
        Pass::Delete => json!(total(deletion.deleted.values())),
        Pass::Restore => json!(total(deletion.restored.values())),
        Pass::Purge => json!(total(deletion.purged.values())),
    };
    detail["failure"] = events.failure.as_ref().map_or(
        Value::Null,
        |Failure { code, reason }| json!({ "code": code, "reason": reason }),
    );
    Some(Event {
        kind: "DeletionFinished".into(),
        detail,
    })
}

fn total<'a, C: Default + Copy + std::ops::AddAssign + 'a>(
    counts: impl Iterator<Item = &'a C>,
) -> C {
    let mut sum = C::default();
    for more in counts {
        sum += *more;
    }
    sum
}
