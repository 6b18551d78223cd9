//! Many records in one deletion: a preview, the delete, and the way back.

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::Api;
use super::life::LIMIT;
use super::narrator;
use super::tour::Tour;

/// Whose notifications they are.
const TARGET: &str = "grace";
/// Notifications of each kind.
const EACH: usize = 30;
/// Where the many are deleted.
const PATH: &str = "/v1/notifications/destroy_all";

impl Tour<'_> {
    /// Deletes the comments among the notifications of somebody, after a look at how many they are, and undoes it.
    pub(super) async fn many_at_once(&mut self, api: &Api) -> Result<()> {
        self.narrator
            .step("Delete many at once: a preview, the delete by filters, and undo");
        self.write_notifications(api).await?;
        let which = json!({ "parent": TARGET, "filters": { "type": "comment" } });

        let preview = self
            .ask_with(api, &with(&which, "validate_only", true.into()))
            .await?;
        self.narrator.promise(
            preview["count"] == EACH && preview["exact"] == true,
            &format!("the preview counts {EACH}, exactly, and writes nothing"),
        );
        let refused = self
            .ask_with(api, &with(&which, "expected_count", (EACH + 1).into()))
            .await?;
        self.narrator.promise(
            refused["code"] == "COUNT_CHANGED",
            "with another expected_count it is refused",
        );
        let refused = self.ask_with(api, &json!({ "parent": TARGET })).await?;
        self.narrator.promise(
            refused["status"] == 400,
            "a request that has lost its filter deletes nothing",
        );

        let accepted = self
            .ask_with(api, &with(&which, "expected_count", EACH.into()))
            .await?;
        let id = accepted["deletion"]["id"]
            .as_str()
            .context("it was not accepted")?
            .to_owned();
        let deleted = self.until_done(api, &id, LIMIT).await?;
        self.narrator.promise(
            deleted["counts"]["delete"]["notifications"]["deleted"] == EACH,
            &format!("{EACH} are deleted, the other {EACH} are not"),
        );
        let left = self.listed(api).await?;
        self.narrator.equal("notifications in the list", left, EACH);

        self.act(api, &id, "restore").await?;
        let restored = self.until_done(api, &id, LIMIT).await?;
        self.narrator
            .promise(restored["state"] == "RESTORED", "it is undone");
        let back = self.listed(api).await?;
        self.narrator
            .equal("notifications in the list", back, 2 * EACH);
        Ok(())
    }

    async fn write_notifications(&mut self, api: &Api) -> Result<()> {
        let target = json!({ "name": "Grace" });
        api.send(Method::PUT, &format!("/v1/targets/{TARGET}"), &target)
            .await?;
        let mut written = 0;
        for number in 0..EACH {
            for kind in ["comment", "like"] {
                let record = json!({
                    "kind": kind,
                    "event_key": kind,
                    "sent_at": format!("2026-11-01T09:00:{number:02}.000Z"),
                    "text": format!("{kind} {number}"),
                });
                let path = format!("/v1/notifications/{TARGET}/{kind}-{number:02}");
                let answer = api.send(Method::PUT, &path, &record).await?;
                written += usize::from(matches!(answer.status, 200 | 201));
            }
        }
        self.narrator
            .equal("notifications written with PUT", written, 2 * EACH);
        Ok(())
    }

    /// Sends a `destroy_all`, and tells it.
    async fn ask_with(&mut self, api: &Api, body: &Value) -> Result<Value> {
        let line = Api::curl(&Method::POST, PATH);
        narrator::command(&format!("{line} --json '{body}'"));
        let answer = api.send(Method::POST, PATH, body).await?;
        narrator::answer(&answer.short());
        Ok(answer.body)
    }

    async fn listed(&mut self, api: &Api) -> Result<usize> {
        let answer = self
            .ask(api, &format!("/v1/notifications?parent={TARGET}&limit=100"))
            .await?;
        Ok(answer.ids().len())
    }
}

/// A body with a member more.
fn with(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}
