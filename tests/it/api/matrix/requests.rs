//! What is asked: every route of the gateway, in each of the ways that name a record, its kind or its deletion.

use serde_json::json;

use super::callers::{Caller, May};
use super::situations::{Above, BOOK, RECORD, Record, Situation};
use crate::api::event::Event;

/// What a request is about, and so who may learn of the record by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Get,
    Delete,
    /// A write of whatever is there, or is not there.
    Put,
    /// A write of one version.
    PutIfMatch,
    /// A list or a search; all its pages, if it says so.
    List {
        is_walk: bool,
    },
    /// Many records: asked for, carried out, and looked at.
    Destroy,
    Deletion,
    Deletions,
    /// No record.
    Nothing,
}

#[derive(Debug)]
pub(super) struct Ask {
    pub(super) about: About,
    pub(super) target: String,
    method: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Option<String>,
}

impl Ask {
    fn new(about: About, method: &'static str, target: &str) -> Self {
        Self {
            about,
            target: target.to_owned(),
            method,
            headers: Vec::new(),
            body: None,
        }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn sends(mut self, body: &serde_json::Value) -> Self {
        self.body = Some(body.to_string());
        self.with("content-type", "application/json")
    }

    pub(super) fn event(&self) -> Event {
        let mut event = Event::new(self.method, &self.target);
        for (name, value) in &self.headers {
            event = event.header(name, value);
        }
        match &self.body {
            Some(body) => event.body(body),
            None => event,
        }
    }

    /// Whether nothing is to be done.
    pub(super) fn is_preview(&self) -> bool {
        let mut bodies = self.body.iter();
        bodies.any(|body| body.contains("validate_only"))
    }

    pub(super) fn name(&self) -> String {
        let Self { method, target, .. } = self;
        let body = self.body.as_deref().unwrap_or_default();
        format!("{method} {target} {:?} {body}", self.headers)
    }
}

/// All requests of a caller; the deletion is that of the record, or none.
pub(super) fn all(situation: Situation, deletion: &str, caller: Caller) -> Vec<Ask> {
    let collection = situation.collection;
    let (path, query) = situation.paths();
    let mut asks = vec![
        Ask::new(About::Get, "GET", &path),
        Ask::new(About::Get, "GET", &query),
        Ask::new(About::Nothing, "HEAD", &path),
        Ask::new(About::Nothing, "PATCH", &path),
        Ask::new(About::Nothing, "GET", &format!("/v1/{collection}/x/y/z")),
        Ask::new(About::Nothing, "GET", "/v1/collections"),
        Ask::new(About::Nothing, "GET", "/v1/openapi.json"),
    ];
    asks.extend(writes(situation, [&path, &query]));
    for target in [&path, &query] {
        asks.push(Ask::new(About::Delete, "DELETE", target));
    }
    asks.push(Ask::new(About::Delete, "DELETE", &path).with("idempotency-key", "k"));
    asks.extend(lists(situation));
    asks.extend(destroys(situation, caller));
    asks.extend(deletions(collection, deletion));
    asks
}

fn writes(situation: Situation, targets: [&String; 2]) -> Vec<Ask> {
    let mut body = json!({ "subject": "a stone" });
    if situation.collection == "margins" {
        body["book_id"] = json!(BOOK);
    }
    let put = |about, target: &str| Ask::new(about, "PUT", target).sends(&body);
    let mut asks = Vec::new();
    for target in targets {
        asks.extend([
            put(About::Put, target),
            put(About::Put, target).with("if-none-match", "*"),
            put(About::PutIfMatch, target).with("if-match", "\"0123\""),
        ]);
    }
    asks
}

fn lists(situation: Situation) -> Vec<Ask> {
    let collection = situation.collection;
    let parent = match collection {
        "leaves" | "margins" => format!("parent={BOOK}&"),
        _ => String::new(),
    };
    let mut asks = Vec::new();
    for list in [
        format!("/v1/{collection}?{parent}"),
        format!("/v1/search/{collection}?q=stone&"),
    ] {
        for (limit, is_walk) in [(1, true), (2, true), (20, false)] {
            let target = format!("{list}limit={limit}");
            asks.push(Ask::new(About::List { is_walk }, "GET", &target));
        }
    }
    asks
}

fn destroys(situation: Situation, caller: Caller) -> Vec<Ask> {
    let target = format!("/v1/{}/destroy_all", situation.collection);
    let id = |own: &str| match situation.collection {
        "leaves" => json!({ "id": BOOK, "sort": own }),
        _ => json!(own),
    };
    let author = caller.subject();
    let mut all = json!({ "all": true });
    if ["leaves", "margins"].contains(&situation.collection) {
        all["parent"] = json!(BOOK);
    }
    let mut preview = all.clone();
    preview["validate_only"] = json!(true);
    let bodies = [
        json!({ "ids": [id(RECORD), id("none")] }),
        json!({ "ids": [id(RECORD)], "validate_only": true }),
        json!({ "ids": [id(RECORD)], "expected_count": 2 }),
        json!({ "ids": [id(RECORD)], "author": author }),
        json!({ "author": author }),
        all,
        preview,
    ];
    let sent = bodies.iter();
    sent.map(|body| Ask::new(About::Destroy, "POST", &target).sends(body))
        .collect()
}

fn deletions(collection: &str, deletion: &str) -> Vec<Ask> {
    let mut asks = Vec::new();
    for query in [
        "?limit=1".to_owned(),
        format!("?state=DELETED&collection={collection}"),
        "?requested_by=boss".to_owned(),
    ] {
        let target = format!("/v1/deletions{query}");
        asks.push(Ask::new(About::Deletions, "GET", &target));
    }
    let target = format!("/v1/deletions/{deletion}");
    for of in ["", "/records", "/records?outcome=deleted"] {
        asks.push(Ask::new(About::Deletion, "GET", &format!("{target}{of}")));
    }
    for action in ["cancel", "retry", "restore", "purge"] {
        let act = Ask::new(About::Deletion, "POST", &format!("{target}/{action}"));
        asks.push(match action {
            "cancel" => act.with("if-match", "\"0123\""),
            "purge" => act.with("idempotency-key", "k"),
            _ => act,
        });
    }
    asks
}

/// Whether the caller may learn of the record by a request about this.
pub(super) fn tells(about: About, caller: Caller, situation: Situation) -> bool {
    let Situation { above, record, .. } = situation;
    let may = |what| caller.may(situation, what);
    let is_ours = record.author().is_some();
    let is_marked = is_ours && !matches!(record, Record::Of(_));
    let is_live = is_ours && !is_marked && above == Above::Live;
    let is_hidden = is_marked || (is_ours && above == Above::Marked);
    match about {
        About::Get => (is_live && may(May::Read)) || (is_hidden && may(May::Restore)),
        About::Delete => (is_ours && may(May::Delete)) || (is_live && may(May::Read)),
        About::Put | About::PutIfMatch => {
            let is_seen = may(May::Read) || may(May::Write);
            (is_live && is_seen) || (is_hidden && may(May::Restore))
        }
        About::List { .. } => is_live && may(May::Read),
        About::Destroy => is_ours && may(May::Delete),
        About::Deletion | About::Deletions => caller.sees_deletion(record),
        About::Nothing => false,
    }
}
