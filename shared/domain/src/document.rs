//! The document of a record, as its row says that it must be.

use serde_json::{Map, Value};

use crate::collection::{Collection, DocumentAt, IdError};
use crate::number::decimal;
use crate::row::{Row, RowMark};

/// What the search index holds of one record.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it is.
    pub at: DocumentAt,
    /// Tenant, key, the author where a search needs it, the declared fields that the row has, and the mark if the row
    /// carries one, under the names of the document. Of one that a pipeline writes nothing is said here.
    pub fields: Map<String, Value>,
    /// Declared fields that the row does not have, and the mark's attributes if it carries none.
    pub gone: Vec<String>,
}

impl Document {
    /// The document of a row; `None` where the collection has none.
    ///
    /// # Errors
    ///
    /// [`IdError`] when the row does not say where it is.
    pub fn of(collection: &Collection, row: &Row) -> Result<Option<Self>, IdError> {
        let Some(spec) = &collection.document else {
            return Ok(None);
        };
        let held = |attribute: &str| row.text(attribute);
        let Some(at) = collection.document_at(&row.key, held)? else {
            return Ok(None);
        };
        let (mut fields, mut gone) = (Map::new(), Vec::new());
        let mut take = |name: &str, is_said: bool| {
            let field = spec.field(name).to_owned();
            match row.attributes.get(name).filter(|_| is_said) {
                None | Some(Value::Null) => gone.push(field),
                Some(value) => drop(fields.insert(field, value.clone())),
            }
        };
        let marked = matches!(row.mark(collection), RowMark::By(_));
        if spec.copy.is_by_pipeline() {
            // What else a pipeline makes of a row is its own.
            for name in collection.marks.all() {
                take(name, marked);
            }
            return Ok(Some(Self { at, fields, gone }));
        }
        for name in &spec.fields {
            take(name, true);
        }
        if let Some(author) = collection.document_author() {
            take(author, true);
        }
        for name in collection.marks.all() {
            take(name, marked);
        }
        for ((name, form), value) in collection.key.each().zip(row.key.values()) {
            fields.insert(spec.field(name).to_owned(), form.kind.value(value));
        }
        if let Some(attribute) = collection.tenant.attribute()
            && let Some(tenant) = row.text(attribute)
        {
            fields.insert(spec.field(attribute).to_owned(), tenant.into());
        }
        Ok(Some(Self { at, fields, gone }))
    }

    /// Whether a document with these fields says the same. What is not declared belongs to its owner, and says nothing.
    #[must_use]
    pub fn is_said_by(&self, source: &Map<String, Value>) -> bool {
        let is_there = |(name, value): (&String, &Value)| {
            source.get(name).is_some_and(|told| is_same(told, value))
        };
        let is_absent = |name: &String| source.get(name).is_none_or(Value::is_null);
        self.fields.iter().all(is_there) && self.gone.iter().all(is_absent)
    }
}

/// Whether a document with these fields is that of the record for which it was looked there.
#[must_use]
pub fn is_its(at: &DocumentAt, source: &Map<String, Value>) -> bool {
    let mut says = at.says.iter();
    says.all(|(field, value)| {
        source
            .get(field)
            .is_some_and(|told| is_exactly(told, value))
    })
}

/// Whether two values of a key are the same, to the last digit: as numbers of a language some are one that are two keys.
fn is_exactly(one: &Value, other: &Value) -> bool {
    let number = |value: &Value| match value {
        Value::Number(number) => decimal(&number.to_string()),
        _ => None,
    };
    match (number(one), number(other)) {
        (Some(one), Some(other)) => one == other,
        _ => one == other,
    }
}

