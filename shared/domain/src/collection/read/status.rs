//! Reads what clients may write into a record's own status.

use super::problems::Problems;
use super::tree::Section;
use super::values::named;
use super::words;
use crate::collection::model::status::StatusRule;
use crate::deletion::State;

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
