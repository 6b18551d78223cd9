//! The attributes of which the primary key of a table is made, and the parts of which their values are made.

use serde_json::{Number, Value};

use super::pattern::{Known, PartError, Pattern, WrongPart};
use crate::number::{decimal, is_as_stored};

/// The attributes of a primary key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySchema {
    /// The partition key's attribute.
    pub partition: String,
    /// The sort key's attribute, for a two-part key.
    pub sort: Option<String>,
    /// The forms of the attributes' values, in the same order.
    pub forms: [Form; 2],
}

/// What the values of a key attribute are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form {
    /// Their type.
    pub kind: KeyKind,
    /// What their texts are made of; a row whose text is of none of these is of another collection. Empty: any text,
    /// which is one part under the attribute's own name.
    pub is: Vec<Pattern>,
    /// Whether a text is one part under the attribute's own name all the same: the patterns say only how it begins.
    pub is_whole: bool,
    /// What no text holds: one that does is of another collection.
    pub without: Option<String>,
}

/// The type of a key attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    /// `S`.
    #[default]
    Text,
    /// `N`. As a text it is written as DynamoDB writes it, so that one number is one text.
    Number,
}

impl KeyKind {
    /// The JSON of a value of this type; a number that JSON cannot hold is a text, as in a row.
    #[must_use]
    pub fn value(self, text: &str) -> Value {
        let number = || {
            let number: Number = text.parse().ok()?;
            (decimal(&number.to_string()) == decimal(text)).then_some(number)
        };
        match self {
            Self::Text => text.into(),
            Self::Number => number().map_or_else(|| text.into(), Value::Number),
        }
    }
}

