//! The item of the archive: made once, read back, removed. It is never changed, except by the attempt that made it.

use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};

use super::bounds::{ARCHIVE, NAMED, STATEMENT};
use super::moving;
use crate::dynamo::partiql::{Answer, Statement, quoted, run_on};
use crate::dynamo::rows::DynamoRows;
use crate::dynamo::{Item, text};
use domain::collection::{Collection, KeySchema};
use domain::deletion::{DeletionId, VERSION};
use domain::key::RecordKey;
use domain::principal::Tenant;
use domain::row::Mark;
use domain::time::rfc3339;
use ports::{Attempt, CopyOutcome, DependencyError, RowToCopy};

/// The longest value of a partition key, in bytes.
const PK_BYTES: usize = 2048;

/// The attribute with the whole row.
const ITEM: &str = "item";

pub(super) async fn copy(
    rows: &DynamoRows,
    collection: &Collection,
    tenant: &Tenant,
    mark: &Mark,
    copies: &[RowToCopy<Item>],
) -> Result<Vec<Attempt<CopyOutcome>>, DependencyError> {
    const OPERATION: &str = "copy rows";
    let table = rows.archive(OPERATION)?;
    let fits: Vec<bool> = copies
        .iter()
        .map(|copy| is_narrow(collection, &copy.stored.raw))
        .collect();
    let statements: Vec<Statement> = copies
        .iter()
        .zip(&fits)
        .filter(|(_, fits)| **fits)
        .map(|(copy, _)| statement(table, collection, tenant, mark, copy))
        .collect();
    let mut answers = Vec::new();
    if !statements.is_empty() {
        answers = run_on(&rows.client, ARCHIVE, OPERATION, statements).await?;
    }
    check_versions(&answers, OPERATION)?;
    let mut answers = answers.into_iter();
    Ok(fits
        .into_iter()
        .map(|fits| {
            if !fits {
                return Attempt::Done(CopyOutcome::TooWide);
            }
            match answers.next() {
                Some(Answer::Done) => Attempt::Done(CopyOutcome::Copied),
                Some(Answer::ConditionFailed(_)) => Attempt::Done(CopyOutcome::Earlier),
                Some(Answer::TooLarge) => Attempt::Done(CopyOutcome::TooLarge),
                Some(Answer::Again(why)) => Attempt::Retry(why),
                None => Attempt::Retry("no answer".to_owned()),
            }
        })
        .collect())
}

pub(super) async fn drop(
    rows: &DynamoRows,
    collection: &Collection,
    deletion: DeletionId,
    keys: &[RecordKey],
) -> Result<Vec<Attempt<()>>, DependencyError> {
    const OPERATION: &str = "remove copies";
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let action = format!("DELETE FROM {}", quoted(rows.archive(OPERATION)?));
    let statements = keys
        .iter()
        .map(|key| at(action.clone(), Vec::new(), deletion, collection, key))
        .collect();
    let answers = run_on(&rows.client, ARCHIVE, OPERATION, statements).await?;
    check_versions(&answers, OPERATION)?;
    let gone = |answer: Answer| answer.of_removal((), |_| ());
    Ok(answers.into_iter().map(gone).collect())
}

/// Fails when a copy of a later version was found. It was neither overwritten nor removed.
fn check_versions(answers: &[Answer], operation: &'static str) -> Result<(), DependencyError> {
    let is_newer = |answer: &Answer| matches!(answer, Answer::ConditionFailed(Some(item)) if version(item).is_some_and(|found| found > VERSION));
    if answers.iter().any(is_newer) {
        return Err(CopyError::TooNew.into_error(operation));
    }
    Ok(())
}

fn version(item: &Item) -> Option<u32> {
    match item.get("v") {
        Some(AttributeValue::N(digits)) => digits.parse().ok(),
        _ => None,
    }
}

/// Why an item of the archive cannot be used.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum CopyError {
    #[error("the copy is of a later version than this build knows")]
    TooNew,
    #[error("the copy holds no row, or has no version")]
    Malformed,
}

impl CopyError {
    /// The port's error for it.
    pub(super) fn into_error(self, operation: &'static str) -> DependencyError {
        match self {
            Self::TooNew => DependencyError::newer(ARCHIVE, operation, self),
            Self::Malformed => DependencyError::refused(ARCHIVE, operation, self),
        }
    }
}

/// The row that a copy holds. One of a later version is an error, and is never partly read.
pub(super) fn read(mut item: Item) -> Result<Item, CopyError> {
    match (version(&item), item.remove(ITEM)) {
        (Some(version), _) if version > VERSION => Err(CopyError::TooNew),
        (Some(_), Some(AttributeValue::M(row))) => Ok(row),
        _ => Err(CopyError::Malformed),
    }
}

/// The primary key of a copy.
pub(super) fn primary_key(deletion: DeletionId, collection: &Collection, key: &RecordKey) -> Item {
    Item::from([("pk".to_owned(), text(pk(deletion, collection, key)))])
}

/// Identifies one record of one deletion, and no other: the first part contains its length.
fn pk(deletion: DeletionId, collection: &Collection, key: &RecordKey) -> String {
    let name = &collection.name;
    let mut record = format!("{}:{}", key.partition.len(), key.partition);
    if let Some(sort) = &key.sort {
        record.push('#');
        record.push_str(sort);
    }
    let whole = format!("{deletion}#{name}#{record}");
    if whole.len() <= PK_BYTES {
        return whole;
    }
    // Two parts of 1,024 bytes do not fit; `key` in the item says which record it is.
    let mut short = format!("{deletion}#{name}#sha256:");
    for byte in Sha256::digest(record) {
        for digit in [byte >> 4, byte & 15] {
            short.extend(char::from_digit(u32::from(digit), 16));
        }
    }
    short
}

