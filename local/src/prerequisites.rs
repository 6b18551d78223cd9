//! What must be installed before anything starts; a missing one is named with its package and its purpose.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow};

use crate::environment;
use crate::tools::jars::Runner;

/// What was found.
#[derive(Debug, Clone)]
pub(crate) struct Prerequisites {
    /// Python 3.11 or newer, able to make a virtual environment.
    pub(crate) python: PathBuf,
    /// Maven; absent when the jars are there already.
    pub(crate) maven: Option<PathBuf>,
    /// The newest JDK.
    pub(crate) jdk: Jdk,
    /// The OpenSearch that this JDK can run.
    pub(crate) runner: Runner,
}

/// A Java installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Jdk {
    /// Its folder.
    pub(crate) home: PathBuf,
    /// Its feature release: 17, 21, 25.
    pub(crate) release: u32,
}

const PYTHON: &str =
    "Python 3.11 or newer with venv (Debian: python3 python3-venv): runs ministack and the SAM CLI";
const MAVEN: &str = "Maven (Debian: maven): downloads OpenSearch once";
const JDK: &str = "a JDK from 17 on, better from 21 on (Debian: openjdk-17-jdk-headless or a newer one; JAVA_HOME is looked at first): runs OpenSearch";

impl Prerequisites {
    /// What the Python tools alone need.
    ///
    /// # Errors
    ///
    /// When it is missing.
    pub(crate) fn python() -> Result<PathBuf> {
        let python = environment::find_program("python3").filter(|python| can_make_venv(python));
        python.with_context(|| format!("please install first:\n  - {PYTHON}"))
    }

    /// Looks for everything before it complains.
    ///
    /// # Errors
    ///
    /// When something is missing: all of it is named.
    pub(crate) fn find(jars_present: impl Fn(Runner) -> bool) -> Result<Self> {
        let python = environment::find_program("python3").filter(|python| can_make_venv(python));
        let maven = environment::find_program("mvn");
        let jdk = newest_jdk();
        let runner = jdk
            .as_ref()
            .and_then(|jdk| Runner::for_release(jdk.release));
        let maven_missing = maven.is_none() && !runner.is_some_and(jars_present);

        let missing: Vec<&str> = [
            python.is_none().then_some(PYTHON),
            maven_missing.then_some(MAVEN),
            runner.is_none().then_some(JDK),
        ]
        .into_iter()
        .flatten()
        .collect();
        match (python, jdk, runner) {
            (Some(python), Some(jdk), Some(runner)) if missing.is_empty() => Ok(Self {
                python,
                maven,
                jdk,
                runner,
            }),
            _ => Err(anyhow!(
                "please install first:\n  - {}",
                missing.join("\n  - ")
            )),
        }
    }
}

fn can_make_venv(python: &Path) -> bool {
    let script = "import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))";
    Command::new(python)
        .args(["-c", script])
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The newest of: `JAVA_HOME`, the `java` on the PATH, and the folders where systems put their JDKs.
fn newest_jdk() -> Option<Jdk> {
    let on_path = environment::find_program("java")
        .and_then(|java| java.canonicalize().ok())
        .and_then(|java| java.parent()?.parent().map(Path::to_path_buf));
    let mut newest: Option<Jdk> = None;
    for home in environment::java_home()
        .into_iter()
        .chain(on_path)
        .chain(installed_jdks())
    {
        if let Some(release) = release_of(&home)
            && newest.as_ref().is_none_or(|known| known.release < release)
        {
            newest = Some(Jdk { home, release });
        }
    }
    newest
}

fn installed_jdks() -> Vec<PathBuf> {
    let places = [
        ("/usr/lib/jvm", ""),
        ("/opt/java", ""),
        ("/Library/Java/JavaVirtualMachines", "Contents/Home"),
    ];
    let mut homes = Vec::new();
    for (place, inner) in places {
        for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
            homes.push(entry.path().join(inner));
        }
    }
    homes.sort();
    homes
}

/// From the file `release` of the JDK, as starting each Java found takes time; from Java itself where it is missing.
fn release_of(home: &Path) -> Option<u32> {
    let java = home.join("bin/java");
    if !java.is_file() {
        return None;
    }
    let from_file = std::fs::read_to_string(home.join("release"))
        .ok()
        .and_then(|text| feature_release(&text));
    from_file.or_else(|| {
        let output = Command::new(java).arg("-version").output().ok()?;
        feature_release(&String::from_utf8_lossy(&output.stderr))
    })
}

/// `JAVA_VERSION="25.0.1"` and `openjdk version "17.0.17"` alike: the first number in quotes after `version`.
fn feature_release(text: &str) -> Option<u32> {
    let line = text
        .lines()
        .find(|line| line.starts_with("JAVA_VERSION=") || line.contains(" version \""))?;
    let version = line.split('"').nth(1)?;
    let digits: String = version.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::feature_release;

    #[test]
    fn the_release_is_read_from_the_file_and_from_java_itself() {
        assert_eq!(
            feature_release("IMPLEMENTOR=\"X\"\nJAVA_VERSION=\"25.0.1\"\n"),
            Some(25)
        );
        assert_eq!(
            feature_release("openjdk version \"17.0.17\" 2025-10-21\nOpenJDK …"),
            Some(17)
        );
        assert_eq!(
            feature_release("openjdk version \"26-ea\" 2026-03-17"),
            Some(26)
        );
        assert_eq!(feature_release("nothing of the kind"), None);
    }
}
