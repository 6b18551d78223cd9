//! Where the stores and the queue are.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::values::Values;

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

/// The stores and the queue, as every function reaches them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoresConfig {
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
    /// URL of all AWS services, in `sam local` only.
    pub local_endpoint: Option<String>,
    /// The most time of one store call, retries included; shorter than the grace.
    pub call_timeout: Duration,
}

/// Reads all of it except the timeout, which is checked with the other times.
pub(super) fn stores(
    values: &mut Values<impl Fn(&str) -> Option<String>>,
    kind: Option<SearchKind>,
    in_sam_local: bool,
    call_timeout: Duration,
) -> StoresConfig {
    StoresConfig {
        control_table: values.text("CONTROL_TABLE"),
        table_prefix: values.text("TABLE_PREFIX"),
        table_names: values.names("TABLE_NAMES"),
        index_prefix: index_prefix(values),
        search: search(values, kind),
        queue_url: values.url("QUEUE_URL"),
        local_endpoint: local_endpoint(values, in_sam_local),
        call_timeout,
    }
}

/// The words of `SEARCH_KIND`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum SearchKind {
    Domain,
    Serverless,
    None,
}

impl SearchKind {
    pub(super) const WORDS: [(&'static str, Self); 3] = [
        ("domain", Self::Domain),
        ("serverless", Self::Serverless),
        ("none", Self::None),
    ];
}

/// The prefix of the names of indexes, which have no capitals: with one, each request for a document would fail.
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

/// The endpoint of all AWS services. Only in `sam local`, and only on this machine: one variable must never redirect a
/// function in an account away from it.
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
    // What is decided from local tables must not be done to documents or messages elsewhere.
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
