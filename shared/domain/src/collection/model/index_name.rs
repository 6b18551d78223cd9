//! The name of an index, which may be made of what a record is: one index for each kind or tenant.

use super::pattern::{Known, Pattern, PatternError};
use super::template::IdError;

/// The longest name of an index in bytes that OpenSearch accepts.
const INDEX_BYTES: usize = 255;

/// What makes a value small in the name of an index: `{resourceType|lower}`.
const LOWER: &str = "|lower";

/// The logical name of an index or alias, such as `messages` or `{kind|lower}-of-{tenant}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexName(Pattern);

impl IndexName {
    /// Reads a name; whether it has the letters of one is not checked here, see [`problem`].
    pub(in crate::collection) fn parse(text: &str) -> Result<Self, PatternError> {
        Pattern::parse(text).map(Self)
    }

    /// The parts and attributes of which it is made.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let plain = |name| name_of(name).0;
        self.0.names().map(plain)
    }

    /// The name for a record with these values.
    ///
    /// # Errors
    ///
    /// [`IdError`] when a value is missing, or no index can have such a name.
    pub fn render<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<String, IdError> {
        let lowered: Vec<(&str, Option<String>)> = self
            .0
            .names()
            .map(|name| {
                let (plain, is_lower) = name_of(name);
                let text = value(plain);
                let small = |text: &str| {
                    if is_lower {
                        text.to_lowercase()
                    } else {
                        text.to_owned()
                    }
                };
                (name, text.map(small))
            })
            .collect();
        let text = |name: &str| {
            let mut lowered = lowered.iter();
            lowered.find(|(known, _)| *known == name)?.1.as_deref()
        };
        let refused = |name: &str| IdError::NoIndex {
            attribute: name_of(name).0.to_owned(),
        };
        match self.0.write(text) {
            Ok(Known::Whole(name)) => match problem(&name) {
                None => Ok(name),
                Some(_) => Err(refused(self.0.names().next().unwrap_or_default())),
            },
            Ok(Known::Beginning(_)) => {
                let missing = self.0.names().find(|name| text(name).is_none());
                Err(refused(missing.unwrap_or_default()))
            }
            Err(error) => Err(refused(&error.part)),
        }
    }

    /// The name itself, where it is one for all records.
    #[must_use]
    pub fn fixed(&self) -> Option<String> {
        match self.0.write(|_| None) {
            Ok(Known::Whole(name)) => Some(name),
            Ok(Known::Beginning(_)) | Err(_) => None,
        }
    }

    /// The name with `*` for what a record says: all indexes that it may be.
    #[must_use]
    pub fn all(&self) -> String {
        self.with(|_| "*")
    }

    /// Whether some name is of both.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.0.overlaps(&other.0)
    }

    /// The name with these texts in the places of values.
    pub(in crate::collection) fn with<'v>(&self, text: impl Fn(&str) -> &'v str) -> String {
        match self.0.write(|name| Some(text(name))) {
            Ok(Known::Whole(name) | Known::Beginning(name)) => name,
            Err(_) => self.0.to_string(),
        }
    }
}

impl std::fmt::Display for IndexName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of a part, and whether its value is made small.
fn name_of(name: &str) -> (&str, bool) {
    name.strip_suffix(LOWER)
        .map_or((name, false), |plain| (plain, true))
}

/// Why no index can have this name, before the prefix; it must be valid without one, which may be empty.
#[must_use]
pub(in crate::collection) fn problem(name: &str) -> Option<String> {
    if name.starts_with(['_', '-', '+', '.']) {
        return Some("begins with a letter that OpenSearch keeps for itself; begin with a small letter or a digit".to_owned());
    }
    if name.chars().any(char::is_uppercase) {
        return Some("has a capital letter; write an index in small letters".to_owned());
    }
    if name.is_empty() || name.len() > INDEX_BYTES {
        return Some(format!(
            "has {} bytes; a name has at most {INDEX_BYTES}, and at least one",
            name.len()
        ));
    }
    let mut letters = name.chars();
    let wrong =
        letters.find(|c| c.is_whitespace() || c.is_control() || "\\/*?\"<>|,#:%".contains(*c))?;
    Some(format!(
        "has {wrong:?}, which an OpenSearch index cannot have; leave it out"
    ))
}
