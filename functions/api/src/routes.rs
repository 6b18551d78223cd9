//! The table of routes, and the answer where there is none.

mod collections;
mod delete;
mod deletions;
mod destroy;
mod document;
mod named_collection;
mod records;
mod write;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Method, Uri};
use axum::routing::{MethodRouter, get, post};
use percent_encoding::percent_decode_str;
use ports::ApiPorts;
use requests::Api;

pub(crate) use self::collections::CollectionView;
pub(crate) use self::delete::Answer as DeleteAnswer;
pub(crate) use self::destroy::body::DestroyAll;
pub(crate) use self::destroy::{Answer as BulkAnswer, PreviewView};
use self::named_collection::{collection, methods};
use crate::call::{Call, CallWithObject};
use crate::identify::{RecordPath, needs_names, needs_query};
use crate::problem::{Code, Problem};

type Routes<P> = Router<Arc<Api<P>>>;

/// All routes. A fixed path is never a collection's: its words are reserved.
pub(crate) fn all<P: ApiPorts + 'static>() -> Routes<P> {
    let record = || {
        let methods: MethodRouter<Arc<Api<P>>> = get(records::get_or_list::<P>)
            .put(write::put::<P>)
            .post(destroy::destroy_all::<P>)
            .delete(delete::delete::<P>);
        methods
            .head(another_method::<P>)
            .fallback(another_method::<P>)
    };
    Router::new()
        .route("/v1/collections", only(get(collections::list::<P>)))
        .route("/v1/openapi.json", only(get(document::show)))
        .route("/v1/deletions", only(get(deletions::list::<P>)))
        .route("/v1/deletions/{deletion}", only(get(deletions::show::<P>)))
        .route(
            "/v1/deletions/{deletion}/records",
            only(get(deletions::records::<P>)),
        )
        .route(
            "/v1/deletions/{deletion}/{action}",
            post(deletions::act::<P>).fallback(deletions::another_method),
        )
        .route("/v1/search/{collection}", only(get(records::search::<P>)))
        .route("/v1/{collection}", record())
        .route("/v1/{collection}/{id}", record())
        .route("/v1/{collection}/{id}/{sort}", record())
        .fallback(no_route::<P>)
}

/// Another method than GET, HEAD included: an answer without a body that shows whether something exists would be one
/// more to protect.
fn only<S: Clone + Send + Sync + 'static>(methods: MethodRouter<S>) -> MethodRouter<S> {
    let not_allowed = || async { Problem::method_not_allowed("GET") };
    methods.head(not_allowed).fallback(not_allowed)
}

async fn another_method<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
) -> Problem {
    match collection(&api, &path.collection) {
        Ok(collection) if destroy::is_meant(&path) => {
            Problem::method_not_allowed(match (collection.serve.read, collection.serve.write) {
                (true, true) => "GET, POST, PUT, DELETE",
                (true, false) => "GET, POST, DELETE",
                (false, true) => "POST, PUT, DELETE",
                (false, false) => "POST, DELETE",
            })
        }
        Ok(collection) => Problem::method_not_allowed(methods(collection)),
        Err(problem) => problem,
    }
}

/// A path that no route has. Below a collection it is an id whose slashes were decoded on the way, or an empty one.
async fn no_route<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    method: Method,
    uri: Uri,
    call: Result<Call, Problem>,
    with_object: Result<CallWithObject, Problem>,
) -> Problem {
    let path: Vec<_> = uri
        .path()
        .split('/')
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy())
        .collect();
    let [root, version, name, parts @ ..] = path.as_slice() else {
        return Problem::route_not_found();
    };
    let below = root.is_empty() && version == "v1" && !parts.is_empty();
    let Some(collection) = api.collections.get(name).filter(|_| below) else {
        return Problem::route_not_found();
    };
    match method {
        Method::GET if !collection.serve.read => return Problem::route_not_found(),
        Method::GET | Method::DELETE => {}
        Method::PUT if collection.serve.write => {}
        _ => return Problem::method_not_allowed(methods(collection)),
    }
    let call = match method {
        Method::PUT => with_object.map(|asked| asked.call),
        _ => call,
    };
    if let Err(problem) = call {
        return problem;
    }
    if collection.is_called_by_names() {
        return needs_names(collection);
    }
    if parts.len() > collection.id_parts().len() {
        return needs_query();
    }
    let empty = if parts[0].is_empty() { "id" } else { "sort" };
    Problem::new(Code::InvalidId, format!("`{empty}` is empty."))
        .at(format!("/path/{empty}"), "is empty")
}
