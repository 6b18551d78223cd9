//! All discussions of one list, each by a request of its own, and the sum against the data.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use local::load::Counts;
use local::terminal;
use reqwest::Method;
use serde_json::Value;

use super::acts::{accepted_deletion, mark_of};
use super::api::{Api, record_path};
use super::compare::{self, Mark};
use super::hands;
use super::narrator;
use super::tour::{Accepted, Tour};

/// Requests that are on their way at the same time.
const AT_ONCE: usize = 8;

/// How long the consumer may take for the whole list.
const LIMIT: Duration = Duration::from_mins(3);

impl Tour<'_> {
    /// Deletes what is left of the list.
    pub(super) async fn delete_list(&mut self, api: &Api) -> Result<()> {
        let discussions = self.largest_first(&self.list);
        let data = self.archive.counts()[&self.list];
        self.narrator.step(&format!(
            "Delete all {} discussions of {}, with {} messages",
            data.discussions, self.list, data.messages
        ));
        let begun = Instant::now();
        let sample = record_path("discussions", &discussions[discussions.len() - 1].0, None);
        narrator::command(&Api::curl(&Method::DELETE, &sample));
        narrator::say("… and so on for each of them");
        let known: BTreeMap<String, String> = self
            .accepted
            .iter()
            .map(|earlier| (earlier.discussion.clone(), earlier.id.clone()))
            .collect();
        let answers: Vec<(Accepted, bool)> = stream::iter(&discussions)
            .map(|(id, _)| delete(api, id, known.get(id)))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let asked = begun.elapsed();
        let as_promised = answers.iter().filter(|(_, right)| *right).count();
        self.narrator.equal(
            "answered with 202, those deleted before with ALREADY_DELETED",
            as_promised,
            data.discussions,
        );
        let new = answers
            .into_iter()
            .map(|(accepted, _)| accepted)
            .filter(|accepted| !known.contains_key(&accepted.discussion));
        self.accepted.extend(new);

        self.wait_for_queue().await?;
        let mine: Vec<Accepted> = self.accepted.clone();
        let deletions: Vec<(String, Value)> = stream::iter(&mine)
            .map(|accepted| ended(api, accepted))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        narrator::say(&format!(
            "asked in {}, all done after {}",
            terminal::seconds(asked),
            terminal::seconds(begun.elapsed())
        ));
        self.add_up(&deletions, data);
        self.compare_list(&deletions, data).await
    }

    async fn wait_for_queue(&mut self) -> Result<()> {
        let begun = Instant::now();
        loop {
            let depth = hands::queue_depth(self.stack).await?;
            if depth == 0 {
                return Ok(());
            }
            if begun.elapsed() > LIMIT {
                bail!(
                    "{depth} messages are left in the queue after {} s",
                    LIMIT.as_secs()
                );
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    fn add_up(&mut self, deletions: &[(String, Value)], data: Counts) {
        let done = deletions
            .iter()
            .filter(|(_, deletion)| deletion["state"] == "DELETED")
            .count();
        self.narrator
            .equal("deletions that are DELETED", done, data.discussions);
        let list = self.list.clone();
        self.deleted.remove(&list);
        let sum: Counts = deletions
            .iter()
            .map(|(_, deletion)| self.note_deleted(&list, deletion))
            .sum();
        self.narrator.equal(
            "discussions deleted, by their counts",
            sum.discussions,
            data.discussions,
        );
        self.narrator.equal(
            "messages deleted, by their counts",
            sum.messages,
            data.messages,
        );
    }

    async fn compare_list(&mut self, deletions: &[(String, Value)], data: Counts) -> Result<()> {
        narrator::say("both stores, read without the functions:");
        let rows = self.stores.rows(None).await?;
        let documents = self.stores.documents(None).await?;
        let expected: BTreeMap<&str, Mark> = deletions
            .iter()
            .map(|(discussion, deletion)| Ok((discussion.as_str(), mark_of(deletion)?)))
            .collect::<Result<_>>()?;
        for (what, picture) in [("rows", &rows), ("documents", &documents)] {
            let right = picture.iter().filter(|(record, standing)| {
                let mark = expected.get(record.key.partition.as_str());
                standing.tenant == self.list && mark.is_some() && standing.mark.as_ref() == mark
            });
            self.narrator.equal(
                &format!("{what} of the list that carry the date and id of their own deletion"),
                right.count(),
                data.discussions + data.messages,
            );
            self.narrator.equal(
                &format!("{what} that carry a mark at all"),
                compare::marked(picture),
                data.discussions + data.messages,
            );
        }
        self.narrator.nothing(
            "rows and documents agree",
            &compare::differences(&rows, &documents),
        );
        Ok(())
    }
}

/// Deletes one; answers the deletion, and whether the answer was the right one.
async fn delete(api: &Api, discussion: &str, known: Option<&String>) -> Result<(Accepted, bool)> {
    let answer = api
        .delete(&record_path("discussions", discussion, None))
        .await?;
    if answer.status != 202 {
        let told = format!("the delete of {discussion} was answered {}", answer.short());
        bail!(told);
    }
    let accepted = accepted_deletion(&answer, discussion)?;
    let right = match known {
        Some(id) => answer.text("status") == "ALREADY_DELETED" && accepted.id == *id,
        None => answer.text("status") == "PENDING_DELETE",
    };
    Ok((accepted, right))
}

/// The deletion when it is done.
async fn ended(api: &Api, accepted: &Accepted) -> Result<(String, Value)> {
    let begun = Instant::now();
    loop {
        let deletion = api.deletion(&accepted.id).await?;
        if deletion["done"] == true || begun.elapsed() > LIMIT {
            return Ok((accepted.discussion.clone(), deletion));
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}
