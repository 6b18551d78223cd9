//! Where documents are whose place depends on more than the key, and values that lead nowhere else.

use serde_json::json;

use super::*;
use crate::collection::Collections;

const RESOURCES: &str = r#"
    [versions]
    table       = "resources"
    key         = [{ attribute = "id", is = "{tenant}|{resource}" }, { attribute = "vid", type = "N" }]
    tenant      = { part = "tenant" }
    document    = { index = "{kind|lower}-of-{tenant}", id = "{tenant}_{resource}_{vid}", routing = "{ward}", fields = [] }
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }

    [applications]
    table       = "lpas"
    key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "DONOR#{owner}" }]
    tenant      = { part = "owner" }
    document    = { index = "lpas", id = "LPA--{application}", unique = true, names = { PK = "str_pk" }, exact = ".keyword", fields = [] }
    strategy    = "flag"
    retention   = "30d"
    permissions = { delete = ["member"] }
"#;

fn at(
    collection: &str,
    key: &RecordKey,
    held: &[(&'static str, &'static str)],
) -> Result<Option<DocumentAt>, IdError> {
    let collections = Collections::for_tests(RESOURCES);
    let collection = collections.get(collection).unwrap();
    collection.document_at(key, |name| crate::key::value_of(held, name))
}

fn version(id: &str) -> RecordKey {
    RecordKey::stored(id, Some("10"))
}

#[test]
fn a_document_is_where_its_record_says() {
    let key = version("acme|r-100");

    let found = at("versions", &key, &[("kind", "Patient"), ("ward", "w-1")]).unwrap();

    assert_eq!(
        found,
        Some(DocumentAt {
            index: "patient-of-acme".to_owned(),
            id: "acme_r-100_10".to_owned(),
            routing: Some("w-1".to_owned()),
            says: Map::new(),
        })
    );
}

#[test]
fn what_the_record_does_not_say_is_named() {
    let key = version("acme|r-100");
    let error = |held: &[(&'static str, &'static str)]| at("versions", &key, held).unwrap_err();

    let named = |attribute: &str| attribute.to_owned();
    let attribute = named("ward");
    assert_eq!(
        error(&[("kind", "Patient")]),
        IdError::NoRouting { attribute }
    );
    let attribute = named("kind");
    assert_eq!(error(&[("ward", "w-1")]), IdError::NoIndex { attribute });
}

#[test]
fn no_value_leads_to_another_index_or_another_address() {
    let key = version("acme|r-100");
    for kind in ["a/_search", "*", "a,b", "_all", "%2e", "x-of-y", "..", ""] {
        let found = at("versions", &key, &[("kind", kind), ("ward", "w-1")]);
        assert!(matches!(found, Err(IdError::NoIndex { .. })), "{kind}");
    }
}

#[test]
fn a_unique_document_says_the_key_of_its_record() {
    let key = RecordKey::stored("LPA#a-1", Some("DONOR#sub-1"));

    let found = at("applications", &key, &[]).unwrap().unwrap();

    assert_eq!(found.id, "LPA--a-1");
    assert_eq!(
        Value::Object(found.says),
        json!({ "str_pk": "LPA#a-1", "SK": "DONOR#sub-1" })
    );
    let collections = Collections::for_tests(RESOURCES);
    let spec = collections
        .get("applications")
        .unwrap()
        .document
        .as_ref()
        .unwrap();
    assert_eq!(spec.exact_field("PK"), "str_pk.keyword");
    assert_eq!(spec.index.fixed().as_deref(), Some("lpas"));
}
