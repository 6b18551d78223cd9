//! What a request must say to begin a deletion.

use jiff::Timestamp;

use super::id::DeletionId;
use crate::collection::{Collection, CollectionName};
use crate::page::Page;
use crate::principal::Tenant;

/// What an api request must say to begin a deletion.
#[derive(Debug)]
pub struct Accepted<'a> {
    /// The new id.
    pub id: DeletionId,
    /// The caller's tenant.
    pub tenant: Tenant,
    /// The caller.
    pub requested_by: String,
    /// The request.
    pub request_id: String,
    /// The root's collection, or the one in the path of the request.
    pub collection: &'a Collection,
    /// The first page: the root; `None` where there is none.
    pub first: Option<&'a Page>,
    /// The collections that it requests, where there is no root.
    pub names: Vec<CollectionName>,
    /// The moment.
    pub now: Timestamp,
}
