//! `tombstone doctor` as it is called, against stores that this file plays: what it asks, what it shows, how it ends.
#![cfg(test)]

mod server;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use self::server::server;

const FILE: &str = r#"[shelves]
table       = "shelves"
key         = ["shelf"]
tenant      = "owner"
strategy    = "flag"
retention   = "30d"

[books]
table       = "books"
key         = ["shelf", "book"]
tenant      = "owner"
parent      = { collection = "shelves", by = ["shelf"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

const DOCUMENT: &str =
    "document = { index = \"books\", id = \"{shelf}~{book}\", fields = [\"title\"] }\n";

/// Two kinds in one table, of which one has the tenant of the other.
const PARTS: &str = r#"[applications]
table       = "lpas"
key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "DONOR#{owner}" }]
tenant      = { part = "owner" }
strategy    = "flag"
retention   = "30d"

[attorneys]
table       = "lpas"
key         = [{ attribute = "PK", is = "LPA#{application}" }, { attribute = "SK", is = "ATTORNEY#{attorney}" }]
tenant      = { from = "parent" }
parent      = { collection = "applications", by = ["application"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

/// Stores that fit, but for one book without a tenant, and one on a shelf that is not there.
fn fitting(what: &str, body: &Value) -> (u16, Value) {
    let table = body["TableName"].as_str().unwrap_or_default();
    let answer = match what {
        "DescribeTable" => {
            let key = match table {
                "shelves" => vec!["shelf"],
                "lpas" => vec!["PK", "SK"],
                _ => vec!["shelf", "book"],
            };
            let schema: Vec<Value> = key
                .iter()
                .zip(["HASH", "RANGE"])
                .map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind}))
                .collect();
            let types: Vec<Value> = key
                .iter()
                .map(|name| json!({"AttributeName": name, "AttributeType": "S"}))
                .collect();
            json!({"Table": {
                "TableName": table, "TableStatus": "ACTIVE", "ItemCount": 3, "KeySchema": schema,
                "AttributeDefinitions": types,
                "TableArn": format!("arn:aws:dynamodb:eu-west-1:111122223333:table/{table}"),
            }})
        }
        "DescribeTimeToLive" => {
            json!({"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}})
        }
        "DescribeContinuousBackups" => json!({"ContinuousBackupsDescription": {
            "ContinuousBackupsStatus": "ENABLED",
            "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": "ENABLED"},
        }}),
        "Scan" if body["Segment"] != 0 => json!({"Items": [], "Count": 0, "ScannedCount": 0}),
        "Scan" => {
            let text = |value: &str| json!({"S": value});
            let items = match table {
                "shelves" => vec![json!({"shelf": text("s-secret"), "owner": text("acme")})],
                "lpas" => vec![
                    json!({"PK": text("LPA#1"), "SK": text("DONOR#ada")}),
                    json!({"PK": text("LPA#1"), "SK": text("ATTORNEY#1")}),
                    json!({"PK": text("LPA#1"), "SK": text("NOTE#1")}),
                    json!({"PK": text("LPA#2"), "SK": text("ATTORNEY#2")}),
                    json!({"PK": text("SESSION#1"), "SK": text("SESSION#1")}),
                ],
                _ => vec![
                    json!({"shelf": text("s-secret"), "book": text("b-1"), "owner": text("acme")}),
                    json!({"shelf": text("s-secret"), "book": text("b-2"), "owner": text("acme")}),
                    json!({"shelf": text("s-secret"), "book": text("b-3"), "title": text("t-secret")}),
                    json!({"shelf": text("s-gone"), "book": text("b-4"), "owner": text("acme")}),
                ],
            };
            json!({"Items": items, "Count": items.len(), "ConsumedCapacity": {"CapacityUnits": 0.5}})
        }
        "BatchGetItem" => {
            let shelf = json!({"shelf": {"S": "s-secret"}, "owner": {"S": "acme"}});
            json!({"Responses": {"shelves": [shelf]}, "UnprocessedKeys": {}})
        }
        "Query" => {
            let partition = &body["ExpressionAttributeValues"][":p"]["S"];
            assert_eq!(body["ExpressionAttributeValues"][":s"]["S"], "DONOR#");
            let is_there = partition == "LPA#1";
            let row = json!({"PK": {"S": "LPA#1"}, "SK": {"S": "DONOR#ada"}});
            let items = Vec::from_iter(is_there.then_some(row));
            json!({"Items": items, "Count": items.len(), "ConsumedCapacity": {"CapacityUnits": 0.5}})
        }
        "ListTables" => json!({"TableNames": ["books", "labels", "shelves"]}),
        "GET /t-books" => {
            let keyword = json!({"type": "keyword"});
            json!({"t-books": {"mappings": {"dynamic": "false", "properties": {
                "shelf": keyword, "book": keyword, "owner": keyword, "deleted_by": keyword, "deletion_id": keyword,
                "deleted_at": {"type": "date"}, "title": {"type": "text"},
            }}}})
        }
        "GET /t-books/_mget" => {
            let source = json!({"shelf": "s-secret", "book": "b-1", "owner": "acme"});
            json!({"docs": [
                {"_id": "s-secret~b-1", "found": true, "_version": 1, "_source": source},
                {"_id": "s-secret~b-2", "found": false},
            ]})
        }
        "GET /t-books/_search" => {
            json!({"hits": {"hits": [{"_id": "s-secret~b-2", "_routing": "s-secret"}]}})
        }
        other => panic!("{other} is not expected"),
    };
    (200, answer)
}

