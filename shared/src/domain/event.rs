//! What the bus is told. Keys only, never record values; the same event always has the same id.

mod groups;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::collection::CollectionName;
use crate::domain::deletion::{Deletion, Failure, Pass, State};
use crate::domain::key::RecordKey;
use crate::domain::time::rfc3339;
use crate::domain::told::AggregateChange;

pub use self::groups::{Group, of_groups};

/// One event, ready for the bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The detail-type.
    pub kind: Cow<'static, str>,
    /// The detail, as its JSON Schema under `docs/events/` describes it.
    pub detail: Value,
}

/// The delete was accepted; sent by the first slice.
#[must_use]
pub fn accepted(deletion: &Deletion) -> Event {
    let id = Identity::of_run(deletion, 1, "DeletionAccepted", &deletion.collection);
    let mut detail = common(deletion, Pass::Delete, &id);
    detail["root"] = json!(deletion.root);
    detail["requested_at"] = json!(rfc3339(deletion.deleted_at));
    Event {
        kind: "DeletionAccepted".into(),
        detail,
    }
}

/// The records of a page that a pass did: one event per collection and part. `redone` is the run, where it was not the one
/// that did the page first.
#[must_use]
pub fn of_page(
    deletion: &Deletion,
    pass: Pass,
    page: u32,
    redone: Option<u32>,
    records: &BTreeMap<CollectionName, Vec<RecordKey>>,
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
pub fn aggregate_changed(deletion: &Deletion, page: u32, change: &AggregateChange) -> Event {
    const KIND: &str = "AggregateChanged";
    let of = json!([change.key, change.attribute]).to_string();
    let id = Identity {
        run: change.run,
        page,
        of: &of,
        ..Identity::of_page(deletion, change.pass, KIND, &change.on)
    };
    let mut detail = common(deletion, change.pass, &id);
    detail["key"] = json!(change.key);
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
    let telling = deletion.notified.of(pass);
    let state: State = telling.ended?;
    let id = Identity::of_run(
        deletion,
        telling.run,
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
    detail["failure"] = telling.failure.as_ref().map_or(
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

fn common(deletion: &Deletion, pass: Pass, id: &Identity<'_>) -> Value {
    json!({
        "event_id": id.digest(),
        "deletion_id": deletion.id,
        "tenant": deletion.tenant,
        "collection": id.collection,
        // A purge that the retention asked for has no actor.
        "actor": deletion.notified.of(pass).by,
        "origin": if pass == Pass::Purge { "purge" } else { "user" },
        "deleted_at": rfc3339(deletion.deleted_at),
    })
}

/// What makes an event the same one: a repeated event is recognised by its id.
struct Identity<'a> {
    deletion: &'a Deletion,
    pass: Pass,
    /// Left out of a page's first event, which is the same whichever run tells it.
    run: Option<u32>,
    page: u32,
    kind: &'a str,
    collection: &'a CollectionName,
    part: usize,
    /// The group, or the value that changed; empty where there is only one.
    of: &'a str,
}

impl<'a> Identity<'a> {
    fn of_page(
        deletion: &'a Deletion,
        pass: Pass,
        kind: &'a str,
        collection: &'a CollectionName,
    ) -> Self {
        Self {
            deletion,
            pass,
            run: None,
            page: 0,
            kind,
            collection,
            part: 1,
            of: "",
        }
    }

    fn of_run(
        deletion: &'a Deletion,
        run: u32,
        kind: &'a str,
        collection: &'a CollectionName,
    ) -> Self {
        Self {
            run: Some(run),
            ..Self::of_page(deletion, Pass::Delete, kind, collection)
        }
    }

    /// 128 bits of a hash over all of it.
    fn digest(&self) -> String {
        use std::fmt::Write as _;
        let Self {
            deletion,
            pass,
            run,
            page,
            kind,
            collection,
            part,
            of,
        } = self;
        let run = run.map_or_else(String::new, |run| run.to_string());
        let mut name = format!(
            "{}/{}/{run}/{page}/{kind}/{collection}/{part}",
            deletion.id,
            pass.as_str()
        );
        if !of.is_empty() {
            let _ = write!(name, "/{of}");
        }
        Sha256::digest(name.as_bytes())
            .iter()
            .take(16)
            .fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}
