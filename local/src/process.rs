//! Processes: started in a group of their own, known by pid *and* start time, stopped by group.
//!
//! A pid alone is not an identity: after a reboot, or a while, it belongs to someone else. Nothing is signalled here
//! unless the start time is still the recorded one.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::tail;

/// A process that was seen alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Process id, also the id of its group.
    pub pid: u32,
    /// When it started, in the words of the system: only ever compared.
    pub started: String,
}

/// What can be sent to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Please end.
    Term,
    /// End now.
    Kill,
    /// Stand still.
    Stop,
    /// Go on.
    Cont,
}

impl Signal {
    fn name(self) -> &'static str {
        match self {
            Self::Term => "TERM",
            Self::Kill => "KILL",
            Self::Stop => "STOP",
            Self::Cont => "CONT",
        }
    }
}

impl Identity {
    /// The process with this pid, if it lives.
    #[must_use]
    pub fn of(pid: u32) -> Option<Self> {
        start_time(pid).map(|started| Self { pid, started })
    }

    /// Whether it is still running, and still the same one.
    #[must_use]
    pub fn alive(&self) -> bool {
        start_time(self.pid).is_some_and(|started| started == self.started)
    }

    /// Signals the process, if it is still ours.
    ///
    /// # Errors
    ///
    /// When it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        if self.alive() && send(signal, &self.pid.to_string()) {
            return Ok(());
        }
        Err(anyhow!("process {} is no longer running", self.pid))
    }

    /// Ends the process and its group: asks, waits up to `grace`, then insists. Blocks.
    ///
    /// Also works while the process stands still (`Signal::Stop`).
    pub fn end(&self, grace: Duration) {
        if !self.alive() {
            return;
        }
        let group = format!("-{}", self.pid);
        send(Signal::Term, &group);
        send(Signal::Cont, &group);
        if !self.gone_within(grace) {
            send(Signal::Kill, &group);
            self.gone_within(grace);
        }
    }

    fn gone_within(&self, time: Duration) -> bool {
        let begun = Instant::now();
        while self.alive() {
            if begun.elapsed() > time {
                return false;
            }
            std::thread::sleep(Duration::from_millis(30));
        }
        true
    }
}

/// Sends by the shell's own `kill`: no unsafe call, and no package that a slim image lacks.
fn send(signal: Signal, target: &str) -> bool {
    Command::new("sh")
        .args([
            "-c",
            "kill -s \"$1\" -- \"$2\"",
            "kill",
            signal.name(),
            target,
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Start time as the system tells it; `None` for a process that has ended, even if nobody has collected it yet.
fn start_time(pid: u32) -> Option<String> {
    if let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) {
        // The name in brackets may hold spaces; what follows it is fixed: state, ppid, …, start time as the 20th.
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let state = fields.next()?;
        return if matches!(state, "Z" | "X") {
            None
        } else {
            fields.nth(18).map(str::to_owned)
        };
    }
    if Path::new("/proc/self/stat").exists() {
        return None;
    }
    let answer = Command::new("ps")
        .args(["-o", "state=,lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let line = String::from_utf8(answer.stdout).ok()?.trim().to_owned();
    if line.is_empty() || line.starts_with('Z') {
        return None;
    }
    line.split_once(char::is_whitespace)
        .map(|(_state, started)| started.trim().to_owned())
}

/// Starts a process that outlives this call, in a group of its own, with its output in `log`.
///
/// # Errors
///
/// When the program cannot be started.
pub fn start(mut command: Command, log: &Path) -> Result<(Identity, std::process::Child)> {
    let name = command.get_program().to_string_lossy().into_owned();
    attach(&mut command, log)?;
    let child = command.spawn().context(format!("start {name}"))?;
    // A child is not collected before somebody waits for it: if it has ended already, its identity is empty and never alive.
    let identity = Identity::of(child.id()).unwrap_or(Identity {
        pid: child.id(),
        started: String::new(),
    });
    Ok((identity, child))
}

/// Runs a command to its end, with its output in `log`. Dropping the future ends the command and its group.
///
/// # Errors
///
/// When it cannot be started, or fails: the error quotes the end of the log.
pub async fn run(mut command: Command, log: &Path) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    attach(&mut command, log)?;
    let mut child = tokio::process::Command::from(command)
        .spawn()
        .context(format!("start {name}"))?;
    let guard = EndOnDrop::of(child.id());
    let status = child.wait().await.context(format!("wait for {name}"))?;
    drop(guard);
    if status.success() {
        return Ok(());
    }
    Err(anyhow!("{name} failed ({status})\n{}", tail::quote(log)))
}

/// As [`run`]; tells `look` twice a second what the command has written until then.
///
/// # Errors
///
/// As [`run`].
pub async fn watch(command: Command, log: &Path, mut look: impl FnMut(&str)) -> Result<()> {
    let earlier = fs::metadata(log).map_or(0, |file| file.len());
    let mut running = std::pin::pin!(run(command, log));
    loop {
        tokio::select! {
            done = &mut running => return done,
            () = tokio::time::sleep(Duration::from_millis(500)) => look(&tail::since(log, earlier)),
        }
    }
}

/// Ends a process and its group when it goes out of scope, so that nothing outlives a command that is interrupted.
#[derive(Debug)]
pub struct EndOnDrop(Option<Identity>);

impl EndOnDrop {
    /// Answers for the process with this pid; for none when it has ended already.
    #[must_use]
    pub fn of(pid: Option<u32>) -> Self {
        Self(pid.and_then(Identity::of))
    }
}

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        if let Some(identity) = &self.0 {
            identity.end(Duration::from_secs(5));
        }
    }
}

fn attach(command: &mut Command, log: &Path) -> Result<()> {
    let folder: PathBuf = log.parent().map(Path::to_path_buf).unwrap_or_default();
    fs::create_dir_all(&folder).context(format!("make {}", folder.display()))?;
    let out = File::options()
        .create(true)
        .append(true)
        .open(log)
        .context(format!("open {}", log.display()))?;
    let err = out.try_clone().context(format!("open {}", log.display()))?;
    command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_not_ours_when_its_pid_belongs_to_another_one() {
        let this = Identity::of(std::process::id()).unwrap();

        let former = Identity {
            started: "1".into(),
            ..this.clone()
        };

        assert!(this.alive());
        assert!(!former.alive());
        assert!(former.signal(Signal::Cont).is_err());
    }

    #[test]
    fn a_process_that_ignores_the_request_is_ended_all_the_same() {
        let folder = std::env::temp_dir().join(format!("tombstone-process-{}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' TERM; while :; do sleep 0.05; done"]);
        let (identity, mut child) = start(command, &folder.join("log")).unwrap();
        std::thread::sleep(Duration::from_millis(200));

        identity.end(Duration::from_millis(300));

        assert!(!identity.alive());
        child.wait().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
    #[tokio::test]
    async fn a_command_that_is_watched_shows_its_own_lines_only() {
        let folder = std::env::temp_dir().join(format!("tombstone-watch-{}", std::process::id()));
        let log = folder.join("log");
        fs::create_dir_all(&folder).unwrap();
        fs::write(&log, "earlier\n").unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; sleep 1"]);
        let mut seen = Vec::new();

        watch(command, &log, |text| seen.push(text.to_owned()))
            .await
            .unwrap();

        fs::remove_dir_all(folder).unwrap();
        assert_eq!(seen.first().map(String::as_str), Some("one\n"));
    }
}
