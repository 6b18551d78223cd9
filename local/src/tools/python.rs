//! The virtual environments: one with ministack, the SAM CLI, cargo-lambda and cfn-lint, and one with schemathesis, whose
//! versions do not go with theirs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::process;
use crate::terminal::Step;

/// What an environment has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tools {
    /// The file that pins everything, dependencies included.
    requirements: &'static str,
    /// What is installed, for people.
    what: &'static str,
}

/// What the local stack runs on.
pub(crate) const STACK: Tools = Tools {
    requirements: include_str!("../../stack/requirements.txt"),
    what: "ministack 1.5.33, SAM CLI 1.167.0, cargo-lambda 1.9.2",
};

/// What tries the API as its document describes it.
pub(crate) const SCHEMATHESIS: Tools = Tools {
    requirements: include_str!("../../stack/schemathesis.txt"),
    what: "schemathesis 4.32.5",
};

/// An installed virtual environment.
#[derive(Debug, Clone)]
pub struct Venv(PathBuf);

impl Venv {
    /// The folder of its programs.
    #[must_use]
    pub fn programs(&self) -> PathBuf {
        self.0.join("bin")
    }

    /// One of its programs.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs().join(name)
    }

    /// A PATH with these programs and the system's, and none of the developer's.
    #[must_use]
    pub fn search_path(&self) -> String {
        format!("{}:/usr/bin:/bin", self.0.join("bin").display())
    }
}

/// Makes sure that the environment is there.
///
/// # Errors
///
/// When pip fails; the error quotes its log.
pub(crate) async fn install(tools: Tools, python: &Path, cache: &Path, log: &Path) -> Result<Venv> {
    let place = cache.join(format!("venv-{}", super::key(tools.requirements)));
    // A virtual environment knows its own path, so it cannot be made elsewhere and moved: a marker says that it is complete.
    let complete = place.join(".complete");
    if complete.is_file() {
        return Ok(Venv(place));
    }
    let step = Step::begin_long(
        "tools",
        &format!("installing {}, a minute at most, once", tools.what),
    );
    fs::create_dir_all(cache).context(format!("make {}", cache.display()))?;
    let lock = File::create(place.with_extension("lock"))
        .context("make the lock of the virtual environment")?;
    while lock.try_lock().is_err() {
        tokio::time::sleep(Duration::from_millis(200)).await; // another installation: asked again, so that Ctrl-C works
    }
    if complete.is_file() {
        return Ok(Venv(place));
    }
    super::discard(&place);

    let mut make = Command::new(python);
    make.args(["-m", "venv"]).arg(&place);
    process::run(make, log).await?;
    let requirements = place.join("requirements.txt");
    fs::write(&requirements, tools.requirements).context("write requirements.txt")?;
    let mut pip = Command::new(place.join("bin/python"));
    // The list is complete: resolving it once more downloads ten versions of botocore to find the pinned one. Compiling
    // all modules takes longer than compiling the used ones when they are used.
    pip.args([
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--no-compile",
        "-r",
    ])
    .arg(&requirements);
    process::watch(pip, log, |lines| {
        step.doing(&how_far(tools.requirements, lines));
    })
    .await?;
    step.doing("checking that nothing is missing");
    let mut check = Command::new(place.join("bin/python"));
    check.args(["-m", "pip", "--disable-pip-version-check", "check"]);
    process::run(check, log).await?;

    fs::write(&complete, "").context("mark the virtual environment as complete")?;
    step.end(&format!("{} installed", tools.what));
    Ok(Venv(place))
}

/// What pip has done, from its own lines.
fn how_far(requirements: &str, lines: &str) -> String {
    let total = packages(requirements).count();
    if lines.contains("\nInstalling collected packages") {
        return format!("unpacking {total} packages");
    }
    let found = lines
        .lines()
        .filter(|line| line.starts_with("Collecting "))
        .count();
    format!("{found} of {total} packages found")
}

/// The lines of the list that name a package.
fn packages(requirements: &str) -> impl Iterator<Item = &str> {
    requirements
        .lines()
        .filter(|line| line.contains("==") && !line.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pip_is_told_as_so_many_packages_of_all() {
        let total = packages(STACK.requirements).count();
        assert!(total > 50);

        let begun = "Looking in links: /x\nCollecting ministack==1.5.33 (from -r r.txt (line 3))\n  Downloading m.whl (2.4 MB)\nCollecting boto3==1.43.102\n";
        assert!(how_far(STACK.requirements, begun).starts_with(&format!("2 of {total} packages")));

        let later = format!("{begun}Installing collected packages: a, b\n");
        assert_eq!(
            how_far(STACK.requirements, &later),
            format!("unpacking {total} packages")
        );
    }
}
