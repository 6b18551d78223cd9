//! Reading single values, and collecting what is wrong with them.
//!
//! A reader always returns a value, so that the next variable is read, too; [`Values::finish`] drops all of them if
//! there was a problem.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use super::{ConfigError, Function, Problem, Secret, VARIABLES, Variable};

pub(super) struct Values<F> {
    function: Function,
    lookup: F,
    problems: Vec<Problem>,
}

impl<F: Fn(&str) -> Option<String>> Values<F> {
    pub(super) fn new(function: Function, lookup: F) -> Self {
        Self {
            function,
            lookup,
            problems: Vec::new(),
        }
    }

    /// The whole, if nothing was wrong with any part of it. Whenever it is `None`, a problem was noted.
    pub(super) fn finish<T>(self, whole: Option<T>) -> Result<T, ConfigError> {
        whole
            .filter(|_| self.problems.is_empty())
            .ok_or(ConfigError(self.problems))
    }

    pub(super) fn problem(
        &mut self,
        variable: &'static str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) {
        self.problems.push(Problem {
            variable,
            wrong: wrong.into(),
            write: write.into(),
        });
    }

    /// Whether nothing was wrong with these so far.
    pub(super) fn is_fine(&self, variables: &[&str]) -> bool {
        !self
            .problems
            .iter()
            .any(|problem| variables.contains(&problem.variable))
    }

    /// A text; empty only if the variable is optional. A variable of other functions has its default.
    pub(super) fn text(&mut self, name: &'static str) -> String {
        let Some(Variable {
            functions, default, ..
        }) = VARIABLES.iter().find(|variable| variable.name == name)
        else {
            unreachable!("{name} stands in VARIABLES")
        };
        let given = (self.lookup)(name).filter(|value| !value.is_empty());
        let given = given.filter(|_| functions.contains(&self.function));
        match (given, default) {
            (Some(given), _) => given,
            (None, Some(default)) => (*default).to_owned(),
            (None, None) => {
                self.problem(name, "is missing", "write a value, it has no default");
                String::new()
            }
        }
    }

    /// A secret that nobody can guess; empty only if the variable is optional.
    pub(super) fn secret(&mut self, name: &'static str) -> Secret {
        const LEAST: usize = 32;
        let text = self.text(name);
        if !text.is_empty() && text.len() < LEAST {
            self.problem(
                name,
                "is too short for a secret",
                "write at least 32 random characters",
            );
        }
        Secret::new(text)
    }

    pub(super) fn number(&mut self, name: &'static str, range: RangeInclusive<u64>) -> u64 {
        // `parse` alone would also take "+3".
        let text = self.text(name);
        let number = text
            .parse()
            .ok()
            .filter(|_| text.bytes().all(|digit| digit.is_ascii_digit()));
        number
            .filter(|number| range.contains(number))
            .unwrap_or_else(|| {
                let write = format!(
                    "write a whole number from {} to {}",
                    range.start(),
                    range.end()
                );
                self.problem(name, "is not such a number", write);
                *range.start()
            })
    }

    pub(super) fn seconds(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Duration {
        Duration::from_secs(self.number(name, range))
    }

    /// One of these words; the first, if the value is another one.
    pub(super) fn one_of<T: Copy, const N: usize>(
        &mut self,
        name: &'static str,
        words: &[(&str, T); N],
    ) -> T {
        let text = self.text(name);
        let known = words.iter().find(|(word, _)| *word == text);
        known.map_or_else(
            || {
                // That it is missing is already noted.
                if self.is_fine(&[name]) {
                    let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                    let write = format!("write {}", known.join(" or "));
                    self.problem(name, format!("is {text:?}"), write);
                }
                words[0].1
            },
            |(_, meaning)| *meaning,
        )
    }

    /// Notes a problem if a text is missing that another variable requires.
    pub(super) fn given(&mut self, name: &'static str, why: &str) {
        if self.text(name).is_empty() {
            self.problem(name, "is missing", format!("write a value: {why}"));
        }
    }

    /// Notes a problem if a text is present that has no meaning beside another variable.
    pub(super) fn absent(&mut self, name: &'static str, why: &str) {
        if !self.text(name).is_empty() {
            self.problem(name, "is given", format!("leave it empty: {why}"));
        }
    }

    /// A URL with scheme and host.
    pub(super) fn url(&mut self, name: &'static str) -> String {
        let text = self.text(name);
        let host = ["https://", "http://"]
            .into_iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let whole = host.is_some_and(|host| !host.is_empty() && !host.starts_with('/'));
        if self.is_fine(&[name]) && (!whole || text.contains(char::is_whitespace)) {
            self.problem(name, "is not a URL", "write https://… or http://…");
        }
        text
    }

    /// `logical=name,…`. An entry without a name is ignored: the template renders an empty parameter like this.
    pub(super) fn names(&mut self, name: &'static str) -> BTreeMap<String, String> {
        let text = self.text(name);
        let mut names = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for entry in text
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
        {
            match entry
                .split_once('=')
                .map(|(logical, real)| (logical.trim(), real.trim()))
            {
                Some((logical, real)) if !logical.is_empty() && !real.contains('=') => {
                    if !seen.insert(logical.to_owned()) {
                        self.problem(
                            name,
                            format!("names `{logical}` twice"),
                            "name each table once",
                        );
                    } else if !real.is_empty() {
                        names.insert(logical.to_owned(), real.to_owned());
                    }
                }
                _ => self.problem(
                    name,
                    format!("has the entry {entry:?}"),
                    "write logical=name,logical=name",
                ),
            }
        }
        names
    }
}
