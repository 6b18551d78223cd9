//! OpenSearch: which one a JDK can run, and its jars.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::environment;
use crate::failure::{Context, Result};
use crate::prerequisites::Prerequisites;
use crate::process;
use crate::terminal::Step;

/// A release of the OpenSearch runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runner {
    /// OpenSearch 3.8, for Java 21 and newer.
    V3,
    /// OpenSearch 2.19, for Java 17 to 20.
    V2,
}

impl Runner {
    /// What this Java can run.
    pub(crate) fn for_release(java: u32) -> Option<Self> {
        match java {
            0..17 => None,
            17..21 => Some(Self::V2),
            21.. => Some(Self::V3),
        }
    }

    /// The version of OpenSearch.
    pub(crate) fn version(self) -> &'static str {
        match self {
            Self::V3 => "3.8.0",
            Self::V2 => "2.19.1",
        }
    }

    fn pom(self) -> &'static str {
        match self {
            Self::V3 => include_str!("../../stack/opensearch-3.8.0.0.pom.xml"),
            Self::V2 => include_str!("../../stack/opensearch-2.19.1.0.pom.xml"),
        }
    }

    /// Where the jars are, or will be.
    pub(crate) fn folder(self, cache: &Path) -> PathBuf {
        cache.join(format!(
            "opensearch-{}-{}",
            self.version(),
            super::key(self.pom())
        ))
    }
}

/// Makes sure that the jars are there; answers their folder.
///
/// # Errors
///
/// When Maven fails; the error quotes its log.
pub(crate) async fn install(found: &Prerequisites, cache: &Path, log: &Path) -> Result<PathBuf> {
    let place = found.runner.folder(cache);
    if place.is_dir() {
        return Ok(place.join("lib"));
    }
    let step = Step::begin_long("opensearch", "downloading 86 MB of jars, once");
    let unfinished = cache.join(format!("opensearch-unfinished-{}", std::process::id()));
    super::discard(&unfinished);
    fs::create_dir_all(&unfinished).context(format!("make {}", unfinished.display()))?;
    fs::write(unfinished.join("pom.xml"), found.runner.pom()).context("write the pom")?;

    let maven = found.maven.as_deref().context("Maven is missing")?;
    let mut command = Command::new(maven);
    command
        .args(["-q", "-B", "dependency:copy-dependencies"])
        .current_dir(&unfinished);
    if environment::find_program("java").is_none() {
        command.env("JAVA_HOME", &found.jdk.home);
    }
    process::run(command, log)
        .await
        .inspect_err(|_| super::discard(&unfinished))?;

    // Jars can be moved, so the folder is complete from the moment it has its name. Another run may have been faster.
    if fs::rename(&unfinished, &place).is_err() {
        super::discard(&unfinished);
    }
    step.end(&format!("OpenSearch {} installed", found.runner.version()));
    Ok(place.join("lib"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_java_gets_the_newest_opensearch_that_it_can_run() {
        assert_eq!(Runner::for_release(11), None);
        assert_eq!(Runner::for_release(17), Some(Runner::V2));
        assert_eq!(Runner::for_release(20), Some(Runner::V2));
        assert_eq!(Runner::for_release(21), Some(Runner::V3));
        assert_eq!(Runner::for_release(25), Some(Runner::V3));
    }
}
