//! From the claims that the gateway verified to the caller. Nothing else in a request says who asks.

use std::collections::HashMap;

use shared::config::ClaimNames;
use shared::domain::principal::{Principal, Tenant, parse_groups};

use crate::problem::{Code, Problem};

/// The caller. `None` for claims: no authorizer has looked at the request, so nobody has.
pub(crate) fn principal(
    claims: Option<&HashMap<String, String>>,
    names: &ClaimNames,
) -> Result<Principal, Problem> {
    let claims = claims.ok_or_else(|| {
        Problem::new(
            Code::Unauthenticated,
            "The request carries no verified token.",
        )
    })?;
    let subject = claims
        .get(&names.subject)
        .filter(|subject| !subject.is_empty())
        .ok_or_else(|| {
            Problem::new(
                Code::Unauthenticated,
                format!(
                    "The token has no claim `{}`, which names the caller.",
                    names.subject
                ),
            )
        })?;
    let tenant = claims.get(&names.tenant).and_then(|tenant| Tenant::new(tenant)).ok_or_else(|| {
        let detail = format!(
            "The token has no claim `{}`, which names the tenant. Cognito puts it into id tokens, not into access tokens.",
            names.tenant
        );
        Problem::new(Code::TenantMissing, detail)
    })?;
    let groups = claims
        .get(&names.groups)
        .map(|groups| parse_groups(groups))
        .unwrap_or_default();
    Ok(Principal {
        subject: subject.clone(),
        tenant,
        groups,
    })
}
