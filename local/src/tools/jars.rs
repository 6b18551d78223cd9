//! OpenSearch: which one a JDK can run, and its jars.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::environment;
use crate::prerequisites::Prerequisites;
use crate::process;
use crate::terminal::{Step, megabytes};

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
    let step = Step::begin_long("opensearch", "downloading about 60 MB of jars, once");
    let unfinished = cache.join(format!("opensearch-unfinished-{}", std::process::id()));
    super::discard(&unfinished);
    fs::create_dir_all(&unfinished).context(format!("make {}", unfinished.display()))?;
    fs::write(unfinished.join("pom.xml"), found.runner.pom()).context("write the pom")?;

    let maven = found.maven.as_deref().context("Maven is missing")?;
    let mut command = Command::new(maven);
    command
        .args(["-B", "dependency:copy-dependencies"])
        .current_dir(&unfinished);
    if environment::find_program("java").is_none() {
        command.env("JAVA_HOME", &found.jdk.home);
    }
    process::watch(command, log, |lines| step.doing(&how_far(lines)))
        .await
        .inspect_err(|_| super::discard(&unfinished))?;

    // Jars can be moved, so the folder is complete from the moment it has its name. Another run may have been faster.
    if fs::rename(&unfinished, &place).is_err() {
        super::discard(&unfinished);
    }
    step.end(&format!("OpenSearch {} installed", found.runner.version()));
    Ok(place.join("lib"))
}

/// What Maven has done, from its own lines: `Downloaded from central: URL (1.2 MB at 3.4 MB/s)`, `Copying a.jar to …`.
fn how_far(lines: &str) -> String {
    let copied = lines
        .lines()
        .filter(|line| line.contains("Copying "))
        .count();
    if copied > 0 {
        return format!("{copied} jars copied");
    }
    let sizes = lines
        .lines()
        .filter(|line| line.contains("Downloaded from "))
        .map(|line| line.rsplit_once('(').and_then(|(_, size)| bytes(size)));
    let (files, sum) = sizes.fold((0, 0), |(files, sum), size| {
        (files + 1, sum + size.unwrap_or_default())
    });
    format!(
        "{files} files, {} of about 60 MB downloaded",
        megabytes(sum)
    )
}

/// `1.2 MB at …`, `14 kB at …`, `553 B at …`.
fn bytes(size: &str) -> Option<u64> {
    let mut words = size.split(' ');
    let (number, unit) = (words.next()?, words.next()?);
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    let tenths = whole.parse::<u64>().ok()? * 10 + tenth.parse::<u64>().ok()?;
    let unit = match unit {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        _ => return None,
    };
    Some(tenths * unit / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maven_is_told_as_files_and_megabytes_and_then_as_copies() {
        let begun = "[INFO] Downloading from central: https://x/a.pom\n\
            [INFO] Downloaded from central: https://x/a.pom (14 kB at 37 kB/s)\n\
            [INFO] Downloaded from central: https://x/a.jar (1.5 MB at 3.4 MB/s)\n\
            [INFO] Downloaded from central: https://x/b.jar (553 B at 9 kB/s)\n";
        assert_eq!(how_far(begun), "3 files, 1.5 MB of about 60 MB downloaded");

        let later = format!("{begun}[INFO] Copying a.jar to /lib/a.jar\n");
        assert_eq!(how_far(&later), "1 jars copied");
    }

    #[test]
    fn a_java_gets_the_newest_opensearch_that_it_can_run() {
        assert_eq!(Runner::for_release(11), None);
        assert_eq!(Runner::for_release(17), Some(Runner::V2));
        assert_eq!(Runner::for_release(20), Some(Runner::V2));
        assert_eq!(Runner::for_release(21), Some(Runner::V3));
        assert_eq!(Runner::for_release(25), Some(Runner::V3));
    }
}
