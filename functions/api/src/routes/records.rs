//! Live records, where a collection serves them: one, a list, a search.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use domain::collection::{Collection, FilterField};
use domain::condition::Condition;
use domain::deletion::Deletion;
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::tags::tag_of;
use ports::ApiPorts;
use requests::Api;
use requests::deletions::with_scope;
use requests::records::{self, Below, Got, Listed, ReadError};
use serde_json::{Map, Value};

use super::deletions::invalid_cursor;
use super::named_collection::collection;
use crate::call::Call;
use crate::conditions::row_unreadable;
use crate::identify::{RecordPath, by_names, by_query, names, record};
use crate::problem::{Code, Problem};
use crate::query::{Query, invalid, pointer};
use crate::respond::tagged;
use crate::view::{DeletionView, Page, RecordView, purge_at};

/// The longest text of a search, in bytes.
const TEXT_BYTES: usize = 1_000;

/// The most words of it, and how many of them may be prefixes (`word*`).
const MOST_WORDS: usize = 50;
const MOST_PREFIXES: usize = 5;

/// What begins the names of the parameters that narrow a list by a filter of the collection.
const OF_FILTER: &str = "filter.";

/// What begins the names of the parameters that name a parent by its parts.
const OF_PARENT: &str = "parent.";

/// A text that every index accepts.
const PLAIN: &str = "a";

/// The most records in one answer: each is read completely, up to 400 KB.
const MOST: usize = 100;

pub(super) async fn get_or_list<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    call: Call,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    if !collection.serve.read {
        return Err(Problem::route_not_found());
    }
    let query = Query::parse(&call.raw_query)?;
    let names = names(collection);
    let is_named = names
        .iter()
        .any(|name| *name != "sort" && query.get(name).is_some());
    if path.id.is_some() || is_named {
        get(&api, &call, collection, &path, &query.only(&names)?).await
    } else {
        list(&api, &call, collection, query).await
    }
}

async fn get<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    collection: &Collection,
    path: &RecordPath,
    query: &Query,
) -> Result<Response, Problem> {
    let key = record(collection, &call.principal.tenant, path, query)?;
    match records::get(api, &call.principal, collection, &key).await? {
        Got::Live(row) => {
            let tag = tag_of(collection, &row);
            Ok(tagged(Json(RecordView::new(collection, row)), &tag))
        }
        Got::Deleted(deletion) => Err(deleted(api, call, deletion).await?),
        Got::Absent => Err(Problem::new(
            Code::RecordNotFound,
            "No live record that the caller may read has this id.",
        )),
    }
}

/// The problem "it is deleted", for those who may restore it.
pub(super) async fn deleted<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    deletion: Box<Deletion>,
) -> Result<Problem, Problem> {
    let shown = with_scope(api, deletion).await?;
    let purge_at = purge_at(&shown.deletion);
    let detail = match purge_at {
        Some(_) => "The record is deleted, and kept until `purge_at`.",
        None => "The record is deleted, and kept until somebody asks for its purge.",
    };
    let view = DeletionView::new(api, call, &shown);
    Ok(Problem::new(Code::RecordDeleted, detail)
        .with("purge_at", purge_at)
        .with("deletion", view))
}

async fn list<P: ApiPorts>(
    api: &Api<P>,
    call: &Call,
    collection: &Collection,
    query: Query,
) -> Result<Response, Problem> {
    let above = api.collections.declared_parent_of(collection);
    let of_parent: Vec<String> = match above {
        Some(above) if above.is_called_by_names() => {
            let parts = above.id_parts().into_iter();
            parts.map(|part| format!("{OF_PARENT}{part}")).collect()
        }
        Some(_) => ["parent", "parent_sort"].map(str::to_owned).to_vec(),
        None => Vec::new(),
    };
    let mut known: Vec<&str> = of_parent.iter().map(String::as_str).collect();
    known.extend(["limit", "cursor"]);
    let filters = collection.filters.fields().into_iter();
    let filters =
        filters.filter(|name| matches!(collection.filters.field(name), Some(FilterField::Text(_))));
    let filters: Vec<(String, &str)> = filters
        .map(|name| (format!("{OF_FILTER}{name}"), name))
        .collect();
    known.extend(filters.iter().map(|(name, _)| name.as_str()));
    let query = query.only(&known)?;
    let limit = query.limit(MOST)?;
    let parent = match (above, query.get("parent")) {
        (Some(above), _) if above.is_called_by_names() => {
            let is_named = of_parent.iter().any(|name| query.get(name).is_some());
            let key = is_named.then(|| by_names(above, &call.principal.tenant, OF_PARENT, &query));
            key.transpose()?
        }
        (Some(above), Some(id)) => {
            let names = ["parent", "parent_sort"];
            let parts = (id, query.get("parent_sort"));
            Some(by_query(above, &call.principal.tenant, names, parts)?)
        }
        _ => None,
    };
    let filters = conditions(collection, &query, &filters)?;
    let wanted = Wanted {
        collection,
        records: Records::Below(parent, filters),
    };
    wanted.page(api, call, limit, query.cursor()).await
}

