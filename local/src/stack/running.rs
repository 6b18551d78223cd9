//! A stack that runs already, perhaps started by another call, perhaps only half of it: looked at, paused, ended.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::http;
use crate::layout::StateDir;
use crate::process::{Identity, Signal};
use crate::stack::file::{Part, ProcessesFile, StackFile};
use crate::stack::{Lock, authorizer, dynamodb, ministack};

/// What one part of a stack has answered.
#[derive(Debug, Clone)]
pub struct PartStatus {
    /// `dynamodb`, `opensearch`, `authorizer`, `ministack`, `api`.
    pub name: &'static str,
    /// Its process, where it has one of its own and that is alive.
    pub pid: Option<u32>,
    /// Where it answers.
    pub url: String,
    /// What it said.
    pub answer: String,
    /// Whether that is what a healthy part says.
    pub healthy: bool,
}

/// Asks every part of the stack in this folder; nothing when there never was one.
pub async fn look(state: &StateDir) -> Vec<PartStatus> {
    let processes = ProcessesFile::read(state);
    let Ok(file) = StackFile::read(state) else {
        return processes
            .all()
            .map(|(part, identity)| unfinished(part, &identity))
            .collect();
    };
    let Ok(client) = http::client(Duration::from_secs(3)) else {
        return Vec::new();
    };
    let mut parts = Vec::new();
    let answer = dynamodb::tables(&file.endpoints.dynamodb).await;
    let answer = answer
        .map(|tables| format!("{} tables", tables.len()))
        .map_err(|error| format!("{error:#}"));
    parts.push(part_status(
        &processes,
        Part::Dynamodb,
        &file.endpoints.dynamodb,
        answer,
    ));
    if !file.endpoints.opensearch.is_empty() {
        let answer = search_health(&client, &file.endpoints.opensearch).await;
        parts.push(part_status(
            &processes,
            Part::Opensearch,
            &file.endpoints.opensearch,
            answer,
        ));
    }
    let answer = authorizer::healthy(&client, &file.endpoints.authorizer).await;
    let answer = answer
        .map(|refused| format!("{refused} accesses refused"))
        .map_err(|error| format!("{error:#}"));
    parts.push(part_status(
        &processes,
        Part::Authorizer,
        &file.endpoints.authorizer,
        answer,
    ));
    let answer = ministack::healthy(&client, &file.endpoints.aws).await;
    let answer = answer
        .map(|()| "healthy".to_owned())
        .map_err(|error| format!("{error:#}"));
    parts.push(part_status(
        &processes,
        Part::Ministack,
        &file.endpoints.aws,
        answer,
    ));
    parts.push(api_status(&client, &file).await);
    parts
}

fn part_status(
    processes: &ProcessesFile,
    part: Part,
    url: &str,
    answer: Result<String, String>,
) -> PartStatus {
    let pid = processes
        .identity(part)
        .filter(Identity::alive)
        .map(|identity| identity.pid);
    let healthy = pid.is_some() && answer.is_ok();
    let answer = answer.unwrap_or_else(|error| error);
    PartStatus {
        name: part.name(),
        pid,
        url: url.to_owned(),
        answer,
        healthy,
    }
}

/// A process of a stack that never came up, or is just coming up.
fn unfinished(part: Part, identity: &Identity) -> PartStatus {
    let alive = identity.alive();
    PartStatus {
        name: part.name(),
        pid: alive.then_some(identity.pid),
        url: "-".into(),
        answer: if alive {
            "left by an unfinished start"
        } else {
            "ended"
        }
        .into(),
        healthy: false,
    }
}

async fn search_health(client: &reqwest::Client, url: &str) -> Result<String, String> {
    let ask = async {
        let answer = client.get(format!("{url}/_cluster/health")).send().await?;
        answer.json::<Value>().await
    };
    match ask.await {
        Ok(health) => Ok(format!(
            "{}, {} indexes",
            health["status"].as_str().unwrap_or("?"),
            health["active_primary_shards"]
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// The gateway must refuse a request without a token: then it is there, and so is the authorizer.
async fn api_status(client: &reqwest::Client, file: &StackFile) -> PartStatus {
    let answer = client
        .get(format!("{}/v1/deletions", file.api_url))
        .send()
        .await;
    let (healthy, answer) = match answer {
        Ok(answer) => (
            answer.status().as_u16() == 401,
            format!("{} without a token", answer.status()),
        ),
        Err(error) => (false, error.to_string()),
    };
    PartStatus {
        name: "api",
        pid: None,
        url: file.api_url.clone(),
        answer,
        healthy,
    }
}

/// Ends the stack in this folder, complete or not, and cleans up. Answers how many processes were ended.
///
/// # Errors
///
/// When another command is at it, or the folder cannot be cleaned.
pub fn down(state: &StateDir) -> Result<usize> {
    let _lock = Lock::take(state)?;
    let ended = end_all(state);
    state.clean()?;
    Ok(ended)
}

/// Ends all recorded processes of this folder.
pub(super) fn end_all(state: &StateDir) -> usize {
    end_processes(state, &ProcessesFile::read(state))
}

/// Ends these processes side by side; then the functions that a killed ministack has left behind.
pub(super) fn end_processes(state: &StateDir, processes: &ProcessesFile) -> usize {
    let alive: Vec<Identity> = processes
        .all()
        .map(|(_part, identity)| identity)
        .filter(Identity::alive)
        .collect();
    thread::scope(|scope| {
        for identity in &alive {
            scope.spawn(|| identity.end(Duration::from_secs(10)));
        }
    });
    for orphan in running_below(state) {
        let _gone = orphan.signal(Signal::Kill);
    }
    alive.len()
}

/// Processes that work in the temporary folder of this stack: only the functions do, and ministack itself.
fn running_below(state: &StateDir) -> Vec<Identity> {
    let Ok(tmp) = state.join("tmp").canonicalize() else {
        return Vec::new();
    };
    processes_where(|pid| {
        fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&tmp))
    })
}

/// Looks through `/proc`; finds nothing on a system without it, where ministack's own clean end has to do.
pub(crate) fn processes_where(mut matches: impl FnMut(u32) -> bool) -> Vec<Identity> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| matches(*pid))
        .filter_map(Identity::of)
        .collect()
}

/// Makes a part stand still without ending it: connections stay open, nothing answers.
///
/// # Errors
///
/// When that part does not run.
pub fn pause(file: &StackFile, part: Part) -> Result<()> {
    identity(file, part)?.signal(Signal::Stop)
}

/// Lets a paused part go on.
///
/// # Errors
///
/// When that part does not run.
pub fn resume(file: &StackFile, part: Part) -> Result<()> {
    identity(file, part)?.signal(Signal::Cont)
}

/// The recorded process of a part of this stack.
pub(crate) fn identity(file: &StackFile, part: Part) -> Result<Identity> {
    ProcessesFile::read(&file.state())
        .identity(part)
        .context(format!("{} has no process of its own", part.name()))
}
