//! The list of all variables.

/// A function of the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Accepts deletions and shows them.
    Api,
    /// Carries deletions out.
    Consumer,
    /// Processes what is due.
    Sweeper,
}

/// One variable of the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// The functions that read it.
    pub functions: &'static [Function],
    /// The value when it is absent or empty; `None`: it is required. An empty default is "none".
    pub default: Option<&'static str>,
}

const ALL: &[Function] = &[Function::Api, Function::Consumer, Function::Sweeper];
const ENGINE: &[Function] = &[Function::Consumer, Function::Sweeper];
const SWEEPER: &[Function] = &[Function::Sweeper];
const API: &[Function] = &[Function::Api];

/// All variables, in the order of the documentation.
pub const VARIABLES: &[Variable] = &[
    required("CONTROL_TABLE", ALL),
    optional("TABLE_PREFIX", ALL, ""),
    optional("TABLE_NAMES", ALL, ""),
    required("SEARCH_KIND", ALL),
    // Which of the two that depend on SEARCH_KIND must be given, and which must not, is checked where they are read.
    optional("OPENSEARCH_ENDPOINT", ALL, ""),
    optional("INDEX_PREFIX", ALL, ""),
    required("QUEUE_URL", ALL),
    optional("COLLECTIONS_DIR", ALL, ""),
    optional("LOCAL_ENDPOINT", ALL, ""),
    optional("SLICE_SECONDS", ALL, "60"),
    optional("GRACE_SECONDS", ALL, "30"),
    optional("CALL_TIMEOUT_SECONDS", ALL, "8"),
    optional("RESEND_AFTER_SECONDS", ALL, "120"),
    optional("PAGE_KEYS", ENGINE, "1000"),
    required("ARCHIVE_TABLE", ENGINE),
    required("EVENT_BUS", ENGINE),
    required("SCHEDULE_GROUP", ENGINE),
    optional("MAX_ATTEMPTS", ENGINE, "5"),
    optional("FAIL_AFTER_SECONDS", ENGINE, "86400"),
    optional("COMPARE_AFTER_SECONDS", ENGINE, "600"),
    optional("CERTIFICATE_RETENTION_DAYS", ENGINE, "3650"),
    optional("SEARCH_DOMAIN", SWEEPER, ""),
    optional("ON_PUBLISH_FAILURE", API, "outbox"),
    optional("SUBJECT_CLAIM", API, "sub"),
    optional("TENANT_CLAIM", API, "custom:tenant"),
    optional("GROUPS_CLAIM", API, "cognito:groups"),
    optional("GROUPS_FORM", API, "one"),
    required("CURSOR_KEY", API),
    optional("CURSOR_KEY_BEFORE", API, ""),
];

const fn required(name: &'static str, functions: &'static [Function]) -> Variable {
    Variable {
        name,
        functions,
        default: None,
    }
}

const fn optional(
    name: &'static str,
    functions: &'static [Function],
    default: &'static str,
) -> Variable {
    Variable {
        name,
        functions,
        default: Some(default),
    }
}
