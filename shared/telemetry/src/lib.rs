//! What logs need: an error with all its causes, as one text; and metrics as a line of the log.

use std::error::Error;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// The namespace of all metrics of this project.
pub const NAMESPACE: &str = "Tombstone";

/// Messages and deletions that were left as they are because a later version wrote them. Of consumer and sweeper.
pub const NEWER_VERSIONS: &str = "NewerVersions";

/// Deletions that were given up and wait for a person.
pub const PARKED: &str = "Parked";

/// Rows that contradict the collections file: nobody can say whose they are, or whether they are deleted. Of all functions.
pub const UNREADABLE_ROWS: &str = "UnreadableRows";

/// Counts something until a metric reports it.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// So many more.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// How many there were since this was last asked.
    pub fn take(&self) -> u64 {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Unit {
    /// Things.
    Count,
    /// Time.
    Seconds,
}

/// Metrics of one function as one line in CloudWatch's embedded metric format: written to the log, they are metrics
/// without a call, and can also be searched as lines.
#[must_use]
pub fn metrics(function: &str, now: Timestamp, metrics: &[(&str, Unit, u64)]) -> String {
    let declared: Vec<Value> = metrics
        .iter()
        .map(|(name, unit, _)| json!({ "Name": name, "Unit": unit }))
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                { "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": declared }
            ],
        }),
    );
    line.insert("FunctionName".to_owned(), function.into());
    for (name, _, value) in metrics {
        line.insert((*name).to_owned(), (*value).into());
    }
    Value::Object(line).to_string()
}

/// Writes a line to the log as it is, not wrapped into a message.
///
/// # Errors
///
/// When the output does not accept it.
pub fn emit(line: &str) -> io::Result<()> {
    // One write: a line that is split in two is not a metric.
    io::stdout()
        .lock()
        .write_all(format!("{line}\n").as_bytes())
}

/// The error and its sources, joined by `: `. A client that repeats its source in its own text is not repeated here.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}

// As in `domain`: two checkouts may share a target folder.
const _: Option<&str> = option_env!("TOMBSTONE_WORKSPACE");

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    #[test]
    fn metrics_are_one_line_that_declares_what_it_holds() {
        let now = "2026-11-21T07:00:00.120Z".parse().unwrap();

        let line = metrics(
            "stack-sweeper",
            now,
            &[
                ("DriftFound", Unit::Count, 3),
                ("PurgeLag", Unit::Seconds, 0),
            ],
        );

        assert!(!line.contains('\n'));
        assert_eq!(
            serde_json::from_str::<Value>(&line).unwrap(),
            json!({
                "_aws": {
                    "Timestamp": 1_795_244_400_120_i64,
                    "CloudWatchMetrics": [{
                        "Namespace": "Tombstone",
                        "Dimensions": [["FunctionName"]],
                        "Metrics": [
                            { "Name": "DriftFound", "Unit": "Count" },
                            { "Name": "PurgeLag", "Unit": "Seconds" },
                        ],
                    }],
                },
                "FunctionName": "stack-sweeper",
                "DriftFound": 3,
                "PurgeLag": 0,
            })
        );
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let [text, below @ ..] = texts else {
            unreachable!("a test names a layer")
        };
        Layer {
            text,
            source: (!below.is_empty()).then(|| Box::new(layers(below))),
        }
    }

    #[test]
    fn every_cause_is_told_once() {
        assert_eq!(
            chain(&layers(&["queue could not send"])),
            "queue could not send"
        );
        assert_eq!(
            chain(&layers(&["queue could not send", "timeout", "5 s"])),
            "queue could not send: timeout: 5 s"
        );
        assert_eq!(
            chain(&layers(&["a: timeout", "timeout", "5 s"])),
            "a: timeout: 5 s"
        );
    }
}
