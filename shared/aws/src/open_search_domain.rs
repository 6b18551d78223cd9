//! The state of the OpenSearch domain, from the service that runs it: no purge while it is unhealthy.

use aws_sdk_opensearch::Client;
use aws_sdk_opensearch::types::{DomainProcessingStatusType as Status, DomainStatus};

use super::sdk_error::dependency_error;
use ports::{DependencyError, DomainHealth, Health};

/// One OpenSearch domain, by its name.
#[derive(Debug, Clone)]
pub struct OpenSearchDomain {
    client: Client,
    name: String,
}

/// The answer contains no status.
#[derive(Debug, thiserror::Error)]
#[error("the domain has no status")]
struct NoStatus;

impl OpenSearchDomain {
    /// The domain of this name.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }
}

impl DomainHealth for OpenSearchDomain {
    async fn health(&self) -> Result<Health, DependencyError> {
        const OPERATION: &str = "tell the state of the domain";
        let answer = self
            .client
            .describe_domain()
            .domain_name(&self.name)
            .send()
            .await
            .map_err(|error| dependency_error("search domain", OPERATION, error))?;
        let status = answer
            .domain_status
            .ok_or_else(|| DependencyError::refused("search domain", OPERATION, NoStatus))?;
        Ok(health(&status))
    }
}

fn health(status: &DomainStatus) -> Health {
    let is = |flag: Option<bool>| flag == Some(true);
    if is(status.deleted) {
        return Health::Sick("the domain is being deleted".to_owned());
    }
    if is(status.upgrade_processing) {
        return Health::Sick("the domain is being upgraded".to_owned());
    }
    match &status.domain_processing_status {
        Some(Status::Active) => Health::Well,
        Some(other) => Health::Sick(format!("the domain is {}", other.as_str())),
        // Older answers have only this flag.
        None if is(status.processing) => Health::Sick("the domain is being changed".to_owned()),
        None => Health::Well,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(change: impl FnOnce(&mut DomainStatus)) -> Health {
        let builder = DomainStatus::builder()
            .domain_id("1/mail")
            .domain_name("mail")
            .arn("arn");
        let cluster = aws_sdk_opensearch::types::ClusterConfig::builder().build();
        let mut status = builder.cluster_config(cluster).build().unwrap();
        change(&mut status);
        health(&status)
    }

    #[test]
    fn a_domain_at_rest_is_well() {
        assert_eq!(domain(|_| ()), Health::Well);
        assert_eq!(
            domain(|status| status.domain_processing_status = Some(Status::Active)),
            Health::Well
        );
        assert_eq!(
            domain(|status| status.processing = Some(false)),
            Health::Well
        );
    }

    #[test]
    fn a_domain_under_change_is_not() {
        let sick = |health| matches!(health, Health::Sick(_));

        assert!(sick(domain(|status| status.deleted = Some(true))));
        assert!(sick(
            domain(|status| status.upgrade_processing = Some(true))
        ));
        assert!(sick(domain(|status| status.processing = Some(true))));
        for at_work in [
            Status::Modifying,
            Status::Upgrading,
            Status::Updating,
            Status::Isolated,
            Status::Deleting,
        ] {
            assert!(sick(domain(
                |status| status.domain_processing_status = Some(at_work)
            )));
        }
    }
}
