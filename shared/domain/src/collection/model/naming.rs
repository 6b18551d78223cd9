//! What a client calls a record, and what a part of a row is: the parts of its key that the token does not say.

use super::key_schema::KeySchema;
use super::pattern::{Known, PartError};
use super::record::Collection;
use super::tenant::TenantRule;
use crate::key::{KeyError, RecordId, RecordKey, check, value_of};
use crate::principal::Tenant;

/// What rows must have in one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition<'a> {
    /// The attribute.
    pub attribute: &'a str,
    /// Its value, or how that begins.
    pub known: Known,
}

impl Collection {
    /// The parts that a record's id consists of, in the order of the key.
    #[must_use]
    pub fn id_parts(&self) -> Vec<&str> {
        let mut parts = self.key.parts();
        if let TenantRule::Part { name, .. } = &self.tenant {
            parts.retain(|part| part != name);
        }
        parts
    }

    /// The key of the record that a caller of this tenant calls so.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says which part is wrong.
    pub fn key_of(
        &self,
        tenant: &Tenant,
        id: &str,
        sort: Option<&str>,
    ) -> Result<RecordKey, KeyError> {
        let names = self.id_parts();
        let given = match names.as_slice() {
            [one] => RecordKey::parse(&KeySchema::plain(one, None), id, sort)?,
            [one, two] => RecordKey::parse(&KeySchema::plain(one, Some(two)), id, sort)?,
            _ => return self.key_of_parts(tenant, |_| None),
        };
        let given: Vec<(&str, &str)> = names.into_iter().zip(given.values()).collect();
        self.key_with(tenant, &given)
    }

    /// The key of the record that a caller of this tenant calls by these parts: for ids of more than two.
    ///
    /// # Errors
    ///
    /// [`KeyError`] says which part is wrong.
    pub fn key_of_parts<'v>(
        &self,
        tenant: &Tenant,
        part: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<RecordKey, KeyError> {
        let names = self.id_parts();
        let mut given = Vec::with_capacity(names.len());
        for name in &names {
            let value = part(name).ok_or_else(|| KeyError::PartMissing {
                part: (*name).to_owned(),
                all: names.join(", "),
            })?;
            check(name, value)?;
            given.push((*name, value));
        }
        self.key_with(tenant, &given)
    }

    fn key_with(&self, tenant: &Tenant, given: &[(&str, &str)]) -> Result<RecordKey, KeyError> {
        let part = |name: &str| match self.tenant.value_of(name, tenant) {
            Some(value) => value,
            None => value_of(given, name),
        };
        let key = RecordKey::of_parts(&self.key, part)?.ok_or(KeyError::SortMissing)?;
        key.fits()?;
        Ok(key)
    }

    /// Whether a record's id has more parts than `id` and `sort`, and so is given by their names.
    #[must_use]
    pub fn is_called_by_names(&self) -> bool {
        self.id_parts().len() > 2
    }

    /// Which part of an id is wrong: its field in a request.
    #[must_use]
    pub fn field_of(&self, error: &KeyError) -> String {
        let names = self.id_parts();
        let is_at = |place: usize, part: &str| names.get(place).is_some_and(|name| *name == part);
        if self.is_called_by_names() {
            let wrong = match error {
                KeyError::Empty { part }
                | KeyError::TooLong { part, .. }
                | KeyError::Part(PartError { part, .. })
                | KeyError::Number { part }
                | KeyError::PartMissing { part, .. } => part.as_str(),
                KeyError::SortMissing | KeyError::SortNotAllowed => "",
            };
            let place = (0..names.len()).find(|place| is_at(*place, wrong));
            return names[place.unwrap_or_default()].to_owned();
        }
        let is_second = match error {
            // Of one or two parts these say which it is, not its name.
            KeyError::Empty { part } | KeyError::TooLong { part, .. } => part != "id",
            KeyError::Part(PartError { part, .. })
            | KeyError::Number { part }
            | KeyError::PartMissing { part, .. } => is_at(1, part),
            KeyError::SortMissing | KeyError::SortNotAllowed => true,
        };
        if is_second { "sort" } else { "id" }.to_owned()
    }

    /// What a client calls the record of this key: the parts of its id. A key that is not of this collection is called as
    /// it is.
    #[must_use]
    pub fn id_of(&self, key: &RecordKey) -> RecordId {
        let id = || {
            let read = key.read(&self.key)?;
            let parts = self.id_parts();
            if parts.len() > 2 {
                let parts = parts.into_iter();
                let named = parts.map(|part| Some((part, value_of(&read, part)?)));
                let named: Option<Vec<_>> = named.collect();
                return Some(RecordId::named(&named?));
            }
            let mut values = parts.into_iter().map(|part| value_of(&read, part));
            let first = values.next()??;
            Some(match values.next() {
                None => RecordId::new(first, None),
                Some(second) => RecordId::new(first, Some(second?)),
            })
        };
        id().unwrap_or_else(|| RecordId::new(&key.partition, key.sort.as_deref()))
    }

    /// The parent of the record with this key, where the key names it.
    #[must_use]
    pub fn parent_named_by(&self, key: &RecordKey, tenant: &Tenant) -> Option<RecordKey> {
        let link = self.parent.as_ref()?;
        let of_key = |name: &str| self.part(key, |_| None, name);
        link.of.key(&link.by, tenant, of_key)
    }

