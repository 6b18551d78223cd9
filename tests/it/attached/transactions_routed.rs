//! Transactions of customers in one table with cards, under prefixed keys.

use domain::deletion::{Action, State};
use serde_json::json;

use super::attached;

const FILE: &str = include_str!("transactions-routed.toml");

#[tokio::test]
async fn one_transaction_is_deleted_restored_and_purged_and_nothing_beside_it_changes() {
    let Some(table) = attached("transactions-routed", FILE, "123") else {
        return;
    };

    let deletion = table.delete("transactions", "001", None).await;

    assert_eq!(deletion.state, State::Deleted);
    let changed = table.changed();
    assert_eq!(changed.len(), 2, "one row before and after: {changed:?}");
    let is_it = |item: &serde_json::Value| {
        (&item["pk"], &item["sk"]) == (&json!({ "S": "CUST#123" }), &json!({ "S": "TXN#001" }))
    };
    assert!(changed.iter().all(|(_, item)| is_it(item)));

    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), [], "to the digit");

    let again = table.delete("transactions", "001", None).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    let changed = table.changed();
    assert_eq!(changed.len(), 1, "gone: {changed:?}");
    assert!(is_it(&changed[0].1));
}

#[tokio::test]
async fn a_customer_whose_id_holds_the_separator_of_the_documents_has_records_like_any_other() {
    let Some(table) = attached("transactions-routed", FILE, "9_9") else {
        return;
    };

    let deletion = table.delete("transactions", "001", None).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["transactions"].deleted, 1);
}
