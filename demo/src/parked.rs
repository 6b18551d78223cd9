//! Deletions that stop before their end: cancelled, or with a record that failed. Both wait for somebody to decide.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use aws_sdk_dynamodb::types::AttributeValue;
use local::load;
use serde_json::{Value, json};

use super::LIFE;
use super::api::Api;
use super::compare;
use super::hands;
use super::life::{LIMIT, sum};
use super::narrator;
use super::tour::Tour;

/// An id that no document can have: it holds the character that separates the parts of document ids.
const BAD_ID: &str = "not\u{1f}searchable";

impl Tour<'_> {
    /// Cancelled in the middle, then done all the same, then purged on request.
    pub(super) async fn cancel_and_retry(
        &mut self,
        api: &Api,
        (discussion, messages): &(String, usize),
    ) -> Result<()> {
        self.narrator
            .step("A delete is cancelled in the middle, and retried");
        let accepted = self.ask_to_delete(api, discussion).await?;
        let done = self.until_some_are_done(api, &accepted.id).await?;
        narrator::say(&format!(
            "when {done} of {messages} messages are done, somebody thinks again:"
        ));
        let answer = self.act(api, &accepted.id, "cancel").await?;
        // One compare-and-set decides the race between the last page and the cancel; both ends of it are right.
        let was_faster = answer.status == 409 && answer.text("state") == "DELETED";
        if was_faster {
            self.narrator.promise(
                true,
                "the delete was done before the cancel arrived: 409, with the state",
            );
        } else {
            self.narrator.promise(
                answer.status == 202 && matches!(answer.text("state"), "CANCELLING" | "CANCELLED"),
                "answered with 202",
            );
            let deletion = self.until_done(api, &accepted.id, LIMIT).await?;
            self.is_cancelled(&deletion, discussion, *messages).await?;
            let answer = self.act(api, &accepted.id, "retry").await?;
            self.narrator.promise(
                answer.status == 202 && answer.text("state") == "DELETING",
                "retry goes on where the cancel stopped: 202 DELETING",
            );
        }
        let deletion = self.until_done(api, &accepted.id, LIMIT).await?;
        self.narrator
            .promise(deletion["state"] == "DELETED", "it is DELETED");
        let counts = self.note_deleted(LIFE, &deletion);
        self.narrator
            .equal("messages deleted", counts.messages, *messages);
        self.compare_deleted(&deletion, discussion, *messages)
            .await?;
        self.verify(&accepted.id).await?;

        self.narrator
            .step("It is purged before its time, on request");
        self.purge_on_request(api, &accepted.id, discussion, messages + 1)
            .await
    }

    /// What the counts say is what both stores have: whole pages, none half done.
    async fn is_cancelled(
        &mut self,
        deletion: &Value,
        discussion: &str,
        messages: usize,
    ) -> Result<()> {
        self.narrator
            .promise(deletion["state"] == "CANCELLED", "it is CANCELLED");
        let (selected, deleted) = (
            sum(deletion, "delete", "selected"),
            sum(deletion, "delete", "deleted"),
        );
        let not_reached = sum(deletion, "delete", "not_reached");
        self.narrator.promise(
            selected == deleted + not_reached && deleted <= messages,
            &format!("of {selected} selected are {deleted} deleted and {not_reached} not reached"),
        );
        let rows = self.stores.rows(Some(discussion)).await?;
        let documents = self.stores.documents(Some(discussion)).await?;
        for (what, picture) in [("rows", &rows), ("documents", &documents)] {
            self.narrator.equal(
                &format!("{what} with a mark, as many as the counts say"),
                compare::marked(picture),
                deleted,
            );
        }
        self.narrator.nothing(
            "rows and documents agree",
            &compare::differences(&rows, &documents),
        );
        Ok(())
    }

    /// One record cannot be deleted: it fails alone, is mended, and only it is tried again.
    pub(super) async fn fail_and_mend(
        &mut self,
        api: &Api,
        (discussion, messages): &(String, usize),
    ) -> Result<()> {
        self.narrator
            .step("One record cannot be deleted: it fails alone, and is mended");
        narrator::say("a row whose id no document can have, written past the API:");
        let row = self.bad_message(discussion);
        let typed: BTreeMap<&String, Value> = row
            .iter()
            .map(|(name, value)| {
                (
                    name,
                    json!({"S": value.as_s().cloned().unwrap_or_default()}),
                )
            })
            .collect();
        let table = load::table(self.stack, self.mail.messages);
        let put = json!({"TableName": table, "Item": typed});
        narrator::command(&hands::dynamodb_line("PutItem", &put));
        self.stores.put_message(&row).await?;

        let accepted = self.ask_to_delete(api, discussion).await?;
        let deletion = self.until_done(api, &accepted.id, LIMIT).await?;
        let (deleted, failed) = (
            sum(&deletion, "delete", "deleted"),
            sum(&deletion, "delete", "failed"),
        );
        self.narrator.promise(
            deletion["state"] == "DELETE_FAILED" && failed == 1,
            &format!("it is DELETE_FAILED: {deleted} are deleted, {failed} failed"),
        );
        self.narrator
            .equal("the others are all done", deleted, messages + 1);

        narrator::say("the row is taken away, and the deletion asked to go on:");
        let mut key = typed;
        key.retain(|name, _| {
            self.mail
                .messages
                .key
                .attributes()
                .any(|part| part == *name)
        });
        let remove = json!({"TableName": table, "Key": key});
        narrator::command(&hands::dynamodb_line("DeleteItem", &remove));
        self.stores.remove_message(discussion, BAD_ID).await?;
        let answer = self.act(api, &accepted.id, "retry").await?;
        self.narrator.promise(
            answer.status == 202 && answer.text("state") == "DELETING",
            "answered with 202 DELETING",
        );
        let deletion = self.until_done(api, &accepted.id, LIMIT).await?;
        let missing = sum(&deletion, "delete", "missing");
        self.narrator.promise(
            deletion["state"] == "DELETED" && sum(&deletion, "delete", "deleted") == deleted,
            &format!("it is DELETED: {deleted} as before, {missing} missing, none failed"),
        );
        self.note_deleted(LIFE, &deletion);
        self.compare_deleted(&deletion, discussion, *messages)
            .await?;
        self.verify(&accepted.id).await?;
        // Purged means that the row is gone, whoever took it away.
        self.purge_on_request(api, &accepted.id, discussion, deleted + missing)
            .await
    }

    fn bad_message(&self, discussion: &str) -> BTreeMap<String, AttributeValue> {
        let messages = self.mail.messages;
        let sort = messages.key.sort.clone().unwrap_or_default();
        [
            (messages.key.partition.as_str(), discussion),
            (&sort, BAD_ID),
            (messages.tenant.attribute().unwrap_or_default(), LIFE),
            ("subject", "a message that cannot be searched"),
        ]
        .map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned())))
        .into()
    }

    /// Waits until the first pages are done; answers how many messages are.
    async fn until_some_are_done(&self, api: &Api, id: &str) -> Result<u64> {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            let deletion = api.deletion(id).await?;
            let done = &deletion["counts"]["delete"]["messages"]["deleted"];
            let done = done.as_u64().unwrap_or_default();
            if done > 0 || deletion["done"] == true {
                return Ok(done);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(anyhow!("the consumer did not begin"))
    }
}
