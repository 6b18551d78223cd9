//! Hidden from the 202 on: while no consumer runs at all, no read route shows what was deleted.

use std::time::Duration;

use tests::functions::without_the_consumer;
use tests::mail::{Tenant, message_id};
use tests::stacks::stack;

use crate::alone;

#[tokio::test]
async fn from_the_202_on_every_read_route_leaves_the_discussion_and_its_messages_out() {
    let Some(stack) = stack() else { return };
    let _alone = alone().await;
    let tenant = Tenant::new(&stack, "hidden");
    let (admin, member) = (tenant.admin().await, tenant.member("bob").await);
    let (gone, kept) = (
        tenant.thread("gone", 3).await,
        tenant.thread("kept", 2).await,
    );
    let message = format!("/v1/messages/{gone}/{}", message_id(1));
    assert_eq!(member.get(&message).await.status, 200);

    let id = Box::pin(without_the_consumer(&stack, async {
        let id = admin.begin(&format!("/v1/discussions/{gone}")).await;

        // The root's row is marked by the acceptance itself, everything else is untouched.
        let held = tenant.held(&gone).await;
        let marked = held
            .rows
            .iter()
            .filter(|(_, row)| row.contains_key("deletion_id"));
        assert_eq!(
            marked.map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
            [""]
        );
        assert!(
            held.documents
                .values()
                .all(|fields| !fields.contains_key("deletion_id"))
        );
        assert_eq!(admin.deletion(&id).await["state"], "PENDING_DELETE");

        for path in [&format!("/v1/discussions/{gone}"), &message] {
            assert_eq!(member.get(path).await.code(), "RECORD_NOT_FOUND", "{path}");
            assert_eq!(admin.get(path).await.code(), "RECORD_DELETED", "{path}");
            assert_eq!(
                admin.get(path).await.json()["deletion"]["id"],
                id.as_str(),
                "{path}"
            );
        }
        let below = format!("/v1/messages?parent={gone}");
        for (path, shown) in [
            (below.as_str(), 0),
            ("/v1/discussions", 1),
            ("/v1/search/discussions?q=subject", 1),
            ("/v1/search/messages?q=body", 2),
        ] {
            let (items, _) = member.all(path).await;
            assert_eq!(items.len(), shown, "{path}");
            assert!(
                items.iter().all(|item| item["id"] == kept.as_str()),
                "{path}"
            );
        }
        let again = admin.delete(&message).await;
        assert_eq!((again.status, again.deletion_id()), (202, id.clone()));
        let (records, _) = admin.all(&format!("/v1/deletions/{id}/records")).await;
        assert_eq!(
            records.len(),
            1,
            "the root's page is written by the acceptance"
        );
        assert_eq!(records[0]["outcome"], "pending");
        id
    }))
    .await;

    let deletion = admin.done(&id, Duration::from_mins(1)).await;
    tenant.held(&gone).await.assert_marked_by(&deletion, 3);
    tenant.held(&kept).await.assert_live(2);
}
