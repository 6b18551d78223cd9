//! The clients' common configuration: how often a call is tried, and how long it may take at most.
//!
//! Two invariants of the protocol rest on the time: no call, its retries included, takes longer than the grace that
//! follows a slice. Nothing else in the clients may wait.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;

/// How often a call is tried.
const ATTEMPTS: u32 = 3;

/// The first pause between two attempts. The SDK's own second is longer than most calls take.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest time for a connection: what the SDK waits by itself.
const CONNECT: Duration = Duration::from_millis(3100);

/// The endpoint of the local stack, and the credentials for it. These keys are valid nowhere else.
const LOCAL_REGION: &str = "us-east-1";
const LOCAL_KEY: &str = "test";

/// Reads credentials, region and endpoints as every AWS SDK does, and bounds each call by `call_timeout`.
///
/// With a `local` endpoint none of that is read: all services are at that endpoint, and the keys are the local stack's.
/// So values that were left in the environment, such as keys of an account or an endpoint of one service, have no
/// effect.
pub async fn sdk_config(call_timeout: Duration, local: Option<&str>) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
    if let Some(endpoint) = local {
        let keys = Credentials::new(LOCAL_KEY, LOCAL_KEY, None, None, "the local stack");
        loader = loader
            .endpoint_url(endpoint)
            .region(Region::new(LOCAL_REGION))
            .credentials_provider(keys);
    }
    loader
        .retry_config(
            RetryConfig::standard()
                .with_max_attempts(ATTEMPTS)
                .with_initial_backoff(FIRST_PAUSE),
        )
        .timeout_config(timeouts(call_timeout))
        // The times above bound every call; a second guard would only add another kind of failure.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .load()
        .await
}

fn timeouts(call: Duration) -> TimeoutConfig {
    let attempt = call / ATTEMPTS;
    TimeoutConfig::builder()
        .operation_timeout(call)
        .operation_attempt_timeout(attempt)
        .connect_timeout(CONNECT.min(attempt))
        .build()
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::config::ProvideCredentials as _;

    use super::*;

    #[test]
    fn no_call_takes_longer_than_its_time_and_an_attempt_leaves_time_for_others() {
        let timeouts = timeouts(Duration::from_secs(20));

        assert_eq!(timeouts.operation_timeout(), Some(Duration::from_secs(20)));
        assert!(
            timeouts.operation_attempt_timeout().unwrap() * ATTEMPTS <= Duration::from_secs(20)
        );
        assert!(timeouts.connect_timeout() <= timeouts.operation_attempt_timeout());
    }

    #[tokio::test]
    async fn on_the_local_stack_nothing_of_the_environment_is_used() {
        let endpoint = "http://127.0.0.1:4566";

        let config = sdk_config(Duration::from_secs(20), Some(endpoint)).await;

        let keys = config.credentials_provider().unwrap();
        let keys = keys.provide_credentials().await.unwrap();
        assert_eq!(config.endpoint_url(), Some(endpoint));
        assert_eq!(config.region().unwrap().as_ref(), LOCAL_REGION);
        assert_eq!(
            (
                keys.access_key_id(),
                keys.secret_access_key(),
                keys.session_token()
            ),
            (LOCAL_KEY, LOCAL_KEY, None)
        );
    }
}
