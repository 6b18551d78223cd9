//! The end of the retention: nothing is removed before, everything after.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use local::terminal;
use serde_json::Value;

use super::LARGE;
use super::api::{Api, record_path};
use super::compare;
use super::hands;
use super::narrator;
use super::tour::Tour;

/// How long all purges together may take.
const LIMIT: Duration = Duration::from_mins(2);

impl Tour<'_> {
    /// The first deletion is purged when its time has come; the last one, which is the large one, not a moment before.
    pub(super) async fn purge(&mut self, api: &Api) -> Result<()> {
        let first = self
            .accepted
            .first()
            .cloned()
            .context("nothing was deleted")?;
        let last = self
            .accepted
            .last()
            .cloned()
            .context("nothing was deleted")?;
        self.narrator
            .step("When the retention has passed, the sweeper removes them for good");
        let wait = first.left();
        narrator::say(&format!(
            "purge_at of the first deletion is in {}",
            terminal::seconds(wait)
        ));
        narrator::wait(wait, "the end of the retention").await;
        let before = self.left_of(&last.discussion).await?;
        narrator::command(&hands::sweep_line(self.stack));
        let deletion = self.sweep_until_purged(api, &first.id).await?;
        narrator::answer(&format!(
            "{}, {}",
            deletion["state"], deletion["counts"]["purge"]
        ));
        let (rows, documents) = self.left_of(&first.discussion).await?;
        self.narrator.promise(
            rows == 0 && documents == 0,
            &format!(
                "of {} are left: {rows} rows, {documents} documents",
                first.discussion
            ),
        );
        let answer = self
            .ask(api, &record_path("discussions", &first.discussion, None))
            .await?;
        self.narrator
            .promise(answer.status == 404, "it is not there any more (404)");

        let outcome = self.not_before(&last.discussion, last.left(), before).await;
        // Too slow for this one look is no reason to leave the rest unpurged.
        self.survive(outcome);
        self.all_purged().await?;
        let large = Api::sign_in(self.stack, LARGE).await?;
        for (api, id) in [(api, &first.id), (&large, &last.id)] {
            let deletion = self.ask(api, &format!("/v1/deletions/{id}")).await?.body;
            let removed = removed(&deletion);
            self.narrator.promise(
                deletion["state"] == "PURGED" && removed.is_some(),
                &format!(
                    "the deletion stays as a certificate: purged {}, as many as were deleted",
                    removed.unwrap_or_default()
                ),
            );
        }
        Ok(())
    }

    async fn sweep_until_purged(&mut self, api: &Api, id: &str) -> Result<Value> {
        let begun = Instant::now();
        loop {
            let report = hands::sweep(self.stack).await?;
            let deletion = api.deletion(id).await?;
            if deletion["state"] == "PURGED" {
                narrator::answer(&report.to_string());
                return Ok(deletion);
            }
            if begun.elapsed() > LIMIT {
                bail!("deletion {id} is not purged; the last sweep said {report}");
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// A sweep shortly before `purge_at` leaves everything where it is.
    async fn not_before(
        &mut self,
        discussion: &str,
        left: Duration,
        before: (usize, usize),
    ) -> Result<()> {
        let shortly = Duration::from_millis(2_500);
        narrator::say(&format!(
            "purge_at of the last deletion is in {}; a sweep shortly before:",
            terminal::seconds(left)
        ));
        if left < shortly {
            bail!("the purges before took so long that the last one is due already");
        }
        narrator::wait(
            left.saturating_sub(shortly),
            "the moment before the end of the retention",
        )
        .await;
        hands::sweep(self.stack).await?;
        let now = self.left_of(discussion).await?;
        self.narrator.promise(
            now == before && now.0 > 0,
            &format!(
                "all of {discussion} is still there: {} rows, {} documents",
                now.0, now.1
            ),
        );
        Ok(())
    }

    /// Sweeps until no mark is left in either store.
    async fn all_purged(&mut self) -> Result<()> {
        let begun = Instant::now();
        narrator::say("and when all times have come, sweep after sweep:");
        let (mut sweeps, mut begun_purges) = (0, 0);
        loop {
            let report = hands::sweep(self.stack).await?;
            sweeps += 1;
            begun_purges += hands::reported(&report, "purging");
            let idle = ["due", "purging", "left"]
                .iter()
                .all(|name| hands::reported(&report, name) == 0);
            if idle || begun.elapsed() > LIMIT {
                let rows = compare::marked(&self.stores.rows(None).await?);
                let documents = compare::marked(&self.stores.documents(None).await?);
                if rows + documents == 0 || begun.elapsed() > LIMIT {
                    self.narrator.promise(
                        rows + documents == 0,
                        &format!(
                            "{sweeps} sweeps began {begun_purges} purges; marks left: {rows} in rows, {documents} in documents"
                        ),
                    );
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

/// How many records were purged, if those are all that were deleted.
fn removed(deletion: &Value) -> Option<u64> {
    let sum = |pass: &str, outcome: &str| {
        let collections = deletion["counts"][pass].as_object().into_iter().flatten();
        let counts = collections.map(|(_, counts)| counts[outcome].as_u64().unwrap_or_default());
        counts.sum::<u64>()
    };
    let (deleted, purged) = (sum("delete", "deleted"), sum("purge", "purged"));
    (purged > 0 && deleted == purged).then_some(purged)
}
