//! The body of `destroy_all`, read strictly: whatever is not understood is refused, and nothing is deleted.

use std::collections::HashSet;

use domain::collection::Collection;
use domain::key::{KEY_PART_BYTES, KeyError, RecordKey};
use domain::narrowing::{FilterError, FilterFault, Narrowing};
use domain::principal::Tenant;
use domain::time::parse_rfc3339;
use jiff::Timestamp;
use requests::Api;
use requests::destroy::{MOST_COUNTED, MOST_IDS, Requested};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value};

use crate::forms;
use crate::problem::{Code, Problem};
use crate::query::segment;

/// The fields of a body.
#[derive(Default)]
pub(super) struct Wanted<'a> {
    ids: Option<Vec<RecordKey>>,
    author: Option<String>,
    pub(super) filters: Narrowing,
    is_all: bool,
    pub(super) beside: Vec<&'a Collection>,
    pub(super) parent: Option<RecordKey>,
    pub(super) as_of: Option<Timestamp>,
    pub(super) expected_count: Option<usize>,
    pub(super) validate_only: bool,
}

/// Which records are to be deleted: all conditions apply, and at least one of `ids`, `author`, `filters` and `all` is
/// there.
///
/// The schema of what [`Wanted::read`] reads: whatever that accepts, the tests compare with it.
#[derive(JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "DestroyAll", extend(
    "anyOf" = [
        { "required": ["ids"], "properties": { "collections": false } },
        { "required": ["author"], "properties": { "ids": false } },
        { "required": ["filters"], "properties": { "ids": false } },
        { "required": ["all"], "properties": { "ids": false } },
    ],
))]
#[expect(dead_code, reason = "it stands for its schema, and has no values")]
pub(crate) struct DestroyAll {
    /// These records of the collection: texts, or objects where the key has two parts.
    #[schemars(schema_with = "ids_schema", skip_serializing_if = "Option::is_none")]
    ids: Option<Vec<RecordKey>>,
    /// What this subject wrote before the request.
    #[schemars(
        schema_with = "forms::key_part",
        skip_serializing_if = "Option::is_none"
    )]
    author: Option<String>,
    /// What meets all of these, which the collection must declare.
    #[schemars(
        schema_with = "forms::filters",
        skip_serializing_if = "Option::is_none"
    )]
    filters: Option<Narrowing>,
    /// All records, where nothing else says which.
    #[schemars(schema_with = "always", skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
    /// Further collections of the same rules.
    #[schemars(
        schema_with = "collections_schema",
        skip_serializing_if = "Option::is_none"
    )]
    collections: Option<Vec<String>>,
    /// Only what is directly below this record.
    #[schemars(
        schema_with = "forms::named_key",
        skip_serializing_if = "Option::is_none"
    )]
    parent: Option<RecordKey>,
    /// Only what was written until this time.
    #[schemars(schema_with = "forms::moment", skip_serializing_if = "Option::is_none")]
    as_of: Option<Timestamp>,
    /// Unless there are exactly as many, nothing is deleted.
    #[schemars(with = "u32", range(min = 0, max = MOST_COUNTED), skip_serializing_if = "Option::is_none")]
    expected_count: Option<usize>,
    /// Whether this is a preview: what would be deleted is counted, and nothing is written.
    #[schemars(with = "bool", skip_serializing_if = "Option::is_none")]
    validate_only: Option<bool>,
}

fn ids_schema(schemas: &mut SchemaGenerator) -> Schema {
    let item = forms::named_key(schemas);
    json_schema!({ "type": "array", "items": item, "minItems": 1, "maxItems": MOST_IDS, "uniqueItems": true })
}

fn collections_schema(schemas: &mut SchemaGenerator) -> Schema {
    let item = forms::collection(schemas);
    json_schema!({ "type": "array", "items": item, "minItems": 1, "uniqueItems": true })
}

fn always(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "boolean", "const": true })
}

/// What is known here, for those who write something else.
const KNOWN: &str = "Fields that are known here: ids, author, filters, all, collections, parent, as_of, expected_count, validate_only.";

