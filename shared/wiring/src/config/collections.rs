//! The collections: those of a folder, or those compiled in.

use std::path::Path;

use super::stores::SearchKind;
use super::values::Values;
use domain::collection::{Collections, SourceFile};

/// The collections, or `None` if there are errors, which are reported with the others.
pub(super) fn read_collections(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    kind: Option<SearchKind>,
) -> Option<Collections> {
    const NAME: &str = "COLLECTIONS_DIR";
    let folder = values.text(NAME);
    let files = if folder.is_empty() {
        Ok(compiled_in())
    } else {
        files_in(Path::new(&folder))
    };
    let files = match files {
        Ok(files) => files,
        Err(wrong) => {
            values.problem(
                NAME,
                wrong,
                "write a readable folder with *.toml files, or nothing",
            );
            return None;
        }
    };
    let read = if kind == Some(SearchKind::None) {
        Collections::from_files_without_search(&files)
    } else {
        Collections::from_files(&files)
    };
    match read {
        Ok(collections) => Some(collections),
        Err(errors) => {
            let write = if folder.is_empty() {
                "this file is compiled in: name a folder of your own files"
            } else {
                "correct the file"
            };
            for error in errors.iter() {
                values.problem(NAME, error.to_string(), write);
            }
            None
        }
    }
}

fn compiled_in() -> Vec<SourceFile> {
    let file = |(name, text): &(&str, &str)| SourceFile {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    Collections::compiled_in().iter().map(file).collect()
}

/// The collections files of a folder, by name, so that errors come in the same order everywhere.
fn files_in(folder: &Path) -> Result<Vec<SourceFile>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err("has no *.toml file".to_owned());
    }
    let file = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(SourceFile { name, text })
    };
    paths.iter().map(file).collect()
}
