//! The function over fakes, and the records in them.

use std::ops::Deref;
use std::sync::Arc;

use api::problem::Code;
use domain::collection::Collections;
use domain::key::RecordKey;
use domain::row::RowMark;
use lambda_http::aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use lambda_http::{Context, LambdaEvent};
use requests::{Api, CursorKeys, OnPublishFailure};
use serde_json::{Map, Value, json};
use testing::{Faults, samples};
use wiring::config::{ClaimNames, GroupsForm};

use super::described;
use super::event::Event;
use crate::engine::world::{Ports, World as Stores};

/// Beside the samples: `notes` are only deleted, and an absent one is told; `drafts` are their authors' business and
/// never purged; `posts` are their authors' for ten minutes, and no guest's ever; `stamps` are on letters; `diaries` and
/// `scraps` are read by their authors only, one with an index of the author and one without. The others are written by
/// clients.
const MORE: &str = r#"
[notes]
table       = "notes"
key         = ["note_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"
missing     = "not_found"
permissions = { delete = ["admin"] }

[drafts]
table       = "drafts"
key         = ["draft_id"]
tenant      = "owner"
strategy    = "flag"
retention   = "never"
author      = "writer"
serve       = ["read"]
permissions = { read = ["author"], delete = ["author"], audit = ["auditors"] }

[posts]
table       = "posts"
key         = ["post_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
filters     = { time = "sent_at" }
serve       = ["read"]
permissions = { read = ["member"], delete = ["author", "admin"], author_within = "10m", restore = ["admin"], deny = ["guest"] }

[diaries]
table       = "diaries"
key         = ["diary_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
document    = { index = "diaries", id = "{diary_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = { attribute = "writer", gsi = "by_writer" }
serve       = ["read", "search"]
permissions = { read = ["author"], delete = ["admin"] }

[scraps]
table       = "scraps"
key         = ["scrap_id"]
tenant      = { attribute = "realm", gsi = "by_realm" }
strategy    = "flag"
retention   = "30d"
author      = "writer"
serve       = ["read"]
permissions = { read = ["author"], delete = ["admin"] }

[rooms]
table       = "rooms"
key         = ["room_id"]
tenant      = "realm"
document    = { index = "rooms", id = "{room_id}", fields = ["subject"] }
strategy    = "flag"
retention   = "30d"
author      = "owner"
serve       = ["read", "search", "write"]
permissions = { read = ["member"], write = ["admin", "writers", "author"], delete = ["admin"], restore = ["admin"] }

[letters]
table       = "letters"
key         = ["letter_id"]
tenant      = "realm"
parent      = { collection = "rooms", by = ["room_id"], gsi = "by_room", on_delete = "cascade", required = true }
document    = { index = "letters", id = "{letter_id}", fields = ["subject", "body"] }
strategy    = "flag"
retention   = "30d"
author      = "sender_id"
filters     = { time = "sent_at" }
status      = { attribute = "status", allowed = ["ACTIVE", "DISABLED"] }
serve       = ["read", "write"]
permissions = { read = ["member"], write = ["admin", "writers", "author"], delete = ["admin"], author_within = "10m", restore = ["admin"], deny = ["guest"] }

[stamps]
table       = "stamps"
key         = ["letter_id", "stamp_id"]
tenant      = "realm"
parent      = { collection = "letters", by = ["letter_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
permissions = { read = ["member"], delete = ["admin"], restore = ["admin"] }

[shelves]
table       = "shelves"
key         = ["realm", "shelf_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
serve       = ["write"]
permissions = { delete = ["admin"] }

[drops]
table       = "drops"
key         = ["drop_id"]
tenant      = "realm"
strategy    = "flag"
retention   = "30d"
author      = "owner"
serve       = ["write"]
permissions = { write = ["author"], delete = ["admin"] }

[prints]
table       = "prints"
key         = ["print_id"]
tenant      = "realm"
strategy    = "archive"
retention   = "30d"
serve       = ["write"]
permissions = { delete = ["admin"] }

[jobs]
table       = "jobs"
key         = ["job_id"]
tenant      = "realm"
document    = { index = "jobs", id = "{job_id}", fields = ["subject"] }
strategy    = "erase"
serve       = ["write"]
permissions = { delete = ["admin"] }
"#;

/// The stores of the engine's tests, and what is wrong with them for the function.
pub(crate) struct World {
    stores: Stores,
    pub(crate) faults: Faults,
    pub(crate) on_publish_failure: OnPublishFailure,
    pub(crate) groups_form: GroupsForm,
    pub(crate) cursor_keys: CursorKeys,
}

impl Deref for World {
    type Target = Stores;

    fn deref(&self) -> &Stores {
        &self.stores
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: i64,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// The code of a problem, or the status of a 202.
    pub(crate) fn code(&self) -> &str {
        self.body["code"]
            .as_str()
            .or(self.body["status"].as_str())
            .unwrap_or_default()
    }

    /// The pointers of a problem.
    pub(crate) fn pointers(&self) -> Vec<&str> {
        self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["pointer"].as_str())
            .collect()
    }

    /// The ids of a list.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.body["items"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|item| item["id"].as_str())
            .collect()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// Beside the others, with these collections.
    pub(crate) fn with(more: &str) -> Self {
        Self::over(Stores::new(&(declared() + more)))
    }

    /// With exactly these collections, which are read already.
    pub(crate) fn of(collections: &Arc<Collections>) -> Self {
        Self::over(Stores::of(Arc::clone(collections)))
    }

    fn over(stores: Stores) -> Self {
        Self {
            faults: stores.faults(),
            on_publish_failure: OnPublishFailure::Outbox,
            groups_form: GroupsForm::One,
            cursor_keys: CursorKeys::new("a key of the tests", None),
            stores,
        }
    }

    /// Reads the collections again, from other files; the stores stay as they are.
    pub(crate) fn redeclare(&mut self, change: impl FnOnce(String) -> String) {
        self.stores.collections = Arc::new(Collections::for_tests(&change(declared())));
    }

    /// Puts a live record of `acme`, written by ann, and its document.
    pub(crate) fn put(&self, collection: &str, key: &RecordKey) {
        self.put_of("acme", collection, key);
    }

    /// As [`put`](Self::put), of this tenant.
    pub(crate) fn put_of(&self, tenant: &str, collection: &str, key: &RecordKey) {
        let row = samples::row(self.collection(collection), key, tenant);
        self.put_row(collection, row);
    }

    /// Puts a live letter of ann's in a room, and its document.
    pub(crate) fn put_letter(&self, id: &str, room: &str) {
        let letters = self.collection("letters");
        let mut row = samples::row(letters, &RecordKey::stored(id, None), "acme");
        row.insert("room_id".to_owned(), json!(room));
        self.put_row("letters", row);
    }

    /// The document with this id.
    pub(crate) fn document(&self, collection: &str, id: &str) -> Option<Value> {
        let found = self.documents.get(self.collection(collection), id);
        found.map(Value::Object)
    }

    /// The row of a record.
    pub(crate) fn row(&self, collection: &str, key: &RecordKey) -> Map<String, Value> {
        let row = self.stores.row(collection, key);
        row.expect("the record is there")
    }

    /// The keys of the records of a collection that carry a mark.
    pub(crate) fn marked(&self, name: &str) -> Vec<RecordKey> {
        let collection = self.collection(name);
        let marked = |key: &RecordKey| {
            let row = domain::row::Row {
                key: key.clone(),
                attributes: self.row(name, key),
            };
            matches!(row.mark(collection), RowMark::By(_))
        };
        self.rows
            .keys(collection)
            .into_iter()
            .filter(marked)
            .collect()
    }

    /// Whether anything was written or sent by a request.
    pub(crate) fn is_untouched(&self) -> bool {
        let marked = self
            .collections
            .iter()
            .any(|collection| !self.marked(collection.name.as_ref()).is_empty());
        !marked && self.deletions.all().is_empty() && self.queue.is_empty()
    }

    /// A new script, with an empty log.
    pub(crate) fn script(&self) -> Faults {
        self.stores.faults()
    }

    /// Sends a request through the whole function.
    pub(crate) async fn call(&self, event: Event) -> Answer {
        self.serve(event.raw()).await
    }

    /// As [`call`](Self::call), with what the gateway sends.
    pub(crate) async fn serve(&self, event: Value) -> Answer {
        let is_head = event["requestContext"]["http"]["method"] == "HEAD";
        // What HTTP does not allow is no request that the document could have.
        let sent = serde_json::from_value::<ApiGatewayV2httpRequest>(event.clone()).ok();
        let event = LambdaEvent::new(event, context());
        let router = api::router(Arc::new(self.api()), self.claims());
        let response = api::serve(router, event).await;
        let answer = checked(response.expect("an event of the gateway"), is_head);
        if let Some(sent) = sent.filter(|_| !is_head) {
            described::check(&sent, &answer);
        }
        answer
    }

    /// As [`call`](Self::call), with a decoded event.
    pub(crate) async fn answer(&self, event: ApiGatewayV2httpRequest) -> Answer {
        let sent = event.clone();
        let is_head = event.request_context.http.method == "HEAD";
        let event = LambdaEvent::new(event, context());
        let router = api::router(Arc::new(self.api()), self.claims());
        let answer = checked(api::handle(router, event).await, is_head);
        if !is_head {
            described::check(&sent, &answer);
        }
        answer
    }

    /// What a request reports to operators.
    pub(crate) async fn told(&self, event: Event) -> Option<String> {
        let api = Arc::new(self.api());
        let router = api::router(Arc::clone(&api), self.claims());
        let _answer = api::serve(router, LambdaEvent::new(event.raw(), context())).await;
        api::metrics("api", &api)
    }

    fn claims(&self) -> ClaimNames {
        ClaimNames {
            subject: "sub".into(),
            tenant: "custom:tenant".into(),
            groups: "cognito:groups".into(),
            groups_form: self.groups_form,
        }
    }

    fn api(&self) -> Api<Ports> {
        Api {
            on_publish_failure: self.on_publish_failure,
            unreadable_rows: telemetry::Counter::default(),
            cursor_keys: self.cursor_keys.clone(),
            ..self.stores.api(&self.faults)
        }
    }
}

fn context() -> Context {
    let mut context = Context::default();
    context.request_id = "invocation-1".to_owned();
    context
}

/// What the gateway gets: nothing that a type says counts.
fn checked(response: ApiGatewayV2httpResponse, is_head: bool) -> Answer {
    let response = serde_json::to_value(response).unwrap();
    let text = response["body"].as_str().unwrap_or_default().to_owned();
    let answer = Answer {
        status: response["statusCode"].as_i64().unwrap(),
        headers: serde_json::from_value::<Map<String, Value>>(response["headers"].clone())
            .unwrap()
            .into_iter()
            .map(|(name, value)| (name, value.as_str().unwrap().to_owned()))
            .collect(),
        body: serde_json::from_str(&text).unwrap_or_default(),
        text,
    };
    check(&answer, is_head);
    answer
}

fn declared() -> String {
    format!("{}{MORE}", samples::COLLECTIONS)
}

/// What holds for every answer.
fn check(answer: &Answer, is_head: bool) {
    let sniffed = answer.header("x-content-type-options");
    assert_eq!(sniffed, Some("nosniff"), "{answer:?}");
    // The OpenAPI document is nobody's own, and says by its tag whether it is another one.
    if answer.header("cache-control") == Some("private, no-cache") {
        assert!(answer.status == 304 || answer.text.starts_with("{\n  \"components\""));
        return;
    }
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "{answer:?}"
    );
    if answer.status < 400 {
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{answer:?}"
        );
        return;
    }
    assert_eq!(
        answer.header("content-type"),
        Some("application/problem+json"),
        "{answer:?}"
    );
    if is_head {
        return;
    }
    let code = Code::ALL
        .iter()
        .find(|code| code.as_str() == answer.body["code"])
        .expect("a known code");
    let body = answer.body.as_object().unwrap();
    assert_eq!(i64::from(code.status().as_u16()), answer.status);
    assert_eq!(body["status"], json!(answer.status));
    assert_eq!(body["title"], code.title());
    assert_eq!(body["type"], code.urn());
    assert_eq!(body["request_id"], "request-1");
    assert!(
        body["detail"]
            .as_str()
            .is_some_and(|detail| detail.ends_with('.')),
        "{answer:?}"
    );
    assert!(body["errors"].is_array(), "{answer:?}");
}
