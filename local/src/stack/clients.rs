//! Plain clients of a running stack, for whoever loads or checks data behind the functions' back.
//!
//! They take nothing from the environment: no profile or region there can send a test to AWS.

use anyhow::{Context as _, Result};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use opensearch::OpenSearch;
use opensearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use reqwest::Url;

use crate::http::{KEY, REGION};
use crate::stack::StackFile;
use crate::stack::authorizer::principals::Principal;

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

    /// What a function's clients are made of: its own credentials, and the authorizer for all services.
    #[must_use]
    pub fn as_function(&self, key: &str, principal: &Principal) -> SdkConfig {
        let (secret, token) = (&*principal.secret, principal.token.clone());
        let credentials = Credentials::new(key, secret, Some(token), None, "the local stack");
        config(&self.endpoints.authorizer)
            .into_builder()
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .build()
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
