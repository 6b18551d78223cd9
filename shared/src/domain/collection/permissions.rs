//! The keys that open something: `serve` and `permissions`. What they do not say stays closed.

use super::declaration::choices;
use super::problems::Problems;
use super::reader::Section;
use super::words::{self, checked};
use super::{Grant, Permissions, Serve};

/// The routes that this version can serve, and those that it cannot yet.
const SERVED: [&str; 2] = ["read", "search"];
const SERVED_LATER: [&str; 1] = ["write"];

pub(super) fn serve<'a>(section: &Section<'a>, problems: &mut Problems<'a>) -> Serve {
    let mut serve = Serve::default();
    let Some(entry) = section.get("serve") else {
        return serve;
    };
    for (text, place) in entry.texts(problems) {
        match text {
            "read" => serve.read = true,
            "search" => serve.search = true,
            _ => {
                let problem = if SERVED_LATER.contains(&text) {
                    "is not supported yet"
                } else {
                    "is unknown"
                };
                problems.add(
                    place,
                    format!(
                        "\"{}\" {problem}; write {}",
                        text.escape_debug(),
                        choices(SERVED.into_iter())
                    ),
                );
            }
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
    let restore = granted("restore").unwrap_or_default();
    let purge = granted("purge").unwrap_or_default();
    let audit = granted("audit");
    if audit
        .as_ref()
        .is_some_and(|audit| audit.contains(&Grant::Author))
    {
        let message = "\"author\" cannot audit: a deletion is of many records, and has no author; write member or a group";
        problems.add(permissions.place_of("audit"), message);
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
        read,
        delete,
        restore,
        purge,
        deny: Vec::new(),
    }
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
