//! The form of deletions and records for clients. The names here are the contract: `domain` may rename its fields.

use std::collections::BTreeMap;

use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use domain::collection::{Collection, CollectionName, Collections};
use domain::deletion::{Action, DeleteCounts, Deletion, Failure, PurgeCounts, RestoreCounts};
use domain::key::RecordId;
use domain::narrowing::Narrowing;
use domain::only::Only;
use domain::page::{NotPurged, NotRestored, Outcome};
use domain::row::Row;
use domain::scope::{Scope, Source};
use domain::time::rfc3339;
use ports::ApiPorts;
use requests::Api;
use requests::act::allowed;
use requests::deletions::Shown;
use requests::manifest::ManifestRecord;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use telemetry::chain;

use crate::call::Call;
use crate::forms;
use crate::problem::Problem;

/// The path of a deletion, as the caller must write it.
pub(crate) fn deletion_path(call: &Call, deletion: &Deletion) -> String {
    format!("{}/v1/deletions/{}", call.base, deletion.id)
}

/// One page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PageOf{T}")]
pub(crate) struct Page<T> {
    /// What was found; possibly less than requested although there is more.
    pub(crate) items: Vec<T>,
    /// Where to continue; null at the end.
    pub(crate) next_cursor: Option<String>,
    /// Whether no more will join what is listed; only of lists that grow for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub(crate) complete: Option<bool>,
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
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Deletion")]
pub(crate) struct DeletionView<'a> {
    /// A UUID of version 7: later deletions have greater ids.
    #[schemars(extend("format" = "uuid"))]
    id: String,
    #[schemars(schema_with = "forms::state")]
    state: &'static str,
    /// Whether nothing more happens by itself before `purge_at`: a client that polls may stop.
    done: bool,
    /// What is done, or was done last.
    #[schemars(schema_with = "forms::pass")]
    pass: &'static str,
    scope: ScopeView<'a>,
    /// The subject of the caller who asked for it.
    requested_by: &'a str,
    #[schemars(schema_with = "forms::moment")]
    requested_at: String,
    /// The moment that the marks of its records have.
    #[schemars(schema_with = "forms::moment")]
    deleted_at: String,
    /// When its records are removed for good without a request; null if never.
    #[schemars(schema_with = "forms::moment_or_null")]
    purge_at: Option<String>,
    /// When it reached its present state, if that is a final one.
    #[schemars(schema_with = "forms::moment_or_null")]
    ended_at: Option<String>,
    last_action: Option<LastActionView<'a>>,
    counts: CountsView<'a>,
    /// How often the present pass was begun.
    attempts: u32,
    /// Why it was given up, if it was.
    #[schemars(with = "Option<forms::Failure>")]
    failure: Option<&'a Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events_given_up: Option<GivenUpView<'a>>,
    /// The actions that the caller may request now.
    #[schemars(schema_with = "forms::actions")]
    allowed_actions: Vec<&'static str>,
    certificate: CertificateView<'a>,
    links: LinksView,
}

/// What a deletion covers.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Scope")]
struct ScopeView<'a> {
    #[schemars(schema_with = "forms::collection")]
    collection: &'a CollectionName,
    /// The record that it began with; null where many were named at once.
    #[schemars(with = "Option<forms::Key>")]
    root: Option<RecordId>,
    /// How many ids were requested, where there is no root.
    #[serde(skip_serializing_if = "Option::is_none")]
    ids: Option<usize>,
    /// Whose records are covered, where there is no root.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<&'a str>,
    /// In which collections, where there is no root.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "forms::collections")]
    collections: Option<&'a [CollectionName]>,
    /// Below which record only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<forms::Key>")]
    parent: Option<RecordId>,
    /// Which filters, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "forms::filters")]
    filters: Option<&'a Narrowing>,
    /// Whether all records are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    all: Option<bool>,
    /// Only what was written until this moment, where that is before the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "forms::moment")]
    as_of: Option<String>,
}

impl<'a> ScopeView<'a> {
    /// What a deletion covers. Where it has no root that is in its scope, of which only the collections are left when
    /// its pages are dropped.
    fn of(collections: &Collections, deletion: &'a Deletion, scope: Option<&'a Scope>) -> Self {
        let root = deletion.root.as_ref();
        let mut view = Self {
            collection: &deletion.collection,
            root: root.map(|root| collections.id_of(&deletion.collection, root)),
            ids: None,
            author: None,
            collections: None,
            parent: None,
            filters: None,
            all: None,
            as_of: None,
        };
        if deletion.root.is_some() {
            return view;
        }
        view.collections = Some(&deletion.names);
        let Some(scope) = scope else { return view };
        let only = scope.only.get(&deletion.collection);
        let parent = only.and_then(|only| only.parent.as_ref());
        view.parent = parent.map(|key| collections.id_of_parent(&deletion.collection, key));
        match &scope.source {
            Source::Root => {}
            Source::Ids { count, .. } => {
                view.ids = Some(*count);
                view.author = only.and_then(|only| only.author.as_deref());
            }
            Source::Author { author, .. } => view.author = Some(author),
            Source::Matching { .. } => {
                let is_all = |only: &Only| only.author.is_none() && only.filters.is_empty();
                view.author = only.and_then(|only| only.author.as_deref());
                view.all = only.is_none_or(is_all).then_some(true);
            }
        }
        // Without `as_of` it is the request itself, or a right that ends later.
        let until = only.and_then(|only| only.until);
        let as_of = until.filter(|until| *until < deletion.deleted_at);
        view.as_of = as_of.map(rfc3339);
        view.filters = Some(&scope.filters).filter(|filters| !filters.is_empty());
        view
    }
}

