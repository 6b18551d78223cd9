//! The collection in a path, and the methods that its records have.

use domain::collection::Collection;
use requests::Api;

use crate::problem::{Code, Problem};

/// The collection with this name.
pub(super) fn collection<'a, P>(api: &'a Api<P>, name: &str) -> Result<&'a Collection, Problem> {
    api.collections.get(name).ok_or_else(|| {
        Problem::new(Code::CollectionNotFound, "No collection has this name.")
            .at("/path/collection", "is not known")
    })
}

/// The methods that the routes on a collection's records support.
pub(super) fn methods(collection: &Collection) -> &'static str {
    match (collection.serve.read, collection.serve.write) {
        (true, true) => "GET, PUT, DELETE",
        (true, false) => "GET, DELETE",
        (false, true) => "PUT, DELETE",
        (false, false) => "DELETE",
    }
}
