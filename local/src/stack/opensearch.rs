//! A real OpenSearch on the JVM: one node, no security, started by the runner's own main class.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

use crate::http;
use crate::layout::StateDir;
use crate::prerequisites::Jdk;
use crate::process::{self, Identity};
use crate::stack::wait;

/// The runner takes only ports up to 9299, silently the next one when one is taken.
const PORTS: std::ops::RangeInclusive<u16> = 9201..=9299;

/// A started node that may not answer yet.
#[derive(Debug)]
pub(crate) struct Starting {
    cluster: String,
    log: PathBuf,
    /// Its process.
    pub(crate) identity: Identity,
    /// Given back when the node has the port.
    _reserved: Reserved,
}

/// A free port that no other starting stack takes: the runner opens its port only seconds after it was chosen.
#[derive(Debug)]
struct Reserved {
    port: u16,
    _lock: File,
}

impl Reserved {
    fn find(cache: &Path) -> Result<Self> {
        let locks = cache.join("ports");
        fs::create_dir_all(&locks).context(format!("make {}", locks.display()))?;
        for port in PORTS {
            let lock = File::create(locks.join(port.to_string())).context("reserve a port")?;
            if lock.try_lock().is_ok() && TcpListener::bind(("127.0.0.1", port)).is_ok() {
                return Ok(Self { port, _lock: lock });
            }
        }
        Err(anyhow!(
            "no free port between {} and {}",
            PORTS.start(),
            PORTS.end()
        ))
    }
}

/// Starts the node; it takes 6 to 14 seconds until [`Starting::ready`].
///
/// # Errors
///
/// When no port is free, or Java cannot be started.
pub(crate) fn start(
    state: &StateDir,
    cache: &Path,
    jdk: &Jdk,
    lib: &Path,
) -> Result<(Starting, Child)> {
    let reserved = Reserved::find(cache)?;
    let port = reserved.port;
    let base = state.join("opensearch");
    let conf = base.join("conf");
    fs::create_dir_all(&conf).context("make the configuration of OpenSearch")?;
    fs::write(
        conf.join("opensearch.yml"),
        include_str!("../../stack/opensearch.yml"),
    )
    .context("write opensearch.yml")?;
    fs::write(
        conf.join("log4j2.properties"),
        include_str!("../../stack/log4j2.properties"),
    )
    .context("write log4j2.properties")?;

    // The name tells our node from another one on a port that was taken in between: unique per start.
    let cluster = format!("tombstone-{}-{port}", std::process::id());
    let log = state.log("opensearch");
    let mut command = Command::new(jdk.home.join("bin/java"));
    command
        .env_clear()
        .env("LANG", "C.UTF-8")
        .args([
            "-Xms512m",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
        ])
        .arg(format!("-Djava.io.tmpdir={}", state.join("tmp").display()));
    if jdk.release >= 21 {
        command.arg("--enable-native-access=ALL-UNNAMED");
    }
    command
        .arg("-cp")
        .arg(lib.join("*"))
        .arg("org.codelibs.opensearch.runner.OpenSearchRunner")
        .arg("-basePath")
        .arg(&base)
        .arg("-confPath")
        .arg(&conf)
        .args([
            "-numOfNode",
            "1",
            "-baseHttpPort",
            &(port - 1).to_string(),
            "-clusterName",
            &cluster,
        ])
        .current_dir(&base);
    let (identity, child) = process::start(command, &log)?;
    Ok((
        Starting {
            cluster,
            log,
            identity,
            _reserved: reserved,
        },
        child,
    ))
}

impl Starting {
    /// Waits until the node answers; its URL.
    ///
    /// # Errors
    ///
    /// When it does not within a minute and a half, or ends; the error quotes its log.
    pub(crate) async fn ready(&self) -> Result<String> {
        let client = http::client(Duration::from_secs(2))?;
        let ask = || async {
            let log = fs::read_to_string(&self.log).context("read the log")?;
            let url = format!(
                "http://127.0.0.1:{}",
                printed_port(&log).context("no port in the log yet")?
            );
            let answer = client.get(&url).send().await.context("ask OpenSearch")?;
            let answer: Value = answer.json().await.context("read what OpenSearch says")?;
            if answer["cluster_name"] == self.cluster.as_str() {
                Ok(url)
            } else {
                Err(anyhow!("another node answers"))
            }
        };
        wait::until(
            "OpenSearch",
            &self.identity,
            &self.log,
            Duration::from_secs(90),
            ask,
        )
        .await
    }
}

/// The port that the runner has really taken: `HTTP Port:      9201`.
fn printed_port(log: &str) -> Option<u16> {
    let line = log.lines().find(|line| line.contains("HTTP Port:"))?;
    line.rsplit(':').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::printed_port;

    #[test]
    fn the_port_is_the_one_that_the_runner_printed() {
        assert_eq!(printed_port("x\nHTTP Port:      9203\ny"), Some(9203));
        assert_eq!(printed_port("still starting"), None);
    }
}
