//! How the tests of notifications ask for deletes by filters, and what they look at.

use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::principal::Principal;
use requests::destroy::{DestroyError, DestroyRequest, Preview, Requested, destroy, preview};
use serde_json::{Value, json};
use testing::Faults;
use testing::samples::{key, key2};

use crate::engine::world::{World, admin};

/// What somebody asks for, below the target `t` if nothing else is said.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) filters: Value,
    pub(super) ids: Option<Vec<RecordKey>>,
    pub(super) parent: Option<&'static str>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            filters: Value::Null,
            ids: None,
            parent: Some("t"),
        }
    }
}

pub(super) fn by(filters: Value) -> Asked {
    Asked {
        filters,
        ..Asked::default()
    }
}

impl World {
    pub(super) async fn destroy_asked(
        &self,
        faults: &Faults,
        asked: &Asked,
    ) -> Result<Deletion, DestroyError> {
        let principal = admin();
        let request = self.request(&principal, asked);
        let destroyed = destroy(&self.api(faults), request).await?;
        Ok(*destroyed.deletion)
    }

    pub(super) async fn preview_asked(&self, asked: &Asked) -> Preview {
        self.preview_with(&self.faults(), asked).await
    }

    /// The same, with this script.
    pub(super) async fn preview_with(&self, faults: &Faults, asked: &Asked) -> Preview {
        let principal = admin();
        let request = self.request(&principal, asked);
        let previewed = preview(&self.api(faults), &request).await;
        previewed.expect("nothing disturbs it")
    }

    fn request<'a>(&'a self, principal: &'a Principal, asked: &Asked) -> DestroyRequest<'a> {
        let collection = self.collection("notifications");
        let filters = asked
            .filters
            .as_object()
            .map(|fields| Narrowing::parse(fields, &collection.filters).expect("it is understood"));
        DestroyRequest {
            principal,
            collection,
            named: match asked.ids.clone() {
                Some(ids) => Requested::Ids { ids, author: None },
                None => Requested::Matching { beside: Vec::new() },
            },
            whole: None,
            parent: asked.parent.map(key),
            filters: filters.unwrap_or_default(),
            as_of: None,
            expected_count: None,
            request_id: "request-1".to_owned(),
            once: None,
        }
    }

    /// Deletes, and lets everything come to rest; answers what stands then.
    pub(super) async fn destroyed(&self, asked: &Asked) -> Deletion {
        let deletion = self.destroy_asked(&self.faults(), asked).await;
        let deletion = deletion.expect("it is accepted");
        self.come_to_rest().await;
        self.now(&deletion)
    }

    /// The ids of the notifications that carry a mark, in row and document alike.
    pub(super) fn marked_notifications(&self) -> Vec<String> {
        let all = self.everything().into_iter();
        let all = all.filter(|(collection, _)| collection == "notifications");
        let mut marked = Vec::new();
        for (collection, key) in all {
            let (row, document) = self.marks(&collection, &key);
            if row.as_deref() != Some("") {
                assert!(document.is_none() || document == row, "{key:?}");
                marked.extend(key.sort);
            }
        }
        marked
    }
}

pub(super) fn put(world: &World, target: &str, id: &str, more: &Value) {
    let mut attributes = vec![("sent_at", json!("2026-11-21T06:00:00.120Z"))];
    let more = more.as_object().cloned().unwrap_or_default();
    attributes.retain(|(name, _)| !more.contains_key(*name));
    attributes.extend(
        more.iter()
            .map(|(name, value)| (name.as_str(), value.clone())),
    );
    world.put_with(
        "notifications",
        &key2(target, id),
        Some(&key(target)),
        &attributes,
    );
}