/// The folder with this collection file, of one test.
fn folder(test: &str, file: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("books.toml"), file).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Runs it in a region, with keys that mean nothing, and asks DynamoDB there.
fn doctor(dynamodb: &str, arguments: &[&str]) -> Output {
    let nowhere = concat!(env!("CARGO_TARGET_TMPDIR"), "/nowhere");
    Command::new(env!("CARGO_BIN_EXE_tombstone"))
        .arg("doctor")
        .args(arguments)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", nowhere)
        .env("AWS_ACCESS_KEY_ID", "AKID")
        .env("AWS_SECRET_ACCESS_KEY", "hidden")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ENDPOINT_URL_DYNAMODB", dynamodb)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"))
}

/// The codes of what was found, with their collections.
fn codes(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|one| {
            let collection = one["collection"].as_str().unwrap_or_default();
            format!("{collection} {}", one["code"].as_str().unwrap())
        })
        .collect()
}

#[test]
fn it_asks_nothing_that_writes_and_what_it_asks_is_what_the_page_has_allowed() {
    let (url, asked) = server(fitting);
    let folder = folder("writes", &format!("{FILE}{DOCUMENT}"));
    let search = ["--endpoint", &url, "--index-prefix", "t-", "--no-sign"];

    let output = doctor(
        &url,
        &[&["--collections", &folder, "--json"], &search[..]].concat(),
    );

    let report = json(&output);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    let parts = self::folder("writes-parts", PARTS);
    let _told = doctor(&url, &["--collections", &parts, "--json"]);
    let called: BTreeSet<String> = asked.try_iter().map(|(what, _)| what).collect();
    let (searches, calls): (Vec<_>, Vec<_>) =
        called.into_iter().partition(|what| what.contains(" /"));
    assert!(
        searches.iter().all(|line| line.starts_with("GET ")),
        "{searches:?}"
    );
    let page = include_str!("../../../docs/command-line.md");
    let (_, section) = page.split_once("\n## doctor\n").unwrap();
    let policy = section.split("```json\n").find_map(|block| {
        let policy: Value = serde_json::from_str(block.split("```").next()?).ok()?;
        policy["Statement"].is_array().then_some(policy)
    });
    let policy = policy.unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let mut allowed: Vec<&str> = statements
        .flat_map(|statement| match &statement["Action"] {
            Value::Array(actions) => actions.iter().filter_map(Value::as_str).collect(),
            action => Vec::from_iter(action.as_str()),
        })
        .filter_map(|action| action.strip_prefix("dynamodb:"))
        .collect();
    allowed.sort_unstable();
    allowed.dedup();
    assert_eq!(calls, allowed);
}

