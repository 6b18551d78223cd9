//! A row as the engine sees it: its key, its tenant, and whether it is marked.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::collection::{Collection, Known, Obstacle, TenantRule};
use crate::found::Found;
use crate::key::RecordKey;
pub use crate::mark::{Mark, RowMark};
use crate::principal::Tenant;
use crate::time;

/// Why nothing is done with a row: table and collections file contradict each other, and nobody can say what the row
/// says. A person has to correct one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It has no text in the tenant's attribute, so it is nobody's.
    Tenant,
    /// It is neither marked nor unmarked: [`RowMark::Unreadable`].
    Mark,
    /// What its mark would replace could not be put back exactly.
    Replaced,
    /// The text of the attribute at this place of `parts` is not of its pattern, so nobody can say what it names.
    Composed(usize),
    /// The attribute at this place of `held` says neither that the row is held back nor that it is not.
    Held(usize),
}

impl Unreadable {
    /// A stable code with a sentence.
    #[must_use]
    pub fn reason(self, collection: &Collection) -> String {
        let marks = &collection.marks;
        match self {
            Self::Tenant => format!(
                "ROW_UNREADABLE: the row has no text in `{}`, the attribute of its tenant, so it is nobody's; correct the row or the collections file, then retry",
                collection.tenant.place().unwrap_or_default()
            ),
            Self::Mark if let Some(state) = &marks.state => format!(
                "ROW_UNREADABLE: what the row has in `{}` is none of the words for a deleted, a live or a busy row; correct the row, or add the word to `marks.state`, then retry",
                state.attribute
            ),
            Self::Mark => format!(
                "ROW_UNREADABLE: what the row has in `{}` says neither that it is deleted nor that it is not; remove it, or make it NULL or a time, then retry",
                marks.deleted_at
            ),
            Self::Replaced => format!(
                "ROW_UNREADABLE: what the row has in one of {} could not be put back exactly, or is no whole number that can be raised; correct the row or the collections file, then retry",
                names(
                    marks
                        .replaced()
                        .chain(marks.touch.keys().map(String::as_str))
                )
            ),
            Self::Composed(place) => {
                let (name, patterns) = collection.composed.iter().nth(place).unzip();
                let patterns = patterns.map(ToString::to_string).unwrap_or_default();
                format!(
                    "ROW_UNREADABLE: what the row has in `{}` is no text of the pattern {patterns}, so nobody can say what it names; correct the row, or add its pattern to `parts`, then retry",
                    name.map(String::as_str).unwrap_or_default()
                )
            }
            Self::Held(place) => format!(
                "ROW_UNREADABLE: what the row has in `{}` is of another type than the values in `held`, so nobody can say whether it is held back; correct the row, or add the value to `held`, then retry",
                collection.held.attribute(place)
            ),
        }
    }
}

/// Names in a sentence.
fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// One row, with the attributes that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its key.
    pub key: RecordKey,
    /// Its attributes as JSON; numbers that JSON cannot hold and binary values as text.
    pub attributes: Map<String, Value>,
}

impl Row {
    /// The text of an attribute, or `None` when it is absent or not a text.
    #[must_use]
    pub fn text(&self, attribute: &str) -> Option<&str> {
        self.attributes.get(attribute).and_then(Value::as_str)
    }

    /// How large it is: about as many bytes as the store counts.
    #[must_use]
    pub fn bytes(&self) -> usize {
        fn of(value: &Value) -> usize {
            match value {
                Value::Null | Value::Bool(_) => 1,
                Value::Number(_) => 8,
                Value::String(text) => text.len(),
                Value::Array(values) => 3 + values.iter().map(of).sum::<usize>(),
                Value::Object(values) => 3 + all(values),
            }
        }
        fn all(values: &Map<String, Value>) -> usize {
            values
                .iter()
                .map(|(name, value)| name.len() + of(value))
                .sum()
        }
        all(&self.attributes)
    }

