//! Which versions of a thing a request is meant for: the tags of `If-Match`.

/// The tags that a client has sent; whatever has another one has changed since the client saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Tags {
    /// None: the request is meant for every version, and for what does not exist.
    #[default]
    Unasked,
    /// `*`: every version of what exists.
    Any,
    /// One of these.
    Of(Vec<String>),
}

impl Tags {
    /// Whether a version with this tag is meant.
    #[must_use]
    pub fn hold(&self, tag: &str) -> bool {
        match self {
            Self::Unasked | Self::Any => true,
            Self::Of(tags) => tags.iter().any(|wanted| wanted == tag),
        }
    }

    /// Whether the request says anything about the version.
    #[must_use]
    pub fn are_asked(&self) -> bool {
        *self != Self::Unasked
    }
}
