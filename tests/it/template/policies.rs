//! What each function may do: exactly the calls it makes, on exactly the things it makes them on.
//!
//! A call that a function begins or stops to make changes the list here first. That it is the right list is shown by
//! `cargo xtask test`, which refuses what is missing and names what nothing uses.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::domain::collection::{Collections, SourceFile};

use super::cloudformation::Template;

/// Actions by the thing they are allowed on.
type Grants = BTreeMap<String, BTreeSet<String>>;

const ROWS: [&str; 14] = [
    "table/discussions",
    "table/messages",
    "table/streams",
    "table/subscriptions",
    "table/stream_messages",
    "table/reactions",
    "table/direct_messages",
    "table/stream_attachments",
    "table/direct_attachments",
    "table/attachments",
    "table/learners",
    "table/participations",
    "table/tasks",
    "table/executions",
];
const INDEXES: [&str; 10] = [
    "table/discussions/index/*",
    "table/messages/index/*",
    "table/streams/index/*",
    "table/stream_messages/index/*",
    "table/direct_messages/index/*",
    "table/stream_attachments/index/*",
    "table/direct_attachments/index/*",
    "table/attachments/index/*",
    "table/learners/index/*",
    "table/tasks/index/*",
];

#[test]
fn api_may_accept_read_search_and_write() {
    let mut grants = grants(&[
        (&["ControlTable"], "dynamodb:GetItem PutItem DeleteItem"),
        (&["${ControlTable.Arn}/index/by_tenant"], "dynamodb:Query"),
        (&["DeletionQueue"], "sqs:SendMessage"),
        (
            &[
                "domain/${SearchDomainName}/${IndexPrefix}*/_search",
                "domain/${SearchDomainName}/_bulk",
                "domain/${SearchDomainName}/_mget",
            ],
            "es:ESHttpPost",
        ),
        (&["ApiLogGroup"], "logs:CreateLogStream PutLogEvents"),
    ]);
    grants.extend(self::grants(&[
        (&ROWS, "dynamodb:BatchGetItem UpdateItem Query"),
        (&INDEXES, "dynamodb:Query"),
    ]));
    for table in written() {
        let actions = ["GetItem", "PutItem", "DeleteItem"].map(|name| format!("dynamodb:{name}"));
        grants.entry(table).or_default().extend(actions);
    }

    assert_eq!(granted("ApiFunction"), grants);
}

#[test]
fn consumer_may_mark_remove_and_tell() {
    let mut grants = work();
    // The transaction that ends a restore.
    for (_rows, actions) in grants
        .iter_mut()
        .filter(|(place, _)| ROWS.contains(&&***place))
    {
        let ending = ["dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"];
        actions.extend(ending.map(str::to_owned));
    }
    let copying = ["dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate"].map(str::to_owned);
    let archive = grants.entry("ArchiveTable".to_owned()).or_default();
    archive.extend(copying);
    grants.extend(self::grants(&[
        (&["ControlTable"], "dynamodb:GetItem PutItem DeleteItem"),
        (
            &["DeletionQueue"],
            "sqs:ReceiveMessage DeleteMessage GetQueueAttributes SendMessage",
        ),
        (&["ConsumerLogGroup"], "logs:CreateLogStream PutLogEvents"),
    ]));

    assert_eq!(granted("ConsumerFunction"), grants);
}

#[test]
fn sweeper_may_find_what_is_due_and_do_it() {
    let mut grants = work();
    grants.extend(self::grants(&[
        (&["ControlTable"], "dynamodb:GetItem PutItem DeleteItem"),
        (&["${ControlTable.Arn}/index/due"], "dynamodb:Query"),
        (&["DeletionQueue"], "sqs:SendMessage"),
        (&["domain/${SearchDomainName}"], "es:DescribeDomain"),
        (&["SweeperLogGroup"], "logs:CreateLogStream PutLogEvents"),
    ]));

    assert_eq!(granted("SweeperFunction"), grants);
}

#[test]
fn schedule_may_start_the_sweeper_and_nothing_else() {
    let grants = grants(&[
        (&["SweeperFunction"], "lambda:InvokeFunction"),
        (&["SweepDlq"], "sqs:SendMessage"),
    ]);

    assert_eq!(granted_to_role("SweepScheduleRole"), grants);
}

