//! Who asks: the verified claims of the caller, and nothing that the request itself says.

use serde::{Deserialize, Serialize};

/// The owner boundary. It comes from the caller's token, never from the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tenant(String);

impl Tenant {
    /// The tenant of this name, or `None` for an empty name.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Tenant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The caller, as the authorizer verified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The subject claim.
    pub subject: String,
    /// The tenant claim.
    pub tenant: Tenant,
    /// The groups claim.
    pub groups: Vec<String>,
}

/// The groups of a claim. An HTTP API renders an array claim as `[a b]`; other issuers write JSON or one name.
///
/// A group name with white space cannot be told from two groups in the rendered form, so collections files refuse
/// to grant to such names; what cannot be read as names gives no group at all, never more rights.
#[must_use]
pub fn parse_groups(claim: &str) -> Vec<String> {
    let claim = claim.trim();
    let Some(inner) = claim
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    else {
        let single = !claim.is_empty()
            && !claim.contains(|c: char| c.is_whitespace() || "[],\"".contains(c));
        return if single {
            vec![claim.to_owned()]
        } else {
            Vec::new()
        };
    };
    if let Ok(names) = serde_json::from_str::<Vec<String>>(claim) {
        return names;
    }
    if inner.contains(['[', ']', '"', ',']) {
        return Vec::new();
    }
    inner.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_read_from_the_three_forms_gateways_and_issuers_use() {
        assert_eq!(parse_groups("[admin ops]"), ["admin", "ops"]);
        assert_eq!(parse_groups(r#"["admin","ops"]"#), ["admin", "ops"]);
        assert_eq!(parse_groups("admin"), ["admin"]);
    }

    #[test]
    fn a_claim_that_cannot_be_read_gives_no_group() {
        for claim in [
            "",
            "[]",
            "admin ops",
            "[admin",
            "admin]",
            "[[admin]]",
            "[\"admin\" ops]",
            "a,admin",
        ] {
            assert_eq!(parse_groups(claim), Vec::<String>::new(), "{claim}");
        }
    }

    #[test]
    fn an_empty_tenant_is_no_tenant() {
        assert_eq!(Tenant::new(""), None);
    }
}
