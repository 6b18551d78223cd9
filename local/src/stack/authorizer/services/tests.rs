//! Calls of the services, and what each accesses.

use super::*;
use crate::stack::authorizer::scope::Scope;

fn all(
    service: &str,
    target: &str,
    method: &Method,
    uri: &'static str,
    body: &str,
) -> Result<Vec<(String, String)>, Unknown> {
    let scope = Scope {
        region: "us-east-1".into(),
        service: service.into(),
        ..Scope::default()
    };
    let request = Request {
        scope: &scope,
        account: "000000000000",
        target,
        method,
        uri: &uri.parse().unwrap(),
        body: body.as_bytes(),
    };
    super::super::access::of_service(&request).map(|all| {
        all.into_iter()
            .map(|access| (access.action, access.resource))
            .collect()
    })
}

fn pair(action: &str, resource: &str) -> (String, String) {
    (action.to_owned(), resource.to_owned())
}

#[test]
fn a_message_is_sent_to_the_queue_of_its_url_alone_or_in_a_batch() {
    for operation in ["SendMessage", "SendMessageBatch"] {
        let accesses = all(
            "sqs",
            &format!("AmazonSQS.{operation}"),
            &Method::POST,
            "/",
            r#"{"QueueUrl": "http://localhost:4566/000000000000/q-1", "MessageBody": "x"}"#,
        );

        assert_eq!(
            accesses.unwrap(),
            [pair(
                "sqs:SendMessage",
                "arn:aws:sqs:us-east-1:000000000000:q-1"
            )]
        );
    }
}

#[test]
fn events_are_put_on_each_bus_that_an_entry_names() {
    let accesses = all(
        "events",
        "AWSEvents.PutEvents",
        &Method::POST,
        "/",
        r#"{"Entries": [{"EventBusName": "b"}, {"EventBusName": "b"}, {"Detail": "{}"}]}"#,
    );

    assert_eq!(
        accesses.unwrap(),
        [
            pair(
                "events:PutEvents",
                "arn:aws:events:us-east-1:000000000000:event-bus/b"
            ),
            pair(
                "events:PutEvents",
                "arn:aws:events:us-east-1:000000000000:event-bus/default"
            ),
        ]
    );
}

#[test]
fn a_schedule_is_its_name_in_its_group() {
    let accesses = all(
        "scheduler",
        "",
        &Method::DELETE,
        "/schedules/a%20b?clientToken=1&groupName=g",
        "",
    );

    assert_eq!(
        accesses.unwrap(),
        [pair(
            "scheduler:DeleteSchedule",
            "arn:aws:scheduler:us-east-1:000000000000:schedule/g/a b"
        )]
    );
}

#[test]
fn a_domain_is_described_by_its_name() {
    let path = "/2021-01-01/opensearch/domain/mail";
    let accesses = all("es", "", &Method::GET, path, "");

    assert_eq!(
        accesses.unwrap(),
        [pair(
            "es:DescribeDomain",
            "arn:aws:es:us-east-1:000000000000:domain/mail"
        )]
    );
    assert!(all("es", "", &Method::DELETE, path, "").is_err());
}

#[test]
fn other_services_are_not_known() {
    assert!(all("s3", "", &Method::GET, "/bucket", "").is_err());
    assert!(all("sqs", "SendMessage", &Method::POST, "/", "{}").is_err());
}
