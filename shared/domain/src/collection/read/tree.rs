//! A TOML tree that knows the place of each key.
//!
//! Reading through serde would lose the line of a key and stop at the first error; so the tree is walked by hand.

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::keys;
use super::place::{File, Place};
use super::problems::Problems;

/// A table, with the place where it begins.
#[derive(Clone)]
pub(super) struct Section<'a> {
    pub(super) place: Place<'a>,
    table: &'a DeTable<'a>,
}

/// A value, with the place of its key.
pub(super) struct Entry<'a> {
    pub(super) place: Place<'a>,
    pub(super) value: &'a DeValue<'a>,
}

impl<'a> File<'a> {
    /// The values of a table, in the order of its keys; `path` is the path of the table, empty at the top.
    pub(super) fn entries(
        self,
        path: &str,
        table: &'a DeTable<'a>,
    ) -> impl Iterator<Item = (&'a str, Entry<'a>)> {
        let path = path.to_owned();
        table
            .iter()
            .map(move |(key, value)| (key.get_ref().as_ref(), self.entry(&path, key, value)))
    }

    fn entry(
        self,
        path: &str,
        key: &Spanned<DeString<'a>>,
        value: &'a Spanned<DeValue<'a>>,
    ) -> Entry<'a> {
        let key_path = if path.is_empty() {
            key.get_ref().to_string()
        } else {
            format!("{path}.{}", key.get_ref())
        };
        Entry {
            place: self.place(key.span().start, key_path),
            value: value.get_ref(),
        }
    }
}

impl<'a> Entry<'a> {
    /// The text, if the value is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.as_str()
    }

    /// The table, if the value is one.
    pub(super) fn section(&self) -> Option<Section<'a>> {
        Some(Section {
            place: self.place.clone(),
            table: self.value.as_table()?,
        })
    }

    /// The elements of a list, each at its own line under the list's key; none if it is not a list.
    pub(super) fn elements(&self) -> Vec<Entry<'a>> {
        let element = |value: &'a Spanned<DeValue<'a>>| Entry {
            place: self
                .place
                .file
                .place(value.span().start, self.place.key.clone()),
            value: value.get_ref(),
        };
        self.value
            .as_array()
            .map_or_else(Vec::new, |list| list.iter().map(element).collect())
    }

    /// The texts of a list, each at most once.
    pub(super) fn texts(&self, problems: &mut Problems<'a>) -> Vec<(&'a str, Place<'a>)> {
        let mut texts: Vec<(&str, Place)> = Vec::new();
        for element in self.elements() {
            match element.text() {
                None => problems.add(
                    element.place,
                    format!(
                        "holds {}; write each element as a text in quotes",
                        element.value.kind()
                    ),
                ),
                Some(text) if texts.iter().any(|(earlier, _)| *earlier == text) => {
                    problems.add(
                        element.place,
                        format!("names \"{text}\" twice; write it once"),
                    );
                }
                Some(text) => texts.push((text, element.place)),
            }
        }
        texts
    }
}

impl<'a> Section<'a> {
    /// All values, in the order of their keys.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Entry<'a>)> {
        self.place.file.entries(&self.place.key, self.table)
    }

    /// The value of a key.
    pub(super) fn get(&self, name: &str) -> Option<Entry<'a>> {
        let (key, value) = self.table.get_key_value(name)?;
        Some(self.place.file.entry(&self.place.key, key, value))
    }

    /// The value of a key that must be present.
    pub(super) fn required(&self, name: &str, problems: &mut Problems<'a>) -> Option<Entry<'a>> {
        let entry = self.get(name);
        if entry.is_none() {
            let place = self.place_of(name);
            let example = keys::example(keys::without_collection(&place.key));
            problems.add(
                place,
                format!("is missing; write it like `{name} = {example}`"),
            );
        }
        entry
    }

    /// The place of a key below this table, or of the nearest table around it that exists. The key of the place is the
    /// whole path in any case, so that an error about a default says what to write.
    pub(super) fn place_of(&self, path: &str) -> Place<'a> {
        let mut line = self.place.line;
        let mut section = Some(self.clone());
        for name in path.split('.') {
            let Some(entry) = section.and_then(|section| section.get(name)) else {
                break;
            };
            line = entry.place.line;
            section = entry.section();
        }
        Place {
            file: self.place.file,
            line,
            key: format!("{}.{path}", self.place.key),
        }
    }
}

/// What a value is, for an error message.
pub(super) trait Kind {
    /// E.g. `an integer`.
    fn kind(&self) -> String;
}

impl Kind for DeValue<'_> {
    fn kind(&self) -> String {
        let kind = self.type_str();
        let article = if kind.starts_with(['a', 'i']) {
            "an"
        } else {
            "a"
        };
        format!("{article} {kind}")
    }
}