#[test]
fn rows_and_documents_are_judged_and_told_with_file_line_and_key() {
    let (url, _asked) = server(fitting);
    let folder = folder("judged", &format!("{FILE}{DOCUMENT}"));
    let asks = ["--collections", &folder, "--endpoint", &url];
    let asks = [&asks[..], &["--index-prefix", "t-", "--no-sign", "--json"]].concat();

    let report = json(&doctor(&url, &asks));

    assert_eq!(
        codes(&report),
        [
            "books TENANT_MISSING",
            "books DOCUMENT_ROUTED",
            "books DOCUMENT_MISSING",
            "books PARENT_MISSING",
            "shelves UNDECLARED_CHILD",
        ]
    );
    assert_eq!(report["verdict"], "DOES_NOT_FIT");
    let tenant = &report["findings"][0];
    assert_eq!(
        (&tenant["file"], &tenant["line"], &tenant["key"]),
        (&json!("books.toml"), &json!(11), &json!("books.tenant"))
    );
    assert_eq!((&tenant["found"], &tenant["of"]), (&json!(1), &json!(4)));
    assert_eq!(report["read_units"], 1.0);
    let books = &report["collections"][0];
    assert_eq!(
        (&books["sampled"], &books["documents"]),
        (&json!(4), &json!(1))
    );
    assert_eq!(books["described"]["status"], "ACTIVE");
}

