//! How a row says whose it is.

use crate::principal::Tenant;

/// Whose a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRule {
    /// The tenant that an attribute of the row and of the document names.
    Attribute {
        /// The attribute.
        attribute: String,
        /// An index whose hash key is that attribute: without it a collection that has no parent cannot be listed.
        gsi: Option<String>,
    },
    /// The tenant that a part of the row's key names: a caller's ids are without it.
    Part {
        /// The part.
        name: String,
        /// The tenant of the rows whose key is without it.
        default: Option<Tenant>,
    },
    /// That of the parent, which the row's key names.
    Parent,
    /// This one, whatever the row says: the table knows no tenants.
    Fixed(Tenant),
}

impl TenantRule {
    /// The attribute that names the tenant, if there is one.
    #[must_use]
    pub fn attribute(&self) -> Option<&str> {
        match self {
            Self::Attribute { attribute, .. } => Some(attribute),
            Self::Part { .. } | Self::Parent | Self::Fixed(_) => None,
        }
    }

    /// The attribute or the part that names the tenant, if there is one.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Attribute {
                attribute: name, ..
            }
            | Self::Part { name, .. } => Some(name),
            Self::Parent | Self::Fixed(_) => None,
        }
    }

    /// The index that finds all records of a tenant, with the attribute that is its hash key.
    #[must_use]
    pub fn index(&self) -> Option<(&str, &str)> {
        match self {
            Self::Attribute { attribute, gsi } => Some((gsi.as_deref()?, attribute)),
            Self::Part { .. } | Self::Parent | Self::Fixed(_) => None,
        }
    }

    /// The value of this part of the key for a tenant, where the part is the tenant's: `Some(None)` where the tenant's
    /// keys are without it.
    #[must_use]
    pub fn value_of<'t>(&self, part: &str, tenant: &'t Tenant) -> Option<Option<&'t str>> {
        match self {
            Self::Part { name, default } if name == part => {
                let is_default = default.as_ref() == Some(tenant);
                Some((!is_default).then_some(tenant.as_str()))
            }
            _ => None,
        }
    }

    /// The tenant of all records, if the table knows no tenants.
    #[must_use]
    pub fn fixed(&self) -> Option<&Tenant> {
        match self {
            Self::Attribute { .. } | Self::Part { .. } | Self::Parent => None,
            Self::Fixed(tenant) => Some(tenant),
        }
    }
}
