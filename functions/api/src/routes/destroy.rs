//! `POST /v1/{collection}/destroy_all`: many records in one deletion, by id or by author.
//!
//! An empty list, or a field that is silently ignored, could turn such a request into a larger one: whatever is not
//! understood is refused, and nothing is written.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use domain::collection::{Collection, CollectionName, KeySchema};
use domain::key::{KEY_PART_BYTES, KeyError, RecordKey};
use ports::{ApiPorts, Clock as _};
use requests::Api;
use requests::deletions::Shown;
use requests::destroy::{
    DestroyError, DestroyRequest, MOST_IDS, Requested, Unsupported, destroy, earlier,
};
use requests::once::Earlier;
use serde::Serialize;
use serde_json::{Map, Value};

use super::named_collection::{collection, methods};
use crate::call::{Call, CallWithObject};
use crate::identify::RecordPath;
use crate::problem::{Code, Problem};
use crate::query::{Query, segment};
use crate::respond::{follow, replayed};
use crate::view::DeletionView;

/// The last segment of the path. As the id of a record it is still served by the other methods.
const WORD: &str = "destroy_all";

/// The longest body, in bytes.
const BODY_BYTES: usize = 1_000_000;

/// What the design describes and this version does not do yet.
const NOT_YET: [&str; 4] = ["filters", "all", "validate_only", "expected_count"];

/// The body of a 202.
#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    message: &'static str,
    deletion: DeletionView<'a>,
}

pub(super) async fn destroy_all<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    asked: Result<CallWithObject, Problem>,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    if !is_meant(&path) {
        return Err(Problem::method_not_allowed(methods(collection)));
    }
    let CallWithObject {
        call,
        object,
        bytes,
    } = asked?;
    if bytes > BODY_BYTES {
        let detail = "The body has more than 1,000,000 bytes.";
        return Err(Problem::new(Code::BodyTooLarge, detail).at("/body", "is too large"));
    }
    Query::parse(&call.raw_query)?.only(&[])?;
    let wanted = Wanted::read(&api, collection, &object)?;
    let beside = wanted.beside.clone();
    let request = DestroyRequest {
        principal: &call.principal,
        collection,
        named: wanted.named(),
        parent: wanted.parent,
        request_id: call.request_id.clone(),
        once: call.once(api.ports.clock().now()),
    };
    let found = earlier(&api, &request).await;
    match found.map_err(|error| problem(error, collection, &beside))? {
        Earlier::None => {}
        Earlier::Shown(shown) => return Ok(replayed(accepted(&api, &call, &shown))),
        Earlier::Hidden => return Err(problem(DestroyError::Forbidden, collection, &beside)),
    }
    let destroyed = destroy(&api, request)
        .await
        .map_err(|error| problem(error, collection, &beside))?;
    let shown = Shown {
        deletion: destroyed.deletion,
        scope: Some(destroyed.scope),
    };
    Ok(accepted(&api, &call, &shown))
}

fn accepted<P: ApiPorts>(api: &Api<P>, call: &Call, shown: &Shown) -> Response {
    let answer = Answer {
        status: "PENDING_DELETE",
        message: "Deletion has been scheduled",
        deletion: DeletionView::new(api, call, shown),
    };
    let mut response = (StatusCode::ACCEPTED, Json(answer)).into_response();
    follow(
        &mut response,
        call,
        &shown.deletion,
        api.ports.clock().now(),
    );
    response
}

/// Whether the path is this route's.
pub(super) fn is_meant(path: &RecordPath) -> bool {
    path.id.as_deref() == Some(WORD) && path.sort.is_none()
}

/// The fields of a body.
struct Wanted<'a> {
    ids: Option<Vec<RecordKey>>,
    author: Option<String>,
    beside: Vec<&'a Collection>,
    parent: Option<RecordKey>,
}

