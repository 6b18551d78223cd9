//! The name of the EventBridge Scheduler entry that is removed with a record, made from the record's row.

/// The longest name of a schedule.
const NAME_BYTES: usize = 64;

/// How a schedule's name is made, e.g. `task-{task_uuid}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleTemplate {
    /// The text before the first value.
    prefix: String,
    /// Each attribute with the literal after it.
    values: Vec<(String, String)>,
}

/// Why a text is not a template for schedules.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::collection) enum ScheduleError {
    #[error("has a brace without its partner; write each attribute as `{{name}}`")]
    Brace,
    #[error(
        "names no attribute, so all records would have one schedule; name one that tells them apart, like `task-{{task_uuid}}`"
    )]
    NoAttribute,
    #[error(
        "has {0:?}, which the name of a schedule cannot have; write letters, digits, `-`, `_` and `.`"
    )]
    Letter(char),
    #[error("has an empty pair of braces; write the attribute between them")]
    Unnamed,
}

impl ScheduleTemplate {
    pub(in crate::collection) fn parse(text: &str) -> Result<Self, ScheduleError> {
        let mut pieces = text.split('{');
        let prefix = literal(pieces.next().unwrap_or_default())?;
        let mut values = Vec::new();
        for piece in pieces {
            let (attribute, behind) = piece.split_once('}').ok_or(ScheduleError::Brace)?;
            if attribute.is_empty() {
                return Err(ScheduleError::Unnamed);
            }
            values.push((attribute.to_owned(), literal(behind)?));
        }
        if values.is_empty() {
            return Err(ScheduleError::NoAttribute);
        }
        Ok(Self { prefix, values })
    }

    /// The attributes that a row must be read with.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(|(attribute, _)| attribute.as_str())
    }

    /// The name of a row's schedule; `value` gives the text of an attribute. `None` when an attribute is missing, or
    /// when no schedule can have the name: then there is no schedule to remove.
    #[must_use]
    pub fn render<'r>(&self, value: impl Fn(&str) -> Option<&'r str>) -> Option<String> {
        let mut name = self.prefix.clone();
        for (attribute, behind) in &self.values {
            name.push_str(value(attribute)?);
            name.push_str(behind);
        }
        ((1..=NAME_BYTES).contains(&name.len()) && name.chars().all(is_letter)).then_some(name)
    }
}

fn literal(text: &str) -> Result<String, ScheduleError> {
    if text.contains('}') {
        return Err(ScheduleError::Brace);
    }
    match text.chars().find(|c| !is_letter(*c)) {
        Some(c) => Err(ScheduleError::Letter(c)),
        None => Ok(text.to_owned()),
    }
}

/// A character that EventBridge Scheduler accepts in a name.
fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> ScheduleTemplate {
        ScheduleTemplate::parse(text).unwrap()
    }

    #[test]
    fn a_name_is_made_from_the_attributes_of_the_row() {
        let row = |attribute: &str| match attribute {
            "project" => Some("p-1"),
            "task" => Some("0b3f"),
            _ => None,
        };

        assert_eq!(
            template("task-{task}").render(row).as_deref(),
            Some("task-0b3f")
        );
        assert_eq!(
            template("{project}_{task}.run").render(row).as_deref(),
            Some("p-1_0b3f.run")
        );
        assert_eq!(
            template("{project}_{task}")
                .attributes()
                .collect::<Vec<_>>(),
            ["project", "task"]
        );
    }

    #[test]
    fn a_row_without_the_attribute_has_no_schedule() {
        assert_eq!(template("task-{task}").render(|_| None), None);
    }

    #[test]
    fn a_name_that_no_schedule_can_have_is_no_schedule() {
        let named = |value: &'static str| template("{task}").render(|_| Some(value));

        assert_eq!(named("a b"), None);
        assert_eq!(named("größe"), None);
        assert_eq!(named(""), None);
        let longest: &'static str = "x".repeat(64).leak();
        assert_eq!(named(longest).as_deref(), Some(longest));
        assert_eq!(named("x".repeat(65).leak()), None);
    }

    #[test]
    fn templates_that_cannot_name_the_schedules_of_records() {
        for (text, error) in [
            ("task", ScheduleError::NoAttribute),
            ("task-{id", ScheduleError::Brace),
            ("task-}", ScheduleError::Brace),
            ("task-{id}}", ScheduleError::Brace),
            ("task-{}", ScheduleError::Unnamed),
            ("group/{id}", ScheduleError::Letter('/')),
        ] {
            assert_eq!(ScheduleTemplate::parse(text), Err(error), "{text}");
        }
    }
}
