//! Whole rows, as clients write them: one conditional put each.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;

use super::archive::{Answered, is_narrow};
use super::{DynamoRows, STORE, row as read_row};
use crate::dynamo::expression::Placeholders;
use crate::dynamo::text;
use crate::dynamo::value::{from_json, from_json_beside};
use crate::dynamo::{Item, marked, primary_key};
use crate::sdk_error::dependency_error;
use domain::collection::Collection;
use domain::key::RecordKey;
use domain::row::Row;
use ports::{
    COMPARED, DependencyError, Fields, Stored, TakeBackOutcome, Unchanged, WriteOutcome, WriteRows,
};

const WRITE: &str = "write a row";
const TAKE_BACK: &str = "take a row back";

impl WriteRows for DynamoRows {
    type Raw = Item;

    async fn stored(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Result<Option<Stored<Item>>, DependencyError> {
        const OPERATION: &str = "read a row";
        let table = self.tables.of(collection);
        let asked = vec![primary_key(&collection.key, key)];
        let answers = self.whole_items(&table, STORE, OPERATION, asked).await?;
        match answers.into_iter().next() {
            Some(Answered::Found(kept)) => {
                let row = read_row(collection, kept.clone(), Fields::All, OPERATION)?;
                Ok(Some(Stored { row, raw: kept }))
            }
            Some(Answered::Missing) | None => Ok(None),
            Some(Answered::Left) => {
                let why = "UnprocessedKeys";
                Err(DependencyError::unavailable(STORE, OPERATION, why))
            }
        }
    }

    async fn write(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Item>>,
        unchanged: Unchanged<'_>,
    ) -> Result<WriteOutcome, DependencyError> {
        let item = item(collection, row, before);
        if collection.strategy.keeps_copies() && !can_be_copied(collection, &item) {
            return Ok(WriteOutcome::TooWide);
        }
        let mut places = Placeholders::default();
        let condition = match before {
            None => {
                let partition = places.name(&collection.key.partition);
                format!("attribute_not_exists({partition})")
            }
            Some(before) => {
                let compared = compared(collection, row, &before.raw, unchanged);
                as_judged(&mut places, collection, &before.raw, &compared)
            }
        };
        let answer = self
            .client
            .put_item()
            .table_name(self.tables.of(collection))
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(places.names()))
            .set_expression_attribute_values(places.values())
            .send()
            .await;
        match answer {
            Ok(_) => Ok(WriteOutcome::Written),
            Err(error) => {
                outcome(&error).map_or_else(|| Err(dependency_error(STORE, WRITE, error)), Ok)
            }
        }
    }

    async fn take_back(
        &self,
        collection: &Collection,
        row: &Row,
        before: Option<&Stored<Item>>,
    ) -> Result<TakeBackOutcome, DependencyError> {
        let mut places = Placeholders::default();
        let condition = as_written(&mut places, collection, row, before);
        let table = self.tables.of(collection);
        let failure = match before {
            None => {
                let call = self
                    .client
                    .delete_item()
                    .table_name(table)
                    .set_key(Some(primary_key(&collection.key, &row.key)))
                    .condition_expression(condition)
                    .set_expression_attribute_names(Some(places.names()))
                    .set_expression_attribute_values(places.values());
                call.send().await.err().map(unless_changed)
            }
            Some(before) => {
                let call = self
                    .client
                    .put_item()
                    .table_name(table)
                    .set_item(Some(before.raw.clone()))
                    .condition_expression(condition)
                    .set_expression_attribute_names(Some(places.names()))
                    .set_expression_attribute_values(places.values());
                call.send().await.err().map(unless_changed)
            }
        };
        match failure {
            None => Ok(TakeBackOutcome::TakenBack),
            Some(None) => Ok(TakeBackOutcome::Changed),
            Some(Some(error)) => Err(error),
        }
    }
}

/// The item of a row. A client cannot write the mark's attributes: they stay as they are, and a new row gets those of a
/// live one.
fn item(collection: &Collection, row: &Row, before: Option<&Stored<Item>>) -> Item {
    let kept = before.map(|before| &before.raw);
    let mut item: Item = row
        .attributes
        .iter()
        .map(|(name, value)| {
            let value = match kept.and_then(|kept| kept.get(name)) {
                Some(kept) => from_json_beside(value, kept),
                None => from_json(value),
            };
            (name.clone(), value)
        })
        .collect();
    for name in collection.marks.own() {
        match kept.and_then(|kept| kept.get(name)) {
            Some(kept) => item.insert(name.to_owned(), kept.clone()),
            None => item.remove(name),
        };
    }
    if collection.live_is_null && !item.contains_key(&collection.marks.deleted_at) {
        let null = AttributeValue::Null(true);
        item.insert(collection.marks.deleted_at.clone(), null);
    }
    item.extend(primary_key(&collection.key, &row.key));
    item
}

