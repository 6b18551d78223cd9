//! The delete queue in SQS: its sending half.

use std::time::Duration;

use aws_sdk_sqs::Client;

use super::sdk_error::dependency_error;
use domain::message::DeletionMessage;
use ports::{DependencyError, SendDeletion};

/// SQS accepts no longer delay.
const LONGEST_DELAY: u64 = 900;

/// One SQS queue.
#[derive(Debug, Clone)]
pub struct SqsQueue {
    client: Client,
    url: String,
}

impl SqsQueue {
    /// The queue with this URL.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

impl SendDeletion for SqsQueue {
    /// The message group is the tenant: on a standard queue this gives fairness between tenants, not an order.
    async fn send(
        &self,
        message: &DeletionMessage,
        delay: Duration,
    ) -> Result<(), DependencyError> {
        const OPERATION: &str = "send a deletion";
        let body = message
            .body()
            .map_err(|error| DependencyError::refused("queue", OPERATION, error))?;
        self.client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_group_id(group(message.tenant.as_str()))
            .delay_seconds(delay_seconds(delay))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| dependency_error("queue", OPERATION, error))
    }
}

/// Whole seconds, rounded up: not before the delay.
fn delay_seconds(delay: Duration) -> i32 {
    let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    i32::try_from(seconds.min(LONGEST_DELAY)).unwrap_or_default()
}

/// SQS accepts up to 128 letters, digits and punctuation marks as a group; for any other tenant a group name is made
/// from its name.
fn group(tenant: &str) -> String {
    use sha2::{Digest, Sha256};
    use std::fmt::Write as _;

    if tenant.len() <= 128 && tenant.chars().all(|c| c.is_ascii_graphic()) {
        return tenant.to_owned();
    }
    Sha256::digest(tenant.as_bytes())
        .iter()
        .fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_never_shortened_and_never_too_long_for_sqs() {
        assert_eq!(delay_seconds(Duration::ZERO), 0);
        assert_eq!(delay_seconds(Duration::from_millis(1)), 1);
        assert_eq!(delay_seconds(Duration::from_secs(30)), 30);
        assert_eq!(delay_seconds(Duration::from_hours(1)), 900);
    }

    #[test]
    fn every_tenant_has_a_group_that_sqs_takes() {
        assert_eq!(group("acme"), "acme");
        for tenant in ["a b", "Gärtner", &"x".repeat(129)] {
            let group = group(tenant);
            assert!(
                group.len() <= 128 && group.chars().all(|c| c.is_ascii_hexdigit()),
                "{tenant}"
            );
        }
        assert_ne!(group("a b"), group("a c"));
    }
}
