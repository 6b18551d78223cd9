//! The form of deletions and records for clients. The names here are the contract: `domain` may rename its fields.

use std::collections::BTreeMap;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use domain::collection::{Collection, CollectionName};
use domain::deletion::{Action, DeleteCounts, Deletion, Failure, PurgeCounts, RestoreCounts};
use domain::key::RecordKey;
use domain::narrowing::Narrowing;
use domain::only::Only;
use domain::page::{NotPurged, NotRestored, Outcome};
use domain::row::Row;
use domain::scope::{Scope, Source};
use domain::time::rfc3339;
use ports::ApiPorts;
use requests::Api;
use requests::act::allowed;
use requests::deletions::ManifestRecord;
use serde::Serialize;
use serde_json::{Map, Value};
use telemetry::chain;

use crate::call::Call;
use crate::problem::Problem;

/// The path of a deletion, as the caller must write it.
pub(crate) fn deletion_path(call: &Call, deletion: &Deletion) -> String {
    format!("{}/v1/deletions/{}", call.base, deletion.id)
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Page<T> {
    /// What was found; possibly less than requested although there is more.
    pub(crate) items: Vec<T>,
    /// Where to continue; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// The longest body of a list: Lambda accepts an answer of 6 MB, in which this text is encoded once more as a JSON
/// string.
const BODY_BYTES: usize = 2_500_000;

impl<T: Serialize> Page<T> {
    /// The answer; `None` if it would be too long: the list must then be read again with the new value of `limit`.
    pub(crate) fn answer(&self, limit: &mut usize) -> Result<Option<Response>, Problem> {
        let body = serde_json::to_string(self).map_err(|error| Problem::internal(chain(&error)))?;
        let found = self.items.len();
        if body.len() <= BODY_BYTES || found <= 1 {
            let json = HeaderValue::from_static("application/json");
            return Ok(Some(([(CONTENT_TYPE, json)], body).into_response()));
        }
        *limit = found / 2;
        Ok(None)
    }
}

/// A deletion.
#[derive(Debug, Serialize)]
pub(crate) struct DeletionView<'a> {
    id: String,
    state: &'static str,
    done: bool,
    pass: &'static str,
    scope: ScopeView<'a>,
    requested_by: &'a str,
    requested_at: String,
    deleted_at: String,
    purge_at: Option<String>,
    counts: CountsView<'a>,
    attempts: u32,
    failure: Option<&'a Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_given_up: Option<GivenUpView<'a>>,
    /// The actions that the caller may request now.
    allowed_actions: Vec<&'static str>,
    certificate: CertificateView<'a>,
    links: LinksView,
}

#[derive(Debug, Serialize)]
struct ScopeView<'a> {
    collection: &'a CollectionName,
    root: Option<&'a RecordKey>,
    /// How many ids were requested, where there is no root.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<usize>,
    /// Whose records are covered, where there is no root.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    /// In which collections.
    #[serde(skip_serializing_if = "Option::is_none")]
    collections: Option<&'a [CollectionName]>,
    /// Below which record.
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a RecordKey>,
    /// Which filters, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<&'a Narrowing>,
    /// Whether all records are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
}

#[derive(Debug, Serialize)]
struct CountsView<'a> {
    delete: &'a BTreeMap<CollectionName, DeleteCounts>,
    restore: &'a BTreeMap<CollectionName, RestoreCounts>,
    purge: &'a BTreeMap<CollectionName, PurgeCounts>,
}

/// Events that the bus cannot take.
#[derive(Debug, Serialize)]
struct GivenUpView<'a> {
    count: u32,
    /// Why the last of them was given up.
    #[serde(flatten)]
    failure: &'a Failure,
}

/// What remains of the manifest when it is deleted: `docs/certificate.md`.
#[derive(Debug, Serialize)]
struct CertificateView<'a> {
    pages: u32,
    head: &'a str,
}

#[derive(Debug, Serialize)]
struct LinksView {
    #[serde(rename = "self")]
    itself: String,
    records: String,
}

