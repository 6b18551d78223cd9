//! Plain clients of a running stack, for whoever loads or checks data behind the functions' back.
//!
//! They take nothing from the environment: no profile or region there can send a test to AWS.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use opensearch::OpenSearch;
use opensearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use reqwest::Url;

use crate::failure::{Context, Result};
use crate::http::{KEY, REGION};
use crate::stack::StackFile;

impl StackFile {
    /// DynamoDB, the one that the functions use.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&config(&self.endpoints.dynamodb))
    }

    /// SQS.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&config(&self.endpoints.aws))
    }

    /// EventBridge.
    #[must_use]
    pub fn events(&self) -> aws_sdk_eventbridge::Client {
        aws_sdk_eventbridge::Client::new(&config(&self.endpoints.aws))
    }

    /// OpenSearch.
    ///
    /// # Errors
    ///
    /// When the client cannot be built.
    pub fn opensearch(&self) -> Result<OpenSearch> {
        let url =
            Url::parse(&self.endpoints.opensearch).context("understand the URL of OpenSearch")?;
        let transport = TransportBuilder::new(SingleNodeConnectionPool::new(url))
            .disable_proxy()
            .build();
        Ok(OpenSearch::new(
            transport.context("make an OpenSearch client")?,
        ))
    }
}

fn config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new(KEY, KEY, None, None, "the local stack");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static(REGION))
        .endpoint_url(endpoint)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}
