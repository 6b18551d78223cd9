//! A wrong environment stops the start, reports every problem at once, and shows no value.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::times::DAY;
use super::*;
use domain::collection::Collections;
use domain::deletion::Timing;

const FUNCTIONS: [Function; 3] = [Function::Api, Function::Consumer, Function::Sweeper];

fn given(name: &str) -> Option<String> {
    let value = match name {
        "CONTROL_TABLE" => "control",
        "ARCHIVE_TABLE" => "archive",
        "TABLE_PREFIX" | "INDEX_PREFIX" => "pre-",
        "SEARCH_KIND" => "domain",
        "OPENSEARCH_ENDPOINT" => "http://127.0.0.1:9200",
        "QUEUE_URL" => "http://127.0.0.1:4566/000000000000/deletions",
        "EVENT_BUS" | "SCHEDULE_GROUP" => "tombstone",
        "SEARCH_DOMAIN" => "mail",
        "CURSOR_KEY" => "0123456789abcdef0123456789abcdef",
        _ => return None,
    };
    Some(value.to_owned())
}

/// The settings of all functions.
#[derive(Debug)]
struct Read {
    stores: StoresConfig,
    collections: Arc<Collections>,
    timing: Timing,
}

fn read_from(
    function: Function,
    lookup: impl Fn(&str) -> Option<String>,
) -> Result<Read, ConfigError> {
    let (stores, collections, timing) = match function {
        Function::Api => {
            let config = ApiConfig::read(lookup)?;
            (config.stores, config.collections, config.timing)
        }
        Function::Consumer => {
            let config = ConsumerConfig::read(lookup)?;
            (config.stores, config.collections, config.timing)
        }
        Function::Sweeper => {
            let config = SweeperConfig::read(lookup)?;
            (config.stores, config.collections, config.timing)
        }
    };
    Ok(Read {
        stores,
        collections,
        timing,
    })
}

fn changed(changes: &[(&str, &str)]) -> impl Fn(&str) -> Option<String> {
    |name| {
        let change = changes.iter().find(|(variable, _)| *variable == name);
        change.map_or_else(|| given(name), |(_, value)| Some((*value).to_owned()))
    }
}

fn read(function: Function, changes: &[(&str, &str)]) -> Result<Read, ConfigError> {
    read_from(function, changed(changes))
}

fn problems(function: Function, changes: &[(&str, &str)]) -> Vec<&'static str> {
    let error = read(function, changes).unwrap_err();
    error
        .problems()
        .iter()
        .map(|problem| problem.variable)
        .collect()
}

#[test]
fn what_has_no_default_is_all_that_must_be_given() {
    for function in FUNCTIONS {
        let config = read(function, &[]).unwrap();

        let endpoint = "http://127.0.0.1:9200".to_owned();
        assert_eq!(config.stores.search, Search::Domain { endpoint });
        assert_eq!(config.stores.local_endpoint, None);
        assert_eq!(config.timing.slice, Duration::from_mins(1));
        assert_eq!(config.stores.call_timeout, Duration::from_secs(8));
        assert_eq!(
            config.timing.certificate_retention,
            Duration::from_secs(3650 * DAY)
        );
        assert!(config.collections.iter().next().is_some());
    }
}

#[test]
fn each_function_reads_its_own_variables_only() {
    // What a function does not read is not in its type; what another one reads is not even checked.
    assert!(
        read(
            Function::Api,
            &[("PAGE_KEYS", "none"), ("COMPARE_AFTER_SECONDS", "soon")]
        )
        .is_ok()
    );
}

#[test]
fn every_variable_is_read_by_the_functions_that_the_list_names() {
    for function in FUNCTIONS {
        let asked = std::cell::RefCell::new(Vec::new());
        let _ = read_from(function, |name| {
            asked.borrow_mut().push(name.to_owned());
            given(name)
        });
        let asked = asked.into_inner();

        for variable in VARIABLES
            .iter()
            .filter(|variable| variable.functions.contains(&function))
        {
            assert!(
                asked.iter().any(|name| name == variable.name),
                "{function:?} {}",
                variable.name
            );
        }
    }
}

