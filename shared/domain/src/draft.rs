//! A record as a client wants it to be, checked before any store is called.

use serde_json::{Map, Value};

use crate::collection::Collection;
use crate::key::RecordKey;
use crate::principal::Tenant;
use crate::row::Row;

/// Why a record cannot be written as the client sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// It holds an attribute of the mark.
    #[error("is written by deletions only; leave it out")]
    Mark {
        /// The attribute.
        attribute: String,
    },
    /// It holds an attribute that clients do not see. Whether there is one, and which value it has, is not compared.
    #[error("is none that clients write; leave it out")]
    Hidden {
        /// The attribute.
        attribute: String,
    },
    /// The status is not one that clients may write.
    #[error("is none of the states that clients write: {allowed}")]
    Status {
        /// The attribute.
        attribute: String,
        /// What they may write.
        allowed: String,
    },
    /// It contains a different key than the one it is written under.
    #[error("differs from the id that the record is written under; leave it out")]
    Key {
        /// The attribute.
        attribute: String,
    },
    /// It contains a different tenant than the caller's.
    #[error("differs from the tenant in the token; leave it out")]
    Tenant {
        /// The attribute.
        attribute: String,
    },
    /// It references its parent incompletely, or not at all where it must.
    #[error("is missing: it holds a part of the parent's id")]
    ParentMissing {
        /// The attribute.
        attribute: String,
    },
    /// It names something by a text that is not made as such texts are.
    #[error("is no text of the form {pattern}")]
    Composed {
        /// The attribute.
        attribute: String,
        /// What its texts are made of.
        pattern: String,
    },
    /// Something that must be a text is not one, or is empty.
    #[error("is no text, or an empty one")]
    NoText {
        /// The attribute.
        attribute: String,
    },
}

impl DraftError {
    /// The attribute that is wrong.
    #[must_use]
    pub fn attribute(&self) -> &str {
        match self {
            Self::Mark { attribute }
            | Self::Hidden { attribute }
            | Self::Status { attribute, .. }
            | Self::Key { attribute }
            | Self::Tenant { attribute }
            | Self::ParentMissing { attribute }
            | Self::Composed { attribute, .. }
            | Self::NoText { attribute } => attribute,
        }
    }
}

/// The row of these attributes under this key and this tenant, which both may be absent from them.
///
/// # Errors
///
/// [`DraftError`] says which attribute is the first wrong one.
pub fn draft(
    collection: &Collection,
    tenant: &Tenant,
    key: &RecordKey,
    mut attributes: Map<String, Value>,
) -> Result<Row, DraftError> {
    for name in collection.marks.own() {
        if attributes.contains_key(name) {
            let attribute = name.to_owned();
            return Err(DraftError::Mark { attribute });
        }
    }
    for name in &collection.guarded.hidden {
        if attributes.contains_key(name) {
            let attribute = name.clone();
            return Err(DraftError::Hidden { attribute });
        }
    }
    status(collection, &attributes)?;
    for ((name, form), text) in collection.key.each().zip(key.values()) {
        let attribute = name.to_owned();
        let value = form.kind.value(text);
        match attributes.insert(attribute.clone(), value.clone()) {
            Some(sent) if sent != value => return Err(DraftError::Key { attribute }),
            _ => {}
        }
    }
    // Where the tenant is a part of the key, another tenant's key is another tenant's record, and not an error of the
    // body.
    let is_part = |name: &&str| collection.key.attributes().any(|part| part == *name);
    if let Some(name) = collection.tenant.attribute().filter(|name| !is_part(name)) {
        let text = collection.tenant.text_of(tenant);
        match attributes.insert(name.to_owned(), (*text).into()) {
            Some(sent) if sent != *text => {
                let attribute = name.to_owned();
                return Err(DraftError::Tenant { attribute });
            }
            _ => {}
        }
    }
    composed(collection, &attributes)?;
    parent(collection, key, &attributes)?;
    if let Some(author) = &collection.author {
        text(&attributes, &author.attribute)?;
    }
    Ok(Row {
        key: key.clone(),
        attributes,
    })
}

/// A text of which a part names something is of its pattern: of a row with another one nobody could say what it names.
fn composed(collection: &Collection, attributes: &Map<String, Value>) -> Result<(), DraftError> {
    for (_, name, patterns) in collection.composed_in_use() {
        let sent = attributes.get(name).and_then(Value::as_str);
        if text(attributes, name)? && sent.is_some_and(|sent| !patterns.fits(sent)) {
            return Err(DraftError::Composed {
                attribute: name.to_owned(),
                pattern: patterns.to_string(),
            });
        }
    }
    Ok(())
}

fn status(collection: &Collection, attributes: &Map<String, Value>) -> Result<(), DraftError> {
    let Some(rule) = &collection.status else {
        return Ok(());
    };
    let allowed = |value: &Value| value.as_str().is_some_and(|value| rule.allows(value));
    match attributes.get(&rule.attribute) {
        Some(value) if !allowed(value) => Err(DraftError::Status {
            attribute: rule.attribute.clone(),
            allowed: rule.allowed.join(", "),
        }),
        _ => Ok(()),
    }
}