#[test]
fn a_table_that_collections_share_is_read_once_and_each_has_its_own_rows() {
    let (url, asked) = server(fitting);
    let folder = folder("shared", PARTS);

    let output = doctor(&url, &["--collections", &folder, "--json"]);

    let report = json(&output);
    assert_eq!(
        codes(&report),
        ["applications ROWS_UNDECLARED", "attorneys PARENT_MISSING"]
    );
    let undeclared = &report["findings"][0];
    assert_eq!(
        (&undeclared["found"], &undeclared["of"]),
        (&json!(2), &json!(5))
    );
    let parent = &report["findings"][1];
    assert_eq!((&parent["found"], &parent["of"]), (&json!(1), &json!(2)));
    let sampled: Vec<&Value> = report["collections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["sampled"])
        .collect();
    assert_eq!(sampled, [&json!(1), &json!(2)]);
    let of_table = |what: &str, body: &Value| {
        what == "DescribeTable" && body["TableName"] == "lpas"
            || what == "Scan" && body["Segment"] == 0
    };
    let calls = asked.try_iter().filter(|(what, body)| of_table(what, body));
    assert_eq!(calls.count(), 2);
    assert_eq!(report["read_units"], 1.5);
}

#[test]
fn no_value_of_a_row_is_shown_and_keys_only_if_asked_for() {
    let (url, _asked) = server(fitting);
    let folder = folder("shown", FILE);
    for form in [&[][..], &["--json"]] {
        let without = doctor(&url, &[&["--collections", &folder], form].concat());
        let with = doctor(
            &url,
            &[&["--collections", &folder, "--show-keys"], form].concat(),
        );

        let without = String::from_utf8(without.stdout).unwrap();
        for secret in ["s-secret", "t-secret", "s-gone", "acme", "b-3"] {
            assert!(!without.contains(secret), "{without}");
        }
        let with = String::from_utf8(with.stdout).unwrap();
        assert!(with.contains("s-gone") && with.contains("b-3"), "{with}");
        assert!(
            !with.contains("t-secret") && !with.contains("acme"),
            "{with}"
        );
        // No progress where nobody looks.
    }
    let quiet = doctor(&url, &["--collections", &folder, "--json"]);
    assert!(quiet.stderr.is_empty());
}

#[test]
fn what_may_not_be_read_is_named_and_the_others_are_looked_at() {
    let (url, _asked) = server(|what, body| {
        if what == "Scan" && body["TableName"] == "books" {
            let kind = "com.amazon.coral.service#AccessDeniedException";
            return (400, json!({"__type": kind, "message": "not you"}));
        }
        fitting(what, body)
    });
    let folder = folder("denied", FILE);

    let output = doctor(&url, &["--collections", &folder, "--json"]);

    let report = json(&output);
    assert_eq!(output.status.code(), Some(3), "{report:#}");
    assert_eq!(report["verdict"], "NOT_ALL_READ");
    assert_eq!(
        codes(&report),
        ["books CANNOT_READ", "shelves UNDECLARED_CHILD"]
    );
    let told = report["findings"][0]["advice"].as_str().unwrap();
    assert_eq!(
        told,
        "allow whoever runs this `dynamodb:Scan` on `arn:aws:dynamodb:eu-west-1:*:table/books`"
    );
    assert_eq!(report["collections"][1]["sampled"], 1);
}

#[test]
fn a_table_that_is_not_there_is_an_error_and_one_that_lists_nothing_a_note() {
    let (url, _asked) = server(|what, body| {
        let refused = |kind: &str| (400, json!({"__type": kind, "message": "no"}));
        match what {
            "DescribeTable" if body["TableName"] == "books" => refused("ResourceNotFoundException"),
            "ListTables" => refused("AccessDeniedException"),
            "DescribeContinuousBackups" => refused("UnknownOperationException"),
            _ => fitting(what, body),
        }
    });
    let folder = folder("missing", FILE);

    let output = doctor(&url, &["--collections", &folder, "--json"]);

    let report = json(&output);
    assert_eq!(output.status.code(), Some(1), "{report:#}");
    assert_eq!(codes(&report), [" CANNOT_READ", "books TABLE_MISSING"]);
    assert_eq!(report["findings"][0]["level"], "NOTE");
}

#[test]
fn who_asks_must_be_known_or_nothing_is_answered() {
    let (url, _asked) = server(|_, _| {
        let kind = "com.amazon.coral.service#UnrecognizedClientException";
        (
            400,
            json!({"__type": kind, "message": "The security token is invalid."}),
        )
    });
    let folder = folder("nobody", FILE);
    for (dynamodb, told) in [
        (&*url, "does not know who asks"),
        ("http://127.0.0.1:9", "does not answer"),
    ] {
        let output = doctor(dynamodb, &["--collections", &folder, "--json"]);

        assert_eq!(output.status.code(), Some(3));
        assert!(output.stdout.is_empty());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(told), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}

#[test]
fn documents_need_an_endpoint_which_the_command_line_lacks() {
    let folder = folder("endpoint", &format!("{FILE}{DOCUMENT}"));

    let output = doctor("http://127.0.0.1:9", &["--collections", &folder]);

    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("--endpoint") && error.contains("books"),
        "{error}"
    );
}

#[test]
fn a_name_of_a_table_that_no_collection_has_is_a_wrong_command_line() {
    let folder = folder("names", FILE);
    for (names, told) in [("boks=x", "boks"), ("books=a,books=b", "twice")] {
        let asks = ["--collections", &folder, "--table-names", names];

        let output = doctor("http://127.0.0.1:9", &asks);

        assert_eq!(output.status.code(), Some(2), "{names}");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(told), "{error}");
    }
}

#[test]
fn a_plan_has_the_parameters_and_looks_at_no_row() {
    let (url, asked) = server(fitting);
    let folder = folder("plan", FILE);
    let asks = [
        "--collections",
        &folder,
        "--plan",
        "--table-names",
        "books=books",
    ];

    let person = doctor(&url, &asks);
    let program = doctor(&url, &[&asks[..], &["--json"]].concat());

    assert_eq!(
        (person.status.code(), program.status.code()),
        (Some(0), Some(0))
    );
    let plan = json(&program);
    assert_eq!(
        plan["parameters"]["DataTableArns"],
        "arn:aws:dynamodb:eu-west-1:111122223333:table/books,arn:aws:dynamodb:eu-west-1:111122223333:table/shelves"
    );
    assert_eq!(plan["parameters"]["SearchKind"], "none");
    assert!(plan["fill_in"]["CollectionsDir"].is_string());
    let text = String::from_utf8(person.stdout).unwrap();
    for one in plan["parameter_overrides"].as_array().unwrap() {
        assert!(text.contains(one.as_str().unwrap()), "{text}");
    }
    assert!(
        asked
            .try_iter()
            .all(|(what, _)| what.starts_with("Describe"))
    );
}
