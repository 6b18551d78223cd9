//! `PUT` of one record, where its collection can be written through the api: the outcomes of `write`, as answers.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use domain::collection::Collection;
use domain::draft::{DraftError, draft};
use domain::row::Row;
use domain::tags::tag_of;
use ports::ApiPorts;
use requests::Api;
use requests::write::{Meant, WriteError, Written, write};

use super::named_collection::{collection, methods};
use super::records::deleted;
use crate::call::CallWithObject;
use crate::conditions::too_wide_to_compare;
use crate::identify::{RecordPath, names, record};
use crate::problem::{Code, Problem};
use crate::query::{Query, segment};
use crate::respond::tagged;
use crate::view::RecordView;

pub(super) async fn put<P: ApiPorts>(
    State(api): State<Arc<Api<P>>>,
    Path(path): Path<RecordPath>,
    asked: Result<CallWithObject, Problem>,
) -> Result<Response, Problem> {
    let collection = collection(&api, &path.collection)?;
    if !collection.serve.write {
        return Err(Problem::method_not_allowed(methods(collection)));
    }
    let CallWithObject { call, object, .. } = asked?;
    let query = Query::parse(&call.raw_query)?.only(&names(collection))?;
    let key = record(collection, &call.principal.tenant, &path, &query)?;
    let row = draft(collection, &call.principal.tenant, &key, object)?;
    let meant = Meant {
        tags: call.tags.clone(),
        is_new: call.is_new,
    };
    match write(&api, &call.principal, collection, &row, &meant).await {
        Ok(Written::Created(row)) => Ok(shown(StatusCode::CREATED, collection, row)),
        Ok(Written::Replaced(row)) => Ok(shown(StatusCode::OK, collection, row)),
        Err(WriteError::Deleted(deletion)) => Err(deleted(&api, &call, deletion).await?),
        Err(error) => Err(error.into()),
    }
}

fn shown(status: StatusCode, collection: &Collection, row: Row) -> Response {
    let tag = tag_of(collection, &row);
    tagged((status, Json(RecordView::new(collection, row))), &tag)
}

impl From<DraftError> for Problem {
    fn from(error: DraftError) -> Self {
        let code = match error {
            DraftError::Mark { .. } => Code::MarkNotAllowed,
            DraftError::Hidden { .. } => Code::AttributeNotAllowed,
            DraftError::Status { .. } => Code::StatusNotAllowed,
            DraftError::Key { .. }
            | DraftError::Tenant { .. }
            | DraftError::ParentMissing { .. }
            | DraftError::Composed { .. }
            | DraftError::NoText { .. } => Code::InvalidAttribute,
        };
        let pointer = format!("/body/{}", segment(error.attribute()));
        Self::new(code, format!("An attribute {error}.")).at(pointer, error.to_string())
    }
}

impl From<WriteError> for Problem {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Forbidden => {
                Self::new(Code::Forbidden, "The caller may not write this record.")
            }
            WriteError::KeyTaken => Self::new(
                Code::KeyTaken,
                "This id is held by something that the caller cannot see.",
            ),
            WriteError::Deleted(_) => Self::new(Code::RecordDeleted, "The record is deleted."),
            WriteError::ParentNotLive => Self::new(
                Code::ParentNotLive,
                "The parent that the record names is absent or deleted; nothing was written.",
            ),
            WriteError::PreconditionFailed => Self::new(
                Code::PreconditionFailed,
                "The record is not as `If-Match` or `If-None-Match` says; nothing was written.",
            ),
            WriteError::TooWideToCompare => too_wide_to_compare(),
            WriteError::Later { attribute } => Self::new(
                Code::InvalidAttribute,
                "An attribute holds a time that has not come; nothing was written.",
            )
            .at(
                format!("/body/{}", segment(&attribute)),
                "is later than now",
            ),
            WriteError::Computed { attribute } => Self::new(
                Code::AttributeNotAllowed,
                "An attribute is computed of the records below; leave it out, or send it as it is.",
            )
            .at(format!("/body/{}", segment(&attribute)), "is computed"),
            WriteError::ReadOnly { attribute } => Self::new(
                Code::AttributeNotAllowed,
                "An attribute is only to be read; leave it out, or send it as it is.",
            )
            .at(
                format!("/body/{}", segment(&attribute)),
                "is only to be read",
            ),
            WriteError::TooLarge => Self::new(
                Code::RecordTooLarge,
                "With its names a record has at most 400 KB.",
            ),
            WriteError::NoRoom(error) => Self::new(
                Code::RecordTooLarge,
                format!("Such a record could not be deleted: {error}."),
            )
            .at("/body", error.to_string()),
            WriteError::TooWide => Self::new(
                Code::RecordTooLarge,
                "Such a record could not be archived: it has more than 250 attributes, or their names are too long.",
            ),
            WriteError::Unstorable => Self::new(
                Code::RecordNotStorable,
                "The table or the search index does not take a value of this record; nothing was written.",
            ),
            WriteError::DocumentId(error) if error.leaves_a_document() => Self::new(
                Code::RecordNotStorable,
                format!(
                    "Nobody could say where the document of this record is: {error}; nothing was written."
                ),
            ),
            WriteError::DocumentId(error) => Self::new(
                Code::InvalidId,
                format!("No document can have this id: {error}."),
            ),
            WriteError::Dependency(error) => error.into(),
        }
    }
}