/// A record references its parent with the complete key, or, where that is allowed, not at all.
fn parent(
    collection: &Collection,
    key: &RecordKey,
    attributes: &Map<String, Value>,
) -> Result<(), DraftError> {
    let Some(parent) = &collection.parent else {
        return Ok(());
    };
    let mut missing = None;
    let mut named = parent.required;
    for name in &parent.by {
        let attribute = collection.behind(name);
        let text_of = |attribute: &str| attributes.get(attribute).and_then(Value::as_str);
        let is_of_key = collection.key.attributes().any(|part| part == attribute);
        let is_there = is_of_key || text(attributes, attribute)?;
        if is_there && collection.part(key, text_of, name).is_some() {
            named = true;
        } else {
            missing = missing.or(Some(attribute));
        }
    }
    match missing {
        Some(attribute) if named => Err(DraftError::ParentMissing {
            attribute: attribute.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Whether there is a text; an explicit null is not one.
fn text(attributes: &Map<String, Value>, attribute: &str) -> Result<bool, DraftError> {
    match attributes.get(attribute) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::String(text)) if !text.is_empty() => Ok(true),
        Some(_) => Err(DraftError::NoText {
            attribute: attribute.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collection::Collections;

    const FILES: &str = r#"
        [groups]
        table       = "groups"
        key         = ["g", "h"]
        tenant      = "realm"
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["member"] }

        [tasks]
        table       = "tasks"
        key         = ["id"]
        tenant      = "realm"
        parent      = { collection = "groups", by = ["g", "h"], gsi = "by_group", on_delete = "cascade" }
        strategy    = "flag"
        retention   = "30d"
        author      = "writer"
        marks       = { deleted_at = "date_delete" }
        status      = { attribute = "status", allowed = ["ACTIVE", "DISABLED"] }
        permissions = { delete = ["member"] }

        [notes]
        table       = "notes"
        key         = ["realm", "id"]
        tenant      = "realm"
        strategy    = "flag"
        retention   = "30d"
        permissions = { delete = ["member"] }
    "#;

    fn drafted(collection: &str, key: &RecordKey, attributes: Value) -> Result<Value, DraftError> {
        let collections = Collections::for_tests(FILES);
        let Value::Object(attributes) = attributes else {
            panic!("no object: {attributes}")
        };
        let tenant = Tenant::new("acme").unwrap();
        draft(
            collections.get(collection).unwrap(),
            &tenant,
            key,
            attributes,
        )
        .map(|row| Value::Object(row.attributes))
    }

    fn task(attributes: Value) -> Result<Value, DraftError> {
        drafted("tasks", &RecordKey::stored("t", None), attributes)
    }

    fn at(error: &str, attribute: &str, attributes: &Value) {
        let found = task(attributes.clone()).unwrap_err();

        assert_eq!(found.attribute(), attribute, "{attributes}");
        assert!(
            format!("{found:?}").starts_with(error),
            "{found:?} for {attributes}"
        );
    }

    #[test]
    fn key_and_tenant_may_be_absent_or_equal() {
        let whole = json!({ "id": "t", "realm": "acme", "a": 1 });

        assert_eq!(task(json!({ "a": 1 })), Ok(whole.clone()));
        assert_eq!(task(whole.clone()), Ok(whole));
        for other in [json!("u"), json!(""), json!(1), json!(null)] {
            at("Key", "id", &json!({ "id": other }));
            at("Tenant", "realm", &json!({ "realm": other }));
        }
    }

    #[test]
    fn a_mark_is_refused_whatever_its_value() {
        for mark in ["date_delete", "deleted_by", "deletion_id"] {
            for value in [json!("2026-11-21T07:00:00.000Z"), json!(null), json!(false)] {
                at("Mark", mark, &json!({ mark: value }));
            }
        }
        assert!(task(json!({ "deleted_at": "is no mark here" })).is_ok());
    }

    #[test]
    fn only_the_declared_states_pass() {
        for status in ["ACTIVE", "DISABLED"] {
            assert!(task(json!({ "status": status })).is_ok());
        }
        assert!(task(json!({})).is_ok());
        for internal in [
            json!("PENDING_DELETE"),
            json!("DELETE_FAILED"),
            json!("active"),
            json!(""),
            json!(null),
            json!(["ACTIVE"]),
        ] {
            at("Status", "status", &json!({ "status": internal }));
        }
    }

    #[test]
    fn a_parent_is_named_as_a_whole_or_not_at_all() {
        assert!(task(json!({ "g": "1", "h": "2" })).is_ok());
        assert!(task(json!({ "g": null })).is_ok());
        at("ParentMissing", "h", &json!({ "g": "1" }));
        at("ParentMissing", "g", &json!({ "h": "1", "g": null }));
        at("NoText", "g", &json!({ "g": 1, "h": "2" }));
        at("NoText", "h", &json!({ "g": "1", "h": "" }));
        at("NoText", "writer", &json!({ "writer": 7 }));
    }

    #[test]
    fn the_tenant_in_a_key_is_the_keys() {
        let key = RecordKey::stored("globex", Some("n"));

        assert_eq!(
            drafted("notes", &key, json!({})),
            Ok(json!({ "realm": "globex", "id": "n" }))
        );
        assert!(drafted("notes", &key, json!({ "realm": "acme" })).is_err());
    }
}
