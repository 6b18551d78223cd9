//! The second half of a deletion's life: undone by a restore, or removed for good because somebody asks for it.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws::{DynamoDeletions, TableNames};
use domain::principal::Tenant;
use local::terminal;
use reqwest::Method;
use serde_json::Value;
use tombstone::verify::verify;

use super::LIFE;
use super::api::{Answer, Api, encoded, record_path, state_typed};
use super::compare;
use super::narrator;
use super::tour::Tour;

/// How long a pass over one discussion may take.
pub(super) const LIMIT: Duration = Duration::from_mins(1);

impl Tour<'_> {
    /// Restore, cancel, retry and purge, each on a discussion of its own. One is live in the end, the others are gone.
    pub(super) async fn whole_life(&mut self) -> Result<()> {
        let api = Api::sign_in(self.stack, LIFE).await?;
        let discussions = self.largest_first(LIFE);
        let [first, second, third] = discussions.as_slice() else {
            bail!("the list of the last steps is not as generated");
        };
        let outcome = self.restore(&api, first).await;
        self.survive(outcome);
        let outcome = self.cancel_and_retry(&api, second).await;
        self.survive(outcome);
        let outcome = self.fail_and_mend(&api, third).await;
        self.survive(outcome);
        Ok(())
    }

    /// Deleted, and brought back whole.
    async fn restore(&mut self, api: &Api, (id, messages): &(String, usize)) -> Result<()> {
        self.narrator
            .step("A deleted discussion is restored, with everything in it");
        narrator::command(&Api::sign_in_line(self.stack, LIFE));
        let accepted = self.ask_to_delete(api, id).await?;
        let deletion = self.until_done(api, &accepted.id, LIMIT).await?;
        self.narrator
            .promise(deletion["state"] == "DELETED", "it is DELETED");
        self.compare_deleted(&deletion, id, *messages).await?;
        self.bring_back(api, &accepted.id, id, *messages).await
    }

    /// A restore of this deletion, which was of this discussion, and what it leaves.
    pub(super) async fn bring_back(
        &mut self,
        api: &Api,
        deletion_id: &str,
        id: &str,
        messages: usize,
    ) -> Result<()> {
        let restored = self.act(api, deletion_id, "restore").await?;
        self.narrator.promise(
            restored.status == 202 && restored.text("state") == "RESTORING",
            "answered with 202 RESTORING",
        );
        let deletion = self.until_done(api, deletion_id, LIMIT).await?;
        self.narrator
            .promise(deletion["state"] == "RESTORED", "it is RESTORED");
        self.narrator.equal(
            "records restored, by its counts",
            sum(&deletion, "restore", "restored"),
            messages + 1,
        );
        self.is_back(api, id, messages).await?;
        let again = self.act(api, deletion_id, "restore").await?;
        self.narrator.promise(
            again.status == 409 && again.text("state") == "RESTORED",
            "a second restore does not apply: 409, with the state",
        );
        Ok(())
    }

    /// No mark is left in either store, and the reads have it again.
    async fn is_back(&mut self, api: &Api, id: &str, messages: usize) -> Result<()> {
        self.say_how_to_look(id)?;
        let rows = self.stores.rows(Some(id)).await?;
        let documents = self.stores.documents(Some(id)).await?;
        for (what, picture) in [("rows", &rows), ("documents", &documents)] {
            self.narrator.promise(
                picture.len() == messages + 1 && compare::marked(picture) == 0,
                &format!(
                    "{what}: {}, with a mark: {}",
                    picture.len(),
                    compare::marked(picture)
                ),
            );
        }
        self.narrator.nothing(
            "rows and documents agree",
            &compare::differences(&rows, &documents),
        );
        let answer = self.ask(api, &record_path("discussions", id, None)).await?;
        self.narrator
            .promise(answer.status == 200, "the discussion is served again");
        let path = format!("/v1/messages?parent={}&limit=100", encoded(id));
        let answer = self.ask(api, &path).await?;
        self.narrator.promise(
            answer.status == 200 && answer.ids().len() == messages.min(100),
            "its messages are listed again",
        );
        Ok(())
    }

    /// Removed for good before its time, because somebody asks for it.
    pub(super) async fn purge_on_request(
        &mut self,
        api: &Api,
        id: &str,
        discussion: &str,
        records: usize,
    ) -> Result<()> {
        let answer = self.act(api, id, "purge").await?;
        self.narrator.promise(
            answer.status == 202 && answer.text("state") == "PURGING",
            "answered with 202 PURGING",
        );
        let deletion = self.until_done(api, id, LIMIT).await?;
        self.narrator
            .promise(deletion["state"] == "PURGED", "it is PURGED");
        self.narrator.equal(
            "records purged, by its counts",
            sum(&deletion, "purge", "purged"),
            records,
        );
        let (rows, documents) = self.left_of(discussion).await?;
        self.narrator.promise(
            rows + documents == 0,
            &format!("of {discussion} are left: {rows} rows, {documents} documents"),
        );
        Ok(())
    }

    /// Computes the certificate anew from the manifest.
    pub(super) async fn verify(&mut self, id: &str) -> Result<()> {
        let table = &self.stack.control_table;
        narrator::command(&format!(
            "env $(cargo xtask env --state {}) tombstone verify {id} --tenant {LIFE} --table {table}",
            state_typed(self.stack)
        ));
        let deletions =
            DynamoDeletions::new(self.stack.dynamodb(), table.clone(), TableNames::default());
        let tenant = Tenant::new(LIFE).context("the list has a name")?;
        let found = verify(&deletions, &tenant, id.parse()?).await?;
        found.lines().iter().for_each(|line| terminal::answer(line));
        self.narrator.promise(
            found.is_proved(),
            "the certificate is computed anew from the manifest, and is the same",
        );
        Ok(())
    }

    /// Asks something of a deletion, and tells it.
    pub(super) async fn act(&mut self, api: &Api, id: &str, action: &str) -> Result<Answer> {
        let path = format!("/v1/deletions/{id}/{action}");
        narrator::command(&Api::curl(&Method::POST, &path));
        let answer = api.post(&path).await?;
        narrator::answer(&answer.short());
        Ok(answer)
    }
}

/// A number of a pass, over all collections.
pub(super) fn sum(deletion: &Value, pass: &str, outcome: &str) -> usize {
    let collections = deletion["counts"][pass].as_object().into_iter().flatten();
    let counts = collections.map(|(_, counts)| counts[outcome].as_u64().unwrap_or_default());
    usize::try_from(counts.sum::<u64>()).unwrap_or(usize::MAX)
}