#[test]
fn all_that_is_missing_is_told_at_once_and_empty_is_missing() {
    let error = SweeperConfig::read(|_| Some(String::new())).unwrap_err();

    let missing: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| problem.variable)
        .collect();

    let required: Vec<_> = VARIABLES
        .iter()
        .filter(|variable| {
            variable.default.is_none() && variable.functions.contains(&Function::Sweeper)
        })
        .map(|variable| variable.name)
        .collect();
    assert_eq!(
        missing.iter().collect::<std::collections::BTreeSet<_>>(),
        required.iter().collect::<std::collections::BTreeSet<_>>()
    );
    assert_eq!(missing.len(), required.len());
}

#[test]
fn what_is_not_understood_is_refused() {
    for (name, value) in [
        ("SEARCH_KIND", "cluster"),
        ("OPENSEARCH_ENDPOINT", "search.example.org"),
        ("OPENSEARCH_ENDPOINT", "https://"),
        ("QUEUE_URL", "deletions"),
        ("SLICE_SECONDS", "1m"),
        ("SLICE_SECONDS", "+90"),
        ("SLICE_SECONDS", "90.5"),
        ("PAGE_KEYS", "0"),
        ("PAGE_KEYS", "1001"),
        ("MAX_ATTEMPTS", "0"),
        ("TABLE_NAMES", "discussions"),
        ("TABLE_NAMES", "discussions=a,discussions=b"),
        ("CERTIFICATE_RETENTION_DAYS", "-1"),
    ] {
        assert_eq!(
            problems(Function::Consumer, &[(name, value)]),
            [name],
            "{name}={value}"
        );
    }
    for (name, value) in [
        ("ON_PUBLISH_FAILURE", "Outbox"),
        ("GROUPS_FORM", "a,b"),
        ("CURSOR_KEY", ""),
        ("CURSOR_KEY", "too short to be a secret at all"),
        ("CURSOR_KEY_BEFORE", "too short"),
    ] {
        assert_eq!(problems(Function::Api, &[(name, value)]), [name], "{name}");
    }
}

#[test]
fn a_call_ends_within_the_grace_and_within_the_slice() {
    assert_eq!(
        problems(Function::Api, &[("CALL_TIMEOUT_SECONDS", "30")]),
        ["CALL_TIMEOUT_SECONDS"]
    );
    assert_eq!(
        problems(Function::Api, &[("SLICE_SECONDS", "8")]),
        ["SLICE_SECONDS"]
    );
    assert!(
        read(
            Function::Api,
            &[("CALL_TIMEOUT_SECONDS", "29"), ("SLICE_SECONDS", "30")]
        )
        .is_ok()
    );
}

#[test]
fn existing_tables_are_named_and_an_empty_name_is_none() {
    let names = [(
        "TABLE_NAMES",
        "discussions = mail-threads, messages=,\n notes=my-notes, ",
    )];

    let config = read(Function::Api, &names).unwrap();

    assert_eq!(
        config.stores.table_names,
        BTreeMap::from([
            ("discussions".to_owned(), "mail-threads".to_owned()),
            ("notes".to_owned(), "my-notes".to_owned())
        ])
    );
}

#[test]
fn prefixes_may_be_empty() {
    let config = read(Function::Api, &[("TABLE_PREFIX", ""), ("INDEX_PREFIX", "")]).unwrap();

    assert_eq!(
        (&*config.stores.table_prefix, &*config.stores.index_prefix),
        ("", "")
    );
}

#[test]
fn the_kind_of_search_says_what_must_be_given_and_what_must_not() {
    let given = |kind, endpoint, domain| {
        let changes = [
            ("SEARCH_KIND", kind),
            ("OPENSEARCH_ENDPOINT", endpoint),
            ("SEARCH_DOMAIN", domain),
        ];
        SweeperConfig::read(changed(&changes))
    };
    let refused = |kind, endpoint, domain| -> Vec<_> {
        let error = given(kind, endpoint, domain).unwrap_err();
        let named = error.problems().iter().map(|problem| problem.variable);
        named.filter(|name| *name != "COLLECTIONS_DIR").collect()
    };
    let url = "https://search.example.org";

    let domain = given("domain", url, "mail").unwrap();
    let serverless = given("serverless", url, "").unwrap();

    let endpoint = || url.to_owned();
    assert_eq!(
        domain.stores.search,
        Search::Domain {
            endpoint: endpoint()
        }
    );
    assert_eq!(domain.search_domain, Some("mail".to_owned()));
    assert_eq!(
        serverless.stores.search,
        Search::Serverless {
            endpoint: endpoint()
        }
    );
    assert_eq!(serverless.search_domain, None);
    assert_eq!(
        refused("domain", "", ""),
        ["OPENSEARCH_ENDPOINT", "SEARCH_DOMAIN"]
    );
    assert_eq!(refused("serverless", url, "mail"), ["SEARCH_DOMAIN"]);
    assert_eq!(
        refused("none", url, "mail"),
        ["OPENSEARCH_ENDPOINT", "SEARCH_DOMAIN"]
    );
    // Only what is wrong is reported: what depends on the word is not checked.
    assert_eq!(refused("solr", "", ""), ["SEARCH_KIND"]);
}

