//! The environment, read once at start. All errors are told at once, each with the variable, what is wrong and what to
//! write; nothing is guessed, and no table, queue or index has a default name.
//!
//! [`VARIABLES`] is the list that counts: `template.yaml`, `.env.example` and `docs/configuration.md` are compared with it
//! by a test. Values are never logged or put into an error, except where a value is one of few words.

mod problem;
mod values;
mod variables;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

pub use self::problem::{ConfigError, Problem};
pub use self::variables::{Function, VARIABLES, Variable};

use self::values::Values;
use crate::domain::collection::{Collections, SourceFile};
use crate::domain::deletion::{Patience, Timing};
use crate::domain::page::PAGE_KEYS;
use crate::requests::accept::OnPublishFailure;

/// A day in seconds.
const DAY: u64 = 86_400;

/// Where the documents are. It also says which service requests are signed for: that is never guessed from a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Search {
    /// In an OpenSearch Service domain.
    Domain {
        /// Its URL.
        endpoint: String,
    },
    /// In an OpenSearch Serverless collection.
    Serverless {
        /// Its URL.
        endpoint: String,
    },
    /// Nowhere: no collection declares a document.
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
    /// Where the documents are.
    pub search: Search,
    /// URL of the delete queue.
    pub queue_url: String,
    /// The collections: those of `COLLECTIONS_DIR`, or those compiled in.
    pub collections: Arc<Collections>,
    /// URL that stands for every AWS service, in `sam local` only.
    pub local_endpoint: Option<String>,
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
    /// Name of the OpenSearch domain, with [`Search::Domain`].
    pub search_domain: Option<String>,
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
        let in_sam_local = lookup("AWS_SAM_LOCAL").is_some_and(|value| value == "true");
        let mut values = Values::new(function, lookup);
        let kind = values.one_of("SEARCH_KIND", &SearchKind::WORDS);
        // Where it is missing or no such word, what depends on it is not judged.
        let kind = values.is_fine(&["SEARCH_KIND"]).then_some(kind);
        let collections = read_collections(&mut values, kind);
        let timing = timing(&mut values);
        let call_timeout = values.seconds("CALL_TIMEOUT_SECONDS", 1..=900);
        check_times(&mut values, &timing, call_timeout);
        // Read before the collections are looked at: their errors must not hide those of the other variables.
        let with = {
            let control_table = values.text("CONTROL_TABLE");
            let table_prefix = values.text("TABLE_PREFIX");
            let table_names = values.names("TABLE_NAMES");
            let index_prefix = index_prefix(&mut values);
            let search = search(&mut values, kind);
            let queue_url = values.url("QUEUE_URL");
            let local_endpoint = local_endpoint(&mut values, in_sam_local);
            let engine = (function != Function::Api).then(|| engine(&mut values));
            let sweeper = (function == Function::Sweeper).then(|| sweeper(&mut values, kind));
            let api = (function == Function::Api).then(|| api(&mut values));
            move |collections| Self {
                control_table,
                table_prefix,
                table_names,
                index_prefix,
                search,
                queue_url,
                collections: Arc::new(collections),
                local_endpoint,
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

/// What stands before the names of indexes, which have no capitals: with one, each request for a document would fail.
fn index_prefix(values: &mut Values<impl Fn(&str) -> Option<String>>) -> String {
    const NAME: &str = "INDEX_PREFIX";
    let prefix = values.text(NAME);
    if prefix.chars().any(char::is_uppercase) {
        values.problem(
            NAME,
            "has a capital letter, which no index of OpenSearch may have",
            "write it in small letters; a stack whose name has capitals needs the parameter IndexPrefix",
        );
    }
    prefix
}

/// The words of `SEARCH_KIND`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SearchKind {
    Domain,
    Serverless,
    None,
}

impl SearchKind {
    const WORDS: [(&'static str, Self); 3] = [
        ("domain", Self::Domain),
        ("serverless", Self::Serverless),
        ("none", Self::None),
    ];
}

fn search(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    kind: Option<SearchKind>,
) -> Search {
    const NAME: &str = "OPENSEARCH_ENDPOINT";
    match kind {
        None => Search::None,
        Some(SearchKind::None) => {
            values.absent(NAME, "with SEARCH_KIND=none nothing is searched");
            Search::None
        }
        Some(kind) => {
            values.given(NAME, "it is required unless SEARCH_KIND is none");
            let endpoint = values.url(NAME);
            if kind == SearchKind::Domain {
                Search::Domain { endpoint }
            } else {
                Search::Serverless { endpoint }
            }
        }
    }
}

/// The endpoint of all AWS services. Only in `sam local`, and only on this machine: a function in an account must never
/// be turned away from it by one variable.
fn local_endpoint(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    in_sam_local: bool,
) -> Option<String> {
    const NAME: &str = "LOCAL_ENDPOINT";
    let endpoint = values.text(NAME);
    if endpoint.is_empty() {
        return None;
    }
    if !in_sam_local {
        values.problem(
            NAME,
            "is given, but this is not `sam local` (AWS_SAM_LOCAL is not true): a function in a real account must not work on another store",
            "leave it empty",
        );
    } else if !is_on_this_machine(&endpoint) {
        values.problem(NAME, "is not a URL of this machine", HERE);
    }
    // What is decided on local tables must not be done to documents or messages elsewhere.
    for other in ["OPENSEARCH_ENDPOINT", "QUEUE_URL"] {
        let url = values.text(other);
        if in_sam_local && !url.is_empty() && !is_on_this_machine(origin(&url)) {
            values.problem(
                other,
                "is not a URL of this machine, and LOCAL_ENDPOINT is given",
                HERE,
            );
        }
    }
    Some(endpoint)
}

/// What to write for a URL of this machine.
const HERE: &str =
    "write http:// with localhost, a loopback address or host.docker.internal, and a port";

/// The URL up to its path.
fn origin(url: &str) -> &str {
    let from = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url[from..].find('/').map_or(url.len(), |path| from + path);
    &url[..path]
}

/// Whether this is `http://HOST[:PORT]` of a host that is this machine, also as a container sees it.
fn is_on_this_machine(url: &str) -> bool {
    let Some(authority) = url.strip_prefix("http://") else {
        return false;
    };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if let Ok(address) = authority.parse::<SocketAddr>() {
        return address.ip().is_loopback();
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let here = ["localhost", "host.docker.internal"].contains(&host)
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    here && port.parse::<u16>().is_ok()
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

fn sweeper(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    kind: Option<SearchKind>,
) -> SweeperConfig {
    const NAME: &str = "SEARCH_DOMAIN";
    match kind {
        None => {}
        Some(SearchKind::Domain) => values.given(NAME, "SEARCH_KIND=domain needs it"),
        Some(_) => values.absent(NAME, "only SEARCH_KIND=domain has a domain"),
    }
    SweeperConfig {
        search_domain: Some(values.text(NAME)).filter(|name| !name.is_empty()),
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
fn read_collections(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    kind: Option<SearchKind>,
) -> Option<Collections> {
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
    let read = if kind == Some(SearchKind::None) {
        Collections::from_files_without_search(&files)
    } else {
        Collections::from_files(&files)
    };
    match read {
        Ok(collections) => Some(collections),
        Err(errors) => {
            let write = if folder.is_empty() {
                "this file is compiled in: name a folder of your own files"
            } else {
                "correct the file"
            };
            for error in errors.iter() {
                values.problem(NAME, error.to_string(), write);
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
