//! Where things are: the workspace, and the folder that holds everything of one stack.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::environment;

/// The root of the workspace that this command works on; `main` has made sure that there is one.
#[must_use]
pub fn workspace() -> PathBuf {
    find_workspace().unwrap_or_default()
}

/// Looks where cargo says that the package is, then in the current folder and above it.
///
/// Not where this was compiled: two checkouts may share a target folder.
///
/// # Errors
///
/// When neither is in a checkout; the text says what to do.
pub fn find_workspace() -> Result<PathBuf> {
    let here = std::env::current_dir().context("find the current folder")?;
    let package = environment::package();
    let mut starts = package.iter().map(PathBuf::as_path).chain([here.as_path()]);
    starts
        .find_map(workspace_above)
        .map(Path::to_path_buf)
        .context(format!(
            "{} is in no checkout of this project: change to one, and call `cargo xtask` there",
            here.display()
        ))
}

fn workspace_above(folder: &Path) -> Option<&Path> {
    let is_root = |folder: &&Path| {
        ["xtask/Cargo.toml", "template.yaml", "collections"]
            .iter()
            .all(|name| folder.join(name).exists())
    };
    folder.ancestors().find(is_root)
}

/// Where cargo has put this program, and puts the functions.
///
/// The folder and not the file: a build may have replaced the file since this program was started. A test lies one
/// folder deeper.
///
/// # Errors
///
/// When the system does not tell.
pub fn binaries() -> Result<PathBuf> {
    let program = std::env::current_exe().context("find the running program")?;
    let mut folder = program.parent().context("find the target folder")?;
    if folder.ends_with("deps") {
        folder = folder.parent().context("find the target folder")?;
    }
    Ok(folder.to_path_buf())
}

/// The folder of one stack: `.local`, or another one for a stack beside it.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// A relative folder is one of the workspace, wherever the command was called.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(workspace().join(folder))
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.0
    }

    /// A file or folder inside.
    #[must_use]
    pub fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The log of one part.
    #[must_use]
    pub fn log(&self, part: &str) -> PathBuf {
        self.0.join("logs").join(format!("{part}.log"))
    }

    /// Makes the folders of a fresh stack; what an earlier one left is removed, its logs too.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn prepare(&self) -> Result<()> {
        self.clean()?;
        remove(&self.join("logs"))?;
        for folder in ["logs", "build", "tmp", "opensearch"] {
            fs::create_dir_all(self.join(folder))
                .context(format!("make {}", self.join(folder).display()))?;
        }
        Ok(())
    }

    /// Removes what a stopped stack no longer needs; the logs stay.
    ///
    /// # Errors
    ///
    /// When something cannot be removed.
    pub fn clean(&self) -> Result<()> {
        for name in ["stack.json", "processes.json"] {
            let file = self.join(name);
            if file.exists() {
                fs::remove_file(&file).context(format!("remove {}", file.display()))?;
            }
        }
        ["build", "tmp", "opensearch"]
            .iter()
            .try_for_each(|folder| remove(&self.join(folder)))
    }
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).context(format!("remove {}", folder.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_the_one_around_a_folder_wherever_this_was_compiled() {
        let checkout =
            std::env::temp_dir().join(format!("tombstone-checkout-{}", std::process::id()));
        let inner = checkout.join("functions/api/src");
        for folder in ["functions/api/src", "xtask", "collections"] {
            fs::create_dir_all(checkout.join(folder)).unwrap();
        }
        for file in ["xtask/Cargo.toml", "template.yaml"] {
            fs::write(checkout.join(file), "").unwrap();
        }

        let found = workspace_above(&inner).map(Path::to_path_buf);
        let from_xtask = workspace_above(&checkout.join("xtask")).map(Path::to_path_buf);
        fs::remove_dir_all(&checkout).unwrap();

        assert_eq!(found.as_ref(), Some(&checkout));
        assert_eq!(from_xtask, Some(checkout));
        assert_eq!(workspace_above(&std::env::temp_dir()), None);
    }

    #[test]
    fn the_tests_of_this_package_work_on_its_own_checkout() {
        assert!(workspace().join("local/src/layout.rs").is_file());
    }
}
