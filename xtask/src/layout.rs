//! Where things are: the workspace, and the folder that holds everything of one stack.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Context, Result};

/// The root of the workspace.
///
/// Taken from where xtask was compiled: the tool is always run from a checkout, by cargo.
#[must_use]
pub fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_path_buf()
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
