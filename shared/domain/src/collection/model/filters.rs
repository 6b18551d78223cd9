//! The filters of a collection: which attributes of its rows a request may narrow a delete by, and under which names.

use std::collections::BTreeMap;

/// The attributes with a meaning to filters and time limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filters {
    /// When a record was written: RFC 3339, or seconds or milliseconds. [`Permissions::author_within`] counts from it.
    ///
    /// [`Permissions::author_within`]: crate::collection::Permissions::author_within
    pub time: Option<String>,
    /// The attributes of its group: type, then id.
    pub group: Option<[String; 2]>,
    /// The others, under the names that requests have for them: `type`, `key`, `opened`, and those of the file.
    pub others: BTreeMap<String, FilterBy>,
}

/// What a filter asks of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FilterBy {
    /// That these attributes are the texts that the request gives: one, or as many as there are attributes.
    Texts(Vec<String>),
    /// Whether this attribute is there and not NULL.
    Exists(String),
}

/// What one field of a request's filters asks of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilterField<'a> {
    /// That the attribute is this text.
    Text(&'a str),
    /// That the attributes are these texts, in this order.
    Texts(&'a [String]),
    /// Whether the attribute is there and not NULL.
    Exists(&'a str),
    /// That the attribute is a moment after this one.
    After(&'a str),
    /// That the attribute is a moment before this one.
    Before(&'a str),
}

/// The two fields of a group: one without the other names no group.
pub const GROUP: [&str; 2] = ["group_type", "group_id"];

/// The two ends of a time, each without the end itself.
pub const TIME: [&str; 2] = ["later_than", "earlier_than"];

impl Filters {
    /// What a field of a request's filters asks of a row; `None` for one that the collection does not declare.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FilterField<'_>> {
        let group = |place: usize| {
            let attributes = self.group.as_ref()?;
            Some(FilterField::Text(&attributes[place]))
        };
        match name {
            "group_type" => group(0),
            "group_id" => group(1),
            "later_than" => self.time.as_deref().map(FilterField::After),
            "earlier_than" => self.time.as_deref().map(FilterField::Before),
            other => self.others.get(other).map(|by| match by {
                FilterBy::Texts(attributes) => match attributes.as_slice() {
                    [attribute] => FilterField::Text(attribute),
                    attributes => FilterField::Texts(attributes),
                },
                FilterBy::Exists(attribute) => FilterField::Exists(attribute),
            }),
        }
    }

    /// The fields that a request's filters may have.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = self.others.keys().map(String::as_str).collect();
        fields.extend(self.group.iter().flat_map(|_| GROUP));
        fields.extend(self.time.iter().flat_map(|_| TIME));
        fields
    }

    /// Whether each filter that is about this attribute compares it with a text: then it may be a part.
    pub(in crate::collection) fn are_texts(&self, name: &str) -> bool {
        let mut others = self.others.values();
        self.time.as_deref() != Some(name)
            && others.all(|by| match by {
                FilterBy::Texts(_) => true,
                FilterBy::Exists(attribute) => attribute != name,
            })
    }

    /// The attributes and parts that filters are about.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        let others = self.others.values().flat_map(|by| match by {
            FilterBy::Texts(attributes) => attributes.as_slice(),
            FilterBy::Exists(attribute) => std::slice::from_ref(attribute),
        });
        let group = self.group.iter().flatten();
        self.time
            .iter()
            .chain(group)
            .chain(others)
            .map(String::as_str)
    }
}