/// What a person has last asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "LastAction")]
struct LastActionView<'a> {
    #[schemars(schema_with = "forms::action")]
    action: &'static str,
    /// Their subject.
    by: &'a str,
    #[schemars(schema_with = "forms::moment")]
    at: String,
}

/// How many records have which outcome in each pass, by collection.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Counts")]
struct CountsView<'a> {
    #[schemars(with = "BTreeMap<String, forms::DeleteCounts>")]
    delete: &'a BTreeMap<CollectionName, DeleteCounts>,
    #[schemars(with = "BTreeMap<String, forms::RestoreCounts>")]
    restore: &'a BTreeMap<CollectionName, RestoreCounts>,
    #[schemars(with = "BTreeMap<String, forms::PurgeCounts>")]
    purge: &'a BTreeMap<CollectionName, PurgeCounts>,
}

/// Events that the bus cannot take.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventsGivenUp")]
struct GivenUpView<'a> {
    count: u32,
    /// Why the last of them was given up.
    #[serde(flatten)]
    #[schemars(with = "forms::Failure")]
    failure: &'a Failure,
}

/// What remains of the manifest when it is deleted: `docs/certificate.md`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Certificate")]
struct CertificateView<'a> {
    pages: u32,
    head: &'a str,
}

/// Where to read more of it, as the caller must write it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Links")]
struct LinksView {
    #[serde(rename = "self")]
    itself: String,
    records: String,
}

impl<'a> DeletionView<'a> {
    /// The deletion and what it covers, as this caller sees them.
    pub(crate) fn new<P: ApiPorts>(api: &Api<P>, call: &Call, shown: &'a Shown) -> Self {
        let deletion = &shown.deletion;
        let path = deletion_path(call, deletion);
        Self {
            id: deletion.id.to_string(),
            state: deletion.state.as_str(),
            done: deletion.state.is_done(),
            pass: deletion.state.pass().as_str(),
            scope: ScopeView::of(&api.collections, deletion, shown.scope.as_ref()),
            requested_by: &deletion.requested_by,
            requested_at: rfc3339(deletion.deleted_at),
            deleted_at: rfc3339(deletion.deleted_at),
            purge_at: purge_at(deletion),
            ended_at: deletion.ended_at.map(rfc3339),
            last_action: deletion.last_action.as_ref().map(|last| LastActionView {
                action: last.action.as_str(),
                by: &last.by,
                at: rfc3339(last.at),
            }),
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

/// When the records of a deletion are removed for good without a request.
pub(crate) fn purge_at(deletion: &Deletion) -> Option<String> {
    deletion.purges_itself_at().map(rfc3339)
}

/// A live record.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Record")]
pub(crate) struct RecordView<'a> {
    #[schemars(schema_with = "forms::collection")]
    collection: &'a CollectionName,
    #[serde(flatten)]
    #[schemars(with = "forms::Key")]
    key: RecordId,
    /// The row, without the attributes of a mark.
    attributes: Map<String, Value>,
}

impl<'a> RecordView<'a> {
    /// The row as a client sees it: without what the collection does not show.
    pub(crate) fn new(collection: &'a Collection, row: Row) -> Self {
        let mut attributes = row.attributes;
        attributes.retain(|name, _| collection.shows(name));
        Self {
            collection: &collection.name,
            key: collection.id_of(&row.key),
            attributes,
        }
    }
}

/// A record of a manifest.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ManifestRecord")]
pub(crate) struct ManifestView {
    #[schemars(schema_with = "forms::collection")]
    collection: CollectionName,
    #[schemars(with = "forms::Key")]
    key: RecordId,
    /// Its outcome in the delete.
    #[schemars(schema_with = "forms::outcome")]
    outcome: &'static str,
    /// Why, if it failed.
    reason: Option<String>,
    /// Null until the restore has reached it.
    restore: Option<PassView>,
    /// Null until the purge has reached it.
    purge: Option<PassView>,
}

/// The outcome of a record in a pass after the delete.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PassOutcome")]
struct PassView {
    #[schemars(schema_with = "forms::outcome")]
    outcome: &'static str,
    reason: Option<String>,
}

impl PassView {
    fn new(outcome: &'static str, reason: Option<String>) -> Self {
        Self { outcome, reason }
    }
}

impl ManifestView {
    pub(crate) fn new(collections: &Collections, record: ManifestRecord) -> Self {
        let key = collections.id_of(&record.collection, &record.key);
        let outcome = record.deleted().as_str();
        let (restored, purged) = (record.restored(), record.purged());
        let reason = match record.outcome {
            Outcome::Failed { reason } => Some(reason),
            _ => None,
        };
        let restore_reason = match record.restore {
            Some(Err(NotRestored::Conflict { reason } | NotRestored::Failed { reason })) => {
                Some(reason)
            }
            _ => None,
        };
        let purge_reason = match record.purge {
            Some(Err(NotPurged::Failed { reason })) => Some(reason),
            _ => None,
        };
        Self {
            collection: record.collection,
            key,
            outcome,
            reason,
            restore: restored.map(|outcome| PassView::new(outcome.as_str(), restore_reason)),
            purge: purged.map(|outcome| PassView::new(outcome.as_str(), purge_reason)),
        }
    }
}
