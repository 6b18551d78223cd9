//! A batch of PartiQL statements of which some are not allowed: the others go on, and each has its answer in its place.
//!
//! `AccessDenied` is one of the codes that a statement of a batch may be answered with (API Reference,
//! `API_BatchStatementError`).

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The request without the statements at these places; nothing when none is left.
pub(super) fn without(body: &[u8], refused: &BTreeMap<usize, String>) -> Option<Value> {
    let mut request: Value = serde_json::from_slice(body).ok()?;
    let statements = request["Statements"].as_array_mut()?;
    let mut place = 0;
    statements.retain(|_| {
        place += 1;
        !refused.contains_key(&(place - 1))
    });
    (!statements.is_empty()).then_some(request)
}

/// The answer to what was left, or to nothing, with that of each refused statement in its place.
pub(super) fn with_refusals(answer: Option<Value>, refused: &BTreeMap<usize, String>) -> Value {
    let mut answer = answer.unwrap_or_else(|| json!({"Responses": []}));
    if let Some(responses) = answer["Responses"].as_array_mut() {
        // In order of their places, so that each place is there when its turn comes.
        for (place, text) in refused {
            let error = json!({"Error": {"Code": "AccessDenied", "Message": text}});
            responses.insert((*place).min(responses.len()), error);
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(places: &[usize]) -> BTreeMap<usize, String> {
        places.iter().map(|place| (*place, "no".into())).collect()
    }

    #[test]
    fn refused_statements_are_answered_in_their_places_and_the_others_go_on() {
        let body = br#"{"Statements": [{"Statement": "0"}, {"Statement": "1"}, {"Statement": "2"}], "ReturnConsumedCapacity": "TOTAL"}"#;
        let places = refused(&[0, 2]);

        let left = without(body, &places).unwrap();
        let answer = with_refusals(Some(json!({"Responses": [{"TableName": "t"}]})), &places);

        assert_eq!(
            left,
            json!({"Statements": [{"Statement": "1"}], "ReturnConsumedCapacity": "TOTAL"})
        );
        let error = json!({"Error": {"Code": "AccessDenied", "Message": "no"}});
        assert_eq!(
            answer["Responses"],
            json!([error, {"TableName": "t"}, error])
        );
    }

    #[test]
    fn of_a_batch_that_is_refused_as_a_whole_nothing_goes_on() {
        let body = br#"{"Statements": [{"Statement": "0"}, {"Statement": "1"}]}"#;
        let places = refused(&[0, 1]);

        assert_eq!(without(body, &places), None);
        let answer = with_refusals(None, &places);
        assert_eq!(answer["Responses"].as_array().unwrap().len(), 2);
    }
}
