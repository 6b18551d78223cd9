//! Combinations of strategy, retention and the keys about restoring that contradict each other.

use super::problems::Problems;
use super::tree::Section;
use crate::collection::model::permissions::Grant;
use crate::collection::model::record::Collection;

pub(super) fn check<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    restore_is_possible(collection, section, problems);
    version_is_asked(collection, section, problems);
    author_has_a_clock(collection, section, problems);
}

/// Keys that matter only to a restore are rejected where there is no restore: they would look as if they mattered.
fn restore_is_possible<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    if collection.restorable {
        return;
    }
    if !collection.permissions.restore.is_empty() {
        problems.add(
            section.place_of("permissions.restore"),
            "grants what `restore = \"never\"` rules out; take one of the two out",
        );
    }
    if collection.live_is_null {
        problems.add(
            section.place_of("live"),
            "is for a restore, which `restore = \"never\"` rules out; take one of the two out",
        );
    }
}

/// The version is compared between the copy and the removal of a row, which is what `archive` does.
fn version_is_asked<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    if collection.version.is_some() && !collection.strategy.compares_versions() {
        let message = format!(
            "is asked by the strategy \"archive\" only, and this one is \"{}\"; take it out",
            collection.strategy.as_str()
        );
        problems.add(section.place_of("version"), message);
    }
}

/// A time limit for authors needs an author, a right to limit, and the moment it counts from.
fn author_has_a_clock<'a>(
    collection: &Collection,
    section: &Section<'a>,
    problems: &mut Problems<'a>,
) {
    let permissions = &collection.permissions;
    if permissions.author_within.is_none() {
        return;
    }
    let place = || section.place_of("permissions.author_within");
    if collection.filters.time.is_none() {
        problems.add(
            place(),
            "has no moment to count from; write `filters = { time = \"…\" }`, the attribute that says when the record was written",
        );
    }
    if collection.author.is_none() {
        problems.add(
            place(),
            "limits the author, but no attribute says who that is; write `author = \"…\"` in the collection",
        );
    } else if !permissions.delete.contains(&Grant::Author)
        && !permissions.write.contains(&Grant::Author)
    {
        problems.add(
            place(),
            "limits the author, who may neither delete nor write; grant one of them to author, or take it out",
        );
    }
}
