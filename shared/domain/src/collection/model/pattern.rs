//! Texts that are made of parts, e.g. `LPA#{application}`: read from a row, and written to find one.
//!
//! A text and its parts never differ in what they say: what is read from a text gives that text again, and two lists of
//! values never give one text. For that there is a literal between two parts, and a value that holds such a literal, or
//! could be mistaken for one together with what follows it, is refused.

/// A text with the values of parts in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// The text before the first value.
    prefix: String,
    /// Each part with the literal after it: the separator, or for the last one the end.
    parts: Vec<(String, String)>,
}

/// What the texts of an attribute beside the key are made of: each is of one of these patterns, which share no part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed(pub(in crate::collection) Vec<Pattern>);

impl Composed {
    /// The parts of all patterns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().flat_map(Pattern::names)
    }

    /// The pattern that has this part.
    #[must_use]
    pub fn with(&self, part: &str) -> Option<&Pattern> {
        let mut patterns = self.0.iter();
        patterns.find(|pattern| pattern.names().any(|name| name == part))
    }

    /// Whether a text is of one of the patterns.
    #[must_use]
    pub fn fits(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| pattern.read(text).is_some())
    }

    /// What is known of a text from the values of parts: of the pattern that has one of them.
    ///
    /// # Errors
    ///
    /// [`PartError`] for a value that the text could not be read back with.
    pub fn write<'v>(
        &self,
        value: impl Fn(&str) -> Option<&'v str>,
    ) -> Result<Option<Known>, PartError> {
        let mut patterns = self.0.iter();
        let asked = patterns.find(|pattern| pattern.names().any(|name| value(name).is_some()));
        asked.map(|pattern| pattern.write(value)).transpose()
    }
}

impl std::fmt::Display for Composed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let patterns: Vec<String> = self.0.iter().map(|one| format!("`{one}`")).collect();
        f.write_str(&patterns.join(" or "))
    }
}

/// What is known of a text from the values of some of its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// The text itself.
    Whole(String),
    /// How it begins; everything begins with an empty text.
    Beginning(String),
}

impl Known {
    /// What is known of a text that is one of two: how both begin.
    pub(in crate::collection) fn common(self, other: Self) -> Self {
        let (Self::Whole(one) | Self::Beginning(one), Self::Whole(two) | Self::Beginning(two)) =
            (self, other);
        let pairs = one.chars().zip(two.chars());
        let common = pairs.take_while(|(one, two)| one == two);
        Self::Beginning(common.map(|(one, _)| one).collect())
    }
}

/// Why a value cannot be a part of a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of `{part}` {why}")]
pub struct PartError {
    /// The part.
    pub part: String,
    /// What is wrong with its value.
    pub why: WrongPart,
}

/// What is wrong with the value of a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongPart {
    /// The text could not be read back.
    #[error("is empty or holds what separates it from the next part of `{pattern}`")]
    Separator {
        /// The pattern, as it is written in the file.
        pattern: String,
    },
    /// The text would begin otherwise.
    #[error("is not one that begins with {begins} and goes on behind that")]
    Beginning {
        /// How texts may begin.
        begins: String,
    },
    /// The text would be of another collection.
    #[error("makes a text with `{without}` in it, which is not of this collection")]
    Excluded {
        /// What no text of the collection holds.
        without: String,
    },
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::collection) enum PatternError {
    #[error("has a brace without its partner; write each part as `{{name}}`")]
    Brace,
    #[error("has `{{}}`, a part without a name; write `{{name}}`")]
    NoName,
    #[error("names `{{{0}}}` twice; name it once")]
    Twice(String),
    #[error(
        "has nothing between `{{{0}}}` and `{{{1}}}`; write a separator that the values cannot hold"
    )]
    NoSeparator(String, String),
}

impl Pattern {
    /// Texts that begin so, and have more than that; what is behind is a part of this name.
    pub(in crate::collection) fn beginning(prefix: &str, part: &str) -> Self {
        Self {
            prefix: prefix.to_owned(),
            parts: vec![(part.to_owned(), String::new())],
        }
    }

    /// Whether every text of this pattern holds these letters, wherever its values end.
    #[must_use]
    pub fn always_holds(&self, letters: &str) -> bool {
        let behind = self.parts.iter().map(|(_, behind)| behind.as_str());
        std::iter::once(self.prefix.as_str())
            .chain(behind)
            .any(|literal| literal.contains(letters))
    }

