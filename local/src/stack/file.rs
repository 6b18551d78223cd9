//! What a running stack tells about itself: `stack.json` for whoever wants to use it, `processes.json` for whoever
//! has to stop it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::layout::StateDir;
use crate::process::Identity;

/// `stack.json`: addresses and names of a running stack.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StackFile {
    /// `api_url` + `/v1/…` works with curl.
    pub api_url: String,
    /// Where the stand-ins answer.
    pub endpoints: Endpoints,
    /// Put before a collection's `table`.
    pub table_prefix: String,
    /// Put before a document's `index`.
    pub index_prefix: String,
    /// Queue URLs.
    pub queues: Queues,
    /// Name of the event bus.
    pub bus: String,
    /// Name of the group that records' schedules are in.
    pub schedule_group: String,
    /// Names of the functions.
    pub functions: Functions,
    /// Cognito pool; empty when the stack trusts another issuer.
    pub user_pool_id: String,
    /// Client of the pool.
    pub client_id: String,
    /// Name of the control table.
    pub control_table: String,
    /// Name of the archive table.
    #[serde(default)]
    pub archive_table: String,
    /// Folder with collection files, when the compiled-in ones are not used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collections_dir: Option<PathBuf>,
    /// Where this was read from.
    #[serde(skip)]
    pub(crate) state: PathBuf,
}

/// Base URLs without a slash at the end.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Endpoints {
    /// ministack: everything that is not one of the other two.
    pub aws: String,
    /// Dynoxide.
    pub dynamodb: String,
    /// The data plane of OpenSearch; empty on a stack without a search.
    pub opensearch: String,
    /// Where the functions reach all AWS services: the authorizer.
    pub authorizer: String,
    /// Where they reach OpenSearch: the authorizer again.
    pub authorizer_search: String,
}

/// Queue URLs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Queues {
    /// Messages for the consumer.
    pub deletions: String,
    /// What the consumer could not read or finish.
    pub dlq: String,
}

/// Names of the functions.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Functions {
    /// Accepts deletions.
    pub api: String,
    /// Works on them.
    pub consumer: String,
    /// Looks at what is due.
    pub sweeper: String,
}

impl StackFile {
    /// Reads the file of a running stack.
    ///
    /// # Errors
    ///
    /// When there is none: the text says how to start one.
    pub fn read(state: &StateDir) -> Result<Self> {
        let file = state.join("stack.json");
        let text = fs::read_to_string(&file).context(format!(
            "read {}: is the stack up? `cargo xtask up` starts it",
            file.display()
        ))?;
        let mut read: Self =
            serde_json::from_str(&text).context(format!("understand {}", file.display()))?;
        read.state = state.root().to_path_buf();
        Ok(read)
    }

    /// Writes it where [`StackFile::read`] looks.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn write(&self, state: &StateDir) -> Result<()> {
        write_json(&state.join("stack.json"), self)
    }

    /// The folder that this stack lives in.
    #[must_use]
    pub fn state(&self) -> StateDir {
        StateDir::new(&self.state)
    }
}

/// The parts of a stack that are processes, in the order in which they are stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The emulated AWS services, and the functions below it.
    Ministack,
    /// What stands between the functions and everything else.
    Authorizer,
    /// Dynoxide.
    Dynamodb,
    /// OpenSearch.
    Opensearch,
}

impl Part {
    /// Its name in files and on the terminal.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ministack => "ministack",
            Self::Authorizer => "authorizer",
            Self::Dynamodb => "dynamodb",
            Self::Opensearch => "opensearch",
        }
    }
}

/// `processes.json`: the pids, and beside them the start times that make them identities.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ProcessesFile {
    #[serde(flatten)]
    pids: BTreeMap<Part, u32>,
    started: BTreeMap<Part, String>,
}

impl ProcessesFile {
    /// What was recorded; empty when there is no readable file.
    #[must_use]
    pub fn read(state: &StateDir) -> Self {
        let text = fs::read_to_string(state.join("processes.json")).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Adds a process and writes the file at once, so that a crash of this program leaves nothing unknown.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn record(&mut self, state: &StateDir, part: Part, identity: &Identity) -> Result<()> {
        self.pids.insert(part, identity.pid);
        self.started.insert(part, identity.started.clone());
        write_json(&state.join("processes.json"), self)
    }

    /// The recorded process of a part.
    #[must_use]
    pub fn identity(&self, part: Part) -> Option<Identity> {
        let pid = *self.pids.get(&part)?;
        let started = self.started.get(&part)?.clone();
        Some(Identity { pid, started })
    }

    /// All recorded processes, in the order in which they are stopped.
    pub fn all(&self) -> impl Iterator<Item = (Part, Identity)> + '_ {
        self.pids
            .keys()
            .filter_map(|part| self.identity(*part).map(|identity| (*part, identity)))
    }
}

/// By way of another name, so that a reader never sees half a file.
fn write_json(file: &Path, content: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(content).context("write JSON")?;
    let unfinished = file.with_extension("json.unfinished");
    fs::write(&unfinished, text + "\n").context(format!("write {}", file.display()))?;
    fs::rename(&unfinished, file).context(format!("write {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pids_are_plain_members_and_survive_the_file() {
        let mut file = ProcessesFile::default();
        file.pids.insert(Part::Ministack, 7);
        file.started.insert(Part::Ministack, "42".into());

        let text = serde_json::to_value(&file).unwrap();
        let read: ProcessesFile = serde_json::from_value(text.clone()).unwrap();

        assert_eq!(text["ministack"], 7);
        assert_eq!(
            read.identity(Part::Ministack),
            Some(Identity {
                pid: 7,
                started: "42".into()
            })
        );
        assert_eq!(read.identity(Part::Opensearch), None);
    }
}
