//! What every event contains, and what identifies it when it is sent again.

use std::borrow::Cow;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::collection::CollectionName;
use crate::deletion::{Deletion, Pass};
use crate::json_text::escaped;
use crate::time::rfc3339;

/// The most bytes of one event: above 256 KB EventBridge refuses it, alone or with others.
pub const MOST_BYTES: usize = 250_000;

/// One event, ready for the bus.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The detail-type.
    pub kind: Cow<'static, str>,
    /// The detail, as its JSON Schema under `docs/events/` describes it.
    pub detail: Value,
}

impl Event {
    /// The detail as it is published.
    #[must_use]
    pub fn text(&self) -> String {
        escaped(self.detail.to_string())
    }

    /// Whether the bus can take it at all: a value that its group has may be too large for that.
    #[must_use]
    pub fn fits(&self) -> bool {
        // The rest is for the source.
        self.kind.len() + self.text().len() <= MOST_BYTES - 1000
    }
}

pub(super) fn common(deletion: &Deletion, pass: Pass, id: &Identity<'_>) -> Value {
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

/// What identifies an event: a repeated event is recognised by its id.
pub(super) struct Identity<'a> {
    pub(super) deletion: &'a Deletion,
    pub(super) pass: Pass,
    /// Left out of a page's first event, which is the same in whichever run it is published.
    pub(super) run: Option<u32>,
    pub(super) page: u32,
    pub(super) kind: &'a str,
    pub(super) collection: &'a CollectionName,
    pub(super) part: usize,
    /// The group, or the value that changed; empty where there is only one.
    pub(super) of: &'a str,
}

impl<'a> Identity<'a> {
    pub(super) fn of_page(
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

    pub(super) fn of_run(
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
