//! What marking a row changes in it, and what taking the mark off changes: the one place that knows, for rows in tables,
//! rows in transactions, and rows in memory.
//!
//! A mark replaces what its collection says (a status word, a TTL, keys of an index). What it replaces is kept beside it
//! in one map attribute. Both are one write, on the condition that the row has what was found in it: a value that another
//! writer has changed since is neither lost nor put back.

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::collection::{Collection, Says, Touch};
use crate::found::Found;
use crate::mark::{Mark, RowMark};
use crate::time;

/// A change of one row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// Attributes that get a value; a null is an explicit NULL.
    pub set: Vec<(String, Value)>,
    /// Attributes that are taken out.
    pub remove: Vec<String>,
    /// What must be as it was found; `None` is an attribute that is not there.
    pub only_if: Vec<(String, Option<Value>)>,
}

impl Change {
    /// How a row is marked that was found like this. Where it was not found live, the change asks for a live one, and is
    /// refused.
    #[must_use]
    pub fn marking(collection: &Collection, mark: &Mark, found: &Found) -> Self {
        if found.others && mark.adopts && collection.adopt.is_some() {
            return Self::adopting(collection, mark, found);
        }
        let marks = &collection.marks;
        let (mut change, mut kept) = (Self::default(), Map::new());
        for (name, value) in mark.attributes(collection) {
            change.set(name, value);
        }
        match &marks.state {
            None => change.ask(&marks.deleted_at, found.null.then_some(Value::Null)),
            Some(state) => {
                let value = found.values.get(&state.attribute);
                let live = match state.says(value) {
                    Says::Live => value.cloned(),
                    Says::Busy | Says::Deleted | Says::Nothing => state.live[0].clone(),
                };
                change.ask(&state.attribute, live.clone());
                change.set(&state.attribute, state.deleted.clone());
                kept.extend(live.map(|live| (state.attribute.clone(), live)));
            }
        }
        let purge_at = marks.purge_at.iter();
        let purge_at = purge_at.map(|time| (time.attribute.as_str(), Some(time.form)));
        for (name, form) in purge_at.chain(marks.taken_off().map(|name| (name, None))) {
            let value = found.values.get(name).cloned();
            change.ask(name, value.clone());
            match form.zip(mark.purge_at) {
                Some((form, at)) => change.set(name, form.not_before(at)),
                None if value.is_some() => change.remove.push(name.to_owned()),
                None => {}
            }
            kept.extend(value.map(|value| (name.to_owned(), value)));
        }
        // With a value that is an obstacle the change asks for none, and is refused.
        let is_free = collection.obstacle(|name| found.values.get(name)).is_none();
        for name in collection.watched() {
            let value = found.values.get(name).filter(|_| is_free);
            change.ask(name, value.cloned());
        }
        change.raise(collection, found, mark.written_at);
        if marks.keeps() {
            change.set(&marks.kept, Value::Object(kept));
        }
        change
    }

    /// How a row is taken over that somebody else has marked: it keeps its time, its author and what says when it goes,
    /// where it has them. What it was before nobody knows, but that it was live.
    fn adopting(collection: &Collection, mark: &Mark, found: &Found) -> Self {
        let marks = &collection.marks;
        let (mut change, mut kept) = (Self::default(), Map::new());
        for (name, value) in mark.attributes(collection) {
            let now = found.values.get(name);
            change.ask(name, now.cloned());
            let stays = now.is_some_and(|now| match name {
                name if name == marks.deleted_at => marks.form.is_of(now),
                name if name == marks.deleted_by => now.is_string(),
                _ => false,
            });
            if !stays {
                change.set(name, value);
            }
        }
        if let Some(state) = &marks.state {
            change.ask(
                &state.attribute,
                found.values.get(&state.attribute).cloned(),
            );
            kept.extend(
                state.live[0]
                    .clone()
                    .map(|word| (state.attribute.clone(), word)),
            );
        }
        for name in marks.taken_off() {
            let value = found.values.get(name).cloned();
            change.ask(name, value.clone());
            if let Some(value) = value {
                change.remove.push(name.to_owned());
                kept.insert(name.to_owned(), value);
            }
        }
        if let Some((time, at)) = marks.purge_at.as_ref().zip(mark.purge_at) {
            let now = found.values.get(&time.attribute);
            change.ask(&time.attribute, now.cloned());
            if now.is_none() {
                change.set(&time.attribute, time.form.not_before(at));
            }
        }
        change.raise(collection, found, mark.written_at);
        if marks.keeps() {
            change.set(&marks.kept, Value::Object(kept));
        }
        change
    }