#[test]
fn without_a_search_no_collection_may_have_documents() {
    let notes = "[notes]\ntable = \"notes\"\nkey = [\"note_id\"]\ntenant = { attribute = \"user_id\", gsi = \"by_user\" }\n\
        strategy = \"flag\"\nretention = \"1d\"\npermissions = { delete = [\"member\"] }\n";
    let document = "document = { index = \"notes\", id = \"{note_id}\", fields = [\"text\"] }\n";
    let folder = std::env::temp_dir().join(format!("tombstone-no-search-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let with = |text: String| {
        std::fs::write(folder.join("notes.toml"), text).unwrap();
        let changes = [
            ("SEARCH_KIND", "none"),
            ("OPENSEARCH_ENDPOINT", ""),
            ("COLLECTIONS_DIR", folder.to_str().unwrap()),
        ];
        read(Function::Consumer, &changes)
    };

    let without = with(notes.to_owned());
    let documents = with(format!("{notes}{document}"));
    std::fs::remove_dir_all(&folder).unwrap();

    assert_eq!(without.unwrap().stores.search, Search::None);
    assert_eq!(
        documents.unwrap_err().to_string(),
        "COLLECTIONS_DIR: notes.toml:8: notes.document: has documents, but there is no search; deploy with a search of \
         another kind than \"none\", or take `document` out; correct the file"
    );
    // The files that ship have documents: a deployment without a search needs its own files, and the error says so.
    let shipped = read(
        Function::Api,
        &[("SEARCH_KIND", "none"), ("OPENSEARCH_ENDPOINT", "")],
    );
    let shipped = shipped.unwrap_err();
    let problem = &shipped.problems()[0];
    assert!(
        problem.wrong.starts_with("mail.toml:") || problem.wrong.contains(".toml:"),
        "{problem}"
    );
    assert!(problem.write.contains("a folder of your own"), "{problem}");
}

#[test]
fn another_endpoint_is_for_sam_local_and_this_machine_only() {
    let with = |endpoint, sam| {
        let changes = [("LOCAL_ENDPOINT", endpoint), ("AWS_SAM_LOCAL", sam)];
        read(Function::Api, &changes)
    };
    for here in [
        "http://127.0.0.1:4566",
        "http://127.9.9.9:4566/",
        "http://[::1]:4566",
        "http://localhost:4566",
        "http://localhost",
        "http://host.docker.internal:4566",
    ] {
        assert_eq!(
            with(here, "true").unwrap().stores.local_endpoint.as_deref(),
            Some(here)
        );
        // A real account: Lambda never sets the variable.
        for elsewhere in ["", "false"] {
            let error = with(here, elsewhere).unwrap_err();
            assert_eq!(error.problems()[0].variable, "LOCAL_ENDPOINT");
            assert!(error.to_string().contains("not `sam local`"), "{error}");
        }
    }
    for other in [
        "https://127.0.0.1:4566",
        "http://10.0.0.1:4566",
        "http://dynamodb.eu-central-1.amazonaws.com",
        "http://localhost.example.org",
        "http://localhost@example.org",
        "http://127.0.0.1@example.org:80",
        "http://localhost:4566/path",
        "http://",
        "localhost:4566",
    ] {
        let error = with(other, "true").unwrap_err();
        assert_eq!(error.problems()[0].variable, "LOCAL_ENDPOINT", "{other}");
        assert_eq!(error.problems().len(), 1, "{other}");
    }
    assert_eq!(with("", "true").unwrap().stores.local_endpoint, None);
}

#[test]
fn a_prefix_that_no_index_can_have_is_refused_at_the_start() {
    let error = read(Function::Api, &[("INDEX_PREFIX", "Mail-")]).unwrap_err();

    assert_eq!(error.problems().len(), 1, "{error}");
    assert_eq!(error.problems()[0].variable, "INDEX_PREFIX");
    assert!(read(Function::Api, &[("INDEX_PREFIX", "mail-")]).is_ok());
}

#[test]
fn with_another_endpoint_documents_and_messages_are_on_this_machine_too() {
    for (variable, elsewhere) in [
        (
            "OPENSEARCH_ENDPOINT",
            "https://search-mail-abc.eu-west-1.es.amazonaws.com",
        ),
        ("OPENSEARCH_ENDPOINT", "http://127.0.0.1@example.org/"),
        (
            "QUEUE_URL",
            "https://sqs.eu-west-1.amazonaws.com/111122223333/deletions",
        ),
    ] {
        let changes = [
            ("LOCAL_ENDPOINT", "http://127.0.0.1:4566"),
            ("AWS_SAM_LOCAL", "true"),
            (variable, elsewhere),
        ];

        let error = read(Function::Api, &changes).unwrap_err();

        assert_eq!(error.problems().len(), 1, "{error}");
        assert_eq!(error.problems()[0].variable, variable);
    }
}

#[test]
fn a_problem_says_what_to_write_and_tells_no_value() {
    let error = read(
        Function::Api,
        &[
            ("OPENSEARCH_ENDPOINT", "user:secret@host"),
            ("SLICE_SECONDS", "x"),
        ],
    )
    .unwrap_err();

    assert_eq!(
        error.to_string(),
        "SLICE_SECONDS: is not such a number; write a whole number from 1 to 900\n\
         OPENSEARCH_ENDPOINT: is not a URL; write https://… or http://…"
    );
}

#[test]
fn collections_of_a_folder_that_is_not_there_or_wrong_are_a_problem_among_the_others() {
    let changes = [("COLLECTIONS_DIR", "no/such/folder"), ("PAGE_KEYS", "0")];

    assert_eq!(
        problems(Function::Consumer, &changes),
        ["COLLECTIONS_DIR", "PAGE_KEYS"]
    );
}

#[test]
fn the_files_of_a_folder_take_the_place_of_the_compiled_in_ones() {
    let folder = std::env::temp_dir().join(format!("tombstone-config-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let folder_name = folder.to_str().unwrap();
    std::fs::write(folder.join("wrong.toml"), "[Notes]\ncolour = 1\n").unwrap();

    let wrong = problems(Function::Api, &[("COLLECTIONS_DIR", folder_name)]);

    std::fs::remove_file(folder.join("wrong.toml")).unwrap();
    let empty = problems(Function::Api, &[("COLLECTIONS_DIR", folder_name)]);
    std::fs::write(
        folder.join("notes.toml"),
        "[notes]\ntable = \"notes\"\nkey = [\"note_id\"]\ntenant = { attribute = \"user_id\", gsi = \"by_user\" }\n\
         strategy = \"flag\"\nretention = \"1d\"\npermissions = { delete = [\"member\"] }\n",
    )
    .unwrap();
    let right = read(Function::Api, &[("COLLECTIONS_DIR", folder_name)]);
    std::fs::remove_dir_all(&folder).unwrap();

    assert!(wrong.iter().all(|variable| *variable == "COLLECTIONS_DIR") && !wrong.is_empty());
    assert_eq!(empty, ["COLLECTIONS_DIR"]);
    assert_eq!(
        right
            .unwrap()
            .collections
            .iter()
            .map(|known| known.name.as_str().to_owned())
            .collect::<Vec<_>>(),
        ["notes"]
    );
}

#[test]
fn the_keys_of_cursors_are_read_and_never_shown() {
    let before = "fedcba9876543210fedcba9876543210";

    let config = ApiConfig::read(changed(&[("CURSOR_KEY_BEFORE", before)])).unwrap();
    let without = ApiConfig::read(given).unwrap();

    assert_eq!(config.cursor_key_before.as_ref().unwrap().reveal(), before);
    assert_eq!(without.cursor_key_before, None);
    let shown = format!("{config:?}");
    assert!(!shown.contains(before) && !shown.contains(config.cursor_key.reveal()));
}