impl<'a> Wanted<'a> {
    pub(super) fn read<P>(
        api: &'a Api<P>,
        tenant: &Tenant,
        collection: &Collection,
        object: &Map<String, Value>,
    ) -> Result<Self, Problem> {
        let mut wanted = Self::default();
        for (name, value) in object {
            match name.as_str() {
                "ids" => wanted.ids = Some(ids(collection, tenant, value)?),
                "author" => wanted.author = Some(author(value)?),
                "filters" => wanted.filters = filters(collection, value)?,
                "all" if *value == Value::Bool(true) => wanted.is_all = true,
                "all" => return Err(invalid("/all", "is not true; leave it out")),
                "collections" => wanted.beside = beside(api, collection, value)?,
                "parent" => {
                    let above = api.collections.declared_parent_of(collection);
                    let above =
                        above.ok_or_else(|| invalid("/parent", "this collection has no parent"))?;
                    wanted.parent = Some(key(above, tenant, value, "/parent")?);
                }
                "as_of" => wanted.as_of = Some(moment(value)?),
                "expected_count" => wanted.expected_count = Some(count(value)?),
                "validate_only" => {
                    let value = value.as_bool();
                    let why = "is not true or false";
                    wanted.validate_only = value.ok_or_else(|| invalid("/validate_only", why))?;
                }
                unknown => {
                    let pointer = format!("/body/{}", segment(unknown));
                    return Err(
                        Problem::new(Code::UnknownField, KNOWN).at(pointer, "is not known here")
                    );
                }
            }
        }
        let says_which = wanted.ids.is_some()
            || wanted.author.is_some()
            || !wanted.filters.is_empty()
            || wanted.is_all;
        if !says_which {
            let why =
                "names neither `ids` nor an `author` nor `filters`, and is without `all: true`";
            return Err(invalid("", why));
        }
        if wanted.ids.is_some() && object.contains_key("collections") {
            return Err(invalid("/collections", "goes without ids"));
        }
        Ok(wanted)
    }

    pub(super) fn named(&self) -> Requested<'a> {
        let beside = self.beside.clone();
        match (self.ids.clone(), self.author.clone()) {
            (Some(ids), author) => Requested::Ids { ids, author },
            (None, Some(author)) => Requested::Author { author, beside },
            (None, None) => Requested::Matching { beside },
        }
    }
}

fn filters(collection: &Collection, value: &Value) -> Result<Narrowing, Problem> {
    let fields = value.as_object();
    let fields = fields.ok_or_else(|| invalid("/filters", "is not an object"))?;
    let declared = &collection.filters;
    Narrowing::parse(fields, declared).map_err(|FilterError { field, why }| {
        let mut at = "/body/filters".to_owned();
        if let Some((name, place)) = &field {
            at = format!("{at}/{}", segment(name));
            at.extend(place.iter().map(|place| format!("/{place}")));
        }
        let (code, detail) = match why {
            FilterFault::Unknown => {
                let known = declared.fields().join(", ");
                let known = if known.is_empty() { "none" } else { &known };
                let detail = format!("Filters of the collection `{}`: {known}.", collection.name);
                (Code::UnknownField, detail)
            }
            why => (Code::InvalidField, format!("A filter {why}.")),
        };
        Problem::new(code, detail).at(at, why.to_string())
    })
}

fn moment(value: &Value) -> Result<Timestamp, Problem> {
    let read = value.as_str().and_then(parse_rfc3339);
    let why = "is not a time as in RFC 3339, e.g. 2026-11-21T07:00:00.120Z";
    read.ok_or_else(|| invalid("/as_of", why))
}

fn count(value: &Value) -> Result<usize, Problem> {
    let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
    let count = count.filter(|count| *count <= MOST_COUNTED);
    // More are not counted exactly, so nobody could say whether they are as many.
    count.ok_or_else(|| invalid("/expected_count", "is not a number from 0 to 10000"))
}

