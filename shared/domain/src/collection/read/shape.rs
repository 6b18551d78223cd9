//! The first check of a collection: whether it has only known keys, with values of the right types.
//!
//! What passes here can still be wrong, but every value has the TOML type that the second check reads.

use super::keys;
use super::problems::Problems;
use super::tree::{Entry, Kind, Section};

/// Checks every key of a collection and below it.
pub(super) fn check<'a>(collection: &Section<'a>, problems: &mut Problems<'a>) {
    check_table(collection, "", problems);
}

fn check_table<'a>(table: &Section<'a>, path: &str, problems: &mut Problems<'a>) {
    for (name, entry) in table.entries() {
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        check_entry(&entry, name, &path, problems);
    }
}

fn check_entry<'a>(entry: &Entry<'a>, name: &str, path: &str, problems: &mut Problems<'a>) {
    // A dot in a quoted key would make it look like the path of another one.
    let known = if name.contains('.') {
        None
    } else {
        keys::find(path)
    };
    let Some(key) = known else {
        problems.add(entry.place.clone(), unknown(name, path));
        return;
    };
    if !key.types.contains(&entry.value.type_str()) {
        let (kind, example) = (entry.value.kind(), key.example);
        problems.add(
            entry.place.clone(),
            format!("is {kind}; write it like `{name} = {example}`"),
        );
        return;
    }
    if keys::below(path).next().is_none() {
        return;
    }
    if let Some(table) = entry.section() {
        check_table(&table, path, problems);
    }
    if key.types.contains(&"table") {
        // Where a key may be a table or a list, the list is of texts.
        return;
    }
    for element in entry.elements() {
        match element.section() {
            Some(table) => check_table(&table, path, problems),
            // Its elements are texts or tables.
            None if path == "key" => {}
            None => problems.add(
                element.place,
                format!(
                    "holds {}; write it like `{name} = {}`",
                    element.value.kind(),
                    key.example
                ),
            ),
        }
    }
}

fn unknown(name: &str, path: &str) -> String {
    let around = path
        .strip_suffix(name)
        .map_or("", |around| around.trim_end_matches('.'));
    let known: Vec<_> = keys::below(around).filter(|name| *name != "*").collect();
    match known
        .iter()
        .map(|known| (distance(name, known), known))
        .min()
    {
        Some((distance, nearest)) if distance <= 2 => {
            format!("is unknown; did you mean `{nearest}`?")
        }
        _ if known.is_empty() => "is unknown; take it out".to_owned(),
        _ => format!("is unknown; known here are {}", known.join(", ")),
    }
}

/// How many letters must be changed, added or left out to turn one text into the other.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (position, letter) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], position + 1);
        for column in 0..to.len() {
            let changed = diagonal + usize::from(letter != to[column]);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}
