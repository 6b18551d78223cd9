//! The short tour (`demo --short`): one discussion deleted, hidden, restored, deleted again and removed for good.

use anyhow::{Context as _, Result};

use super::api::{Api, record_path};
use super::life::LIMIT;
use super::narrator;
use super::tour::{Accepted, Tour};

impl Tour<'_> {
    /// All steps of the short tour. One that cannot be carried out is told, and the last word is had all the same.
    pub(super) async fn go_short(&mut self) -> Result<()> {
        let (api, _) = self.begin().await?;
        let outcome = self.restore_and_purge(&api).await;
        self.survive(outcome);
        self.count().await
    }

    async fn restore_and_purge(&mut self, api: &Api) -> Result<()> {
        let accepted = self.accepted.first().cloned();
        let Accepted { id, discussion, .. } = accepted.context("nothing was deleted")?;
        let messages = self
            .largest_first(&self.list)
            .into_iter()
            .find_map(|(id, messages)| (id == discussion).then_some(messages))
            .context("the discussion is not of the list")?;
        self.narrator.step("It is restored, with everything in it");
        self.bring_back(api, &id, &discussion, messages).await?;
        self.deleted.clear(); // nothing of it is deleted any more

        self.narrator
            .step("Deleted once more, it is removed for good because somebody asks for it");
        let again = self.ask_to_delete(api, &discussion).await?;
        let deletion = self.until_done(api, &again.id, LIMIT).await?;
        self.narrator
            .promise(deletion["state"] == "DELETED", "it is DELETED");
        let list = self.list.clone();
        self.note_deleted(&list, &deletion);
        self.purge_on_request(api, &again.id, &discussion, messages + 1)
            .await?;
        let answer = self
            .ask(api, &record_path("discussions", &discussion, None))
            .await?;
        self.narrator
            .promise(answer.status == 404, "it is not there any more (404)");
        narrator::say(
            "`cargo xtask demo` shows the rest: a lost message, a crash, a whole list, the end of the retention, cancel and retry",
        );
        Ok(())
    }
}
