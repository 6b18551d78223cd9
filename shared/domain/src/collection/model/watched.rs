//! What a live row must have beside the absence of a mark, so that it may be marked: texts that say whose child it is, and
//! nothing that holds it back.

use serde_json::Value;

use super::held::Says;
use super::pattern::Composed;
use super::record::Collection;

/// Why a live row is not marked, or cannot be judged, because of what one of its attributes has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// The text of the attribute at this place of `parts` is not of its pattern, so nobody can say what it names.
    Composed(usize),
    /// The attribute at this place of `held` has a value of a type of which the file says nothing.
    Unknown(usize),
    /// The attribute at this place of `held` holds the row back.
    Held(usize),
}

impl Collection {
    /// The attributes beside the key whose texts are made of parts, with their patterns and their place in `parts`: those of
    /// which a part says whose a row is, who wrote it, or what it names.
    pub fn composed_in_use(&self) -> impl Iterator<Item = (usize, &str, &Composed)> {
        let parts = self.parts_in_use();
        let composed = self.composed.iter().enumerate();
        let composed = composed.map(|(place, (name, patterns))| (place, name.as_str(), patterns));
        let is_in_use =
            move |patterns: &Composed| patterns.names().any(|part| parts.contains(&part));
        // One that says whose a row is makes a row of another kind of it, where it is of another form.
        let of_tenant = self.tenant.attribute();
        composed.filter(move |(_, name, patterns)| Some(*name) != of_tenant && is_in_use(patterns))
    }

    /// The names, of parts or of attributes, by which a row is judged.
    fn parts_in_use(&self) -> Vec<&str> {
        let parent = self.parent.iter().flat_map(|parent| &parent.by);
        let keeps = self.keeps.iter().flat_map(|keeps| &keeps.by);
        let author = self.author.iter().map(|author| &author.attribute);
        let group = self.event.iter().flat_map(|event| &event.group);
        let names = parent.chain(keeps).chain(author).chain(group);
        let filters = self.filters.attributes();
        names.map(String::as_str).chain(filters).collect()
    }

    /// The attributes, beside those of a mark, on which it depends whether a live row is marked, each once.
    #[must_use]
    pub fn watched(&self) -> Vec<&str> {
        let composed = self.composed_in_use().map(|(_, name, _)| name);
        let mut names: Vec<&str> = composed.collect();
        let held = self.held.attributes().filter(|name| !names.contains(name));
        let held: Vec<&str> = held.collect();
        names.extend(held);
        names
    }

    /// Whether a row is marked only as it was read: beside the mark itself, the write depends on what else is in it.
    #[must_use]
    pub fn mark_depends_on_more(&self) -> bool {
        self.marks.depends_on_more() || !self.watched().is_empty()
    }

    /// Whether a mark depends on more of a row than whether it is marked.
    #[must_use]
    pub fn is_read_to_be_marked(&self) -> bool {
        self.mark_depends_on_more() || self.adopt.is_some()
    }

    /// What of a live row with these values keeps it from being marked, the worst first.
    pub fn obstacle<'v>(&self, value: impl Fn(&str) -> Option<&'v Value>) -> Option<Obstacle> {
        let is_other = |(_, name, patterns): &(usize, &str, &Composed)| match value(name) {
            None | Some(Value::Null) => false,
            Some(Value::String(text)) => !patterns.fits(text),
            Some(_) => true,
        };
        if let Some((place, ..)) = self.composed_in_use().find(is_other) {
            return Some(Obstacle::Composed(place));
        }
        let says = |says| self.held.place(says, &value);
        let unknown = says(Says::Nothing).map(Obstacle::Unknown);
        unknown.or_else(|| says(Says::Held).map(Obstacle::Held))
    }
}
