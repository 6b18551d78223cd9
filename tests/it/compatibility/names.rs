//! A deletion that names several collections: their names stand in it, or, of an earlier build, in its scope only.

use domain::collection::CollectionName;
use domain::deletion::Action;
use domain::principal::{Groups, Principal};
use requests::deletions::show;

use super::{Frozen, id};
use crate::on_tables::OnTables;

fn named() -> [CollectionName; 2] {
    ["stream_messages", "direct_messages"].map(|name| name.parse().unwrap())
}

/// What the admin who asked, and a guest who asks, see of the frozen deletion.
async fn seen(world: &OnTables) -> (Option<Vec<CollectionName>>, bool) {
    let id = id(&Frozen::of_names(), "0001");
    let api = world.api(&world.faults());
    let guest = Principal {
        groups: Groups::Known(vec!["admin".to_owned(), "guest".to_owned()]),
        ..world.principal.clone()
    };
    let shown = Box::pin(show(&api, &world.principal, id)).await.unwrap();
    let hidden = Box::pin(show(&api, &guest, id)).await.unwrap();
    (shown.map(|shown| shown.deletion.names), hidden.is_none())
}

#[tokio::test]
async fn the_collections_that_a_deletion_names_are_read_as_they_were_stored() {
    let world = Frozen::of_names().world("acme");

    assert_eq!(Box::pin(seen(&world)).await, (Some(named().to_vec()), true));
    let deletion = world.read(id(&Frozen::of_names(), "0001")).await;
    assert_eq!(deletion.names, named());
}

#[tokio::test]
async fn of_a_deletion_that_an_earlier_build_has_accepted_the_scope_tells_them() {
    let mut frozen = Frozen::of_names();
    for item in &mut frozen.control {
        item.remove("names");
    }
    let world = frozen.world("acme");
    let id = id(&frozen, "0001");

    assert!(world.read(id).await.names.is_empty());
    assert_eq!(Box::pin(seen(&world)).await, (Some(named().to_vec()), true));
    // Whoever changes it writes them along.
    world.act(&world.faults(), id, Action::Cancel).await;
    assert_eq!(world.read(id).await.names, named());
}
