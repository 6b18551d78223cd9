//! Who asks: credentials and region as the AWS CLI finds them.

use anyhow::{Context as _, Result};
use aws_config::default_provider::region::DefaultRegionChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::ProvideCredentials as _;
use clap::Args;

/// Credentials and region.
#[derive(Debug, Clone, Default, Args)]
pub struct SignIn {
    /// A profile of ~/.aws/config, whatever keys are in the environment.
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// The region of the deployment, instead of that of the environment or the profile.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
}

impl SignIn {
    /// The clients' configuration. Credentials are asked for once here, so that their absence is told as such, and not
    /// as a call that failed.
    ///
    /// # Errors
    ///
    /// When there is no region, or nobody is signed in.
    pub async fn config(&self) -> Result<SdkConfig> {
        let version = BehaviorVersion::v2026_01_12();
        let region = self.region().await.context(
            "no AWS region: give --region, set AWS_REGION, or write one into the profile",
        )?;
        let mut loader = aws_config::defaults(version).region(region.clone());
        if let Some(profile) = &self.profile {
            // The SDK would take keys of the environment first; the AWS CLI takes the profile that was named.
            let config = ProviderConfig::without_region()
                .with_region(Some(region))
                .with_behavior_version(Some(version));
            let keys = ProfileFileCredentialsProvider::builder()
                .configure(&config)
                .profile_name(profile)
                .build();
            loader = loader.profile_name(profile).credentials_provider(keys);
        }
        let config = loader.load().await;
        let provider = config
            .credentials_provider()
            .context("the SDK knows no way to sign in")?;
        provider
            .provide_credentials()
            .await
            .with_context(|| self.who_is_missing())?;
        Ok(config)
    }

    async fn region(&self) -> Option<Region> {
        if let Some(region) = &self.region {
            return Some(Region::new(region.clone()));
        }
        let chain = DefaultRegionChain::builder();
        match &self.profile {
            Some(profile) => chain.profile_name(profile),
            None => chain,
        }
        .build()
        .region()
        .await
    }

    fn who_is_missing(&self) -> String {
        match &self.profile {
            Some(profile) => format!(
                "no AWS credentials from the profile {profile}: sign in with `aws sso login --profile {profile}` or \
                 `aws login --profile {profile}`, or see `aws configure list-profiles`"
            ),
            None => "no AWS credentials: sign in with `aws sso login` or `aws login`, name a profile with --profile, \
                     or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
                .to_owned(),
        }
    }
}
