//! What `tombstone doctor` says of the schemas with their files: nothing is wrong, and what nobody declares is counted.

use domain::collection::{Collections, SourceFile};
use tombstone::doctor::code::Code;
use tombstone::doctor::progress::Progress;
use tombstone::doctor::read::Stores;
use tombstone::doctor::report::Report;
use tombstone::doctor::{Files, Look, examine};

use super::attached;

/// What is said of this schema with this file; `None` where the schemas are not there.
async fn told(name: &str, collections: &str, tenant: &str) -> Option<Report> {
    let attached = attached(name, collections, tenant)?;
    let source = SourceFile {
        name: format!("{name}.toml"),
        text: collections.to_owned(),
    };
    let files = Files {
        collections: Collections::from_files(std::slice::from_ref(&source)).unwrap(),
        sources: vec![source],
    };
    let stores = Stores {
        dynamodb: attached.on.tables.client(),
        names: attached.on.tables.names(),
        region: "eu-west-1".to_owned(),
        search: None,
    };
    let look = Look {
        sample: 100,
        show_keys: true,
        now: "2026-11-29T10:00:00Z".parse().unwrap(),
    };
    let report = examine(&stores, &files, look, &Progress::new(false)).await;
    Some(report.unwrap())
}

fn count(report: &Report, collection: &str, code: Code) -> Option<usize> {
    let mut findings = report.findings.iter();
    let found =
        findings.find(|one| one.code == code && one.collection.as_deref() == Some(collection));
    found.and_then(|finding| finding.found)
}

#[tokio::test]
async fn the_doctor_finds_no_error_in_the_files_of_the_schemas() {
    for (name, collections, tenant) in [
        (
            "applications-single-table",
            include_str!("applications-single-table.toml"),
            "DONOR#sub-1",
        ),
        ("asset-library", include_str!("asset-library.toml"), "main"),
        (
            "documents-per-site",
            include_str!("documents-per-site.toml"),
            "finance",
        ),
        (
            "chat-by-indexes",
            include_str!("chat-by-indexes.toml"),
            "main",
        ),
        ("chat-with-ttl", include_str!("chat-with-ttl.toml"), "u-1"),
        (
            "grouped-notifications",
            include_str!("grouped-notifications.toml"),
            "17",
        ),
        (
            "granules-of-collections",
            include_str!("granules-of-collections.toml"),
            "main",
        ),
        (
            "transactions-routed",
            include_str!("transactions-routed.toml"),
            "main",
        ),
        (
            "synced-searchable-api",
            include_str!("synced-searchable-api.toml"),
            "main",
        ),
        (
            "versioned-resources",
            include_str!("versioned-resources.toml"),
            "acme",
        ),
    ] {
        let Some(report) = told(name, collections, tenant).await else {
            return;
        };
        assert_eq!(report.errors, 0, "{name}: {}", report.text());
    }
}

#[tokio::test]
async fn the_cards_that_nobody_declares_are_counted_beside_the_transactions() {
    let file = include_str!("transactions-routed.toml");
    let Some(report) = told("transactions-routed", file, "main").await else {
        return;
    };

    let undeclared = count(&report, "transactions", Code::RowsUndeclared);
    assert!(
        undeclared.is_some_and(|count| count > 0),
        "{}",
        report.text()
    );
    assert!(count(&report, "transactions", Code::ParentMissing).is_none());
    assert!(report.text().contains("customers: records without a row"));
}
