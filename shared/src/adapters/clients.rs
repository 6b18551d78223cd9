//! The clients' common configuration: how often a call is tried, and how long it may take at most.
//!
//! Two invariants of the protocol rest on the time: no call, its retries included, takes longer than the grace that
//! follows a slice. Nothing else in the clients may wait.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

/// How often a call is tried.
const ATTEMPTS: u32 = 3;

/// The first pause between two attempts. The SDK's own second is longer than most calls take.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest time for a connection: what the SDK waits by itself.
const CONNECT: Duration = Duration::from_millis(3100);

/// Reads credentials, region and endpoints as every AWS SDK does, and bounds each call by `call_timeout`.
pub async fn sdk_config(call_timeout: Duration) -> SdkConfig {
    aws_config::defaults(BehaviorVersion::v2026_01_12())
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
}
