//! What the collections offer the caller, for user interfaces.
//!
//! A collection in which the caller may do nothing is left out because it is of no use, not to hide it: its name is no
//! secret, every route that names it says whether it exists. No row is read for this answer, so it tells of none.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::collection::{Collection, CollectionName, FilterField};
use domain::permission::{Right, Rights};
use domain::principal::Principal;
use ports::ApiPorts;
use requests::Api;
use schemars::JsonSchema;
use serde::Serialize;

use crate::call::Call;
use crate::forms;
use crate::problem::Problem;
use crate::query::Query;
use crate::view::Page;

/// One collection.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Collection")]
pub(crate) struct CollectionView<'a> {
    #[schemars(schema_with = "forms::collection")]
    name: &'a CollectionName,
    key: Vec<&'a str>,
    parent: Option<ParentView<'a>>,
    #[schemars(schema_with = "forms::served")]
    serve: Vec<&'static str>,
    filters: Vec<FilterView<'a>>,
    may: MayView,
}

/// What is above its records.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Parent")]
struct ParentView<'a> {
    /// Null where the caller may do nothing there.
    #[schemars(schema_with = "forms::collection_or_null")]
    collection: Option<&'a CollectionName>,
    by: &'a [String],
    required: bool,
}

/// A filter of `destroy_all`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Filter")]
struct FilterView<'a> {
    name: &'a str,
    #[schemars(schema_with = "forms::filter_type")]
    takes: &'static str,
}

/// Each action, as far as that does not depend on a row.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "May")]
struct MayView {
    #[schemars(schema_with = "forms::right")]
    read: &'static str,
    #[schemars(schema_with = "forms::right")]
    write: &'static str,
    #[schemars(schema_with = "forms::right")]
    delete: &'static str,
    #[schemars(schema_with = "forms::right")]
    restore: &'static str,
    #[schemars(schema_with = "forms::right")]
    purge: &'static str,
    #[schemars(schema_with = "forms::right")]
    destroy_all: &'static str,
}

/// Those in which the caller may do anything, in name order; all in one answer.
pub(super) async fn list<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    call: Call,
) -> Result<Response, Problem> {
    Query::parse(&call.raw_query)?.only(&[])?;
    let collections = api.collections.iter();
    let page = Page {
        items: collections
            .filter_map(|collection| view(&api, &call.principal, collection))
            .collect(),
        next_cursor: None,
        complete: None,
    };
    Ok(Json(page).into_response())
}

fn view<'a, P>(
    api: &'a Api<P>,
    principal: &Principal,
    collection: &'a Collection,
) -> Option<CollectionView<'a>> {
    let rights = Rights::of(principal, collection);
    if rights.are_none() {
        return None;
    }
    let serve = &collection.serve;
    let served = [
        ("read", serve.read),
        ("search", serve.search),
        ("write", serve.write),
    ];
    let served = served.into_iter().filter(|(_, is_served)| *is_served);
    let mut filters = collection.filters.fields();
    filters.sort_unstable();
    let filters = filters.into_iter().filter_map(|name| {
        let takes = takes(&collection.filters.field(name)?);
        Some(FilterView { name, takes })
    });
    let parent = collection.parent.as_ref().map(|parent| ParentView {
        collection: api
            .collections
            .declared_parent_of(collection)
            .filter(|above| !Rights::of(principal, above).are_none())
            .map(|above| &above.name),
        by: &parent.by,
        required: parent.required,
    });
    Some(CollectionView {
        name: &collection.name,
        key: collection.id_parts(),
        parent,
        serve: served.map(|(name, _)| name).collect(),
        filters: filters.collect(),
        may: MayView::from(rights),
    })
}

/// What a request writes for a filter.
fn takes(field: &FilterField<'_>) -> &'static str {
    match field {
        FilterField::Text(_) => "text",
        FilterField::Texts(_) => "texts",
        FilterField::Exists(_) => "boolean",
        FilterField::After(_) | FilterField::Before(_) => "time",
    }
}

impl From<Rights> for MayView {
    fn from(rights: Rights) -> Self {
        let word = |right| match right {
            Right::Always => "all",
            Right::OwnOnly => "own",
            Right::Never => "none",
        };
        Self {
            read: word(rights.read),
            write: word(rights.write),
            delete: word(rights.delete),
            restore: word(rights.restore),
            purge: word(rights.purge),
            destroy_all: word(rights.destroy_all),
        }
    }
}