/// Whether two values are the same to a client. Numbers are compared by their value: a store, or a client, may write `1`
/// as `1.0`.
#[must_use]
pub fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => {
            one == other || one.as_f64() == other.as_f64()
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other = |(name, value): (&String, &Value)| {
                other.get(name).is_some_and(|other| is_same(value, other))
            };
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::collection::Collections;
    use crate::key::RecordKey;

    fn collections() -> Collections {
        Collections::for_tests(
            r#"
            [messages]
            table       = "messages"
            key         = ["d", "m"]
            tenant      = "owner"
            document    = { index = "messages", id = "{d}~{m}", fields = ["subject", "body"] }
            strategy    = "flag"
            retention   = "30d"
            permissions = { delete = ["member"] }

            [plain]
            table       = "plain"
            key         = ["d"]
            tenant      = "owner"
            strategy    = "flag"
            retention   = "30d"
            permissions = { delete = ["member"] }
            "#,
        )
    }

    fn document(
        collection: &str,
        key: RecordKey,
        attributes: &Value,
    ) -> Result<Option<Document>, IdError> {
        let attributes = attributes.as_object().unwrap().clone();
        Document::of(
            collections().get(collection).unwrap(),
            &Row { key, attributes },
        )
    }

    fn message(attributes: &Value) -> Document {
        document("messages", RecordKey::stored("1", Some("2")), attributes)
            .unwrap()
            .unwrap()
    }

    #[test]
    fn a_document_has_tenant_key_and_declared_fields_and_nothing_else() {
        let row = json!({ "d": "1", "m": "2", "owner": "acme", "subject": "a", "body": null, "secret": "x" });

        let document = message(&row);

        assert_eq!(document.at.id, "1~2");
        assert_eq!(
            Value::Object(document.fields),
            json!({ "d": "1", "m": "2", "owner": "acme", "subject": "a" })
        );
        assert_eq!(
            document.gone,
            ["body", "deleted_at", "deleted_by", "deletion_id"]
        );
    }

    #[test]
    fn the_document_of_a_marked_row_carries_the_mark() {
        let row = json!({ "owner": "acme", "deleted_at": "2026-11-21T07:00:00.000Z", "deleted_by": "ann" });

        let document = message(&row);

        assert_eq!(document.fields["deleted_at"], "2026-11-21T07:00:00.000Z");
        assert_eq!(document.fields["deleted_by"], "ann");
        assert_eq!(document.gone, ["subject", "body", "deletion_id"]);
    }

    #[test]
    fn an_older_text_another_tenant_or_a_mark_is_not_what_the_row_says() {
        let row = json!({ "owner": "acme", "subject": "a", "body": { "size": 1 } });
        let document = message(&row);
        let says = |changes: Value| {
            let mut told = document.fields.clone();
            told.insert("note".to_owned(), json!("its owner's"));
            told.extend(changes.as_object().unwrap().clone());
            document.is_said_by(&told)
        };

        assert!(says(json!({})));
        assert!(says(json!({ "body": { "size": 1.0 }, "deleted_at": null })));
        assert!(!says(json!({ "subject": "older" })));
        assert!(!says(json!({ "subject": null })));
        assert!(!says(json!({ "body": { "size": 1, "more": 2 } })));
        assert!(!says(json!({ "owner": "globex" })));
        assert!(!says(json!({ "deleted_at": "2026-11-21T07:00:00.000Z" })));
    }

    #[test]
    fn a_key_is_compared_to_the_last_digit() {
        let at = |n: Value| DocumentAt {
            index: "i".to_owned(),
            id: "1".to_owned(),
            routing: None,
            says: Map::from_iter([("n".to_owned(), n)]),
        };
        let source = json!({ "n": 9_007_199_254_740_992_u64 });
        let source = source.as_object().unwrap();

        assert!(is_its(&at(json!(9_007_199_254_740_992_u64)), source));
        assert!(!is_its(&at(json!(9_007_199_254_740_993_u64)), source));
        assert!(is_its(
            &at(json!(7)),
            json!({ "n": 7.0 }).as_object().unwrap()
        ));
    }

    #[test]
    fn a_document_has_its_author_only_where_a_search_is_for_authors() {
        let declared = |read: &str, serve: &str| {
            Collections::for_tests(&format!(
                r#"
                [notes]
                table       = "notes"
                key         = ["n"]
                tenant      = "owner"
                document    = {{ index = "notes", id = "{{n}}", fields = ["text"] }}
                strategy    = "flag"
                retention   = "30d"
                author      = "writer"
                serve       = [{serve}]
                permissions = {{ read = [{read}], delete = ["admin"] }}
                "#
            ))
        };
        let row = json!({ "owner": "acme", "writer": "ann" });
        let row = Row {
            key: RecordKey::stored("1", None),
            attributes: row.as_object().unwrap().clone(),
        };

        for (read, serve, author) in [
            (r#""author", "staff""#, r#""search""#, Some("ann")),
            (r#""member""#, r#""search""#, None),
            (r#""author""#, r#""read""#, None),
        ] {
            let collections = declared(read, serve);
            let notes = collections.get("notes").unwrap();
            let document = Document::of(notes, &row).unwrap().unwrap();

            let said = document.fields.get("writer").and_then(Value::as_str);
            assert_eq!(said, author, "{read} {serve}");
            assert_eq!(
                notes.document_fields().contains(&"writer"),
                author.is_some()
            );
        }
    }

    #[test]
    fn a_key_that_makes_no_id_makes_no_document() {
        let key = RecordKey::stored("1~", Some("2"));

        assert!(document("messages", key, &json!({})).is_err());
    }

    #[test]
    fn a_collection_that_is_not_searched_has_no_documents() {
        let key = RecordKey::stored("1", None);

        assert_eq!(document("plain", key, &json!({})), Ok(None));
    }
}
