//! The demo's stack: pages small enough to crash between them, times short enough to wait for.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use domain::collection::Collections;
use local::layout::StateDir;
use local::stack::Options;

/// Keys of a page: with these a discussion of some thousand messages has many pages.
pub(super) const PAGE_KEYS: usize = 50;

/// Silence after which the sweeper sends a message again.
pub(super) const RESEND_AFTER: Duration = Duration::from_secs(5);

/// How long a slice works, what a call may take, and what is waited beyond: a crash is noticed after about their sum.
const TIMES: [(&str, &str); 3] = [
    ("SliceSeconds", "5"),
    ("GraceSeconds", "4"),
    ("CallTimeoutSeconds", "3"),
];

/// The stack, with a copy of the collections files whose retention lets a list of that many discussions be deleted and
/// looked at before the first of them is purged.
pub(super) fn options(state: &Path, discussions: usize) -> Result<Options> {
    let retention = Duration::from_secs(35 + u64::try_from(discussions).unwrap_or_default() / 20);
    let folder = StateDir::new(state).join("collections");
    write_collections(&folder, retention)?;
    let mut parameters: BTreeMap<String, String> = TIMES
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    parameters.insert("PageKeys".into(), PAGE_KEYS.to_string());
    parameters.insert(
        "ResendAfterSeconds".into(),
        RESEND_AFTER.as_secs().to_string(),
    );
    Ok(Options {
        state: state.to_path_buf(),
        collections_dir: Some(folder),
        parameters,
        ..Options::default()
    })
}

fn write_collections(folder: &Path, retention: Duration) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context(format!("remove {}", folder.display()))?;
    }
    fs::create_dir_all(folder).context(format!("make {}", folder.display()))?;
    for (name, text) in Collections::compiled_in() {
        let file = folder.join(name);
        fs::write(&file, with_retention(text, retention))
            .context(format!("write {}", file.display()))?;
    }
    Ok(())
}

/// The file with another retention everywhere.
fn with_retention(text: &str, retention: Duration) -> String {
    let lines = text.lines().map(|line| {
        if line
            .split_once('=')
            .is_some_and(|(key, _)| key.trim() == "retention")
        {
            format!("retention = \"{}s\"\n", retention.as_secs())
        } else {
            format!("{line}\n")
        }
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use domain::collection::{Retention, SourceFile};

    use super::*;

    #[test]
    fn the_copied_files_differ_in_nothing_but_the_retention() {
        for (name, text) in Collections::compiled_in() {
            let read = |text: String| {
                let file = SourceFile {
                    name: (*name).to_owned(),
                    text,
                };
                Collections::from_files(&[file]).unwrap()
            };
            let original = read((*text).to_owned());

            let copy = read(with_retention(text, Duration::from_secs(7)));

            assert_eq!(original.iter().count(), copy.iter().count());
            for (mine, theirs) in copy.iter().zip(original.iter()) {
                // What is erased has none.
                if theirs.retention != Retention::AtOnce {
                    assert_eq!(mine.retention, Retention::For(Duration::from_secs(7)));
                }
                let mut mine = mine.clone();
                mine.retention = theirs.retention;
                assert_eq!(&mine, theirs);
            }
        }
    }
}