fn ids(collection: &Collection, tenant: &Tenant, value: &Value) -> Result<Vec<RecordKey>, Problem> {
    let items = match value {
        Value::Array(items) if items.is_empty() => return Err(invalid("/ids", "is empty")),
        Value::Array(items) if items.len() > MOST_IDS => {
            return Err(invalid("/ids", "names more than 1000 records"));
        }
        Value::Array(items) => items,
        _ => return Err(invalid("/ids", "is not a list")),
    };
    let mut seen = HashSet::new();
    let mut keys = Vec::with_capacity(items.len());
    for (place, item) in items.iter().enumerate() {
        let at = format!("/ids/{place}");
        let key = key(collection, tenant, item, &at)?;
        if !seen.insert(key.clone()) {
            return Err(invalid(&at, "stands there more than once"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// A key of one part is a text, a key of two parts an object `{"id": …, "sort": …}`; one form each.
fn key(
    collection: &Collection,
    tenant: &Tenant,
    value: &Value,
    at: &str,
) -> Result<RecordKey, Problem> {
    if collection.is_called_by_names() {
        return key_by_names(collection, tenant, value, at);
    }
    let (id, sort) = match (value, collection.id_parts().get(1)) {
        (Value::String(id), None) => (id, None),
        (Value::Object(parts), Some(_)) if parts.len() == 2 => {
            match (parts.get("id"), parts.get("sort")) {
                (Some(Value::String(id)), Some(Value::String(sort))) => (id, Some(sort)),
                _ => return Err(invalid(at, "is not `{\"id\": text, \"sort\": text}`")),
            }
        }
        (_, None) => return Err(invalid(at, "is not a text: the id has one part")),
        (_, Some(_)) => {
            let why = "is not `{\"id\": text, \"sort\": text}`: the id has two parts";
            return Err(invalid(at, why));
        }
    };
    let key = collection.key_of(tenant, id, sort.map(String::as_str));
    key.map_err(|error| {
        let is_whole = matches!(error, KeyError::SortMissing | KeyError::SortNotAllowed);
        let pointer = if sort.is_none() || is_whole {
            format!("/body{at}")
        } else {
            format!("/body{at}/{}", collection.field_of(&error))
        };
        Problem::new(Code::InvalidId, format!("{error}.")).at(pointer, error.to_string())
    })
}

/// A key of more parts than two is an object with all of them, under their names.
fn key_by_names(
    collection: &Collection,
    tenant: &Tenant,
    value: &Value,
    at: &str,
) -> Result<RecordKey, Problem> {
    let why = "is not an object with a text for each part of the id, and nothing else";
    let parts = value.as_object();
    let parts = parts.filter(|parts| {
        let names = collection.id_parts();
        let is_part =
            |(name, value): (&String, &Value)| names.contains(&name.as_str()) && value.is_string();
        parts.len() == names.len() && parts.iter().all(is_part)
    });
    let parts = parts.ok_or_else(|| invalid(at, why))?;
    let part = |name: &str| parts.get(name).and_then(Value::as_str);
    collection.key_of_parts(tenant, part).map_err(|error| {
        let pointer = format!("/body{at}/{}", segment(&collection.field_of(&error)));
        Problem::new(Code::InvalidId, format!("{error}.")).at(pointer, error.to_string())
    })
}

fn author(value: &Value) -> Result<String, Problem> {
    match value {
        Value::String(author) if author.is_empty() => Err(invalid("/author", "is empty")),
        Value::String(author) if author.len() > KEY_PART_BYTES => {
            Err(invalid("/author", "has more than 1024 bytes"))
        }
        Value::String(author) => Ok(author.clone()),
        _ => Err(invalid("/author", "is not a text")),
    }
}

fn beside<'a, P>(
    api: &'a Api<P>,
    asked: &Collection,
    value: &Value,
) -> Result<Vec<&'a Collection>, Problem> {
    let names = match value {
        Value::Array(names) if names.is_empty() => return Err(invalid("/collections", "is empty")),
        Value::Array(names) => names,
        _ => return Err(invalid("/collections", "is not a list")),
    };
    let mut found: Vec<&Collection> = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let at = format!("/collections/{place}");
        let known = name.as_str().and_then(|name| api.collections.get(name));
        let known = known.ok_or_else(|| invalid(&at, "is not the name of a collection"))?;
        if known.name == asked.name || found.iter().any(|other| other.name == known.name) {
            return Err(invalid(&at, "is asked already"));
        }
        found.push(known);
    }
    Ok(found)
}

fn invalid(at: &str, why: &'static str) -> Problem {
    let name = at.split('/').nth(1);
    let detail = name.map_or_else(
        || format!("The body {why}."),
        |name| format!("The field `{name}` {why}."),
    );
    Problem::new(Code::InvalidField, detail).at(format!("/body{at}"), why)
}