/// Whether the row can be archived once it is marked.
fn can_be_copied(collection: &Collection, item: &Item) -> bool {
    let mut marked = item.clone();
    for name in collection.marks.own() {
        marked.insert(name.to_owned(), text(""));
    }
    is_narrow(collection, &marked)
}

/// The attributes that must be as they were read.
fn compared<'a>(
    collection: &'a Collection,
    row: &'a Row,
    kept: &'a Item,
    unchanged: Unchanged<'a>,
) -> BTreeSet<&'a str> {
    let marks = collection.marks.own();
    let author = collection.author.as_ref();
    let tenant = collection.tenant.attribute().into_iter();
    let judged = tenant.chain(author.map(|author| author.attribute.as_str()));
    match unchanged {
        Unchanged::These(names) => judged.chain(names.iter().copied()).collect(),
        Unchanged::All => judged
            .chain(kept.keys().chain(row.attributes.keys()).map(String::as_str))
            .filter(|name| !marks.contains(name))
            .collect(),
    }
}

/// Unmarked, and with what was compared as it was read: at least the tenant and the author for which the caller's right
/// was checked.
fn as_judged(
    places: &mut Placeholders,
    collection: &Collection,
    kept: &Item,
    compared: &BTreeSet<&str>,
) -> String {
    let unmarked = marked::unmarked(places, collection);
    format!("{unmarked} AND {}", places.as_read(kept, compared))
}

/// Unmarked, with the attributes that were written, and without those that the write has removed.
fn as_written(
    places: &mut Placeholders,
    collection: &Collection,
    row: &Row,
    before: Option<&Stored<Item>>,
) -> String {
    let marks = collection.marks.own();
    let written = item(collection, row, before);
    let unmarked = marked::unmarked(places, collection);
    let names: BTreeSet<&str> = row
        .attributes
        .keys()
        .chain(before.iter().flat_map(|before| before.raw.keys()))
        .map(String::as_str)
        .filter(|name| !marks.contains(name))
        .collect();
    let names = names.into_iter().take(COMPARED).collect();
    format!("{unmarked} AND {}", places.as_read(&written, &names))
}

/// What a refused put says about the row; `None` when it is about the table, or says nothing.
fn outcome<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<WriteOutcome> {
    let error = error.as_service_error()?;
    let why = error.message().unwrap_or_default();
    match error.code()? {
        "ConditionalCheckFailedException" => Some(WriteOutcome::Changed),
        "ItemCollectionSizeLimitExceededException" => Some(WriteOutcome::TooLarge),
        "ValidationException" if why.contains("maximum allowed size") => {
            Some(WriteOutcome::TooLarge)
        }
        // A key of a form other than in the collections file is an error of the table, or of the file.
        "ValidationException"
            if why.contains("key element")
                || why.contains("Missing the key")
                || why.contains("Type mismatch for key") =>
        {
            None
        }
        "ValidationException" => Some(WriteOutcome::Unstorable),
        _ => None,
    }
}

/// `None` for a condition that does not hold.
fn unless_changed<E>(error: SdkError<E>) -> Option<DependencyError>
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let changed = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some("ConditionalCheckFailedException");
    (!changed).then(|| dependency_error(STORE, TAKE_BACK, error))
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::http::HttpResponse;
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::put_item::PutItemError;

    use super::*;

    fn answered(code: &str, message: &str) -> Option<WriteOutcome> {
        let meta = ErrorMetadata::builder().code(code).message(message).build();
        let raw = HttpResponse::new(400.try_into().unwrap(), "".into());
        outcome(&SdkError::service_error(PutItemError::generic(meta), raw))
    }

    #[test]
    fn what_the_row_holds_is_told_apart_from_what_is_wrong_with_the_table() {
        let invalid = |why| answered("ValidationException", why);

        assert_eq!(
            invalid("Item size has exceeded the maximum allowed size"),
            Some(WriteOutcome::TooLarge)
        );
        for why in [
            "One or more parameter values were invalid: Type mismatch for Index Key group Expected: S Actual: N IndexName: by_message",
            "Number overflow. Attempting to store a number with magnitude larger than supported range",
            "Nesting Levels have exceeded supported limits",
        ] {
            assert_eq!(invalid(why), Some(WriteOutcome::Unstorable), "{why}");
        }
        for why in [
            "The provided key element does not match the schema",
            "One or more parameter values were invalid: Missing the key a in the item",
            "One or more parameter values were invalid: Type mismatch for key a expected: N actual: S",
        ] {
            assert_eq!(invalid(why), None, "{why}");
        }
    }

    #[test]
    fn a_store_that_refuses_or_is_busy_is_no_outcome() {
        for code in [
            "AccessDeniedException",
            "ThrottlingException",
            "ResourceNotFoundException",
        ] {
            assert_eq!(answered(code, "why"), None, "{code}");
        }
    }
}
