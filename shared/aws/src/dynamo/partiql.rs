//! Conditional writes in batches: PartiQL statements, and the answer to each of them.
//!
//! `BatchExecuteStatement` is the only batch of DynamoDB that supports conditions, and it answers 200 in any case: the
//! outcome is in each statement's own error.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementError, BatchStatementErrorCodeEnum as Code,
    BatchStatementRequest, BatchStatementResponse, ReturnValuesOnConditionCheckFailure,
};

use super::{Item, key_values};
use crate::sdk_error::{Refusal, dependency_error};
use domain::collection::KeySchema;
use domain::key::RecordKey;
use ports::{Attempt, DependencyError};

/// One statement on one row.
#[derive(Debug)]
pub(super) struct Statement {
    action: String,
    conditions: Vec<String>,
    parameters: Vec<AttributeValue>,
}

/// The answer to a statement.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// It was carried out.
    Done,
    /// The condition does not hold: the row as it is, `None` when there is none.
    ConditionFailed(Option<Item>),
    /// Throttled or in conflict.
    Again(String),
    /// The row would be larger than DynamoDB allows, or nested more deeply, or its item collection would be too large.
    TooLarge,
}

/// Fewer or more answers than statements: it is unknown which answer belongs to which statement.
#[derive(Debug, thiserror::Error)]
#[error("{answers} answers to {statements} statements")]
struct Misaligned {
    answers: usize,
    statements: usize,
}

impl Answer {
    /// The outcome of a statement that removes a row or attributes: `done` if it was carried out, `failed` if its
    /// condition does not hold. A removal makes nothing larger: if the store says so all the same, it is to be repeated.
    pub(super) fn of_removal<T>(
        self,
        done: T,
        failed: impl FnOnce(Option<Item>) -> T,
    ) -> Attempt<T> {
        match self {
            Self::Done => Attempt::Done(done),
            Self::ConditionFailed(row) => Attempt::Done(failed(row)),
            Self::Again(why) => Attempt::Retry(why),
            Self::TooLarge => Attempt::Retry("too large".to_owned()),
        }
    }
}

impl Statement {
    /// Applies to the row with this key, and to no other.
    pub(super) fn on_row(
        action: String,
        parameters: Vec<AttributeValue>,
        schema: &KeySchema,
        key: &RecordKey,
    ) -> Self {
        let mut statement = Self {
            action,
            conditions: Vec::new(),
            parameters,
        };
        for (attribute, value) in key_values(schema, key) {
            statement = statement.only_if(format!("{} = ?", quoted(attribute)), Some(value));
        }
        statement
    }

    /// Only if this condition holds, too.
    pub(super) fn only_if(mut self, condition: String, parameter: Option<AttributeValue>) -> Self {
        self.conditions.push(condition);
        self.parameters.extend(parameter);
        self
    }

    /// Makes an item, if there is none with its key.
    pub(super) fn insert(table: &str, attributes: Vec<(&str, AttributeValue)>) -> Self {
        let (names, parameters): (Vec<_>, Vec<_>) = attributes
            .into_iter()
            .map(|(name, value)| (format!("'{}': ?", name.replace('\'', "''")), value))
            .unzip();
        Self {
            action: format!(
                "INSERT INTO {} VALUE {{{}}}",
                quoted(table),
                names.join(", ")
            ),
            conditions: Vec::new(),
            parameters,
        }
    }

    /// The statement as PartiQL.
    pub(super) fn text(&self) -> String {
        if self.conditions.is_empty() {
            return self.action.clone();
        }
        format!("{} WHERE {}", self.action, self.conditions.join(" AND "))
    }
}

/// An identifier in PartiQL: any name is one when it is in double quotes.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether an attribute is an explicit NULL, by a function that DynamoDB documents: `IS NULL` is not documented.
pub(super) fn is_null(name: &str) -> String {
    format!("attribute_type({}, 'NULL')", quoted(name))
}

/// Runs at most 25 statements on different rows, in one call.
pub(super) async fn run(
    client: &Client,
    operation: &'static str,
    statements: Vec<Statement>,
) -> Result<Vec<Answer>, DependencyError> {
    run_on(client, "record store", operation, statements).await
}

/// As [`run`], on items of a store other than the rows.
pub(super) async fn run_on(
    client: &Client,
    store: &'static str,
    operation: &'static str,
    statements: Vec<Statement>,
) -> Result<Vec<Answer>, DependencyError> {
    let answers = run_each(client, store, operation, statements).await?;
    let answers = answers.into_iter();
    answers
        .map(|answer| answer.map_err(|error| DependencyError::refused(store, operation, error)))
        .collect()
}

