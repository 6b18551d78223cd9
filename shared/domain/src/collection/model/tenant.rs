//! How a row says whose it is.

use std::borrow::Cow;

use super::pattern::{Known, Pattern};
use crate::principal::Tenant;

/// Whose a record is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TenantRule {
    /// The tenant that an attribute of the row and of the document names.
    Attribute {
        /// The attribute.
        attribute: String,
        /// The text around the tenant's name, where it does not hold that alone: a pattern with one part.
        is: Option<Pattern>,
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

    /// What the tenant's attribute holds in the rows of this tenant.
    #[must_use]
    pub fn text_of<'t>(&self, tenant: &'t Tenant) -> Cow<'t, str> {
        let Self::Attribute { is: Some(is), .. } = self else {
            return Cow::Borrowed(tenant.as_str());
        };
        // A pattern with one part takes every name that is not empty, and no tenant's is.
        match is.write(|_| Some(tenant.as_str())) {
            Ok(Known::Whole(text)) => Cow::Owned(text),
            Ok(Known::Beginning(_)) | Err(_) => Cow::Borrowed(tenant.as_str()),
        }
    }

    /// The tenant in a text of its attribute; `None` where the text is of another form.
    #[must_use]
    pub fn in_text<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self {
            Self::Attribute { is: Some(is), .. } => {
                let read = is.read(text)?;
                read.first().map(|(_, tenant)| *tenant)
            }
            _ => Some(text),
        }
    }

    /// The index that finds all records of a tenant, with the attribute that is its hash key, or the part of that.
    #[must_use]
    pub fn index(&self) -> Option<(&str, &str)> {
        match self {
            Self::Attribute { attribute, is, gsi } => {
                let part = is.as_ref().and_then(|is| is.names().next());
                Some((gsi.as_deref()?, part.unwrap_or(attribute)))
            }
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