impl<'a> DeletionView<'a> {
    /// The deletion, as this caller sees it.
    pub(crate) fn new<P: ApiPorts>(api: &Api<P>, call: &Call, deletion: &'a Deletion) -> Self {
        let path = deletion_path(call, deletion);
        Self {
            id: deletion.id.to_string(),
            state: deletion.state.as_str(),
            done: deletion.state.is_done(),
            pass: deletion.state.pass().as_str(),
            scope: ScopeView {
                collection: &deletion.collection,
                root: deletion.root.as_ref(),
                ids: None,
                author: None,
                collections: None,
                parent: None,
                filters: None,
                all: None,
            },
            requested_by: &deletion.requested_by,
            requested_at: rfc3339(deletion.deleted_at),
            deleted_at: rfc3339(deletion.deleted_at),
            purge_at: purge_at(deletion),
            counts: CountsView {
                delete: &deletion.deleted,
                restore: &deletion.restored,
                purge: &deletion.purged,
            },
            attempts: deletion.attempts,
            failure: deletion.failure.as_ref(),
            events_given_up: deletion.notified.given_up_for().map(|failure| GivenUpView {
                count: deletion.notified.given_up(),
                failure,
            }),
            allowed_actions: allowed(api, &call.principal, deletion)
                .into_iter()
                .map(Action::as_str)
                .collect(),
            certificate: CertificateView {
                pages: deletion.pages,
                head: &deletion.chain,
            },
            links: LinksView {
                records: format!("{path}/records"),
                itself: path,
            },
        }
    }
}

impl<'a> DeletionView<'a> {
    /// With what it covers, where that is more than a root.
    pub(crate) fn covering(mut self, scope: &'a Scope) -> Self {
        match &scope.source {
            Source::Root => {}
            Source::Ids { count, .. } => self.scope.ids = Some(*count),
            Source::Author {
                author,
                collections,
            } => {
                self.scope.author = Some(author);
                self.scope.collections = Some(collections);
            }
            Source::Matching { collections } => {
                self.scope.collections = Some(collections);
            }
        }
        self.scope.filters = Some(&scope.filters).filter(|filters| !filters.is_empty());
        let only = scope.only.get(self.scope.collection);
        let only = only.filter(|_| !matches!(scope.source, Source::Root));
        self.scope.parent = only.and_then(|only| only.parent.as_ref());
        let is_matching = matches!(scope.source, Source::Matching { .. });
        let is_all = |only: &Only| only.author.is_none() && only.filters.is_empty();
        self.scope.all = (is_matching && only.is_none_or(is_all)).then_some(true);
        self.scope.author = self
            .scope
            .author
            .or(only.and_then(|only| only.author.as_deref()));
        self
    }
}

/// When the records of a deletion are removed for good without a request.
pub(crate) fn purge_at(deletion: &Deletion) -> Option<String> {
    deletion.purges_itself_at().map(rfc3339)
}

/// A live record.
#[derive(Debug, Serialize)]
pub(crate) struct RecordView<'a> {
    collection: &'a CollectionName,
    #[serde(flatten)]
    key: RecordKey,
    attributes: Map<String, Value>,
}

impl<'a> RecordView<'a> {
    /// The row as a client sees it: without the mark's attributes, which have no value on a live record.
    pub(crate) fn new(collection: &'a Collection, row: Row) -> Self {
        let marks = collection.marks.all();
        let mut attributes = row.attributes;
        attributes.retain(|name, _| !marks.contains(&name.as_str()));
        Self {
            collection: &collection.name,
            key: row.key,
            attributes,
        }
    }
}

/// A record of a manifest.
#[derive(Debug, Serialize)]
pub(crate) struct ManifestView {
    collection: CollectionName,
    key: RecordKey,
    outcome: &'static str,
    reason: Option<String>,
    /// Null until the restore has reached it.
    restore: Option<PassView>,
    /// Null until the purge has reached it.
    purge: Option<PassView>,
}

/// The outcome of a record in a pass after the delete.
#[derive(Debug, Serialize)]
struct PassView {
    outcome: &'static str,
    reason: Option<String>,
}

impl PassView {
    fn new(outcome: &'static str, reason: Option<String>) -> Self {
        Self { outcome, reason }
    }
}

impl From<ManifestRecord> for ManifestView {
    fn from(record: ManifestRecord) -> Self {
        let (outcome, reason) = match record.outcome {
            Outcome::Pending => ("pending", None),
            Outcome::Deleted => ("deleted", None),
            Outcome::AlreadyDeleted => ("already_deleted", None),
            Outcome::Missing => ("missing", None),
            Outcome::Kept => ("kept", None),
            Outcome::Failed { reason } => ("failed", Some(reason)),
        };
        let restore = record.restore.map(|restore| match restore {
            Ok(()) => PassView::new("restored", None),
            Err(NotRestored::Conflict { reason }) => PassView::new("conflict", Some(reason)),
            Err(NotRestored::Failed { reason }) => PassView::new("failed", Some(reason)),
        });
        let purge = record.purge.map(|purge| match purge {
            Ok(()) => PassView::new("purged", None),
            Err(NotPurged::Kept) => PassView::new("kept", None),
            Err(NotPurged::Failed { reason }) => PassView::new("failed", Some(reason)),
        });
        Self {
            collection: record.collection,
            key: record.key,
            outcome,
            reason,
            restore,
            purge,
        }
    }
}