    /// How the mark is taken off a row that was found like this. What its owner has put in the place of what was taken
    /// off is newer, and stays.
    #[must_use]
    pub fn unmarking(collection: &Collection, found: &Found, at: Timestamp) -> Self {
        let marks = &collection.marks;
        let mut change = Self::default();
        if found.null {
            change.set(&marks.deleted_at, Value::Null);
        } else {
            change.remove.push(marks.deleted_at.clone());
        }
        let others = [&marks.deleted_by, &marks.deletion_id];
        change.remove.extend(others.into_iter().cloned());
        if marks.keeps() {
            change.put_back(collection, found);
        }
        change.raise(collection, found, at);
        change
    }

    fn put_back(&mut self, collection: &Collection, found: &Found) {
        let marks = &collection.marks;
        let kept = found.values.get(&marks.kept);
        self.ask(&marks.kept, kept.cloned());
        if kept.is_some() {
            self.remove.push(marks.kept.clone());
        }
        let kept = kept.and_then(Value::as_object);
        let mut newer = Vec::new();
        for name in marks.taken_off() {
            let value = found.values.get(name);
            self.ask(name, value.cloned());
            newer.extend(value.map(|_| name));
        }
        let older = kept.into_iter().flatten();
        for (name, value) in older.filter(|(name, _)| !newer.contains(&name.as_str())) {
            self.set(name, value.clone());
        }
        let is_kept = |name: &str| kept.is_some_and(|kept| kept.contains_key(name));
        if let Some(state) = marks
            .state
            .as_ref()
            .filter(|state| !is_kept(&state.attribute))
        {
            // A mark of ours says what it has replaced, if only that there was nothing.
            match kept.map_or_else(|| state.live[0].clone(), |_| None) {
                Some(word) => self.set(&state.attribute, word),
                None => self.remove.push(state.attribute.clone()),
            }
        }
        if let Some(time) = marks
            .purge_at
            .as_ref()
            .filter(|time| !is_kept(&time.attribute))
        {
            self.remove.push(time.attribute.clone());
        }
    }

    fn raise(&mut self, collection: &Collection, found: &Found, at: Timestamp) {
        for (name, touch) in &collection.marks.touch {
            let value = found.values.get(name);
            let next = match touch {
                Touch::Time(form) => form.value(at),
                Touch::PlusOne => {
                    self.ask(name, value.cloned());
                    (value.and_then(Value::as_i64).unwrap_or(0).saturating_add(1)).into()
                }
            };
            self.set(name, next);
        }
    }

    /// Whether a row that was found like this has, without its mark, a TTL that has passed by then: the table may remove it
    /// soon.
    #[must_use]
    pub fn leaves_to_the_ttl(
        collection: &Collection,
        mark: RowMark,
        found: &Found,
        at: Timestamp,
    ) -> bool {
        let Some(name) = collection.marks.expiry() else {
            return false;
        };
        let mut values = found.values.clone();
        if !mark.is_live() {
            Self::unmarking(collection, found, at).apply(&mut values);
        }
        let passes = values.get(name).filter(|value| value.is_number());
        passes
            .and_then(time::read_seconds)
            .is_some_and(|passes| passes <= at)
    }

    /// How a mark is taken off again that was written into a row which had been found like this, whatever else its owner
    /// has done to the row in the meantime.
    #[must_use]
    pub fn undoing(collection: &Collection, mark: &Mark, found: &Found) -> Self {
        let mut marked = found.clone();
        Self::marking(collection, mark, found).apply(&mut marked.values);
        Self {
            only_if: Vec::new(),
            ..Self::unmarking(collection, &marked, mark.written_at)
        }
    }

    /// Whether a row with these attributes is as it was found.
    #[must_use]
    pub fn holds(&self, attributes: &Map<String, Value>) -> bool {
        let mut asked = self.only_if.iter();
        asked.all(|(name, value)| attributes.get(name) == value.as_ref())
    }

    /// Makes the change.
    pub fn apply(&self, attributes: &mut Map<String, Value>) {
        for name in &self.remove {
            attributes.remove(name);
        }
        for (name, value) in &self.set {
            attributes.insert(name.clone(), value.clone());
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        self.set.push((name.to_owned(), value));
    }

    fn ask(&mut self, name: &str, value: Option<Value>) {
        self.only_if.push((name.to_owned(), value));
    }
}

#[cfg(test)]
mod tests;
