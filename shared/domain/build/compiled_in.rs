//! The table of the collection files that ship with a build. Apart from `build.rs`, so that it can be tested.

use std::fmt::Write as _;
use std::path::Path;
use std::{fs, io};

/// The names of the collection files in a folder, sorted: what a build has must not depend on the order of a folder.
pub(crate) fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| {
            let told = format!("{} has no name that is text", path.display());
            io::Error::new(io::ErrorKind::InvalidData, told)
        })?;
        names.push(name.to_owned());
    }
    names.sort();
    Ok(names)
}

/// Rust for a slice of `(file name, text)`.
///
/// The path begins with that of the package as the compiler is told it, so that no checkout has the path of another in it.
pub(crate) fn table(names: &[String]) -> String {
    let mut table = String::from("&[\n");
    for name in names {
        let path = format!("/../../collections/{name}");
        let _infallible = writeln!(
            table,
            "    ({name:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), {path:?}))),"
        );
    }
    table.push_str("]\n");
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_further_file_is_compiled_in_without_a_line_of_rust() {
        let folder = std::env::temp_dir().join(format!("tombstone-folder-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for name in ["z.toml", "a.toml", "own \"tables\".toml", "README.md"] {
            fs::write(folder.join(name), "").unwrap();
        }

        let names = names(&folder);
        fs::remove_dir_all(&folder).unwrap();
        let names = names.unwrap();

        assert_eq!(names, ["a.toml", "own \"tables\".toml", "z.toml"]);
        let table = table(&names);
        assert!(
            table.contains(r#"("a.toml", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../collections/a.toml")))"#),
            "{table}"
        );
        assert!(table.contains(r#""own \"tables\".toml""#), "{table}");
    }
}