/// What the filters of a list ask: texts, by the names that the collection gives them.
fn conditions(
    collection: &Collection,
    query: &Query,
    filters: &[(String, &str)],
) -> Result<Vec<Condition>, Problem> {
    let given = filters.iter();
    let given = given.filter_map(|(parameter, name)| Some((*name, query.get(parameter)?)));
    let fields: Map<String, Value> = given
        .map(|(name, text)| (name.to_owned(), text.into()))
        .collect();
    if fields.is_empty() {
        return Ok(Vec::new());
    }
    let declared = &collection.filters;
    let narrowing = Narrowing::parse(&fields, declared).map_err(|error| {
        let name = error.field.map_or_else(String::new, |(name, _)| name);
        invalid(&format!("{OF_FILTER}{name}"), error.why.to_string())
    })?;
    Ok(narrowing.conditions(declared).unwrap_or_default())
}

pub(super) async fn search<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(name): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    let collection = collection(&api, &name)?;
    if !collection.serve.search {
        return Err(Problem::route_not_found());
    }
    let query = Query::parse(&call.raw_query)?.only(&["q", "limit", "cursor"])?;
    let limit = query.limit(MOST)?;
    let text = query.get("q").ok_or_else(|| invalid("q", "is missing"))?;
    check(text).map_err(|why| invalid("q", why))?;
    let wanted = Wanted {
        collection,
        records: Records::Matching(text),
    };
    wanted.page(&api, &call, limit, query.cursor()).await
}

/// Whether a search may be done for this text: each word costs a lookup in each field, a prefix costs many.
fn check(text: &str) -> Result<(), &'static str> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    if text.trim().is_empty() {
        Err("is empty")
    } else if text.len() > TEXT_BYTES {
        Err("has more than 1000 bytes")
    } else if words.filter(|word| !word.is_empty()).count() > MOST_WORDS {
        Err("has more than 50 words")
    } else if prefixes(text) > MOST_PREFIXES {
        Err("has more than 5 prefixes")
    } else {
        Ok(())
    }
}

/// How many words end in `*`.
fn prefixes(text: &str) -> usize {
    let words = text.split(|c: char| c.is_whitespace() || "()|+\"".contains(c));
    words.filter(|word| word.ends_with('*')).count()
}

/// The records of one list or search.
struct Wanted<'a> {
    collection: &'a Collection,
    records: Records<'a>,
}

enum Records<'a> {
    Below(Option<RecordKey>, Vec<Condition>),
    Matching(&'a str),
}

impl Wanted<'_> {
    /// One page, with fewer records than requested if they are too large for one answer.
    async fn page<P: ApiPorts>(
        &self,
        api: &Api<P>,
        call: &Call,
        mut limit: usize,
        cursor: Option<&str>,
    ) -> Result<Response, Problem> {
        loop {
            let listed = self.ask_and_blame(api, call, limit, cursor).await?;
            let items = listed
                .items
                .into_iter()
                .map(|row| RecordView::new(self.collection, row));
            let page = Page {
                items: items.collect::<Vec<_>>(),
                next_cursor: listed.next_cursor,
                complete: None,
            };
            if let Some(response) = page.answer(&mut limit)? {
                return Ok(response);
            }
        }
    }

    /// A store may refuse a request because of what the client has written into it. If it then accepts the same request
    /// without the cursor, the cursor is of a table or index that has changed since; if it accepts another text, the text
    /// is more than the index accepts. Both are the client's error, not the store's.
    async fn ask_and_blame<P: ApiPorts>(
        &self,
        api: &Api<P>,
        call: &Call,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Listed, Problem> {
        let listed = self.ask(api, call, limit, cursor).await;
        let refused = matches!(&listed, Err(ReadError::Dependency(error)) if !error.retryable);
        if refused && cursor.is_some() && self.ask(api, call, 1, None).await.is_ok() {
            return Err(invalid_cursor());
        }
        if refused && matches!(self.records, Records::Matching(_)) {
            let plain = Wanted {
                collection: self.collection,
                records: Records::Matching(PLAIN),
            };
            if plain.ask(api, call, 1, None).await.is_ok() {
                return Err(invalid("q", "is more than the search index takes"));
            }
        }
        Ok(listed?)
    }

    async fn ask<P: ApiPorts>(
        &self,
        api: &Api<P>,
        call: &Call,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Listed, ReadError> {
        let (principal, collection) = (&call.principal, self.collection);
        match &self.records {
            Records::Below(parent, filters) => {
                let below = Below {
                    parent: parent.as_ref(),
                    filters,
                };
                records::list(api, principal, collection, below, limit, cursor).await
            }
            Records::Matching(text) => {
                records::search(api, principal, collection, text, limit, cursor).await
            }
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Forbidden => {
                Self::new(Code::Forbidden, "The caller may not read this collection.")
            }
            ReadError::ParentRequired => {
                let detail = "This collection is listed below a parent only: `?parent=…` (and `&parent_sort=…`), or `?parent.<part>=…` for each part of its id where that has more than two.";
                Self::new(Code::ParentRequired, detail).at(pointer("parent"), "is missing")
            }
            ReadError::Cursor(_) => invalid_cursor(),
            ReadError::Unreadable => row_unreadable(),
            ReadError::Dependency(error) => error.into(),
        }
    }
}
