//! What must hold, whatever happens under the key.

use stateright::{Model as _, Property};

use super::deletion::{Outcome, Way};
use super::{Keys, Under};

pub(super) fn all() -> Vec<Property<Keys>> {
    vec![
        Property::always(
            "one deletion counts a record as deleted",
            |_: &Keys, under: &Under| {
                let mut counted: Vec<u8> = Vec::new();
                let mut deletions = under.deletions.iter().flatten();
                deletions.all(|deletion| {
                    let is_counted = deletion.outcome == Some(Outcome::Deleted);
                    let Some(page) = deletion.page.filter(|_| is_counted) else {
                        return true;
                    };
                    let is_new = !counted.contains(&page);
                    counted.push(page);
                    is_new
                })
            },
        ),
        Property::always("what has moved away is left alone", |_, under: &Under| {
            !under.happened.took_moved
        }),
        Property::always(
            "the next record of a key is left alone",
            |_, under: &Under| !under.happened.took_later,
        ),
        Property::always(
            "what is taken is what was meant, at that moment",
            |_, under: &Under| !under.happened.took_unmeant,
        ),
        Property::always("what is removed is marked", |_, under: &Under| {
            !under.happened.removed_live
        }),
        Property::always(
            "nothing is removed above a child that was there",
            |_, under: &Under| !under.happened.left_a_child,
        ),
        Property::always(
            "what was there when it was asked for is not live in the end",
            |keys: &Keys, under: &Under| {
                let mut next = Vec::new();
                keys.actions(under, &mut next);
                let has_ended = next.is_empty()
                    && under.left.moves + under.left.unmarks
                        == keys.often.moves + keys.often.unmarks;
                let is_live = under
                    .row
                    .is_some_and(|row| row.generation == 0 && row.mark().is_none());
                let is_asked = under
                    .deletions
                    .iter()
                    .flatten()
                    .any(|deletion| deletion.way != Way::Look && deletion.is_over());
                !(has_ended && is_live && is_asked)
            },
        ),
    ]
}
