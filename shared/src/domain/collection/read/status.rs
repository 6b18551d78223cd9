//! What clients may write into a record's own status.

use super::declaration::named;
use super::problems::Problems;
use super::tree::Section;
use super::words;
use crate::domain::deletion::State;

/// The values that clients may write into the record's own status. Everything else is internal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRule {
    /// The attribute of the row.
    pub attribute: String,
    /// The values; none of them is a state of a deletion.
    pub allowed: Vec<String>,
}

impl StatusRule {
    /// Whether a client may write this value.
    #[must_use]
    pub fn allows(&self, value: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed == value)
    }
}

pub(super) fn read<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Option<StatusRule> {
    let attribute = named(section, "attribute", words::attribute, problems);
    let entry = section.required("allowed", problems)?;
    let before = problems.count();
    let texts = entry.texts(problems);
    for (text, place) in &texts {
        if State::ALL.iter().any(|state| state.as_str() == *text) {
            let message = format!(
                "\"{text}\" is a state of a deletion, which clients cannot write; take it out"
            );
            problems.add(place.clone(), message);
        }
    }
    if entry.value.is_array() && entry.elements().is_empty() {
        problems.add(
            entry.place,
            "is empty, so no record could be written; name the values that clients may write",
        );
    }
    let allowed = texts.into_iter().map(|(text, _)| text.to_owned()).collect();
    (problems.count() == before).then_some(StatusRule {
        attribute: attribute?,
        allowed,
    })
}
