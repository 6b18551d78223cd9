//! The configuration of each function: a type for each, with all that it reads and nothing else.

use std::sync::Arc;

use super::collections::read_collections;
use super::stores::{SearchKind, StoresConfig, stores};
use super::times::{DAY, times};
use super::values::Values;
use super::{ConfigError, Function, Secret};
use domain::collection::Collections;
use domain::deletion::{RetryLimits, Timing};
use domain::message::OnPublishFailure;
use domain::page::PAGE_KEYS;

/// The configuration of the api.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// Where the stores are.
    pub stores: StoresConfig,
    /// The collections: those of `COLLECTIONS_DIR`, or those compiled in.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// What happens when the message cannot be sent.
    pub on_publish_failure: OnPublishFailure,
    /// The names of the claims.
    pub claims: ClaimNames,
    /// What the key that seals cursors is made of.
    pub cursor_key: Secret,
    /// What the key before it was made of, which still opens them.
    pub cursor_key_before: Option<Secret>,
}

/// The names of the claims that identify the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// The caller.
    pub subject: String,
    /// The caller's tenant.
    pub tenant: String,
    /// The caller's groups.
    pub groups: String,
    /// How a groups claim that is a text is read.
    pub groups_form: GroupsForm,
}

/// The form of a groups claim that is a text and not a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupsForm {
    /// One name.
    One,
    /// Names with commas between them: `a,b`, also with a space behind each comma.
    Commas,
    /// Names with spaces between them: `a b`.
    Spaces,
    /// As with commas, in brackets: `[a, b]`.
    Brackets,
    /// A JSON list of names: `["a", "b"]`.
    Json,
}

/// The configuration of the consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// Where the stores are.
    pub stores: StoresConfig,
    /// The collections: those of `COLLECTIONS_DIR`, or those compiled in.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// The settings of the functions that carry deletions out.
    pub engine: EngineConfig,
}

/// The configuration of the sweeper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweeperConfig {
    /// Where the stores are.
    pub stores: StoresConfig,
    /// The collections: those of `COLLECTIONS_DIR`, or those compiled in.
    pub collections: Arc<Collections>,
    /// The times of the protocol.
    pub timing: Timing,
    /// The settings of the functions that carry deletions out.
    pub engine: EngineConfig,
    /// Name of the OpenSearch domain, with [`Search::Domain`](super::Search::Domain).
    pub search_domain: Option<String>,
}

/// The settings that only the functions have that carry deletions out: the consumer and the sweeper.
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
    pub patience: RetryLimits,
}

impl GroupsForm {
    /// The words of the configuration.
    const WORDS: [(&'static str, Self); 5] = [
        ("one", Self::One),
        ("commas", Self::Commas),
        ("spaces", Self::Spaces),
        ("brackets", Self::Brackets),
        ("json", Self::Json),
    ];
}

impl ApiConfig {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(environment)
    }

    /// Reads the variables from `lookup`. An empty value counts as none.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let own = |values: &mut Values<_>, _| {
            let words = [
                ("outbox", OnPublishFailure::Outbox),
                ("rollback", OnPublishFailure::Rollback),
            ];
            let on_publish_failure = values.one_of("ON_PUBLISH_FAILURE", &words);
            let claims = ClaimNames {
                subject: values.text("SUBJECT_CLAIM"),
                tenant: values.text("TENANT_CLAIM"),
                groups: values.text("GROUPS_CLAIM"),
                groups_form: values.one_of("GROUPS_FORM", &GroupsForm::WORDS),
            };
            let keys = ["CURSOR_KEY", "CURSOR_KEY_BEFORE"].map(|name| values.secret(name));
            (on_publish_failure, claims, keys)
        };
        let read = read(Function::Api, lookup, own)?;
        let (on_publish_failure, claims, [cursor_key, cursor_key_before]) = read.own;
        Ok(Self {
            stores: read.stores,
            collections: read.collections,
            timing: read.timing,
            on_publish_failure,
            claims,
            cursor_key,
            cursor_key_before: Some(cursor_key_before).filter(|key| !key.reveal().is_empty()),
        })
    }
}

impl ConsumerConfig {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(environment)
    }

    /// Reads the variables from `lookup`. An empty value counts as none.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let read = read(Function::Consumer, lookup, |values, _| engine(values))?;
        Ok(Self {
            stores: read.stores,
            collections: read.collections,
            timing: read.timing,
            engine: read.own,
        })
    }
}

impl SweeperConfig {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(environment)
    }

    /// Reads the variables from `lookup`. An empty value counts as none.
    ///
    /// # Errors
    ///
    /// All that is wrong, at once.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let own = |values: &mut Values<_>, kind| {
            let engine = engine(values);
            let search_domain = search_domain(values, kind);
            (engine, search_domain)
        };
        let read = read(Function::Sweeper, lookup, own)?;
        let (engine, search_domain) = read.own;
        Ok(Self {
            stores: read.stores,
            collections: read.collections,
            timing: read.timing,
            engine,
            search_domain,
        })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The settings of all functions, and those of only one.
struct Read<T> {
    stores: StoresConfig,
    collections: Arc<Collections>,
    timing: Timing,
    own: T,
}

/// Reads the settings of all functions, then those of only this one.
fn read<F: Fn(&str) -> Option<String>, T>(
    function: Function,
    lookup: F,
    own: impl FnOnce(&mut Values<F>, Option<SearchKind>) -> T,
) -> Result<Read<T>, ConfigError> {
    let in_sam_local = lookup("AWS_SAM_LOCAL").is_some_and(|value| value == "true");
    let mut values = Values::new(function, lookup);
    let kind = values.one_of("SEARCH_KIND", &SearchKind::WORDS);
    // If it is missing or not one of the words, the variables that depend on it are not checked.
    let kind = values.is_fine(&["SEARCH_KIND"]).then_some(kind);
    // There are none if they are wrong: their errors must not hide those of the other variables.
    let collections = read_collections(&mut values, kind);
    let (timing, call_timeout) = times(&mut values);
    let stores = stores(&mut values, kind, in_sam_local, call_timeout);
    let own = own(&mut values, kind);
    values.finish(collections.map(|collections| Read {
        stores,
        collections: Arc::new(collections),
        timing,
        own,
    }))
}

fn engine(values: &mut Values<impl Fn(&str) -> Option<String>>) -> EngineConfig {
    let most = u64::try_from(PAGE_KEYS).unwrap_or(u64::MAX);
    EngineConfig {
        page_keys: usize::try_from(values.number("PAGE_KEYS", 1..=most)).unwrap_or(PAGE_KEYS),
        archive_table: values.text("ARCHIVE_TABLE"),
        event_bus: values.text("EVENT_BUS"),
        schedule_group: values.text("SCHEDULE_GROUP"),
        patience: RetryLimits {
            max_attempts: u32::try_from(values.number("MAX_ATTEMPTS", 1..=1000)).unwrap_or(1),
            fail_after: values.seconds("FAIL_AFTER_SECONDS", 1..=14 * DAY),
        },
    }
}

fn search_domain(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    kind: Option<SearchKind>,
) -> Option<String> {
    const NAME: &str = "SEARCH_DOMAIN";
    match kind {
        None => {}
        Some(SearchKind::Domain) => values.given(NAME, "SEARCH_KIND=domain needs it"),
        Some(_) => values.absent(NAME, "only SEARCH_KIND=domain has a domain"),
    }
    Some(values.text(NAME)).filter(|name| !name.is_empty())
}
