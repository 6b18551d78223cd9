//! One line of an archive, taken apart: every field is known, there once, and text.

use std::fmt;

use jiff::Timestamp;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::Serialize;
use serde_json::Value;

use super::moment;

/// The fields of a line. All are required, and there are no others.
const FIELDS: [&str; 7] = [
    "list", "thread", "id", "sent_at", "author", "subject", "body",
];

/// One message of an archive, as its line says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Message {
    /// The mailing list: the tenant.
    pub list: String,
    /// The thread, unique in its list only.
    pub thread: String,
    /// The message, unique in its thread only.
    pub id: String,
    /// When it was sent, RFC 3339.
    pub sent_at: String,
    /// Who wrote it.
    pub author: String,
    /// Its subject; may be empty.
    pub subject: String,
    /// Its text; may be empty.
    pub body: String,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The field, where it is one.
    pub(super) field: Option<String>,
    /// A sentence that goes on after the field's name.
    pub(super) what: String,
}

impl Problem {
    pub(super) fn of(field: &str, what: impl Into<String>) -> Self {
        Self {
            field: Some(field.to_owned()),
            what: what.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "`{field}` {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl Message {
    /// Reads a line.
    pub(super) fn parse(line: &str) -> Result<Self, Problem> {
        let Pairs(pairs) = serde_json::from_str(line).map_err(|error| Problem {
            field: None,
            what: format!("not a JSON object: {error}"),
        })?;
        let mut texts: [Option<String>; FIELDS.len()] = Default::default();
        for (name, value) in pairs {
            let Some(place) = FIELDS.iter().position(|field| *field == name) else {
                let known = FIELDS.join(", ");
                return Err(Problem::of(
                    &name,
                    format!("is not a known field; known are {known}"),
                ));
            };
            let Value::String(text) = value else {
                return Err(Problem::of(&name, format!("must be text, it is {value}")));
            };
            if texts[place].replace(text).is_some() {
                return Err(Problem::of(&name, "is there twice"));
            }
        }
        if let Some(missing) = texts.iter().position(Option::is_none) {
            return Err(Problem::of(FIELDS[missing], "is missing"));
        }
        let [list, thread, id, sent_at, author, subject, body] =
            texts.map(Option::unwrap_or_default);
        let message = Self {
            list,
            thread,
            id,
            sent_at,
            author,
            subject,
            body,
        };
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), Problem> {
        let named = [
            ("list", &self.list),
            ("thread", &self.thread),
            ("id", &self.id),
            ("author", &self.author),
        ];
        if let Some((field, _)) = named.into_iter().find(|(_, value)| value.is_empty()) {
            return Err(Problem::of(field, "is empty"));
        }
        if self.list.contains('~') {
            // `a~b` with thread `c`, and `a` with thread `b~c`, would be one discussion of two tenants.
            return Err(Problem::of(
                "list",
                "contains `~`, which separates list and thread in the id of a discussion",
            ));
        }
        self.moment().map(|_| ())
    }

    /// When it was sent.
    pub(super) fn moment(&self) -> Result<Timestamp, Problem> {
        moment::parse(&self.sent_at).ok_or_else(|| {
            Problem::of(
                "sent_at",
                format!(
                    "is no RFC 3339 time of the years 0000 to 9999, such as 2001-02-03T04:05:06Z: {:?}",
                    self.sent_at
                ),
            )
        })
    }

    /// The line of this message.
    #[must_use]
    pub fn to_line(&self) -> String {
        // A struct of texts has no value that JSON could refuse.
        let mut line = Vec::new();
        let _written = self.serialize(&mut serde_json::Serializer::new(&mut line));
        String::from_utf8(line).unwrap_or_default()
    }
}

/// The members of an object in their order, repeated ones too.
struct Pairs(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::with_capacity(FIELDS.len());
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"list":"l","thread":"t","id":"i","sent_at":"2001-02-03T04:05:06Z","author":"a","subject":"","body":""}"#;

    fn problem(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from));
        Message::parse(&GOOD.replacen(from, to, 1))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_message_survives_being_written_and_read() {
        let message = Message::parse(GOOD).unwrap();

        assert_eq!(Message::parse(&message.to_line()), Ok(message));
    }

    #[test]
    fn a_wrong_line_is_told_with_its_field() {
        for (from, to, expected) in [
            (r#""body""#, r#""bdy""#, "`bdy` is not a known field"),
            (r#","body":"""#, "", "`body` is missing"),
            (r#""id":"i""#, r#""id":7"#, "`id` must be text, it is 7"),
            (r#""id":"i""#, r#""id":"i","id":"j""#, "`id` is there twice"),
            (r#""author":"a""#, r#""author":"""#, "`author` is empty"),
            (r#""list":"l""#, r#""list":"l~m""#, "`list` contains `~`"),
            ("2001-02-03T", "2001-02-30T", "`sent_at` is no RFC 3339"),
            (
                "2001-02-03T",
                "12001-02-03T",
                "`sent_at` is no RFC 3339 time of the years 0000 to 9999",
            ),
            ("}", "", "not a JSON object"),
        ] {
            let told = problem(from, to);
            assert!(told.starts_with(expected), "{told}");
        }
        for line in ["", "[]", "7", "null"] {
            assert!(Message::parse(line).is_err(), "{line:?}");
        }
    }
    #[test]
    fn every_rfc_3339_time_is_taken_as_it_is_written() {
        for time in [
            "9999-12-31T23:59:59Z",
            "2016-12-31T23:59:60Z",
            "2001-02-03t04:05:06z",
            "2001-02-03T04:05:06+00:00",
        ] {
            let line = GOOD.replacen("2001-02-03T04:05:06Z", time, 1);

            assert_eq!(Message::parse(&line).unwrap().sent_at, time);
        }
    }
}
