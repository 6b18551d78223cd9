//! Why a store did not answer: what has to be allowed, or what went wrong.

use std::error::Error;

use anyhow::{Result, bail};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};

/// Why DynamoDB did not do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is no such table.
    Missing,
    /// It does not know the question: a stand-in for DynamoDB.
    Unknown,
    /// The identity that asks must not.
    Denied,
    /// It must not use the key that encrypts the table.
    KeyDenied,
    /// Something else, for a person.
    Failed(String),
}

/// A question, as a policy allows it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) action: &'static str,
    pub(super) resource: &'a str,
}

/// Who asks is nobody: every other question would be refused in the same way.
const NOBODY: [&str; 6] = [
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "IncompleteSignatureException",
    "ExpiredTokenException",
    "MissingAuthenticationTokenException",
    "InvalidClientTokenId",
];

/// Tells an error of the SDK.
///
/// # Errors
///
/// When nothing can be asked: DynamoDB is not reached, or does not know who asks.
pub(super) fn trouble<E>(error: SdkError<E>) -> Result<Trouble>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    if matches!(
        error,
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_)
    ) {
        return Err(anyhow::Error::new(error).context("DynamoDB does not answer"));
    }
    let code = error.code().unwrap_or_default().to_owned();
    let message = error.message().unwrap_or_default().to_owned();
    Ok(match &*code {
        nobody if NOBODY.contains(&nobody) => {
            bail!("DynamoDB does not know who asks: {code}: {message}")
        }
        "ResourceNotFoundException" | "TableNotFoundException" => Trouble::Missing,
        "UnknownOperationException" => Trouble::Unknown,
        "KMSAccessDeniedException" => Trouble::KeyDenied,
        "AccessDeniedException" if message.contains("KMS") => Trouble::KeyDenied,
        "AccessDeniedException" => Trouble::Denied,
        "" => Trouble::Failed(crate::answer::chain(&anyhow::Error::new(error))),
        _ => Trouble::Failed(format!("{code}: {message}")),
    })
}

impl Trouble {
    /// The finding that something was not read, of this level.
    pub(super) fn finding(&self, level: Level, asked: Asked<'_>) -> Finding {
        let Asked { action, resource } = asked;
        let (seen, advice) = match self {
            Self::Denied => (
                format!("{action} is not allowed on {resource}"),
                format!("allow whoever runs this `{action}` on `{resource}`"),
            ),
            Self::KeyDenied => (
                format!(
                    "{action} on {resource} needs the KMS key of the table, which is not allowed"
                ),
                "allow whoever runs this `kms:Decrypt` on that key".to_owned(),
            ),
            Self::Missing => (
                format!("there is no {resource}"),
                "look at the names, the region and the account".to_owned(),
            ),
            Self::Unknown => (
                format!("{action} is not known there"),
                "nothing: a stand-in for DynamoDB knows less".to_owned(),
            ),
            Self::Failed(why) => (
                format!("{action} on {resource} has failed: {why}"),
                "ask again; if it stays, look whether this machine reaches the store".to_owned(),
            ),
        };
        Finding::new(level, Code::CannotRead, seen, advice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_what_has_to_be_allowed() {
        let asked = Asked {
            action: "dynamodb:Scan",
            resource: "arn:aws:dynamodb:eu-west-1:*:table/notes",
        };

        let denied = Trouble::Denied.finding(Level::Error, asked);

        assert!(denied.is_unchecked());
        assert_eq!(
            denied.advice,
            "allow whoever runs this `dynamodb:Scan` on `arn:aws:dynamodb:eu-west-1:*:table/notes`"
        );
        let key = Trouble::KeyDenied.finding(Level::Error, asked);
        assert!(key.advice.contains("kms:Decrypt"));
        assert!(!Trouble::Unknown.finding(Level::Note, asked).is_unchecked());
    }
}
