//! The lines of a `_bulk` answer.

use ::opensearch::http::Method;
use serde::Deserialize;

use super::transport::{Request, RequestError};
use super::{INDEX, OpenSearchDocuments};
use ports::DependencyError;

/// The requested part of a `_bulk` answer: a thousand whole lines would be a megabyte.
const FILTER: (&str, &str) = (
    "filter_path",
    "items.*.status,items.*.result,items.*.error.type",
);

#[derive(Debug, Deserialize)]
struct Bulk {
    #[serde(default)]
    items: Vec<Line>,
}

/// One line, under the name of its action.
#[derive(Debug, Deserialize)]
enum Line {
    #[serde(rename = "update")]
    Update(LineBody),
    #[serde(rename = "delete")]
    Delete(LineBody),
}

#[derive(Debug, Deserialize)]
struct LineBody {
    status: u16,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    error: Option<LineError>,
}

#[derive(Debug, Deserialize)]
struct LineError {
    r#type: String,
}

/// The answer to one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LineAnswer {
    /// Done.
    Done,
    /// There was nothing to do: the document was left as it is.
    Unchanged,
    /// There is no such document.
    Missing,
    /// Another writer wrote the document in between.
    Conflict,
    /// The index is too busy, or closed at the moment.
    Busy(String),
    /// The index refuses this document.
    Rejected(String),
}

impl OpenSearchDocuments {
    /// Sends lines to one index and reads their answers, in order. The index is in the path, where a role can be bound
    /// to it, and not in the lines, which some domains forbid.
    pub(super) async fn bulk(
        &self,
        operation: &'static str,
        index: &str,
        body: &str,
        lines: usize,
    ) -> Result<Vec<LineAnswer>, DependencyError> {
        let request = Request {
            method: Method::Post,
            path: &format!("/{index}/_bulk"),
            query: &[FILTER],
            content_type: "application/x-ndjson",
            body,
        };
        let bulk: Bulk = self.ask(operation, &request).await?;
        if bulk.items.len() != lines {
            let error =
                RequestError::Answer(format!("{} answers to {lines} lines", bulk.items.len()));
            return Err(DependencyError::unavailable(INDEX, operation, error));
        }
        bulk.items
            .into_iter()
            .map(|(Line::Update(line) | Line::Delete(line))| {
                let kind = line.error.map(|error| error.r#type).unwrap_or_default();
                let is_noop = line.result.as_deref() == Some("noop");
                answer(index, line.status, kind)
                    .map(|answer| match answer {
                        LineAnswer::Done if is_noop => LineAnswer::Unchanged,
                        answer => answer,
                    })
                    .map_err(|error| DependencyError::refused(INDEX, operation, error))
            })
            .collect()
    }
}

/// What a line's status and error mean. An error that is about the index, and not about the document, fails the call.
fn answer(index: &str, status: u16, kind: String) -> Result<LineAnswer, RequestError> {
    match (status, kind.as_str()) {
        (_, "index_not_found_exception") => Err(RequestError::NoIndex(index.to_owned())),
        (401, _) | (403, "security_exception") | (_, "index_closed_exception") => {
            Err(RequestError::Status { status, kind })
        }
        (200..300, _) => Ok(LineAnswer::Done),
        (404, _) => Ok(LineAnswer::Missing),
        (409, _) => Ok(LineAnswer::Conflict),
        // A block of the whole index (disk full, read-only for a while) says nothing about the document.
        (429 | 500.., _) | (_, "cluster_block_exception") => Ok(LineAnswer::Busy(kind)),
        _ => Ok(LineAnswer::Rejected(kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: u16, kind: &str) -> LineAnswer {
        answer("i", status, kind.to_owned()).unwrap()
    }

    #[test]
    fn a_missing_index_is_never_a_missing_document() {
        assert!(matches!(
            answer("i", 404, "index_not_found_exception".to_owned()),
            Err(RequestError::NoIndex(_))
        ));
        assert_eq!(line(404, "document_missing_exception"), LineAnswer::Missing);
        assert_eq!(line(404, ""), LineAnswer::Missing);
    }

    #[test]
    fn a_busy_index_passes_and_a_rejected_document_does_not() {
        for (status, kind) in [
            (429, "rejected_execution_exception"),
            (503, "unavailable_shards_exception"),
            (403, "cluster_block_exception"),
        ] {
            assert_eq!(line(status, kind), LineAnswer::Busy(kind.to_owned()));
        }
        assert_eq!(
            line(409, "version_conflict_engine_exception"),
            LineAnswer::Conflict
        );
        assert_eq!(
            line(400, "mapper_parsing_exception"),
            LineAnswer::Rejected("mapper_parsing_exception".to_owned())
        );
    }

    #[test]
    fn lines_are_read_as_open_search_writes_them() {
        let text = r#"{"items":[{"update":{"status":200}},{"delete":{"status":404}},
            {"update":{"error":{"type":"document_missing_exception"},"status":404}}]}"#;

        let bulk: Bulk = serde_json::from_str(text).unwrap();

        assert_eq!(bulk.items.len(), 3);
        assert!(matches!(
            &bulk.items[2],
            Line::Update(LineBody {
                status: 404,
                error: Some(_),
                ..
            })
        ));
    }
}
