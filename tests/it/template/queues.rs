//! Times and limits of queue, consumer and sweeper: what makes at-least-once delivery harmless.
//!
//! A broken one does not fail a deploy. It shows months later, as a message that is worked on twice.

use serde_json::json;

use super::FUNCTIONS;
use super::cloudformation::Template;

const DAY: u64 = 86_400;

#[test]
fn a_message_stays_hidden_six_times_as_long_as_the_consumer_may_run() {
    let template = Template::read();
    let visibility = template.number(&template.properties("DeletionQueue")["VisibilityTimeout"]);
    let timeout = template.number(template.of_function("ConsumerFunction", "Timeout"));

    assert!(
        visibility >= 6 * timeout,
        "visibility {visibility} s, timeout {timeout} s"
    );
}

#[test]
fn a_slice_and_its_grace_end_before_the_function_and_before_the_message_returns() {
    let template = Template::read();
    let visibility = template.number(&template.properties("DeletionQueue")["VisibilityTimeout"]);
    let ends = template.default_of("SliceSeconds") + template.default_of("GraceSeconds");

    for function in ["ConsumerFunction", "SweeperFunction"] {
        let timeout = template.number(template.of_function(function, "Timeout"));
        assert!(
            ends < timeout,
            "{function}: a slice ends after {ends} s, the function after {timeout} s"
        );
    }
    assert!(
        ends < visibility,
        "a message that met a live lease was dropped, and must not be the one in work"
    );
}

#[test]
fn a_call_ends_within_the_grace() {
    let template = Template::read();

    assert!(template.default_of("CallTimeoutSeconds") < template.default_of("GraceSeconds"));
}

#[test]
fn one_message_is_one_invocation_and_its_failure_its_own() {
    let template = Template::read();
    let mapping = &template.properties("ConsumerFunction")["Events"]["Deletions"];

    assert_eq!(mapping["Type"], "SQS");
    assert_eq!(
        mapping["Properties"]["Queue"],
        json!({ "Fn::GetAtt": "DeletionQueue.Arn" })
    );
    assert_eq!(mapping["Properties"]["BatchSize"], 1);
    assert_eq!(
        mapping["Properties"]["FunctionResponseTypes"],
        json!(["ReportBatchItemFailures"])
    );
}

#[test]
fn consumers_are_limited_at_the_mapping_and_no_concurrency_is_reserved() {
    let template = Template::read();
    let mapping = &template.properties("ConsumerFunction")["Events"]["Deletions"]["Properties"];
    let limit = &mapping["ScalingConfig"]["MaximumConcurrency"]["Fn::If"];

    assert_eq!(
        limit,
        &json!(["DefaultConcurrency", 5, { "Ref": "MaxConcurrency" }])
    );
    // A new account may have ten functions running in all.
    assert_eq!(template.default_of("MaxConcurrency"), 5);
    assert_eq!(
        template.section("Conditions")["DefaultConcurrency"],
        json!({ "Fn::Equals": [{ "Ref": "MaxConcurrency" }, "5"] })
    );
    for (function, _) in FUNCTIONS {
        assert!(
            template
                .of_function(function, "ReservedConcurrentExecutions")
                .is_null(),
            "{function}"
        );
    }
}

/// A continuation is a message of the consumer to its own queue, which Lambda would drop after about sixteen.
#[test]
fn lambda_does_not_stop_a_deletion_that_takes_many_slices() {
    let template = Template::read();

    assert_eq!(
        template.of_function("ConsumerFunction", "RecursiveLoop"),
        "Allow"
    );
}

#[test]
fn sweeps_that_were_held_back_do_not_come_in_a_burst() {
    let template = Template::read();
    let asked = &template.properties("SweeperFunction")["EventInvokeConfig"];

    assert_eq!(asked["MaximumRetryAttempts"], 0);
    assert!(template.number(&asked["MaximumEventAgeInSeconds"]) <= 60);
}

#[test]
fn the_functions_may_not_remove_the_schedule_of_the_sweeper() {
    let template = Template::read();

    assert!(
        template.properties("RecordSchedules").is_null(),
        "no name that others have"
    );
    assert!(template.properties("SweepSchedule")["GroupName"].is_null());
    for function in ["ConsumerFunction", "SweeperFunction"] {
        let group = template.environment(function)["SCHEDULE_GROUP"].clone();
        assert_eq!(group, json!({ "Ref": "RecordSchedules" }), "{function}");
    }
}

#[test]
fn a_dead_message_was_tried_five_times_and_is_kept_longer_than_it_was_alive() {
    let template = Template::read();
    let queue = template.properties("DeletionQueue");
    let kept = template.number(&template.properties("DeletionDlq")["MessageRetentionPeriod"]);

    assert_eq!(
        queue["RedrivePolicy"]["deadLetterTargetArn"],
        json!({ "Fn::GetAtt": "DeletionDlq.Arn" })
    );
    assert!(template.number(&queue["RedrivePolicy"]["maxReceiveCount"]) >= 5);
    assert!(
        kept > template.number(&queue["MessageRetentionPeriod"]),
        "a dead message keeps its first date"
    );
    assert_eq!(kept, 14 * DAY);
    assert_eq!(
        template.number(&template.properties("SweepDlq")["MessageRetentionPeriod"]),
        14 * DAY
    );
}

#[test]
fn queues_are_encrypted() {
    let template = Template::read();
    let queues: Vec<_> = template.of_type("AWS::SQS::Queue").collect();

    assert_eq!(queues.len(), 3);
    for (id, queue) in queues {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{id}");
    }
}

#[test]
fn a_sweep_that_cannot_be_started_is_kept() {
    let template = Template::read();
    let target = &template.properties("SweepSchedule")["Target"];

    assert_eq!(
        template.properties("SweepSchedule")["ScheduleExpression"],
        json!({ "Ref": "SweepRate" })
    );
    assert_eq!(
        target["Arn"],
        json!({ "Fn::GetAtt": "SweeperFunction.Arn" })
    );
    assert_eq!(
        target["DeadLetterConfig"]["Arn"],
        json!({ "Fn::GetAtt": "SweepDlq.Arn" })
    );
    assert!(template.number(&target["RetryPolicy"]["MaximumRetryAttempts"]) > 0);
}
