//! What may go wrong and must not matter: a message that is lost, a consumer that dies in the middle.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use local::lambda;

use super::LARGE;
use super::api::Api;
use super::hands::{self, Mapping};
use super::narrator;
use super::settings::RESEND_AFTER;
use super::tour::Tour;

/// Messages after which the consumer is killed: some pages are done, many are not.
const KILL_AFTER: u64 = 300;

impl Tour<'_> {
    /// The message of an accepted delete never arrives.
    pub(super) async fn lost_message(&mut self, api: &Api, mapping: &Mapping<'_>) -> Result<()> {
        self.narrator.step("A message is lost");
        let taken = self.accepted.first().map(|one| one.discussion.clone());
        let (discussion, messages) = self
            .largest_first(&self.list)
            .into_iter()
            .find(|(id, _)| Some(id) != taken.as_ref())
            .context("the list has no second discussion")?;
        mapping.hold().await?;
        let accepted = self.ask_to_delete(api, &discussion).await?;
        let body = hands::lose_message(self.stack, &accepted.id).await?;
        narrator::say("taken out of the queue and thrown away:");
        narrator::answer(&body);
        mapping.release().await?;
        tokio::time::sleep(Duration::from_secs(2)).await;
        let stuck = api.deletion(&accepted.id).await?;
        self.narrator.promise(
            stuck["state"] == "PENDING_DELETE",
            "the consumer works, and knows nothing of it: PENDING_DELETE",
        );
        narrator::say(&format!(
            "after {} s of silence the sweeper sends it again:",
            RESEND_AFTER.as_secs()
        ));
        self.sweep_until_resent(api, &stuck, Duration::from_secs(40))
            .await?;
        let deletion = self
            .until_done(api, &accepted.id, Duration::from_secs(30))
            .await?;
        self.narrator.promise(
            deletion["state"] == "DELETED",
            "the deletion ends as DELETED",
        );
        let list = self.list.clone();
        self.note_deleted(&list, &deletion);
        self.compare_deleted(&deletion, &discussion, messages).await
    }

    /// The consumer is killed in the middle of a large delete.
    pub(super) async fn killed_consumer(&mut self) -> Result<()> {
        self.narrator
            .step("The consumer is killed in the middle of a large delete");
        let api = Api::sign_in(self.stack, LARGE).await?;
        narrator::command(&Api::sign_in_line(self.stack, LARGE));
        let (discussion, messages) = self
            .largest_first(LARGE)
            .into_iter()
            .next()
            .context("there is no large discussion")?;
        let accepted = self.ask_to_delete(&api, &discussion).await?;
        let done = self.until_under_way(&api, &accepted.id).await?;
        let killed = lambda::kill_bootstraps(self.stack, &self.stack.functions.consumer)?;
        narrator::say(&format!(
            "kill -9 of {killed} consumer processes, when {done} of {messages} messages were done"
        ));
        self.narrator.promise(killed > 0, "a consumer was killed");

        let (stuck, _later) = (
            api.deletion(&accepted.id).await?,
            tokio::time::sleep(Duration::from_secs(1)).await,
        );
        let later = api.deletion(&accepted.id).await?;
        self.narrator.promise(
            later["done"] == false && later["counts"] == stuck["counts"],
            &format!(
                "it stands still in the middle, at {}",
                later["counts"]["delete"]
            ),
        );
        narrator::say(
            "when the dead consumer's lease is over, the sweeper sends the message again:",
        );
        self.sweep_until_resent(&api, &later, Duration::from_mins(1))
            .await?;
        let deletion = self
            .until_done(&api, &accepted.id, Duration::from_mins(1))
            .await?;
        self.narrator.promise(
            deletion["state"] == "DELETED",
            "the deletion ends as DELETED",
        );
        let counts = self.note_deleted(LARGE, &deletion);
        self.narrator.equal(
            "messages deleted, as in an undisturbed run",
            counts.messages,
            messages,
        );
        let selected = &deletion["counts"]["delete"]["messages"]["selected"];
        self.narrator.promise(
            *selected == u64::try_from(messages).unwrap_or_default(),
            &format!("messages selected, none twice: {selected}"),
        );
        self.compare_deleted(&deletion, &discussion, messages).await
    }

    /// Waits until some pages are done; answers how many messages are.
    async fn until_under_way(&mut self, api: &Api, id: &str) -> Result<u64> {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(30) {
            let deletion = api.deletion(id).await?;
            let done = deletion["counts"]["delete"]["messages"]["deleted"]
                .as_u64()
                .unwrap_or_default();
            if deletion["done"] == true {
                bail!("it was done before the consumer could be killed");
            }
            if done >= KILL_AFTER {
                return Ok(done);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(anyhow!("the consumer did not begin"))
    }
}
