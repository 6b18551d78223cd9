//! The three records of the model, and what can be seen of them and of their deletions: in both worlds the same words.

use std::sync::{Arc, LazyLock, Mutex};

use domain::collection::Collections;
use domain::deletion::{Deletion, DeletionId, Pass};
use domain::key::RecordKey;
use domain::page::{Exceptions, NotPurged, NotRestored, Outcome};
use model::{Led, Marked};
use serde_json::{Value, json};
use testing::samples::{key, key2};

use crate::engine::world::World;

/// The deletions of the engine by their number in the model.
pub(super) type Ids = Arc<Mutex<[Option<DeletionId>; 2]>>;

/// The three records of the model, each in its own table below the one before, each with a document.
const THREE: &str = r#"
[discussions]
table       = "discussions"
key         = ["discussion_id"]
tenant      = "user_id"
document    = { index = "discussions", id = "{discussion_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[messages]
table       = "messages"
key         = ["discussion_id", "message_id"]
tenant      = "user_id"
parent      = { collection = "discussions", by = ["discussion_id"], on_delete = "cascade" }
document    = { index = "messages", id = "{discussion_id}~{message_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }

[replies]
table       = "replies"
key         = ["message_id", "reply_id"]
tenant      = "user_id"
parent      = { collection = "messages", by = ["discussion_id", "message_id"], on_delete = "cascade" }
document    = { index = "replies", id = "{message_id}~{reply_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"], purge = ["admin"] }
"#;

/// Read once: a story is told at every call.
pub(super) static COLLECTIONS: LazyLock<Arc<Collections>> =
    LazyLock::new(|| Arc::new(Collections::for_tests(THREE)));

pub(super) const NAMES: [&str; 3] = ["discussions", "messages", "replies"];

/// The ids of their documents.
pub(super) const DOCUMENTS: [&str; 3] = ["d", "d~m", "m~r"];

pub(super) fn record_key(record: usize) -> RecordKey {
    match record {
        0 => key("d"),
        1 => key2("d", "m"),
        _ => key2("m", "r"),
    }
}

/// What the model has left.
pub(super) fn of_the_model(led: &Led) -> Value {
    let deletion = |id| {
        led.deletion(id).map(|deletion| {
            let pages: Vec<_> = led.manifest(id);
            let pages: Vec<_> = pages
                .iter()
                .map(|(records, beside)| json!([records, exceptions(beside)]))
                .collect();
            json!([decides(deletion), pages])
        })
    };
    let marks = led.marks().map(|both| both.map(in_words));
    json!({ "marks": marks, "deletions": [deletion(0), deletion(1)] })
}

/// What the engine has left.
pub(super) fn of_the_engine(world: &World, ids: &Ids) -> Value {
    let ids = *ids.lock().unwrap();
    let by = |mark: Option<String>| {
        let whose = |mark: &str| {
            let mut ids = ids.iter();
            let place = ids.position(|id| id.is_some_and(|id| id.to_string() == mark));
            place.unwrap_or_else(|| panic!("{mark} is nobody's"))
        };
        in_words(match mark.as_deref() {
            None => Marked::Gone,
            Some("") => Marked::Live,
            Some(mark) => Marked::By(whose(mark)),
        })
    };
    let marks: Vec<_> = (0..NAMES.len())
        .map(|record| {
            let (row, document) = world.marks(NAMES[record], &record_key(record));
            [by(row), by(document)]
        })
        .collect();
    let deletion = |id: Option<DeletionId>| {
        let deletion = world.deletions.get(id?)?;
        let pages: Vec<_> = world
            .deletions
            .manifest(&deletion)
            .iter()
            .map(|(page, beside)| {
                let records = page.entries.iter().map(|entry| {
                    NAMES
                        .iter()
                        .position(|name| *name == entry.collection.as_ref())
                });
                json!([records.collect::<Vec<_>>(), exceptions(beside)])
            })
            .collect();
        Some(json!([decides(&deletion), pages]))
    };
    json!({ "marks": marks, "deletions": [deletion(ids[0]), deletion(ids[1])] })
}

/// All of a deletion that decides what happens next, and what is told of it; its ids, moments, limits and sentences are
/// levelled in the model.
fn decides(deletion: &Deletion) -> Value {
    let told = |pass| {
        let telling = deletion.notified.of(pass);
        json!([
            telling.run,
            telling.pages,
            telling.retold,
            telling.done,
            telling.ended,
            telling.finished
        ])
    };
    json!({
        "state": deletion.state,
        "run": deletion.run,
        "pages": deletion.pages,
        "acted": deletion.acted,
        "cursor": deletion.cursor,
        "looked": deletion.late_done,
        "is leased": deletion.lease.is_some(),
        "deleted": deletion.deleted,
        "restored": deletion.restored,
        "purged": deletion.purged,
        "failure": deletion.failure.as_ref().map(|failure| &failure.code),
        "told": [told(Pass::Delete), told(Pass::Restore), told(Pass::Purge)],
    })
}

/// What stands beside a page; of a reason its code.
fn exceptions(beside: &Exceptions) -> Value {
    let code = |reason: &str| reason.split(':').next().map(str::to_owned);
    let mut beside = beside.clone();
    for outcome in beside.deleted.values_mut() {
        if let Outcome::Failed { reason } = outcome {
            *reason = code(reason).unwrap_or_default();
        }
    }
    for outcome in beside.restored.values_mut() {
        let (NotRestored::Conflict { reason } | NotRestored::Failed { reason }) = outcome;
        *reason = code(reason).unwrap_or_default();
    }
    for outcome in beside.purged.values_mut() {
        if let NotPurged::Failed { reason } = outcome {
            *reason = code(reason).unwrap_or_default();
        }
    }
    serde_json::to_value(beside).expect("it can be written")
}

fn in_words(marked: Marked) -> String {
    format!("{marked:?}")
}
