//! What several steps do: ask and tell, wait, sweep, and compare one discussion in both stores.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use jiff::Timestamp;
use local::load::{self, Counts};
use reqwest::Method;
use serde_json::{Value, json};

use super::api::{Answer, Api, record_path};
use super::compare::{self, Mark};
use super::hands;
use super::narrator;
use super::tour::{Accepted, Tour};

/// How often a client asks.
const POLL: Duration = Duration::from_millis(250);

impl Tour<'_> {
    /// Asks, and tells what was asked and answered.
    pub(super) async fn ask(&mut self, api: &Api, path: &str) -> Result<Answer> {
        narrator::command(&Api::curl(&Method::GET, path));
        let answer = api.get(path).await?;
        narrator::answer(&answer.short());
        Ok(answer)
    }

    /// Asks for a delete, tells it, and checks that it was accepted as promised.
    pub(super) async fn ask_to_delete(&mut self, api: &Api, discussion: &str) -> Result<Accepted> {
        let path = record_path("discussions", discussion, None);
        narrator::command(&Api::curl(&Method::DELETE, &path));
        let answer = api.delete(&path).await?;
        narrator::answer(&answer.short());
        let accepted = answer.status == 202 && answer.text("status") == "PENDING_DELETE";
        self.narrator
            .promise(accepted, "answered with 202 PENDING_DELETE");
        self.narrator.promise(
            answer.retry_after.is_some(),
            "with Retry-After, for a client that polls",
        );
        let accepted = accepted_deletion(&answer, discussion)?;
        self.accepted.push(accepted.clone());
        Ok(accepted)
    }

    /// Asks until the deletion is done, and tells what it was in the end.
    pub(super) async fn until_done(
        &mut self,
        api: &Api,
        id: &str,
        limit: Duration,
    ) -> Result<Value> {
        let path = format!("/v1/deletions/{id}");
        narrator::command(&Api::curl(&Method::GET, &path));
        let begun = Instant::now();
        loop {
            let deletion = api.deletion(id).await?;
            if deletion["done"] == true {
                narrator::answer(&format!("{}, {}", deletion["state"], deletion["counts"]));
                return Ok(deletion);
            }
            if begun.elapsed() > limit {
                bail!(
                    "deletion {id} is not done after {} s: {deletion}",
                    limit.as_secs()
                );
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Sweeps every second until a sweep has sent a message again, or the deletion moves (a tick was faster).
    pub(super) async fn sweep_until_resent(
        &mut self,
        api: &Api,
        stuck: &Value,
        limit: Duration,
    ) -> Result<()> {
        let id = stuck["id"].as_str().unwrap_or_default();
        narrator::command(&hands::sweep_line(self.stack));
        let begun = Instant::now();
        while begun.elapsed() < limit {
            let report = hands::sweep(self.stack).await?;
            if hands::reported(&report, "resent") > 0 {
                narrator::answer(&report.to_string());
                self.narrator
                    .promise(true, "the sweeper has sent the message again");
                return Ok(());
            }
            let now = api.deletion(id).await?;
            if now["state"] != stuck["state"] || now["counts"] != stuck["counts"] {
                self.narrator
                    .promise(true, "the sweeper's own tick has sent the message again");
                return Ok(());
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(anyhow!(
            "no sweep sent the message again within {} s",
            limit.as_secs()
        ))
    }

    /// Compares a deleted discussion in both stores, with plain clients.
    pub(super) async fn compare_deleted(
        &mut self,
        deletion: &Value,
        discussion: &str,
        messages: usize,
    ) -> Result<()> {
        self.say_how_to_look(discussion)?;
        let rows = self.stores.rows(Some(discussion)).await?;
        let documents = self.stores.documents(Some(discussion)).await?;
        let all = messages + 1;
        let expected = mark_of(deletion)?;
        for (what, picture) in [("rows", &rows), ("documents", &documents)] {
            let marks = compare::marks(picture);
            let one = marks.len() == 1 && marks.get(&expected) == Some(&all);
            let date = expected.deleted_at;
            self.narrator.promise(
                one && picture.len() == all,
                &format!("all {all} {what} carry the one date {date} and this deletion's id"),
            );
        }
        self.narrator.nothing(
            "rows and documents agree",
            &compare::differences(&rows, &documents),
        );
        Ok(())
    }

    /// Looks whether anything of a discussion is left, with plain clients: rows and documents.
    pub(super) async fn left_of(&self, discussion: &str) -> Result<(usize, usize)> {
        let rows = self.stores.rows(Some(discussion)).await?;
        let documents = self.stores.documents(Some(discussion)).await?;
        Ok((rows.len(), documents.len()))
    }

    /// The same two reads by hand.
    pub(super) fn say_how_to_look(&self, discussion: &str) -> Result<()> {
        let messages = self.mail.messages;
        let key = &messages.key.partition;
        let query = json!({
            "TableName": load::table(self.stack, messages),
            "KeyConditionExpression": format!("{key} = :d"),
            "ExpressionAttributeValues": {":d": {"S": discussion}},
        });
        narrator::command(&hands::dynamodb_line("Query", &query));
        let index = load::index(self.stack, messages)?;
        let query = json!({"query": {"term": {key.as_str(): discussion}}, "size": 100});
        let query = super::api::quoted(&query.to_string());
        narrator::command(&format!(
            "curl -s -H 'content-type: application/json' \"$SEARCH/{index}/_search\" -d {query}"
        ));
        Ok(())
    }

    /// Adds what a deletion says that it deleted to what is counted at the end.
    pub(super) fn note_deleted(&mut self, list: &str, deletion: &Value) -> Counts {
        let of = |collection: &str| {
            let count = &deletion["counts"]["delete"][collection]["deleted"];
            usize::try_from(count.as_u64().unwrap_or_default()).unwrap_or(usize::MAX)
        };
        let counts = Counts {
            discussions: of(self.mail.discussions.name.as_ref()),
            messages: of(self.mail.messages.name.as_ref()),
        };
        let sum = self.deleted.entry(list.to_owned()).or_default();
        *sum = [*sum, counts].into_iter().sum();
        counts
    }
}

/// The deletion that an answer to a DELETE names, with its retention.
pub(super) fn accepted_deletion(answer: &Answer, discussion: &str) -> Result<Accepted> {
    let id = answer
        .deletion()
        .context("the answer names no deletion")?
        .to_owned();
    let deletion = &answer.body["deletion"];
    let retention = moment(deletion, "purge_at")?.duration_since(moment(deletion, "deleted_at")?);
    let retention = Duration::try_from(retention).context("the purge is before the deletion")?;
    Ok(Accepted::new(&id, discussion, retention))
}

/// The mark that the records of a deletion carry.
pub(super) fn mark_of(deletion: &Value) -> Result<Mark> {
    Ok(Mark {
        deleted_at: moment(deletion, "deleted_at")?,
        deletion: deletion["id"].as_str().unwrap_or_default().to_owned(),
    })
}

fn moment(deletion: &Value, name: &str) -> Result<Timestamp> {
    let text = deletion[name]
        .as_str()
        .context(format!("the deletion has no {name}"))?;
    text.parse().context(format!("understand {name}"))
}
