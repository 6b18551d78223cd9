//! The collection files: those that are compiled in, or those of a folder.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use domain::collection::{Collections, SourceFile};

/// The collections of a folder, or the compiled-in ones.
///
/// # Errors
///
/// When a file cannot be read, or is wrong: the text lists file, line and key.
pub fn read(folder: Option<&Path>) -> Result<Collections> {
    of(&sources(folder)?)
}

/// The collections of these files.
///
/// # Errors
///
/// When one is wrong: the text lists file, line and key.
pub fn of(files: &[SourceFile]) -> Result<Collections> {
    Collections::from_files(files).context("read the collections")
}

/// The files of a folder, or the compiled-in ones.
///
/// # Errors
///
/// When a file cannot be read, or the folder has none.
pub fn sources(folder: Option<&Path>) -> Result<Vec<SourceFile>> {
    match folder {
        Some(folder) => files_of(folder),
        None => Ok(Collections::compiled_in()
            .iter()
            .map(|(name, text)| SourceFile {
                name: (*name).to_owned(),
                text: (*text).to_owned(),
            })
            .collect()),
    }
}

fn files_of(folder: &Path) -> Result<Vec<SourceFile>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).context(format!("read {}", folder.display()))? {
        let path = entry.context(format!("read {}", folder.display()))?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = fs::read_to_string(&path).context(format!("read {}", path.display()))?;
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            files.push(SourceFile { name, text });
        }
    }
    if files.is_empty() {
        bail!("{} has no *.toml file", folder.display());
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}