impl<'a> Wanted<'a> {
    fn read<P>(
        api: &'a Api<P>,
        collection: &Collection,
        object: &Map<String, Value>,
    ) -> Result<Self, Problem> {
        let mut wanted = Self {
            ids: None,
            author: None,
            beside: Vec::new(),
            parent: None,
        };
        for (name, value) in object {
            match name.as_str() {
                "ids" => wanted.ids = Some(ids(&collection.key, value)?),
                "author" => wanted.author = Some(author(value)?),
                "collections" => wanted.beside = beside(api, collection, value)?,
                "parent" => {
                    let above = api.collections.parent_of(collection);
                    let above =
                        above.ok_or_else(|| invalid("/parent", "this collection has no parent"))?;
                    wanted.parent = Some(key(&above.key, value, "/parent")?);
                }
                later if NOT_YET.contains(&later) => {
                    let detail = format!("The field `{later}` is not supported yet.");
                    return Err(Problem::new(Code::NotSupportedYet, detail)
                        .at(format!("/body/{later}"), "remove it"));
                }
                unknown => {
                    let known = "Fields that are known here: ids, author, collections, parent.";
                    let pointer = format!("/body/{}", segment(unknown));
                    return Err(
                        Problem::new(Code::UnknownField, known).at(pointer, "is not known here")
                    );
                }
            }
        }
        match (&wanted.ids, &wanted.author) {
            (None, None) => Err(invalid("", "names neither `ids` nor an `author`")),
            (Some(_), _) if object.contains_key("collections") => {
                Err(invalid("/collections", "goes with an author and no ids"))
            }
            _ => Ok(wanted),
        }
    }

    fn named(&self) -> Requested<'a> {
        match (self.ids.clone(), self.author.clone()) {
            (Some(ids), author) => Requested::Ids { ids, author },
            // One of the two is present.
            (None, author) => Requested::Author {
                author: author.unwrap_or_default(),
                beside: self.beside.clone(),
            },
        }
    }
}

fn ids(schema: &KeySchema, value: &Value) -> Result<Vec<RecordKey>, Problem> {
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
        let key = key(schema, item, &at)?;
        if !seen.insert(key.clone()) {
            return Err(invalid(&at, "stands there more than once"));
        }
        keys.push(key);
    }
    Ok(keys)
}

/// A key of one part is a text, a key of two parts an object `{"id": …, "sort": …}`; one form each.
fn key(schema: &KeySchema, value: &Value, at: &str) -> Result<RecordKey, Problem> {
    let (id, sort) = match (value, &schema.sort) {
        (Value::String(id), None) => (id, None),
        (Value::Object(parts), Some(_)) if parts.len() == 2 => {
            match (parts.get("id"), parts.get("sort")) {
                (Some(Value::String(id)), Some(Value::String(sort))) => (id, Some(sort)),
                _ => return Err(invalid(at, "is not `{\"id\": text, \"sort\": text}`")),
            }
        }
        (_, None) => return Err(invalid(at, "is not a text: the key has one part")),
        (_, Some(_)) => {
            let why = "is not `{\"id\": text, \"sort\": text}`: the key has two parts";
            return Err(invalid(at, why));
        }
    };
    RecordKey::parse(schema, id, sort.map(String::as_str)).map_err(|error| {
        let pointer = match &error {
            KeyError::Empty { part } | KeyError::TooLong { part, .. } if sort.is_some() => {
                format!("/body{at}/{part}")
            }
            _ => format!("/body{at}"),
        };
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

fn problem(error: DestroyError, asked: &Collection, beside: &[&Collection]) -> Problem {
    match error {
        DestroyError::Forbidden => {
            Problem::new(Code::Forbidden, "The caller may not delete these records.")
        }
        DestroyError::Unsupported { collection, why } => {
            let pointer = place(&collection, why, asked, beside);
            let detail = format!("The collection `{collection}` {why}.");
            Problem::new(Code::InvalidField, detail).at(pointer, why.to_string())
        }
        DestroyError::Once(error) => error.into(),
        DestroyError::TakenBack => Problem::new(
            Code::NotQueued,
            "The deletion could not be queued and was taken back; nothing has changed.",
        ),
        DestroyError::Dependency(error) => error.into(),
    }
}

/// Where in the body the error is.
fn place(
    collection: &CollectionName,
    why: Unsupported,
    asked: &Collection,
    beside: &[&Collection],
) -> String {
    let listed = beside.iter().position(|other| other.name == *collection);
    match (why, listed) {
        (_, Some(place)) => format!("/body/collections/{place}"),
        (Unsupported::NoParent, None) => "/body/parent".to_owned(),
        _ if *collection == asked.name && !beside.is_empty() && why == Unsupported::Nested => {
            "/body/collections".to_owned()
        }
        _ => "/body/author".to_owned(),
    }
}
