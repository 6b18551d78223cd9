//! The environment, read once at start. All errors are told at once, each with the variable, what is wrong and what to
//! write; nothing is guessed, and no table, queue or index has a default name.
//!
//! [`VARIABLES`] is the list that counts: `template.yaml`, `.env.example` and `docs/configuration.md` are compared with it
//! by a test. Values are never logged or put into an error, except where a value is one of few words.

mod problem;
mod values;
mod variables;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use self::problem::{ConfigError, Problem};
pub use self::variables::{Function, VARIABLES, Variable};

use self::values::Values;
use crate::domain::collection::{Collections, SourceFile};
use crate::domain::deletion::{Patience, Timing};
use crate::domain::page::PAGE_KEYS;
use crate::service::accept::OnPublishFailure;

/// A day in seconds.
const DAY: u64 = 86_400;

/// How requests to OpenSearch are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchSigning {
    /// With `SigV4`, as AWS wants it.
    SigV4,
    /// Not at all: an OpenSearch of one's own.
    None,
}

/// What all functions are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Name of the control table.
    pub control_table: String,
    /// Put before a collection's `table`.
    pub table_prefix: String,
    /// Real names of existing tables, by logical name.
    pub table_names: BTreeMap<String, String>,
    /// Put before a document's `index`.
    pub index_prefix: String,
    /// URL of OpenSearch.
    pub opensearch_endpoint: String,
    /// How requests to it are signed.
    pub opensearch_auth: SearchSigning,
    /// URL of the delete queue.
    pub queue_url: String,
    /// The collections: those of `COLLECTIONS_DIR`, or those compiled in.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// The most time of one store call, retries included; shorter than the grace.
    pub call_timeout: Duration,
    /// What only the functions read that carry deletions on.
    pub engine: Option<EngineConfig>,
    /// What only the sweeper reads.
    pub sweeper: Option<SweeperConfig>,
    /// What only the api reads.
    pub api: Option<ApiConfig>,
}

/// What the consumer and the sweeper are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineConfig {
    /// The most keys of a manifest page.
    pub page_keys: usize,
    /// Name of the archive table.
    pub archive_table: String,
    /// Name of the bus.
    pub event_bus: String,
    /// Name of the group that records' schedules are in.
    pub schedule_group: String,
    /// When to stop trying.
    pub patience: Patience,
}

/// What the sweeper is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweeperConfig {
    /// Name of the OpenSearch domain.
    pub search_domain: String,
    /// How long one purge works inside a sweep.
    pub purge_slice: Duration,
}

/// What the api is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// What happens when the message cannot be sent.
    pub on_publish_failure: OnPublishFailure,
    /// The names of the claims.
    pub claims: ClaimNames,
}

/// The names of the claims that say who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The caller.
    pub subject: String,
    /// The caller's tenant.
    pub tenant: String,
    /// The caller's groups.
    pub groups: String,
}

impl Config {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the environment"
    )]
    pub fn from_env(function: Function) -> Result<Self, ConfigError> {
        Self::read(function, |name| std::env::var(name).ok())
    }

    /// Reads the variables of a function from `lookup`. An empty value counts as none.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(
        function: Function,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut values = Values::new(function, lookup);
        let collections = read_collections(&mut values);
        let timing = timing(&mut values);
        let call_timeout = values.seconds("CALL_TIMEOUT_SECONDS", 1..=900);
        check_times(&mut values, &timing, call_timeout);
        // Read before the collections are looked at: their errors must not hide those of the other variables.
        let with = {
            let control_table = values.text("CONTROL_TABLE");
            let table_prefix = values.text("TABLE_PREFIX");
            let table_names = values.names("TABLE_NAMES");
            let index_prefix = values.text("INDEX_PREFIX");
            let opensearch_endpoint = values.url("OPENSEARCH_ENDPOINT");
            let opensearch_auth = values.one_of(
                "OPENSEARCH_AUTH",
                &[
                    ("sigv4", SearchSigning::SigV4),
                    ("none", SearchSigning::None),
                ],
            );
            let queue_url = values.url("QUEUE_URL");
            let engine = (function != Function::Api).then(|| engine(&mut values));
            let sweeper = (function == Function::Sweeper).then(|| sweeper(&mut values));
            let api = (function == Function::Api).then(|| api(&mut values));
            move |collections| Self {
                control_table,
                table_prefix,
                table_names,
                index_prefix,
                opensearch_endpoint,
                opensearch_auth,
                queue_url,
                collections: Arc::new(collections),
                timing,
                call_timeout,
                engine,
                sweeper,
                api,
            }
        };
        values.finish(collections.map(with))
    }
}