/// The tables of the collections that clients write through the api.
fn written() -> Vec<String> {
    let files: Vec<_> = Collections::compiled_in()
        .iter()
        .map(|(name, text)| SourceFile {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    let collections = Collections::from_files(&files).unwrap();
    let written = collections
        .iter()
        .filter(|collection| collection.serve.write);
    written
        .map(|collection| format!("table/{}", collection.table))
        .collect()
}

/// What the engine does in consumer and sweeper alike.
fn work() -> Grants {
    grants(&[
        (
            &ROWS,
            "dynamodb:BatchGetItem PartiQLInsert PartiQLUpdate PartiQLDelete Query",
        ),
        (&INDEXES, "dynamodb:Query"),
        (&["ArchiveTable"], "dynamodb:BatchGetItem PartiQLDelete"),
        (&["EventBus"], "events:PutEvents"),
        (&["schedule/${ScheduleGroup}/*"], "scheduler:DeleteSchedule"),
        (
            &[
                "domain/${SearchDomainName}/_bulk",
                "domain/${SearchDomainName}/_mget",
            ],
            "es:ESHttpPost",
        ),
    ])
}

/// `service:Action Action …` on each of some things.
fn grants(lines: &[(&[&str], &str)]) -> Grants {
    let mut grants = Grants::new();
    for (places, line) in lines {
        let (service, actions) = line.split_once(':').unwrap();
        let actions: BTreeSet<String> = actions
            .split(' ')
            .map(|action| format!("{service}:{action}"))
            .collect();
        grants.extend(
            places
                .iter()
                .map(|place| ((*place).to_owned(), actions.clone())),
        );
    }
    grants
}

fn granted(function: &str) -> Grants {
    let template = Template::read();
    let properties = template.properties(function);
    assert!(
        properties["Policies"].is_null(),
        "{function}: SAM would add managed policies, which are wider"
    );
    let role = properties["Role"]["Fn::GetAtt"]
        .as_str()
        .and_then(|role| role.strip_suffix(".Arn"));
    granted_to_role(role.unwrap_or_else(|| panic!("{function} has no role of its own")))
}

fn granted_to_role(role: &str) -> Grants {
    let template = Template::read();
    let properties = template.properties(role);
    assert!(
        properties["ManagedPolicyArns"].is_null(),
        "{role}: managed policies are wider"
    );
    let policies = properties["Policies"].as_array().unwrap();
    assert_eq!(
        policies.len(),
        1,
        "{role}: one policy, so that it is read as a whole"
    );

    let mut grants = Grants::new();
    for statement in policies[0]["PolicyDocument"]["Statement"]
        .as_array()
        .unwrap()
    {
        assert_eq!(statement["Effect"], "Allow", "{role}");
        for resource in one_or_many(&statement["Resource"]) {
            let actions = one_or_many(&statement["Action"])
                .iter()
                .map(|action| action.as_str().unwrap().to_owned());
            grants.entry(place(resource)).or_default().extend(actions);
        }
    }
    grants
}

fn one_or_many(value: &Value) -> &[Value] {
    value
        .as_array()
        .map_or(std::slice::from_ref(value), Vec::as_slice)
}

/// A short name for an ARN; one of an unexpected form stays as it is and equals nothing.
fn place(resource: &Value) -> String {
    if let Some(id) = resource["Fn::GetAtt"]
        .as_str()
        .and_then(|attribute| attribute.strip_suffix(".Arn"))
    {
        return id.to_owned();
    }
    match &resource["Fn::Sub"] {
        Value::String(arn) => ["es", "scheduler", "dynamodb"]
            .iter()
            .fold(arn.clone(), |arn, service| local(&arn, service))
            .replace("table/${TablePrefix}", "table/"),
        Value::Array(parts) => local(parts[0].as_str().unwrap(), "dynamodb")
            .replace("${Name}", &table(&parts[1]["Name"])),
        _ => resource.to_string(),
    }
}

/// The ARN without what says "in this account and region".
fn local(arn: &str, service: &str) -> String {
    let here = format!("arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:");
    arn.strip_prefix(&here).unwrap_or(arn).to_owned()
}

/// The logical table behind "the given name, otherwise prefix and logical name".
fn table(name: &Value) -> String {
    let [condition, given, prefixed] = name["Fn::If"].as_array().unwrap().as_slice() else {
        panic!("{name}")
    };
    assert_eq!(
        condition.as_str().unwrap(),
        format!("Has{}", given["Ref"].as_str().unwrap())
    );
    prefixed["Fn::Sub"]
        .as_str()
        .and_then(|text| text.strip_prefix("${TablePrefix}"))
        .unwrap()
        .to_owned()
}