/// Whether the row can be compared and put back by one statement each.
pub(in crate::dynamo::rows) fn is_narrow(collection: &Collection, row: &Item) -> bool {
    row.len() <= NAMED
        && moving::insert_length(row) <= STATEMENT
        && (collection.version.is_some() || moving::comparison_length(row) <= STATEMENT)
}

fn statement(
    table: &str,
    collection: &Collection,
    tenant: &Tenant,
    mark: &Mark,
    copy: &RowToCopy<Item>,
) -> Statement {
    let row = &copy.stored;
    let whole = AttributeValue::M(row.raw.clone());
    if copy.again {
        let action = format!("UPDATE {} SET {} = ?", quoted(table), quoted(ITEM));
        return at(
            action,
            vec![whole],
            mark.deletion_id,
            collection,
            &row.row.key,
        );
    }
    let mut item = frame(collection, tenant, mark, &row.row.key);
    item.push((ITEM, whole));
    Statement::insert(table, item)
}

/// The item beside the row in it; how many bytes that are is in `domain::size`.
fn frame(
    collection: &Collection,
    tenant: &Tenant,
    mark: &Mark,
    key: &RecordKey,
) -> Vec<(&'static str, AttributeValue)> {
    let mut parts = Item::from([("id".to_owned(), text(&key.partition))]);
    if let Some(sort) = &key.sort {
        parts.insert("sort".to_owned(), text(sort));
    }
    vec![
        ("pk", text(pk(mark.deletion_id, collection, key))),
        ("v", AttributeValue::N(VERSION.to_string())),
        ("tenant", text(tenant.as_str())),
        ("deletion_id", text(mark.deletion_id.to_string())),
        ("deleted_at", text(rfc3339(mark.deleted_at))),
        ("deleted_by", text(&mark.deleted_by)),
        ("collection", text(collection.name.as_str())),
        ("key", AttributeValue::M(parts)),
    ]
}

/// A statement on one copy, of a version that this build knows.
fn at(
    action: String,
    parameters: Vec<AttributeValue>,
    deletion: DeletionId,
    collection: &Collection,
    key: &RecordKey,
) -> Statement {
    let schema = KeySchema::plain("pk", None);
    let place = RecordKey::stored(pk(deletion, collection, key), None);
    Statement::on_row(action, parameters, &schema, &place).only_if(
        format!("{} <= ?", quoted("v")),
        Some(AttributeValue::N(VERSION.to_string())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dynamo::value::to_json;
    use domain::collection::Collections;
    use domain::size::{Count, copy_bytes};

    const NOTES: &str = r#"
        [notes]
        table       = "notes"
        key         = ["a", "b"]
        tenant      = "owner"
        strategy    = "archive"
        retention   = "30d"
        permissions = { delete = ["member"] }

        [pages]
        table       = "pages"
        key         = ["a"]
        tenant      = "owner"
        strategy    = "archive"
        retention   = "30d"
        permissions = { delete = ["member"] }
    "#;

    fn collection(name: &str) -> Collection {
        let collections = Collections::for_tests(NOTES);
        collections.get(name).expect("it is declared").clone()
    }

    fn deletion_id(n: u128) -> DeletionId {
        DeletionId::new(uuid::Uuid::from_u128(n))
    }

    fn key(partition: &str) -> RecordKey {
        RecordKey::stored(partition, None)
    }

    fn key2(partition: &str, sort: &str) -> RecordKey {
        RecordKey::stored(partition, Some(sort))
    }

    #[test]
    fn a_copy_has_the_bytes_that_a_written_row_leaves_room_for() {
        let mark = Mark {
            deleted_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            deleted_by: "u-1".into(),
            deletion_id: deletion_id(1),
            purge_at: None,
            written_at: "2026-11-21T07:00:00Z".parse().unwrap(),
            adopts: false,
        };
        let tenant = Tenant::new("acme").unwrap();
        let long = "é".repeat(512);
        for (name, key) in [
            ("notes", key2("a", "b")),
            ("notes", key2(&long, &long)),
            ("pages", key(&long)),
        ] {
            let collection = collection(name);
            let mut item: serde_json::Map<_, _> = frame(&collection, &tenant, &mark, &key)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), to_json(value)))
                .collect();
            item.insert(ITEM.to_owned(), serde_json::json!({}));

            let bytes = copy_bytes(&collection, &tenant, &key, mark.deleted_by.len());

            assert_eq!(bytes, Count::Most.item(&item), "{name} {key:?}");
        }
    }

    #[test]
    fn two_records_never_have_one_copy() {
        let messages = collection("notes");
        let of = |key: &RecordKey| pk(deletion_id(1), &messages, key);

        assert_ne!(of(&key2("a#b", "c")), of(&key2("a", "b#c")));
        assert_ne!(of(&key2("a", "b")), of(&key2("1:a", "b")));
        assert_ne!(of(&key("a#b")), of(&key2("a", "b")));
        assert_ne!(
            of(&key2("a", "b")),
            pk(deletion_id(2), &messages, &key2("a", "b"))
        );
        assert_ne!(
            of(&key("a")),
            pk(deletion_id(1), &collection("pages"), &key("a"))
        );
    }

    #[test]
    fn the_longest_keys_have_copies_of_their_own() {
        let messages = collection("notes");
        let long = |last: char| key2(&"p".repeat(1024), &format!("{}{last}", "s".repeat(1023)));

        let (one, other) = (
            pk(deletion_id(1), &messages, &long('a')),
            pk(deletion_id(1), &messages, &long('b')),
        );

        assert!(one.len() <= PK_BYTES);
        assert_ne!(one, other);
    }
}
