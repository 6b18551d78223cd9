//! What the examples were answered, as a test has recorded it (`tests/it/api/examples.rs`, which also says how): nobody
//! writes an answer by hand, so none says what the API does not.

use serde_json::{Map, Value, json};

use super::examples::Example;

const RECORDED: &str = include_str!("recorded.json");

/// Puts the answers to the examples of an operation to the responses of their statuses.
pub(crate) fn add(responses: &mut Map<String, Value>, operation: &str, examples: &[Example]) {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap_or_default();
    for Example { name, summary, .. } in examples {
        let answer = &recorded[operation][name];
        let response = responses.get_mut(&answer["status"].to_string());
        let json = response.and_then(|response| response["content"].get_mut("application/json"));
        if let Some(json) = json {
            json["examples"][name] = json!({ "summary": summary, "value": answer["body"] });
        }
    }
}