    /// The text of an attribute, or the value of a part; `None` when it is absent or not a text.
    #[must_use]
    pub fn part<'a>(&'a self, collection: &Collection, name: &str) -> Option<&'a str> {
        collection.part(&self.key, |attribute| self.text(attribute), name)
    }

    /// Whether the row has this value of a part, or of an attribute, of these that are asked; or may have it: its text begins
    /// like that, and is of no pattern. Such a row is found, so that it is told, and never taken for one that is not there.
    #[must_use]
    pub fn may_have(
        &self,
        collection: &Collection,
        equals: &[(&str, &str)],
        (name, value): (&str, &str),
    ) -> bool {
        if let Some(part) = self.part(collection, name) {
            return part == value;
        }
        let attribute = collection.behind(name);
        let composed = collection.composed.get(attribute);
        let text = self.text(attribute);
        let Some((patterns, text)) = composed.zip(text) else {
            return false;
        };
        let begins = || {
            let conditions = collection.conditions(equals).ok()?;
            let mut asked = conditions.iter();
            let asked = asked.find(|asked| asked.attribute == attribute)?;
            Some(match &asked.known {
                Known::Whole(whole) => text == whole,
                Known::Beginning(beginning) => text.starts_with(beginning.as_str()),
            })
        };
        !patterns.fits(text) && begins().unwrap_or(false)
    }

    /// Whether the row belongs to this tenant. A row without the attribute belongs to no tenant; one whose tenant is its
    /// parent's belongs to whoever has found it below that.
    #[must_use]
    pub fn is_of(&self, tenant: &Tenant, collection: &Collection) -> bool {
        collection.tenant == TenantRule::Parent || self.owner(collection) == Some(tenant.as_str())
    }

    /// The tenant that the row itself says, if it does.
    #[must_use]
    pub fn says_tenant(&self, collection: &Collection) -> Option<Tenant> {
        Tenant::new(self.owner(collection)?)
    }

    /// Whose the row is, if it says so.
    fn owner<'a>(&'a self, collection: &'a Collection) -> Option<&'a str> {
        match &collection.tenant {
            TenantRule::Attribute { attribute, .. } => {
                collection.tenant.in_text(self.text(attribute)?)
            }
            TenantRule::Part { name, default } => {
                let default = default.as_ref().map(Tenant::as_str);
                match self.part(collection, name) {
                    // Such a key would be another way to write one without the part.
                    Some(tenant) if Some(tenant) == default => None,
                    Some(tenant) => Some(tenant),
                    // A key that no pattern fits, or two, does not say that it is without the part.
                    None => default.filter(|_| collection.has(&self.key)),
                }
            }
            // Whoever has found the row has found its parent first.
            TenantRule::Parent => None,
            TenantRule::Fixed(tenant) => Some(tenant.as_str()),
        }
    }

    /// Why nothing can be done with the row, whoever asks.
    #[must_use]
    pub fn unreadable(&self, collection: &Collection) -> Option<Unreadable> {
        let says_more = collection.tenant == TenantRule::Parent || self.is_of_others(collection);
        if !says_more && self.owner(collection).is_none_or(str::is_empty) {
            Some(Unreadable::Tenant)
        } else if self.mark(collection) == RowMark::Unreadable {
            Some(Unreadable::Mark)
        } else if !self.mark(collection).is_live() {
            None
        } else if collection.marks.depends_on_more()
            && !self.found(collection).is_storable(collection)
        {
            Some(Unreadable::Replaced)
        } else {
            match self.obstacle(collection)? {
                Obstacle::Composed(place) => Some(Unreadable::Composed(place)),
                Obstacle::Unknown(place) => Some(Unreadable::Held(place)),
                Obstacle::Held(_) => None,
            }
        }
    }

    /// Why nothing can be done with the row for this tenant; a row that says that it is another's is not there for it.
    #[must_use]
    pub fn unreadable_to(&self, tenant: &Tenant, collection: &Collection) -> Option<Unreadable> {
        let why = self.unreadable(collection)?;
        let may_be = why == Unreadable::Tenant || self.is_of(tenant, collection);
        may_be.then_some(why)
    }

    /// Whether the tenant's attribute holds a text of another form: it is of another kind of rows, as one is whose key no
    /// pattern fits.
    fn is_of_others(&self, collection: &Collection) -> bool {
        let text = collection
            .tenant
            .attribute()
            .and_then(|name| self.text(name));
        text.is_some_and(|text| !text.is_empty() && collection.tenant.in_text(text).is_none())
    }

    fn obstacle(&self, collection: &Collection) -> Option<Obstacle> {
        collection.obstacle(|name| self.attributes.get(name))
    }

    /// The attribute that holds a live row back, if one does.
    #[must_use]
    pub fn held_by<'c>(&self, collection: &'c Collection) -> Option<&'c str> {
        match self.obstacle(collection)? {
            Obstacle::Held(place) if self.mark(collection).is_live() => {
                Some(collection.held.attribute(place))
            }
            Obstacle::Held(_) | Obstacle::Unknown(_) | Obstacle::Composed(_) => None,
        }
    }

    /// Whether the row is this tenant's and held back, or nobody can say.
    #[must_use]
    pub fn may_be_held(&self, tenant: &Tenant, collection: &Collection) -> bool {
        let is_unknown = || matches!(self.unreadable(collection), Some(Unreadable::Held(_)));
        self.is_of(tenant, collection) && (self.held_by(collection).is_some() || is_unknown())
    }

    /// What is in the row where a mark changes it.
    #[must_use]
    pub fn found(&self, collection: &Collection) -> Found {
        Found::of(collection, self.mark(collection), &self.attributes)
    }

    /// Whether the row is this tenant's, or nobody can say whose it is.
    #[must_use]
    pub fn may_be_of(&self, tenant: &Tenant, collection: &Collection) -> bool {
        self.is_of(tenant, collection) || self.unreadable(collection) == Some(Unreadable::Tenant)
    }

    /// Whether the row may be a live one of this tenant's: it is, or nobody can say.
    #[must_use]
    pub fn may_be_live(&self, tenant: &Tenant, collection: &Collection) -> bool {
        let mark = self.mark(collection);
        let may_be_unmarked = mark.is_live() || mark == RowMark::Unreadable;
        self.may_be_of(tenant, collection) && may_be_unmarked
    }

    /// Whether the row is this tenant's and carries no mark.
    #[must_use]
    pub fn is_unmarked(&self, tenant: &Tenant, collection: &Collection) -> bool {
        self.is_of(tenant, collection) && self.mark(collection).is_live()
    }

    /// The record's author, where the collection declares one.
    #[must_use]
    pub fn author(&self, collection: &Collection) -> Option<&str> {
        collection
            .author
            .as_ref()
            .and_then(|author| self.part(collection, &author.attribute))
    }

    /// What the row says about its own deletion.
    #[must_use]
    pub fn mark(&self, collection: &Collection) -> RowMark {
        RowMark::of(collection, &self.attributes)
    }

    /// Whether the row says that it was written after this moment. One without a readable time does not say so.
    #[must_use]
    pub fn is_written_after(&self, collection: &Collection, moment: Timestamp) -> bool {
        let written = self.written(collection);
        written.is_some_and(|written| written > moment)
    }

    /// Whether the row says that it was written by this moment. One without a readable time does not say so.
    #[must_use]
    pub fn is_written_by(&self, collection: &Collection, moment: Timestamp) -> bool {
        let written = self.written(collection);
        written.is_some_and(|written| written <= moment)
    }

    fn written(&self, collection: &Collection) -> Option<Timestamp> {
        time::read(self.attributes.get(collection.filters.time.as_ref()?)?)
    }

    /// The key of the parent that the row of this tenant references, or `None` when an attribute is missing.
    #[must_use]
    pub fn parent_key(&self, collection: &Collection, tenant: &Tenant) -> Option<RecordKey> {
        let parent = collection.parent.as_ref()?;
        let value = |name: &str| self.part(collection, name);
        parent.of.key(&parent.by, tenant, value)
    }
}