    /// The text before the first value.
    pub(in crate::collection) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Reads a pattern; one without a part is a fixed text.
    pub(in crate::collection) fn parse(text: &str) -> Result<Self, PatternError> {
        let mut pieces = text.split('{');
        let prefix = literal(pieces.next().unwrap_or_default())?;
        let mut parts: Vec<(String, String)> = Vec::new();
        for piece in pieces {
            let (name, behind) = piece.split_once('}').ok_or(PatternError::Brace)?;
            if name.is_empty() {
                return Err(PatternError::NoName);
            }
            if parts.iter().any(|(earlier, _)| earlier == name) {
                return Err(PatternError::Twice(name.to_owned()));
            }
            if let Some((before, separator)) = parts.last()
                && separator.is_empty()
            {
                return Err(PatternError::NoSeparator(before.clone(), name.to_owned()));
            }
            parts.push((name.to_owned(), literal(behind)?));
        }
        Ok(Self { prefix, parts })
    }

    /// The names of the parts, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(name, _)| name.as_str())
    }

    /// The parts of a text as `(name, value)`, in their order; `None` where the text is not of this pattern.
    #[must_use]
    pub fn read<'p, 't>(&'p self, text: &'t str) -> Option<Vec<(&'p str, &'t str)>> {
        let mut rest = text.strip_prefix(self.prefix.as_str())?;
        let mut read = Vec::with_capacity(self.parts.len());
        for (place, (name, behind)) in self.parts.iter().enumerate() {
            let is_last = place + 1 == self.parts.len();
            let value = if is_last {
                rest.strip_suffix(behind.as_str())?
            } else {
                rest.split_once(behind.as_str())?.0
            };
            if value.is_empty() || self.separators().any(|separator| value.contains(separator)) {
                return None;
            }
            read.push((name.as_str(), value));
            rest = &rest[value.len() + behind.len()..];
        }
        rest.is_empty().then_some(read)
    }

    /// The text with these values, or how it begins, as far as the values of its parts are known.
    ///
    /// # Errors
    ///
    /// [`PartError`] for a value that the text could not be read back with.
    pub fn write<'v>(&self, value: impl Fn(&str) -> Option<&'v str>) -> Result<Known, PartError> {
        let mut text = self.prefix.clone();
        for (place, (name, behind)) in self.parts.iter().enumerate() {
            let Some(value) = value(name) else {
                return Ok(Known::Beginning(text));
            };
            let refused = || PartError {
                part: name.clone(),
                why: WrongPart::Separator {
                    pattern: self.to_string(),
                },
            };
            if value.is_empty() || self.separators().any(|separator| value.contains(separator)) {
                return Err(refused());
            }
            let start = text.len();
            text.push_str(value);
            text.push_str(behind);
            // "a~" and the separator "~~" read as "a", "~~", "~": found where the value has not ended yet.
            if place + 1 < self.parts.len()
                && text[start..].find(behind.as_str()) != Some(value.len())
            {
                return Err(refused());
            }
        }
        Ok(Known::Whole(text))
    }

    /// Whether some text is of both patterns, as far as their fixed texts tell.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let (one, two) = (self.letters(), other.letters());
        // Which beginnings of `one` some text shares with the beginning of `two` looked at so far.
        let mut row = vec![false; one.len() + 1];
        row[0] = true;
        close(&one, &mut row);
        for letter in &two {
            let mut next = vec![false; one.len() + 1];
            for place in 0..=one.len() {
                if letter.is_none() && row[place] {
                    // A value of `two` ends here, or is empty so far.
                    next[place] = true;
                }
                let Some(own) = one.get(place) else { continue };
                match (own, letter) {
                    (Some(a), Some(b)) if row[place] && a == b => next[place + 1] = true,
                    // A value of `one` takes the letter.
                    (None, Some(_)) if row[place] => next[place] = true,
                    _ => {}
                }
            }
            if letter.is_none() {
                // A value of `two` takes letters of `one`.
                for place in 0..one.len() {
                    next[place + 1] |= next[place];
                }
            }
            close(&one, &mut next);
            row = next;
        }
        row[one.len()]
    }

    /// The literals between two values; those before the first and after the last value cannot be mistaken.
    fn separators(&self) -> impl Iterator<Item = &str> {
        let between = self.parts.len().saturating_sub(1);
        self.parts[..between]
            .iter()
            .map(|(_, separator)| separator.as_str())
    }

    /// The letters of the fixed texts, with `None` where a value is.
    fn letters(&self) -> Vec<Option<char>> {
        let parts = self
            .parts
            .iter()
            .flat_map(|(_, behind)| std::iter::once(None).chain(behind.chars().map(Some)));
        self.prefix.chars().map(Some).chain(parts).collect()
    }
}

/// What is reached also reaches behind a value that takes nothing more.
fn close(letters: &[Option<char>], row: &mut [bool]) {
    for (place, letter) in letters.iter().enumerate() {
        if letter.is_none() {
            row[place + 1] |= row[place];
        }
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.prefix)?;
        for (name, behind) in &self.parts {
            write!(f, "{{{name}}}{behind}")?;
        }
        Ok(())
    }
}

/// A piece of text without braces.
fn literal(text: &str) -> Result<String, PatternError> {
    if text.contains('}') {
        Err(PatternError::Brace)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
pub(in crate::collection) mod tests;
