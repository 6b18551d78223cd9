//! What may be wrong with a body: one thing that is not understood, in a body that is otherwise right.

use proptest::prelude::Strategy;
use proptest::sample::select;
use serde_json::{Value, json};

/// Something wrong.
#[derive(Debug, Clone)]
pub(super) enum Break {
    /// A field with a value that it never has.
    Field(&'static str, Value),
    /// The same of a filter.
    Filter(&'static str, Value),
    /// Only this, and nothing that says which records.
    Only(&'static str, Value),
    /// The first field twice.
    Twice,
    /// Another text than a JSON object.
    Text(&'static str),
}

pub(super) fn breaks() -> impl Strategy<Value = Break> {
    let mut all = nothings();
    all.extend(wrong());
    all.extend(unknown());
    select(all)
}

/// Each field and each filter with something empty.
fn nothings() -> Vec<Break> {
    let mut all = Vec::new();
    let nothings = [
        Value::Null,
        json!(""),
        json!(0),
        json!([]),
        json!({}),
        json!(false),
    ];
    for field in [
        "ids",
        "author",
        "filters",
        "parent",
        "all",
        "as_of",
        "expected_count",
        "validate_only",
        "collections",
    ] {
        for value in &nothings {
            // Zero is a count, false is a flag.
            let is_right = (field == "expected_count" && *value == json!(0))
                || (field == "validate_only" && *value == json!(false));
            if !is_right {
                all.push(Break::Field(field, value.clone()));
            }
        }
    }
    for filter in [
        "type",
        "group_type",
        "group_id",
        "key",
        "later_than",
        "earlier_than",
        "place",
        "color",
        "opened",
    ] {
        for value in &nothings {
            if !(filter == "opened" && *value == json!(false)) {
                all.push(Break::Filter(filter, value.clone()));
            }
        }
    }
    all
}

/// Values of another form, out of range, or alone.
fn wrong() -> Vec<Break> {
    vec![
        Break::Field("ids", json!("t00")),
        Break::Field("ids", json!(["t00", "t00"])),
        Break::Field("ids", json!(["t00", null])),
        Break::Field("ids", json!([""])),
        Break::Field("ids", json!([{ "id": "t00", "sort": "x" }])),
        Break::Field("author", json!(["ann"])),
        Break::Field("parent", json!({ "id": "p", "sort": "x" })),
        Break::Field("parent", json!(["p"])),
        Break::Field("parent", json!({ "id": "p", "collection": "boxes" })),
        Break::Field("all", json!("true")),
        Break::Field("all", json!(1)),
        Break::Field("validate_only", json!("true")),
        Break::Field("validate_only", json!(1)),
        Break::Field("expected_count", json!(-1)),
        Break::Field("expected_count", json!(1.5)),
        Break::Field("expected_count", json!("1")),
        Break::Field("expected_count", json!(10_001)),
        Break::Field("as_of", json!("2026-11-21")),
        Break::Field("as_of", json!("2099-01-01T00:00:00Z")),
        Break::Field("as_of", json!(1_795_240_800_000_i64)),
        Break::Field("collections", json!(["nothing"])),
        Break::Field("collections", json!(["things"])),
        Break::Filter("group_type", json!("a")),
        Break::Filter("place", json!(["a"])),
        Break::Filter("place", json!(["a", "1", "x"])),
        Break::Filter("place", json!(["a", ""])),
        Break::Filter("later_than", json!("yesterday")),
        Break::Filter("earlier_than", json!("1970-01-01T00:00:00.0005Z")),
        Break::Filter("opened", json!("true")),
        Break::Filter("type", json!(["a"])),
        Break::Only("parent", json!("p")),
        Break::Only("as_of", json!("2026-11-21T06:30:00Z")),
        Break::Only("validate_only", json!(true)),
        Break::Only("expected_count", json!(0)),
        Break::Twice,
        Break::Text(""),
        Break::Text("{}"),
        Break::Text("[]"),
        Break::Text("null"),
        Break::Text("{\"all\":true"),
        Break::Text("{'all':true}"),
        Break::Text("all=true"),
    ]
}

/// Names that are none, some of them nearly one.
fn unknown() -> Vec<Break> {
    let mut all = Vec::new();
    for unknown in [
        "id",
        "filter",
        "where",
        "Filters",
        "all ",
        "dry_run",
        "limit",
        "tenant",
        "force",
        "validateOnly",
        "ids[]",
        "",
    ] {
        all.push(Break::Field(unknown, json!(true)));
    }
    for unknown in [
        "kind", "Type", "later", "tenant", "realm", "thing_id", "types", "",
    ] {
        all.push(Break::Filter(unknown, json!("a")));
    }
    all
}

impl Break {
    /// The body with that.
    pub(super) fn applied(&self, mut body: Value) -> String {
        match self {
            Self::Field(name, value) => body[*name] = value.clone(),
            Self::Filter(name, value) => {
                // Half of a group, and a range that is open, whatever else is asked.
                if let Some(filters) = body["filters"].as_object_mut() {
                    filters.remove("group_id");
                    filters.remove("group_type");
                }
                if !body["filters"].is_object() {
                    body["filters"] = json!({});
                }
                body["filters"][*name] = value.clone();
                if *name == "earlier_than" {
                    body["filters"]["later_than"] = json!("2026-11-21T06:00:00Z");
                }
            }
            Self::Only(name, value) => body = json!({ *name: value }),
            Self::Twice => {
                let text = body.to_string();
                let first = body.as_object().and_then(|fields| fields.iter().next());
                let (name, value) = first.expect("a field");
                return format!("{{{}:{value},{}", json!(name), &text[1..]);
            }
            Self::Text(text) => return (*text).to_owned(),
        }
        body.to_string()
    }
}
