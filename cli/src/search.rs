//! The way to an OpenSearch domain or serverless collection.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use aws_config::SdkConfig;
use clap::ValueEnum;
use opensearch::OpenSearch;
use opensearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use reqwest::Url;

/// What an endpoint is. Never guessed from its name: a domain may have one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum SearchKind {
    /// An OpenSearch domain.
    #[default]
    Domain,
    /// An OpenSearch serverless collection.
    Serverless,
}

impl SearchKind {
    /// The service that requests are signed for.
    #[must_use]
    pub fn service(self) -> &'static str {
        match self {
            Self::Domain => "es",
            Self::Serverless => "aoss",
        }
    }
}

/// Refuses a URL with a user or a password: it is part of messages, and they would be, too.
///
/// # Errors
///
/// When it has one.
pub fn without_secret(endpoint: Option<&Url>) -> Result<()> {
    let has_secret = |url: &Url| !url.username().is_empty() || url.password().is_some();
    ensure!(
        !endpoint.is_some_and(has_secret),
        "--endpoint has a user or a password, which would be printed; sign in with --profile"
    );
    Ok(())
}

/// A client of this endpoint, whose requests these credentials sign; `None` leaves them unsigned.
///
/// # Errors
///
/// When there are no credentials in the configuration.
pub fn client(endpoint: &Url, kind: SearchKind, signed: Option<&SdkConfig>) -> Result<OpenSearch> {
    let pool = SingleNodeConnectionPool::new(endpoint.clone());
    let mut transport = TransportBuilder::new(pool).timeout(Duration::from_mins(1));
    if let Some(config) = signed {
        let keys = config.clone().try_into();
        transport = transport
            .service_name(kind.service())
            .auth(keys.context("find AWS credentials and a region")?);
    } else {
        transport = transport.disable_proxy();
    }
    Ok(OpenSearch::new(
        transport.build().context("make an OpenSearch client")?,
    ))
}