/// As [`run_on`], where a statement that is refused does not fail the call.
pub(super) async fn run_each(
    client: &Client,
    store: &'static str,
    operation: &'static str,
    statements: Vec<Statement>,
) -> Result<Vec<Result<Answer, Refusal>>, DependencyError> {
    let expected = statements.len();
    let requests = statements
        .into_iter()
        .map(|statement| {
            BatchStatementRequest::builder()
                .statement(statement.text())
                .set_parameters(Some(statement.parameters))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(|error| DependencyError::refused(store, operation, error))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let responses = client
        .batch_execute_statement()
        .set_statements(Some(requests))
        .send()
        .await
        .map_err(|error| dependency_error(store, operation, error))?
        .responses
        .unwrap_or_default();
    if responses.len() != expected {
        let error = Misaligned {
            answers: responses.len(),
            statements: expected,
        };
        return Err(DependencyError::unavailable(store, operation, error));
    }
    Ok(responses.into_iter().map(answer).collect())
}

fn answer(response: BatchStatementResponse) -> Result<Answer, Refusal> {
    let Some(error) = response.error else {
        return Ok(Answer::Done);
    };
    match &error.code {
        // The condition of an INSERT is that there is no such item.
        Some(Code::ConditionalCheckFailed | Code::DuplicateItem) => {
            Ok(Answer::ConditionFailed(error.item))
        }
        Some(
            code @ (Code::ThrottlingError
            | Code::ProvisionedThroughputExceeded
            | Code::RequestLimitExceeded
            | Code::TransactionConflict
            | Code::InternalServerError),
        ) => Ok(Answer::Again(code.as_str().to_owned())),
        Some(Code::ItemCollectionSizeLimitExceeded) => Ok(Answer::TooLarge),
        // DynamoDB has no code of its own for this: "Item size to update has exceeded the maximum allowed size".
        Some(Code::ValidationError)
            if error.message.as_deref().is_some_and(|why| {
                why.contains("maximum allowed size") || why.contains("Nesting Levels")
            }) =>
        {
            Ok(Answer::TooLarge)
        }
        _ => Err(refusal(error)),
    }
}

fn refusal(error: BatchStatementError) -> Refusal {
    Refusal {
        code: error
            .code
            .map_or_else(|| "unknown".to_owned(), |code| code.as_str().to_owned()),
        message: error.message.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    fn failed(code: Code) -> BatchStatementResponse {
        let error = BatchStatementError::builder()
            .code(code)
            .message("why")
            .build();
        BatchStatementResponse::builder().error(error).build()
    }

    #[test]
    fn names_of_any_kind_are_quoted() {
        assert_eq!(quoted("date"), r#""date""#);
        assert_eq!(
            quoted(r#"a" IS MISSING OR "b"#),
            r#""a"" IS MISSING OR ""b""#
        );
    }

    #[test]
    fn a_statement_names_the_whole_key_with_parameters() {
        let schema = KeySchema::plain("d", Some("m"));
        let key = RecordKey::stored("1' OR '1'='1", Some("2"));

        let statement = Statement::on_row(r#"DELETE FROM "t""#.into(), vec![], &schema, &key);

        assert_eq!(
            statement.text(),
            r#"DELETE FROM "t" WHERE "d" = ? AND "m" = ?"#
        );
        assert_eq!(statement.parameters, [text("1' OR '1'='1"), text("2")]);
    }

    #[test]
    fn busy_statements_are_asked_again_and_wrong_ones_refuse_the_call() {
        for code in [
            Code::ThrottlingError,
            Code::ProvisionedThroughputExceeded,
            Code::TransactionConflict,
        ] {
            assert_eq!(
                answer(failed(code.clone())).unwrap(),
                Answer::Again(code.as_str().to_owned())
            );
        }
        for code in [
            Code::ValidationError,
            Code::AccessDenied,
            Code::ResourceNotFound,
            Code::from("SomethingNew"),
        ] {
            assert!(answer(failed(code.clone())).is_err(), "{code}");
        }
    }

    #[test]
    fn a_failed_condition_tells_the_row_or_that_there_is_none() {
        let item = Item::from([("d".to_owned(), text("1"))]);
        let error = BatchStatementError::builder()
            .code(Code::ConditionalCheckFailed)
            .set_item(Some(item.clone()));
        let with_row = BatchStatementResponse::builder()
            .error(error.build())
            .build();

        assert_eq!(
            answer(with_row).unwrap(),
            Answer::ConditionFailed(Some(item))
        );
        assert_eq!(
            answer(failed(Code::ConditionalCheckFailed)).unwrap(),
            Answer::ConditionFailed(None)
        );
        assert_eq!(
            answer(BatchStatementResponse::builder().build()).unwrap(),
            Answer::Done
        );
    }
}
