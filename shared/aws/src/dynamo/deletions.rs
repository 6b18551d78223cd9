//! The control table: deletions, their scopes and manifests, one partition each.
//!
//! | Item | Sort key | Written |
//! |---|---|---|
//! | deletion | `META` | by compare-and-set on `revision` |
//! | scope | `SCOPE` | once |
//! | ids that the scope lists, part *n* | `I#` and 8 digits | once |
//! | page *n* | `P#` and 8 digits | once |
//! | exceptions of page *n* | `X#` and 8 digits | again with each attempt |
//! | announcement of a deletion without a root that may be under way | its id, in a partition `T#<tenant>#O` | once |
//! | how far the search for rows that others have marked is | `ADOPTION`, in a partition `A#<collection>` | with each sweep |
//! | key of a request | `KEY`, in a partition `T#<tenant>#K#<hash>` | once a day |
//!
//! The partition key `T#<tenant>#D#<deletion>` makes another tenant's id an ordinary miss. Only `META` has the
//! attributes of the two indexes. Every item has a version `v`; a newer one than known is an error: it is never partly
//! read, never overwritten and never removed. Every write of an item that may exist has the version in its condition.

mod accept;
mod adoption;
mod advance;
mod body;
mod due;
mod keys;
mod meta;
mod named;
mod notice;
mod once;
mod open;
mod read;
mod request_key;
mod restore;
mod scope;
mod several;
mod transaction;
mod undo;

use std::fmt::Display;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, CancellationReason};

use self::body::BodyError;
use super::{Item, TableNames};
use domain::deletion::{Deletion, KNOWN, VERSION};
use ports::DependencyError;

const STORE: &str = "control table";

/// Deletions in the control table.
#[derive(Debug, Clone)]
pub struct DynamoDeletions {
    client: Client,
    control: String,
    tables: TableNames,
}

/// Why an item of the control table cannot be used.
#[derive(Debug, thiserror::Error)]
enum ItemError {
    /// Written by a later build: it must be left as it is.
    #[error("the item `{sk}` has version {found}, this build reads up to {KNOWN}")]
    TooNew { sk: String, found: u32 },
    /// Its body is in a form of a later build.
    #[error("the item `{sk}` cannot be read")]
    BodyTooNew { sk: String, source: BodyError },
    /// Not one of our items.
    #[error("the item `{sk}` is malformed: {why}")]
    Malformed { sk: String, why: String },
}

/// An item was neither overwritten nor removed.
#[derive(Debug, thiserror::Error)]
#[error("the item `{0}` has a later version than this build knows")]
struct LeftAlone(String);

/// A transaction was refused for a permanent reason.
#[derive(Debug, thiserror::Error)]
#[error("the transaction was cancelled: {0}")]
struct Cancelled(String);

impl DynamoDeletions {
    /// The deletions in this control table, whose roots are in these tables.
    pub fn new(client: Client, control_table: impl Into<String>, tables: TableNames) -> Self {
        Self {
            client,
            control: control_table.into(),
            tables,
        }
    }
}

impl ItemError {
    fn malformed(sk: &str, why: impl Display) -> Self {
        Self::Malformed {
            sk: sk.to_owned(),
            why: why.to_string(),
        }
    }

    fn of_body(sk: &str, source: BodyError) -> Self {
        if source.is_newer() {
            let sk = sk.to_owned();
            Self::BodyTooNew { sk, source }
        } else {
            Self::malformed(sk, source)
        }
    }
}

/// The attributes that every item has.
fn item(pk: String, sk: String) -> Item {
    Item::from([
        ("pk".to_owned(), AttributeValue::S(pk)),
        ("sk".to_owned(), AttributeValue::S(sk)),
        ("v".to_owned(), AttributeValue::N(VERSION.to_string())),
    ])
}

