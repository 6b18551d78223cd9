//! Which record a request means: by path for simple ids, by `?id=…&sort=…` for every id, never by both.
//!
//! A path is decoded before it arrives here, maybe more than once, so an id with a character that has a meaning in
//! paths may have been another id when the client wrote it. In a path such an id is refused, not guessed.

use domain::collection::Collection;
use domain::key::{KeyError, RecordKey};
use domain::principal::Tenant;
use serde::Deserialize;

use crate::problem::{Code, Problem};
use crate::query::{Query, invalid, pointer};

/// The segments of a record's path.
#[derive(Debug, Deserialize)]
pub(crate) struct RecordPath {
    /// The collection's name.
    pub(crate) collection: String,
    /// The first part of the key.
    pub(crate) id: Option<String>,
    /// The second part of the key.
    pub(crate) sort: Option<String>,
}

/// The record that path and query identify together.
pub(crate) fn record(
    collection: &Collection,
    tenant: &Tenant,
    path: &RecordPath,
    query: &Query,
) -> Result<RecordKey, Problem> {
    if collection.is_called_by_names() {
        if path.id.is_some() {
            return Err(needs_names(collection));
        }
        return by_names(collection, tenant, "", query);
    }
    let Some(id) = &path.id else {
        let id = query.get("id").ok_or_else(|| {
            Problem::new(Code::InvalidId, "The request names no record.")
                .at(pointer("id"), "is missing")
        })?;
        let parts = (id, query.get("sort"));
        return by_query(collection, tenant, ["id", "sort"], parts);
    };
    if let Some(name) = ["id", "sort"]
        .into_iter()
        .find(|name| query.get(name).is_some())
    {
        return Err(invalid(name, "names a record that the path names already"));
    }
    let plain = [Some(id), path.sort.as_ref()]
        .into_iter()
        .flatten()
        .all(|part| is_plain(part));
    let too_many = path.sort.is_some() && collection.id_parts().len() == 1;
    if !plain || too_many {
        return Err(needs_query());
    }
    collection
        .key_of(tenant, id, path.sort.as_deref())
        .map_err(|error| wrong(collection, &error, "/path/id", "/path/sort"))
}

/// The key that two parameters of the query hold.
pub(crate) fn by_query(
    collection: &Collection,
    tenant: &Tenant,
    [id_name, sort_name]: [&str; 2],
    (id, sort): (&str, Option<&str>),
) -> Result<RecordKey, Problem> {
    collection
        .key_of(tenant, id, sort)
        .map_err(|error| wrong(collection, &error, &pointer(id_name), &pointer(sort_name)))
}

/// The parameters that identify a record of this collection.
pub(crate) fn names(collection: &Collection) -> Vec<&str> {
    if collection.is_called_by_names() {
        collection.id_parts()
    } else {
        vec!["id", "sort"]
    }
}

/// The key whose parts the query holds, each under its name with this before it.
pub(crate) fn by_names(
    collection: &Collection,
    tenant: &Tenant,
    before: &str,
    query: &Query,
) -> Result<RecordKey, Problem> {
    let key = collection.key_of_parts(tenant, |name| query.get(&format!("{before}{name}")));
    key.map_err(|error| {
        let at = pointer(&format!("{before}{}", collection.field_of(&error)));
        Problem::new(Code::InvalidId, format!("{error}.")).at(at, error.to_string())
    })
}

/// The problem "this id has more parts than a path".
pub(crate) fn needs_names(collection: &Collection) -> Problem {
    let parts = collection.id_parts();
    let parts: Vec<String> = parts.iter().map(|part| format!("{part}=…")).collect();
    let detail = format!(
        "An id of this collection has more parts than a path; write `?{}` instead.",
        parts.join("&")
    );
    Problem::new(Code::IdNeedsQuery, detail).at("/path/id", "write its parts in the query")
}

/// The problem "this id cannot be written in a path".
pub(crate) fn needs_query() -> Problem {
    let detail = "In a path an id holds none of `/ ? # %` and is neither `.` nor `..`; write `?id=…` (and `&sort=…`) instead.";
    Problem::new(Code::IdNeedsQuery, detail).at("/path/id", "write it as `?id=…`")
}

/// Whether a segment surely is what the client wrote. U+FFFD marks a place where a decoder found bytes that are not
/// text.
fn is_plain(segment: &str) -> bool {
    !segment.contains(['/', '?', '#', '%', char::REPLACEMENT_CHARACTER])
        && segment != "."
        && segment != ".."
}

fn wrong(collection: &Collection, error: &KeyError, id: &str, sort: &str) -> Problem {
    let at = match collection.field_of(error).as_str() {
        "id" => id,
        _ => sort,
    };
    Problem::new(Code::InvalidId, format!("{error}.")).at(at, error.to_string())
}
