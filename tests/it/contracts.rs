//! Every contract on every adapter: what a fake promises in a unit test, the real store keeps.

mod fakes;
mod real;

mod rows_in_memory {
    testing::rows_contract!(super::fakes::rows());
}

mod rows_in_dynamo {
    testing::rows_contract!(super::real::rows());
}

mod rows_that_could_fail_and_do_not {
    testing::rows_contract!(super::fakes::failing_rows());
}

mod aggregates_in_memory {
    testing::aggregates_contract!(super::fakes::rows());
}

mod aggregates_in_dynamo {
    testing::aggregates_contract!(super::real::rows());
}

mod aggregates_that_could_fail_and_do_not {
    testing::aggregates_contract!(super::fakes::failing_rows());
}

mod archive_in_memory {
    testing::archive_contract!(super::fakes::rows());
}

mod archive_in_dynamo {
    testing::archive_contract!(super::real::rows());
}

mod archive_that_could_fail_and_does_not {
    testing::archive_contract!(super::fakes::failing_rows());
}

mod detaching_in_memory {
    testing::detaching_contract!(super::fakes::rows());
}

mod detaching_in_dynamo {
    testing::detaching_contract!(super::real::rows());
}

mod detaching_that_could_fail_and_do_not {
    testing::detaching_contract!(super::fakes::failing_rows());
}

mod documents_in_memory {
    testing::documents_contract!(super::fakes::documents());
}

mod documents_in_opensearch {
    testing::documents_contract!(super::real::documents());
}

mod deletions_in_memory {
    testing::deletions_contract!(super::fakes::deletions());
}

mod deletions_in_dynamo {
    testing::deletions_contract!(super::real::deletions());
}

mod queue_in_memory {
    testing::queue_contract!(super::fakes::queue());
}

mod queue_in_sqs {
    testing::queue_contract!(super::real::queue());
}

mod events_in_memory {
    testing::events_contract!(super::fakes::events());
}

mod events_in_event_bridge {
    testing::events_contract!(super::real::events());
}

mod schedules_in_memory {
    testing::schedules_contract!(super::fakes::schedules());
}

mod schedules_in_event_bridge {
    testing::schedules_contract!(super::real::schedules());
}

mod clock_in_memory {
    testing::clock_contract!(std::future::ready(Some(testing::FakeClock::default())));
}

mod clock_of_the_system {
    testing::clock_contract!(std::future::ready(Some(aws::SystemClock)));
}

/// A rule that is written and not listed would never run.
#[test]
fn every_rule_of_a_suite_is_listed_in_it() {
    let folder =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/testing/src/contract");
    for suite in [
        "aggregates",
        "archive",
        "clock",
        "deletions",
        "detaching",
        "documents",
        "events",
        "queue",
        "rows",
        "schedules",
    ] {
        let listed = std::fs::read_to_string(folder.join(format!("{suite}.rs"))).unwrap();
        let parts = std::fs::read_dir(folder.join(suite)).into_iter().flatten();
        let texts = parts
            .map(|part| std::fs::read_to_string(part.unwrap().path()).unwrap())
            .chain([listed.clone()]);
        for text in texts {
            for rule in text
                .split("\npub async fn ")
                .skip(1)
                .filter_map(|rest| rest.split('<').next())
            {
                assert!(
                    listed.contains(&format!("                {rule},\n")),
                    "`{rule}` is not listed in {suite}.rs"
                );
            }
        }
    }
}