    /// The attributes of which `parent.by` is read, each once, with their texts in rows that reference a parent with this
    /// key; `None` where it does not say all of one.
    #[must_use]
    pub fn references(&self, parent: &RecordKey) -> Option<Vec<(&str, String)>> {
        let link = self.parent.as_ref()?;
        let mut attributes: Vec<&str> = Vec::new();
        for name in &link.by {
            let attribute = self.behind(name);
            if !attributes.contains(&attribute) {
                attributes.push(attribute);
            }
        }
        let text = |attribute| match self.of_children(parent, attribute)? {
            Known::Whole(text) => Some((attribute, text)),
            Known::Beginning(_) => None,
        };
        attributes.into_iter().map(text).collect()
    }

    /// What the text of this attribute is in rows that reference a parent with this key; `None` where that says nothing of
    /// it.
    #[must_use]
    pub fn of_children(&self, parent: &RecordKey, attribute: &str) -> Option<Known> {
        let link = self.parent.as_ref()?;
        let values = link.of.values(&link.by, parent).into_iter();
        let names = link.by.iter().map(String::as_str);
        let equals: Vec<(&str, &str)> = names
            .zip(values)
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let mut conditions = self.conditions(&equals).ok()?.into_iter();
        let found = conditions.find(|condition| condition.attribute == attribute)?;
        Some(found.known)
    }

    /// The parts of a key as `(name, value)`; of one that is not of this collection, its attributes.
    #[must_use]
    pub fn parts_of<'a>(&'a self, key: &'a RecordKey) -> Vec<(&'a str, &'a str)> {
        let read = key.read(&self.key);
        read.unwrap_or_else(|| key.parts(&self.key))
    }

    /// Whether a record with this key may be this tenant's, as far as the key says it.
    #[must_use]
    pub fn may_be_of(&self, key: &RecordKey, tenant: &Tenant) -> bool {
        let Some(place) = self.tenant.place() else {
            return true;
        };
        let read = key.read(&self.key).unwrap_or_default();
        let mut read = read.into_iter().filter(|(name, _)| *name == place);
        read.all(|(_, value)| value == tenant.as_str())
    }

    /// Whether the key may be of a row of this collection: other collections may have rows in the same table.
    #[must_use]
    pub fn has(&self, key: &RecordKey) -> bool {
        key.read(&self.key).is_some()
    }

    /// The attributes that hold a part, or the attribute of this name.
    #[must_use]
    pub fn behind<'a>(&'a self, name: &'a str) -> &'a str {
        let of_key = self.key.each().find(|(_, form)| form.has(name));
        let of_key = of_key.map(|(attribute, _)| attribute);
        let composed = || {
            let mut composed = self.composed.iter();
            let found = composed.find(|(_, patterns)| patterns.with(name).is_some());
            found.map(|(attribute, _)| attribute.as_str())
        };
        of_key.or_else(composed).unwrap_or(name)
    }

    /// Whether this is the name of a part of a key, or of an attribute that is made of parts.
    #[must_use]
    pub fn is_part(&self, name: &str) -> bool {
        self.behind(name) != name
    }

    /// Whether this is the name of a part of the key: it is the same as long as the record is.
    #[must_use]
    pub fn is_part_of_key(&self, name: &str) -> bool {
        let attribute = self.behind(name);
        attribute != name && self.key.attributes().any(|one| one == attribute)
    }

    /// The value of a part, or the text of an attribute, of the row with this key.
    pub fn part<'a>(
        &self,
        key: &'a RecordKey,
        text: impl Fn(&str) -> Option<&'a str>,
        name: &str,
    ) -> Option<&'a str> {
        let of = |read: Vec<(&str, &'a str)>| value_of(&read, name);
        for ((attribute, form), value) in self.key.each().zip(key.values()) {
            if attribute == name {
                return Some(value);
            }
            if form.has(name) {
                return of(form.read(attribute, value)?);
            }
        }
        for (attribute, patterns) in &self.composed {
            if let Some(pattern) = patterns.with(name) {
                return of(pattern.read(text(attribute)?)?);
            }
        }
        text(name)
    }

    /// What the attributes of rows with these parts must be, the partition attribute first where it is known; the first
    /// condition is a value.
    ///
    /// # Errors
    ///
    /// [`PartError`] for a value that no row can be found by.
    pub fn conditions<'a>(
        &'a self,
        equals: &[(&'a str, &str)],
    ) -> Result<Vec<Condition<'a>>, PartError> {
        let part = |name: &str| value_of(equals, name);
        let mut conditions = Vec::new();
        let mut add = |attribute: &'a str, known: Known| {
            if known != Known::Beginning(String::new()) {
                conditions.push(Condition { attribute, known });
            }
        };
        for (attribute, form) in self.key.each() {
            add(attribute, form.write(attribute, part)?);
        }
        for (attribute, patterns) in &self.composed {
            if let Some(known) = patterns.write(part)? {
                add(attribute, known);
            }
        }
        for (name, value) in equals {
            let is_of_key = self.key.attributes().any(|attribute| attribute == *name);
            if !is_of_key && self.behind(name) == *name {
                add(name, Known::Whole((*value).to_owned()));
            }
        }
        Ok(conditions)
    }
}
