//! SDK clients against servers on this machine: any credentials, one attempt.

use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

/// A configuration that reads nothing of this machine.
pub(crate) fn sdk_config(endpoint: &str) -> SdkConfig {
    // Twelve digits: stand-ins take the access key for an account.
    let credentials = Credentials::new("000000000000", "test", None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .build()
}
