//! The caller: its verified claims, and nothing that the request itself says.

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

/// The groups of a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// These, and no others.
    Known(Vec<String>),
    /// The token contains groups, but it is not certain which ones.
    Unknown,
}

impl Groups {
    /// Whether the caller certainly is in this group: grants use this.
    #[must_use]
    pub fn hold(&self, group: &str) -> bool {
        match self {
            Self::Known(groups) => groups.iter().any(|known| known == group),
            Self::Unknown => false,
        }
    }

    /// Whether the caller may be in this group: denials use this, so that groups that cannot be read never give more
    /// rights than those that can.
    #[must_use]
    pub fn may_hold(&self, group: &str) -> bool {
        match self {
            Self::Known(_) => self.hold(group),
            Self::Unknown => true,
        }
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
    pub groups: Groups,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_that_cannot_be_told_grant_nothing_and_are_denied_whatever_is_denied() {
        let known = Groups::Known(vec!["ops".to_owned()]);

        assert!(known.hold("ops") && known.may_hold("ops"));
        assert!(!known.hold("op") && !known.may_hold("op"));
        assert!(!Groups::Unknown.hold("ops") && Groups::Unknown.may_hold("ops"));
    }

    #[test]
    fn an_empty_tenant_is_no_tenant() {
        assert_eq!(Tenant::new(""), None);
    }
}
