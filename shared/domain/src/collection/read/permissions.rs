//! Reads the keys that allow something: `serve` and `permissions`.

use std::time::Duration;

use super::problems::Problems;
use super::tree::Section;
use super::values::choices;
use super::words::{self, checked};
use crate::collection::model::permissions::{Grant, Permissions, Serve};
use crate::collection::model::retention::Retention;

/// The routes that can be served.
const SERVED: [&str; 3] = ["read", "search", "write"];

pub(super) fn serve<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Serve {
    let mut serve = Serve::default();
    let Some(entry) = section.get("serve") else {
        return serve;
    };
    for (text, place) in entry.texts(problems) {
        match text {
            "read" => serve.read = true,
            "search" => serve.search = true,
            "write" => serve.write = true,
            _ => problems.add(
                place,
                format!(
                    "\"{}\" is unknown; write {}",
                    text.escape_debug(),
                    choices(SERVED.into_iter())
                ),
            ),
        }
    }
    serve
}

pub(super) fn read<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Permissions {
    let Some(permissions) = section.get("permissions").and_then(|entry| entry.section()) else {
        return Permissions::default();
    };
    let mut granted = |name| grants(&permissions, name, problems);
    let delete = granted("delete").unwrap_or_default();
    let read = granted("read").unwrap_or_default();
    let write = granted("write");
    let restore = granted("restore").unwrap_or_default();
    let purge = granted("purge").unwrap_or_default();
    let audit = granted("audit");
    let destroy_all = granted("destroy_all").unwrap_or_default();
    for (name, list) in [
        ("audit", audit.as_deref().unwrap_or_default()),
        ("destroy_all", &destroy_all),
    ] {
        if list.contains(&Grant::Author) {
            let message = format!(
                "\"author\" cannot {name}: a deletion is of many records, and has no author; write member or a group"
            );
            problems.add(permissions.place_of(name), message);
        }
    }
    let groups = |grants: &[Grant]| {
        grants
            .iter()
            .filter(|grant| matches!(grant, Grant::Group(_)))
            .cloned()
            .collect()
    };
    Permissions {
        audit: audit.unwrap_or_else(|| groups(&delete)),
        write: write.unwrap_or_else(|| delete.clone()),
        read,
        delete,
        restore,
        purge,
        destroy_all,
        author_within: author_within(&permissions, problems),
        deny: deny(&permissions, problems),
    }
}

/// How long an author may act: a time like a retention, but not "never".
fn author_within<'a>(permissions: &Section<'a>, problems: &mut Problems<'a>) -> Option<Duration> {
    let entry = permissions.get("author_within")?;
    let text = entry.text()?;
    let message = match text.parse() {
        Ok(Retention::For(time)) => return Some(time),
        Ok(Retention::Never | Retention::AtOnce) => {
            "is no time; write one like \"10m\", or leave it out where there is no limit".to_owned()
        }
        Err(error) => error.to_string().replace(", or \"never\"", ""),
    };
    problems.add(
        entry.place,
        format!("\"{}\" {message}", text.escape_debug()),
    );
    None
}

/// The groups that may do nothing. With `member` in it nobody could do anything, and an author is not a group.
fn deny<'a>(permissions: &Section<'a>, problems: &mut Problems<'a>) -> Vec<String> {
    let Some(entry) = permissions.get("deny") else {
        return Vec::new();
    };
    let mut groups = Vec::new();
    for (text, place) in entry.texts(problems) {
        if matches!(text, "member" | "author") {
            problems.add(
                place,
                format!("\"{text}\" is no group; write the groups that may do nothing"),
            );
        } else {
            groups.extend(checked(text, place, words::group, problems));
        }
    }
    groups
}

fn grants<'a>(
    permissions: &Section<'a>,
    name: &str,
    problems: &mut Problems<'a>,
) -> Option<Vec<Grant>> {
    let texts = permissions.get(name)?.texts(problems);
    let grant = |(text, place)| match text {
        "member" => Some(Grant::Member),
        "author" => Some(Grant::Author),
        _ => checked(text, place, words::group, problems).map(Grant::Group),
    };
    Some(texts.into_iter().filter_map(grant).collect())
}