/// Fails when the item is of a later version. To be called before anything else is read.
fn check_version(item: &Item) -> Result<(), ItemError> {
    let sk = item
        .get("sk")
        .and_then(|value| value.as_s().ok())
        .cloned()
        .unwrap_or_default();
    let version = item
        .get("v")
        .and_then(|value| value.as_n().ok())
        .and_then(|digits| digits.parse().ok());
    match version {
        Some(found) if found > KNOWN => Err(ItemError::TooNew { sk, found }),
        Some(_) => Ok(()),
        None => Err(ItemError::malformed(&sk, "no version")),
    }
}

/// An item that cannot be used is a permanent error: reading it again returns the same item.
fn unusable(operation: &'static str) -> impl Fn(ItemError) -> DependencyError {
    move |error| match error {
        ItemError::TooNew { .. } | ItemError::BodyTooNew { .. } => {
            DependencyError::newer(STORE, operation, error)
        }
        ItemError::Malformed { .. } => DependencyError::refused(STORE, operation, error),
    }
}

/// A condition on an item that is overwritten or removed: it does not exist, or has a version that this build knows.
const ABSENT_OR_KNOWN: &str = "attribute_not_exists(pk) OR v <= :known";

/// The value of `:known` in conditions.
fn known() -> AttributeValue {
    AttributeValue::N(KNOWN.to_string())
}

/// A condition on `META`, which a compare-and-set replaces.
const OF_THE_REVISION_BEFORE: &str = "revision = :before AND v <= :known";

/// The value of `:before` in it.
fn revision_before(next: &Deletion) -> AttributeValue {
    AttributeValue::N(next.revision.saturating_sub(1).to_string())
}

/// The error of a write whose item is of a later version.
fn left_alone(sk: &str, operation: &'static str) -> DependencyError {
    DependencyError::newer(STORE, operation, LeftAlone(sk.to_owned()))
}

/// Whether this action of a cancelled transaction failed its condition.
fn failed_condition(reason: Option<&CancellationReason>) -> bool {
    reason.is_some_and(|reason| reason.code() == Some("ConditionalCheckFailed"))
}

/// A transaction that was cancelled for other reasons than a condition: try again later if it was busy, never if it was
/// wrong.
fn cancelled(operation: &'static str, reasons: &[CancellationReason]) -> DependencyError {
    const BUSY: [&str; 4] = [
        "TransactionConflict",
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "InternalServerError",
    ];
    let failed = || {
        reasons
            .iter()
            .filter(|reason| reason.code().is_some_and(|code| code != "None"))
    };
    let told: Vec<_> = failed()
        .map(|reason| {
            [
                reason.code().unwrap_or_default(),
                reason.message().unwrap_or_default(),
            ]
            .join(" ")
        })
        .collect();
    let error = Cancelled(told.join("; "));
    if failed().all(|reason| reason.code().is_some_and(|code| BUSY.contains(&code))) {
        DependencyError::unavailable(STORE, operation, error)
    } else {
        DependencyError::refused(STORE, operation, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).build()
    }

    #[test]
    fn a_conflict_passes_and_a_wrong_transaction_does_not() {
        assert!(cancelled("accept", &[reason("None"), reason("TransactionConflict")]).retryable);
        assert!(
            cancelled(
                "accept",
                &[reason("ThrottlingError"), reason("TransactionConflict")]
            )
            .retryable
        );
        assert!(
            !cancelled(
                "accept",
                &[reason("ValidationError"), reason("TransactionConflict")]
            )
            .retryable
        );
    }

    #[test]
    fn an_item_of_a_later_version_is_left_alone() {
        let mut newer = item("T#a#D#1".into(), "META".into());
        newer.insert("v".into(), AttributeValue::N((KNOWN + 1).to_string()));
        let mut without = newer.clone();
        without.remove("v");

        assert!(check_version(&item("T#a#D#1".into(), "META".into())).is_ok());
        assert_eq!(
            check_version(&newer).unwrap_err().to_string(),
            format!(
                "the item `META` has version {}, this build reads up to {KNOWN}",
                KNOWN + 1
            )
        );
        assert!(matches!(
            check_version(&without),
            Err(ItemError::Malformed { .. })
        ));
    }
}