impl KeyKind {
    /// The type's name in DynamoDB and in the files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Number => "N",
        }
    }

    /// The text of a value of this type, as a row has it; `None` for a value of another type.
    #[must_use]
    pub fn read(self, value: &Value) -> Option<String> {
        match (self, value) {
            (Self::Text, Value::String(text)) => Some(text.clone()),
            (Self::Number, Value::Number(number)) => Some(number.to_string()),
            (Self::Number, Value::String(text)) if is_as_stored(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl KeySchema {
    /// Attributes of type S with any text.
    #[must_use]
    pub fn plain(partition: &str, sort: Option<&str>) -> Self {
        Self {
            partition: partition.to_owned(),
            sort: sort.map(str::to_owned),
            forms: Default::default(),
        }
    }

    /// The attributes, partition first.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.partition.as_str()).chain(self.sort.as_deref())
    }

    /// The attributes with the forms of their values, partition first.
    pub fn each(&self) -> impl Iterator<Item = (&str, &Form)> {
        self.attributes().zip(&self.forms)
    }

    /// The type of this attribute; of one that is not of the key, a text.
    #[must_use]
    pub fn kind_of(&self, attribute: &str) -> KeyKind {
        let found = self.each().find(|(name, _)| *name == attribute);
        found.map(|(_, form)| form.kind).unwrap_or_default()
    }

    /// Whether these parts and attributes say in which partition a row is.
    #[must_use]
    pub fn is_in_partition(&self, by: &[String]) -> bool {
        let parts = self.forms[0].parts(&self.partition);
        parts.iter().all(|part| by.iter().any(|name| name == part))
    }

    /// How many attributes the key has: one or two.
    #[must_use]
    pub fn attribute_count(&self) -> usize {
        1 + usize::from(self.sort.is_some())
    }

    /// The names of the parts of which the key is made, each once: those of the patterns, and the name of an attribute
    /// that has none.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        let mut parts = Vec::new();
        for (attribute, form) in self.each() {
            for part in form.parts(attribute) {
                if !parts.contains(&part) {
                    parts.push(part);
                }
            }
        }
        parts
    }
}

impl Form {
    /// Whether any text may be a value.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.is.is_empty() && self.without.is_none()
    }

    /// Whether the texts are made of parts.
    #[must_use]
    pub fn is_made_of_parts(&self) -> bool {
        !self.is.is_empty() && !self.is_whole
    }

    /// Whether a pattern has a part of this name.
    #[must_use]
    pub fn has(&self, part: &str) -> bool {
        self.is_made_of_parts()
            && self
                .is
                .iter()
                .any(|pattern| pattern.names().any(|name| name == part))
    }

    /// Whether no text is a value of both, as far as their fixed texts tell.
    #[must_use]
    pub fn is_apart_from(&self, other: &Self) -> bool {
        let excludes = |one: &Self, other: &Self| {
            let without = one.without.as_deref();
            !other.is.is_empty()
                && without.is_some_and(|without| {
                    other.is.iter().all(|pattern| pattern.always_holds(without))
                })
        };
        let overlap = |one: &Pattern| other.is.iter().any(|other| one.overlaps(other));
        let both_have_patterns = !self.is.is_empty() && !other.is.is_empty();
        (both_have_patterns && !self.is.iter().any(overlap))
            || excludes(self, other)
            || excludes(other, self)
    }

    /// The names of the parts of this attribute's values.
    pub(in crate::collection) fn parts<'a>(&'a self, attribute: &'a str) -> Vec<&'a str> {
        if self.is_made_of_parts() {
            self.is.iter().flat_map(Pattern::names).collect()
        } else {
            vec![attribute]
        }
    }

    /// In how many ways this text is a value: in none, it is of another collection; in several, of none.
    #[must_use]
    pub fn ways(&self, text: &str) -> usize {
        if self.excluded(text).is_some() {
            return 0;
        }
        let ways = self.is.iter().filter(|one| one.read(text).is_some());
        match ways.count() {
            _ if self.is.is_empty() => 1,
            ways if self.is_whole => ways.min(1),
            ways => ways,
        }
    }

    /// The parts of a value of this attribute; `None` where no pattern fits, or more than one.
    #[must_use]
    pub fn read<'p, 't>(
        &'p self,
        attribute: &'p str,
        value: &'t str,
    ) -> Option<Vec<(&'p str, &'t str)>> {
        if self.ways(value) != 1 {
            return None;
        }
        if !self.is_made_of_parts() {
            return Some(vec![(attribute, value)]);
        }
        self.is.iter().find_map(|pattern| pattern.read(value))
    }

    /// What is known of this attribute's value from its parts: by the pattern that has the fewest others and the most of
    /// these, or, where several have, how all of those begin.
    ///
    /// # Errors
    ///
    /// [`PartError`] for a part that the value could not be read back with.
    pub fn write<'v>(
        &self,
        attribute: &str,
        part: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<Known, PartError> {
        let known = if self.is_made_of_parts() {
            self.written(&part)?
        } else {
            self.whole(attribute, part(attribute))?
        };
        if let Known::Whole(text) = &known
            && let Some(without) = self.excluded(text)
        {
            let names = self.parts(attribute).into_iter();
            let mut given = names.filter(|name| part(name).is_some());
            return Err(PartError {
                part: given.next().unwrap_or(attribute).to_owned(),
                why: WrongPart::Excluded {
                    without: without.to_owned(),
                },
            });
        }
        Ok(known)
    }

    fn written<'v>(&self, part: &impl Fn(&str) -> Option<&'v str>) -> Result<Known, PartError> {
        let rank = |pattern: &Pattern| {
            let all = pattern.names().count();
            let given = pattern.names().filter(|name| part(name).is_some()).count();
            (all - given, std::cmp::Reverse(given))
        };
        let best = self.is.iter().map(rank).min();
        let best = self.is.iter().filter(|pattern| Some(rank(pattern)) == best);
        let known: Vec<Known> = best
            .map(|pattern| pattern.write(part))
            .collect::<Result<_, _>>()?;
        Ok(common(known))
    }

    /// A text that is one part: itself, or how all of them begin.
    fn whole(&self, attribute: &str, text: Option<&str>) -> Result<Known, PartError> {
        let beginnings = self.is.iter().map(|pattern| pattern.prefix().to_owned());
        let Some(text) = text else {
            return Ok(common(beginnings.map(Known::Beginning).collect()));
        };
        if self.is.is_empty() || self.is.iter().any(|pattern| pattern.read(text).is_some()) {
            return Ok(Known::Whole(text.to_owned()));
        }
        let begins: Vec<String> = beginnings.map(|text| format!("`{text}`")).collect();
        Err(PartError {
            part: attribute.to_owned(),
            why: WrongPart::Beginning {
                begins: begins.join(" or "),
            },
        })
    }

    /// What the text holds that no value does.
    fn excluded(&self, text: &str) -> Option<&str> {
        let without = self.without.as_deref();
        without.filter(|without| text.contains(without))
    }
}

/// What is known of a text of which one of these is true.
fn common(known: Vec<Known>) -> Known {
    let mut known = known.into_iter();
    let first = known.next().unwrap_or(Known::Beginning(String::new()));
    known.fold(first, Known::common)
}
