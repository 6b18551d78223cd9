//! One discussion from the search that finds it to both stores agreeing that it is gone.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use local::load::Mail;
use serde_json::Value;

use super::api::{Api, encoded, record_path};
use super::compare;
use super::hands::Mapping;
use super::narrator;
use super::tour::{Accepted, Tour};

/// How many discussions are looked for before the search counts as broken.
const CANDIDATES: usize = 10;

/// A discussion that the search finds.
struct Found {
    id: String,
    messages: usize,
    search: String,
}

impl Tour<'_> {
    /// Search, delete, hidden at once, done, compared.
    pub(super) async fn delete_one(&mut self, api: &Api, mapping: &Mapping<'_>) -> Result<()> {
        let found = self.find(api).await?;

        self.narrator.step("Delete it");
        narrator::say("the consumer is held back, to see what the request alone does");
        narrator::command(&mapping.line(false));
        mapping.hold().await?;
        let accepted = self.ask_to_delete(api, &found.id).await?;

        self.hidden(api, &found, &accepted).await?;

        self.narrator
            .step("The consumer marks everything below it, in both stores");
        narrator::command(&mapping.line(true));
        mapping.release().await?;
        let deletion = self
            .until_done(api, &accepted.id, Duration::from_secs(30))
            .await?;
        self.narrator.promise(
            deletion["state"] == "DELETED",
            "the deletion ends as DELETED",
        );
        let list = self.list.clone();
        let counts = self.note_deleted(&list, &deletion);
        self.narrator
            .equal("messages deleted", counts.messages, found.messages);

        self.narrator
            .step("Both stores say the same, read without the functions");
        self.compare_deleted(&deletion, &found.id, found.messages)
            .await?;
        self.only_this_one(&found).await
    }

    /// Finds a large discussion by the words of its subject.
    async fn find(&mut self, api: &Api) -> Result<Found> {
        self.narrator.step("Find a discussion by full text search");
        let candidates = self.candidates();
        for (id, messages, subject) in candidates.into_iter().take(CANDIDATES) {
            let phrase = encoded(&format!("\"{subject}\""));
            let search = format!("/v1/search/discussions?q={phrase}&limit=100");
            let answer = api.get(&search).await?;
            if answer.status != 200 || answer.ids().contains(&id.as_str()) {
                let answer = self.ask(api, &search).await?;
                let found = answer.status == 200 && answer.ids().contains(&id.as_str());
                self.narrator.promise(
                    found,
                    &format!("{id}, \"{subject}\", with {messages} messages is found"),
                );
                return Ok(Found {
                    id,
                    messages,
                    search,
                });
            }
        }
        Err(anyhow!("no discussion is found by its subject"))
    }

    /// The discussions of the list whose subject is plain words, the largest first.
    fn candidates(&self) -> Vec<(String, usize, String)> {
        let subjects: std::collections::BTreeMap<String, &str> = self
            .archive
            .discussions()
            .map(|first| (Mail::discussion_id(first), first.subject.as_str()))
            .collect();
        let plain = |subject: &str| {
            let letters = subject
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == ' ');
            letters && (8..80).contains(&subject.len())
        };
        let sized = self.largest_first(&self.list).into_iter();
        sized
            .filter_map(|(id, messages)| {
                let subject = (*subjects.get(&id)?).to_owned();
                plain(&subject).then_some((id, messages, subject))
            })
            .collect()
    }

    /// Every read leaves it out although nothing but the root has been touched.
    async fn hidden(&mut self, api: &Api, found: &Found, accepted: &Accepted) -> Result<()> {
        self.narrator
            .step("It is hidden at once, before the consumer has run");
        let id = &found.id;
        let deletion = self
            .ask(api, &format!("/v1/deletions/{}", accepted.id))
            .await?;
        self.narrator.promise(
            deletion.text("state") == "PENDING_DELETE",
            "nobody has begun",
        );

        let answer = self.ask(api, &record_path("discussions", id, None)).await?;
        self.narrator.promise(
            answer.status == 410,
            "the discussion is gone, for one who may restore it (410)",
        );
        let rows = self.stores.rows(Some(id)).await?;
        let message = rows
            .keys()
            .find_map(|record| record.key.sort.clone())
            .context("the discussion has no message")?;
        let path = record_path("messages", id, Some(&message));
        let answer = self.ask(api, &path).await?;
        self.narrator
            .promise(matches!(answer.status, 404 | 410), "so is each message");
        let path = format!("/v1/messages?parent={}&limit=100", encoded(id));
        let answer = self.ask(api, &path).await?;
        self.narrator.promise(
            answer.status == 200 && answer.ids().is_empty(),
            "its messages are not listed",
        );
        let answer = self.ask(api, &found.search).await?;
        self.narrator.promise(
            answer.status == 200 && !answer.ids().contains(&id.as_str()),
            "it is not found any more",
        );
        let answer = self
            .ask(api, &found.search.replace("/discussions?", "/messages?"))
            .await?;
        self.narrator.promise(
            answer.status == 200 && !answer.ids().contains(&id.as_str()),
            "nor is any of its messages",
        );
        let listed = self.is_listed(api, id).await?;
        self.narrator
            .promise(!listed, "no page of the list of discussions has it");

        let again = api.delete(&record_path("discussions", id, None)).await?;
        let same = again.text("status") == "ALREADY_DELETED"
            && again.deletion() == Some(accepted.id.as_str());
        self.narrator.promise(
            same,
            "who asks again gets ALREADY_DELETED and the same deletion",
        );
        let marked = compare::marked(&rows);
        self.narrator.promise(
            marked == 1,
            &format!(
                "and all this although {marked} of its {} rows is marked",
                rows.len()
            ),
        );
        Ok(())
    }

    async fn is_listed(&mut self, api: &Api, id: &str) -> Result<bool> {
        let mut path = "/v1/discussions?limit=100".to_owned();
        let (mut pages, mut items) = (0, 0);
        loop {
            let answer = api.get(&path).await?;
            if answer.status != 200 {
                bail!("{path}: {}", answer.short());
            }
            let ids = answer.ids();
            (pages, items) = (pages + 1, items + ids.len());
            if ids.contains(&id) {
                return Ok(true);
            }
            let Value::String(cursor) = &answer.body["next_cursor"] else {
                narrator::say(&format!(
                    "({items} discussions on {pages} pages were listed)"
                ));
                return Ok(false);
            };
            path = format!("/v1/discussions?limit=100&cursor={}", encoded(cursor));
        }
    }

    /// Nothing but this discussion is marked anywhere.
    async fn only_this_one(&mut self, found: &Found) -> Result<()> {
        let rows = compare::marked(&self.stores.rows(None).await?);
        let documents = compare::marked(&self.stores.documents(None).await?);
        let all = found.messages + 1;
        self.narrator.promise(
            rows == all && documents == all,
            &format!("no other record is marked: {rows} rows, {documents} documents in all"),
        );
        Ok(())
    }
}
