//! Transactions of customers in one table with cards, under prefixed keys; the customer has no row.

use domain::deletion::{Action, State};
use serde_json::{Value, json};

use super::attached;

const FILE: &str = include_str!("transactions-routed.toml");

/// The keys of these rows, each once.
fn keys(changed: &[(String, Value)]) -> Vec<(&str, &str)> {
    let mut keys: Vec<_> = changed
        .iter()
        .map(|(_, item)| {
            (
                item["pk"]["S"].as_str().unwrap(),
                item["sk"]["S"].as_str().unwrap(),
            )
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

const OF_123: [(&str, &str); 3] = [
    ("CUST#123", "TXN#001"),
    ("CUST#123", "TXN#002"),
    ("CUST#123", "TXN#003"),
];

#[tokio::test]
async fn a_customer_without_a_row_is_deleted_restored_and_purged_as_one() {
    let Some(table) = attached("transactions-routed", FILE, "main") else {
        return;
    };

    let deletion = table.delete_whole("customers", "123").await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["transactions"].deleted, 3);
    assert_eq!(keys(&table.changed()), OF_123, "neither the card nor 1234");

    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), [], "to the digit");

    let again = table.delete_whole("customers", "123").await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    let changed = table.changed();
    assert_eq!(
        (changed.len(), keys(&changed)),
        (3, OF_123.to_vec()),
        "gone"
    );
}

#[tokio::test]
async fn one_transaction_is_deleted_whatever_the_customers_id_holds() {
    for customer in ["123", "9_9"] {
        let Some(table) = attached("transactions-routed", FILE, "main") else {
            return;
        };

        let deletion = table.delete("transactions", customer, Some("001")).await;

        assert_eq!(deletion.state, State::Deleted);
        let partition = format!("CUST#{customer}");
        let changed = table.changed();
        assert_eq!(keys(&changed), [(&*partition, "TXN#001")]);
        assert!(
            changed
                .iter()
                .any(|(_, item)| item["deletion_id"] == json!({ "S": deletion.id }))
        );
        let restored = table.act(&deletion, Action::Restore).await;
        assert_eq!((restored.state, table.changed()), (State::Restored, vec![]));
    }
}
