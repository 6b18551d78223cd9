//! The rules of `template.yaml` that no linter knows: how functions are built, what is kept, who is told.
//!
//! The queue's, the gateway's and the policies' rules have a file each.

use std::collections::{BTreeMap, BTreeSet};

use domain::collection::{Collections, SourceFile};
use engine::SweepReport;
use jiff::Timestamp;
use serde_json::{Value, json};
use telemetry::NAMESPACE;

use cloudformation::Template;
use evaluate::Deployment;

pub(crate) mod cloudformation;
pub(crate) mod evaluate;
mod gateway;
mod parameters;
mod policies;
mod queues;

const FUNCTIONS: [(&str, &str); 3] = [
    ("ApiFunction", "api"),
    ("ConsumerFunction", "consumer"),
    ("SweeperFunction", "sweeper"),
];

#[test]
fn tables_and_domain_outlive_the_stack_but_not_a_first_try_that_failed() {
    let template = Template::read();
    for (id, name) in [
        ("ControlTable", "TableName"),
        ("ArchiveTable", "TableName"),
        ("SearchDomain", "DomainName"),
    ] {
        let resource = template.resource(id);

        assert_eq!(resource["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
        assert_eq!(resource["UpdateReplacePolicy"], "Retain", "{id}");
        // A name of its own would block the next try, and a stack beside this one.
        assert!(resource["Properties"][name].is_null(), "{id}");
    }
}

#[test]
fn control_table_and_archive_can_be_turned_back_and_protected() {
    let template = Template::read();
    for (id, ttl) in [
        (
            "ControlTable",
            json!({ "AttributeName": "expires_at", "Enabled": true }),
        ),
        // What is kept for ever must not expire.
        ("ArchiveTable", Value::Null),
    ] {
        let table = template.properties(id);

        let recovery = &table["PointInTimeRecoverySpecification"];
        assert_eq!(recovery["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(table["TimeToLiveSpecification"], ttl, "{id}");
        assert_eq!(table["BillingMode"], "PAY_PER_REQUEST", "{id}");
        for (given, protected) in [("true", true), ("false", false)] {
            let deployment = [("SearchKind", "none"), ("ProtectTables", given)];
            let made = Deployment::new(&template, &deployment).resources();
            assert_eq!(made[id]["DeletionProtectionEnabled"], protected, "{id}");
        }
    }
    assert_eq!(
        template.properties("ArchiveTable")["KeySchema"],
        json!([{ "AttributeName": "pk", "KeyType": "HASH" }])
    );
}

#[test]
fn control_table_has_the_key_and_indexes_that_the_adapter_asks_for() {
    let template = Template::read();
    let table = template.properties("ControlTable");
    let attributes = table["AttributeDefinitions"].as_array().unwrap();
    let key = |schema: &Value| -> Vec<String> {
        let parts = schema
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part["AttributeName"].as_str().unwrap());
        let typed = |name| {
            &attributes
                .iter()
                .find(|a| a["AttributeName"] == name)
                .unwrap()["AttributeType"]
        };
        parts
            .map(|name| format!("{name} {}", typed(name).as_str().unwrap()))
            .collect()
    };
    let index = |name: &str| {
        let indexes = table["GlobalSecondaryIndexes"].as_array().unwrap();
        indexes
            .iter()
            .find(|index| index["IndexName"] == name)
            .unwrap()
    };

    assert_eq!(key(&table["KeySchema"]), ["pk S", "sk S"]);
    assert_eq!(
        key(&index("by_tenant")["KeySchema"]),
        ["tenant S", "deletion_id S"]
    );
    assert_eq!(
        index("by_tenant")["Projection"]["NonKeyAttributes"],
        json!(["collection", "requested_by"])
    );
    assert_eq!(key(&index("due")["KeySchema"]), ["due_shard S", "due_at N"]);
    assert_eq!(index("due")["Projection"]["ProjectionType"], "KEYS_ONLY");
}

#[test]
fn every_function_is_built_from_this_workspace_for_the_chosen_processor() {
    let template = Template::read();
    for (function, binary) in FUNCTIONS {
        let metadata = &template.resource(function)["Metadata"];
        assert_eq!(metadata["BuildMethod"], "rust-cargolambda", "{function}");
        assert_eq!(metadata["BuildProperties"]["Binary"], binary, "{function}");
        assert_eq!(template.of_function(function, "CodeUri"), ".", "{function}");
        assert_eq!(
            template.of_function(function, "Handler"),
            "bootstrap",
            "{function}"
        );
        assert_eq!(
            template.of_function(function, "Runtime"),
            "provided.al2023",
            "{function}"
        );
        assert_eq!(
            template.of_function(function, "Architectures"),
            &json!([{ "Ref": "Architecture" }]),
            "{function}"
        );
    }
}

#[test]
fn every_log_group_has_an_end_and_every_function_its_own() {
    let template = Template::read();
    for (id, group) in template.of_type("AWS::Logs::LogGroup") {
        assert_eq!(
            group["Properties"]["RetentionInDays"],
            json!({ "Ref": "LogRetentionDays" }),
            "{id}"
        );
    }
    let logging = &template.section("Globals")["Function"]["LoggingConfig"];
    assert_eq!(logging["LogFormat"], "JSON");
    let groups: BTreeSet<_> = FUNCTIONS
        .map(|(function, _)| {
            let logging = template.of_function(function, "LoggingConfig");
            let group = logging["LogGroup"]["Ref"].as_str().unwrap();
            assert_eq!(template.resource(group)["Type"], "AWS::Logs::LogGroup");
            group
        })
        .into();
    assert_eq!(groups.len(), FUNCTIONS.len());
}

#[test]
fn somebody_is_told_of_what_waits_for_a_person() {
    let template = Template::read();
    let alarms: BTreeSet<String> = template
        .of_type("AWS::CloudWatch::Alarm")
        .map(|(id, alarm)| {
            let told = json!({ "Fn::If": ["HasAlarmTopic", [{ "Ref": "AlarmTopicArn" }], { "Ref": "AWS::NoValue" }] });
            let properties = &alarm["Properties"];
            assert_eq!(properties["AlarmActions"], told, "{id}");
            assert!(properties["AlarmDescription"].as_str().unwrap().len() > 10, "{id}");
            if properties["Namespace"] == NAMESPACE {
                // A sweep's line has the metric under the name of its function; see functions/sweeper/src/lib.rs.
                let line = sweeper::metrics("sweeper", Timestamp::UNIX_EPOCH, &SweepReport::default());
                let line: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(line[properties["MetricName"].as_str().unwrap()], 0, "{id}");
                assert_eq!(properties["Dimensions"][0]["Name"], "FunctionName", "{id}");
            }
            let of = &properties["Dimensions"][0]["Value"];
            let of = of["Ref"].as_str().or_else(|| of["Fn::GetAtt"].as_str()).unwrap();
            let compared = match properties["ComparisonOperator"].as_str().unwrap() {
                "GreaterThanThreshold" => ">",
                "LessThanThreshold" => "<",
                other => panic!("{id}: {other}"),
            };
            let missing = properties["TreatMissingData"].as_str().unwrap();
            format!(
                "{} of {of} {compared} {}, missing is {missing}",
                properties["MetricName"].as_str().unwrap(),
                properties["Threshold"]
            )
        })
        .collect();

    let expected = [
        "ApproximateNumberOfMessagesVisible of DeletionDlq.QueueName > 0",
        "ApproximateNumberOfMessagesVisible of SweepDlq.QueueName > 0",
        "ApproximateAgeOfOldestMessage of DeletionQueue.QueueName > 1800",
        "5xx of HttpApi > 0",
        "Errors of ConsumerFunction > 0",
        "Errors of SweeperFunction > 0",
        "Parked of SweeperFunction > 0",
        "Parked of ConsumerFunction > 0",
        "SweepErrors of SweeperFunction > 0",
        "LongestSilence of SweeperFunction > 3600",
        "PurgeLag of SweeperFunction > 21600",
        "Backlog of SweeperFunction > 0",
        "EventsGivenUp of SweeperFunction > 0",
        "DriftFound of SweeperFunction > {\"Ref\":\"DriftAlarmBound\"}",
        "Resurrected of SweeperFunction > 0",
        "NewerVersions of SweeperFunction > 0",
        "UnreadableRows of ConsumerFunction > 0",
        "UnreadableRows of ApiFunction > 0",
    ];
    let mut expected: BTreeSet<String> = expected
        .iter()
        .map(|alarm| format!("{alarm}, missing is notBreaching"))
        .collect();
    // A sweeper that nobody calls says nothing at all.
    expected.insert("Invocations of SweeperFunction < 1, missing is breaching".to_owned());
    assert_eq!(alarms, expected);
}

#[test]
fn a_created_search_domain_is_closed_and_encrypted() {
    let template = Template::read();
    let domain = template.properties("SearchDomain");

    assert_eq!(
        template.resource("SearchDomain")["Condition"],
        "CreateDomain"
    );
    assert_eq!(domain["EncryptionAtRestOptions"]["Enabled"], true);
    assert_eq!(domain["NodeToNodeEncryptionOptions"]["Enabled"], true);
    assert_eq!(domain["DomainEndpointOptions"]["EnforceHTTPS"], true);
    // A policy that named roles made seconds before would fail at times; theirs suffice.
    assert!(domain["AccessPolicies"].is_null());
}

#[test]
fn the_demo_has_the_tables_of_the_collections_that_are_compiled_in() {
    let demo = Template::of("demo-tables.yaml");
    let collections = compiled_in();
    let mut expected: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for collection in collections.iter().filter(|one| !one.is_rowless) {
        let key = collection.key.attributes().collect();
        expected.insert(&collection.table, key);
    }
    let mut made = BTreeMap::new();
    for (id, table) in demo.of_type("AWS::DynamoDB::Table") {
        assert_eq!(
            table["DeletionPolicy"], "Delete",
            "{id} goes with the stack"
        );
        let name = table["Properties"]["TableName"]["Fn::Sub"]
            .as_str()
            .unwrap();
        let key = table["Properties"]["KeySchema"].as_array().unwrap();
        let key: Vec<&str> = key
            .iter()
            .map(|part| part["AttributeName"].as_str().unwrap())
            .collect();
        made.insert(name.strip_prefix("${TablePrefix}").unwrap(), (id, key));
    }

    let written: BTreeSet<_> = collections
        .iter()
        .filter(|collection| collection.serve.write)
        .map(|collection| format!("{}.Arn", made[collection.table.as_str()].0))
        .collect();
    let given = [
        ("TablePrefix", ""),
        ("DataTableArns", ""),
        ("WrittenTableArns", ""),
    ];
    let outputs = Deployment::new(&demo, &given).outputs();
    let listed = |name: &str| -> BTreeSet<String> {
        let list = outputs[name].as_str().unwrap().split(',');
        list.map(str::to_owned).collect()
    };
    assert_eq!(listed("AllWrittenTableArns"), written);
    let all = made.values().map(|(id, _)| format!("{id}.Arn")).collect();
    assert_eq!(listed("AllTableArns"), all);
    let keys: BTreeMap<_, _> = made
        .into_iter()
        .map(|(name, (_, key))| (name, key))
        .collect();
    assert_eq!(keys, expected);
}

#[test]
fn the_template_names_no_table() {
    let template = Template::read();
    let collections = compiled_in();
    let statements: Vec<String> = ["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"]
        .iter()
        .flat_map(|kind| template.of_type(kind))
        .map(|(_, resource)| resource["Properties"].to_string())
        .collect();

    for collection in collections.iter() {
        let named = format!("table/{}", collection.table);
        let prefixed = format!("Prefix}}{}", collection.table);
        for text in &statements {
            assert!(
                !text.contains(&named) && !text.contains(&prefixed),
                "{text}"
            );
        }
    }
    for text in &statements {
        assert!(
            !text.contains("TablePrefix"),
            "a prefix covers tables that nobody named: {text}"
        );
    }
}

#[test]
fn two_stacks_in_one_account_meet_in_nothing() {
    let template = Template::read();
    let given = [("SearchKind", "created"), ("CreateDemoTables", "true")];
    let one = Deployment::of_stack("one", &template, &given);
    let other = Deployment::of_stack("other", &template, &given);
    let (ones, others) = (one.resources(), other.resources());
    let names = [
        "TableName",
        "DomainName",
        "QueueName",
        "RoleName",
        "ManagedPolicyName",
        "FunctionName",
        "LogGroupName",
        "UserPoolName",
        "Name",
    ];

    for (id, properties) in &ones {
        let kind = template.resource(id)["Type"].as_str().unwrap();
        // What has an id beside its name, or is called by another's.
        if matches!(
            kind,
            "AWS::ApiGatewayV2::Authorizer" | "AWS::Lambda::Permission"
        ) {
            continue;
        }
        for name in names {
            let (mine, theirs) = (&properties[name], &others[id][name]);
            assert!(mine.is_null() || mine != theirs, "{id}.{name}: {mine}");
        }
    }
    let globals = &template.section("Globals")["Function"]["Environment"]["Variables"];
    for (deployment, prefix) in [(&one, "one-"), (&other, "other-")] {
        let variables = deployment.resolved(globals);
        assert_eq!(variables["TABLE_PREFIX"], prefix);
        assert_eq!(variables["INDEX_PREFIX"], prefix);
        let nested = deployment.resources()["DemoTables"].clone();
        assert_eq!(nested["Parameters"]["TablePrefix"], prefix);
    }
    let empty = [
        ("SearchKind", "none"),
        ("TablePrefix", ""),
        ("IndexPrefix", ""),
    ];
    let variables = Deployment::new(&template, &empty).resolved(globals);
    assert_eq!(
        (&variables["TABLE_PREFIX"], &variables["INDEX_PREFIX"]),
        (&json!(""), &json!(""))
    );
}

#[test]
fn every_parameter_is_described_and_every_output_of_the_local_stack_is_there() {
    let template = Template::read();
    for (name, parameter) in template.section("Parameters") {
        assert!(
            parameter["Description"]
                .as_str()
                .is_some_and(|text| text.len() > 10),
            "{name}"
        );
    }

    let outputs: BTreeSet<_> = template
        .section("Outputs")
        .keys()
        .map(String::as_str)
        .collect();
    let expected = [
        "ApiId",
        "ApiUrl",
        "ConsumerFunctionName",
        "ApiFunctionName",
        "SweeperFunctionName",
        "ControlTableName",
        "ArchiveTableName",
        "DeletionQueueUrl",
        "DeletionDlqUrl",
        "EventBusName",
        "UserPoolId",
        "UserPoolClientId",
        "TablePrefix",
        "IndexPrefix",
        "ScheduleGroupName",
        "ApiRoleArn",
        "ConsumerRoleArn",
        "SweeperRoleArn",
        "SearchKind",
        "SearchEndpoint",
        "SearchDomainName",
        "AttachedTableArns",
    ];
    assert_eq!(outputs, BTreeSet::from(expected));
}

fn compiled_in() -> Collections {
    let files: Vec<_> = Collections::compiled_in()
        .iter()
        .map(|(name, text)| SourceFile {
            name: (*name).to_owned(),
            text: (*text).to_owned(),
        })
        .collect();
    Collections::from_files(&files).unwrap()
}