fn timing(values: &mut Values<impl Fn(&str) -> Option<String>>) -> Timing {
    Timing {
        slice: values.seconds("SLICE_SECONDS", 1..=900),
        grace: values.seconds("GRACE_SECONDS", 1..=900),
        resend_after: values.seconds("RESEND_AFTER_SECONDS", 1..=DAY),
        // The api accepts deletions and never ends one: there these two are the defaults, and not used.
        compare_after: values.seconds("COMPARE_AFTER_SECONDS", 0..=30 * DAY),
        certificate_retention: Duration::from_secs(
            values.number("CERTIFICATE_RETENTION_DAYS", 1..=36_500) * DAY,
        ),
    }
}

fn check_times(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    timing: &Timing,
    call_timeout: Duration,
) {
    if values.is_fine(&["CALL_TIMEOUT_SECONDS", "GRACE_SECONDS"]) && call_timeout >= timing.grace {
        values.problem(
            "CALL_TIMEOUT_SECONDS",
            "a call that begins at the end of a slice would outlive the grace",
            "write a smaller number than in GRACE_SECONDS",
        );
    }
    if values.is_fine(&["CALL_TIMEOUT_SECONDS", "SLICE_SECONDS"]) && timing.slice <= call_timeout {
        values.problem(
            "SLICE_SECONDS",
            "one call would take the whole slice",
            "write a larger number than in CALL_TIMEOUT_SECONDS",
        );
    }
}

fn engine(values: &mut Values<impl Fn(&str) -> Option<String>>) -> EngineConfig {
    let most = u64::try_from(PAGE_KEYS).unwrap_or(u64::MAX);
    EngineConfig {
        page_keys: usize::try_from(values.number("PAGE_KEYS", 1..=most)).unwrap_or(PAGE_KEYS),
        archive_table: values.text("ARCHIVE_TABLE"),
        event_bus: values.text("EVENT_BUS"),
        schedule_group: values.text("SCHEDULE_GROUP"),
        patience: Patience {
            max_attempts: u32::try_from(values.number("MAX_ATTEMPTS", 1..=1000)).unwrap_or(1),
            fail_after: values.seconds("FAIL_AFTER_SECONDS", 1..=14 * DAY),
        },
    }
}

fn sweeper(values: &mut Values<impl Fn(&str) -> Option<String>>) -> SweeperConfig {
    SweeperConfig {
        search_domain: values.text("SEARCH_DOMAIN"),
        purge_slice: values.seconds("SWEEP_PURGE_SECONDS", 1..=840),
    }
}

fn api(values: &mut Values<impl Fn(&str) -> Option<String>>) -> ApiConfig {
    ApiConfig {
        on_publish_failure: values.one_of(
            "ON_PUBLISH_FAILURE",
            &[
                ("outbox", OnPublishFailure::Outbox),
                ("rollback", OnPublishFailure::Rollback),
            ],
        ),
        claims: ClaimNames {
            subject: values.text("SUBJECT_CLAIM"),
            tenant: values.text("TENANT_CLAIM"),
            groups: values.text("GROUPS_CLAIM"),
        },
    }
}

/// The collections, or `None` where there are errors, which are told with the others.
fn read_collections(values: &mut Values<impl Fn(&str) -> Option<String>>) -> Option<Collections> {
    const NAME: &str = "COLLECTIONS_DIR";
    let folder = values.text(NAME);
    let files = if folder.is_empty() {
        Ok(compiled_in())
    } else {
        files_in(Path::new(&folder))
    };
    let files = match files {
        Ok(files) => files,
        Err(wrong) => {
            values.problem(
                NAME,
                wrong,
                "write a readable folder with *.toml files, or nothing",
            );
            return None;
        }
    };
    match Collections::from_files(&files) {
        Ok(collections) => Some(collections),
        Err(errors) => {
            for error in errors.iter() {
                values.problem(NAME, error.to_string(), "correct the file");
            }
            None
        }
    }
}

fn compiled_in() -> Vec<SourceFile> {
    let file = |(name, text): &(&str, &str)| SourceFile {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    Collections::compiled_in().iter().map(file).collect()
}

/// The collections files of a folder, by name, so that errors come in the same order everywhere.
fn files_in(folder: &Path) -> Result<Vec<SourceFile>, String> {
    let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            paths.push(path);
        }
    }
    paths.sort();
    if paths.is_empty() {
        return Err("has no *.toml file".to_owned());
    }
    let file = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Ok(SourceFile { name, text })
    };
    paths.iter().map(file).collect()
}

#[cfg(test)]
mod tests;
