//! Satellite data: a child that names a parent of two parts by one composed text.

use domain::deletion::{Action, State};
use serde_json::{Value, json};

use super::attached;

const FILE: &str = include_str!("granules-of-collections.toml");

#[tokio::test]
async fn a_version_of_a_set_is_deleted_with_its_own_granules_and_no_other() {
    let Some(table) = attached("granules-of-collections", FILE, "main") else {
        return;
    };

    let deletion = table.delete("sets", "MOD__A", Some("006")).await;

    assert_eq!(deletion.state, State::Deleted);
    assert_eq!(deletion.deleted["sets"].deleted, 1);
    assert_eq!(deletion.deleted["granules"].deleted, 3);
    let changed = table.changed();
    let of_another = |item: &Value| {
        ["MOD__A___007", "MOD__A___0061"]
            .map(|id| json!({ "S": id }))
            .contains(&item["collectionId"])
    };
    assert!(
        !changed.iter().any(|(_, item)| of_another(item)),
        "{changed:?}"
    );

    let restored = table.act(&deletion, Action::Restore).await;
    assert_eq!(restored.state, State::Restored);
    assert_eq!(table.changed(), [], "to the type and the digit");

    let again = table.delete("sets", "MOD__A", Some("006")).await;
    let purged = table.act(&again, Action::Purge).await;
    assert_eq!(purged.state, State::Purged);
    assert_eq!(table.changed().len(), 4, "the set and three granules");
}
