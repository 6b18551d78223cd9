//! The order of the tour, and what its steps share.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use domain::collection::Retention;
use local::load::{self, Archive, Counts, Mail};
use local::stack::StackFile;

use super::api::Api;
use super::hands::Mapping;
use super::narrator::{self, Narrator};
use super::stores::Stores;
use super::{LARGE, LIFE, LIFE_MESSAGES, compare};

/// One tour through a running stack.
pub(super) struct Tour<'a> {
    pub(super) stack: &'a StackFile,
    pub(super) mail: Mail<'a>,
    pub(super) archive: &'a Archive,
    pub(super) narrator: &'a mut Narrator,
    pub(super) stores: Stores<'a>,
    /// The list whose discussions are all deleted.
    pub(super) list: String,
    /// Whether only one discussion is deleted, and restored and purged.
    pub(super) is_short: bool,
    /// What was accepted until now, in this order.
    pub(super) accepted: Vec<Accepted>,
    /// What the deletions say that they deleted, by list.
    pub(super) deleted: BTreeMap<String, Counts>,
}

/// A deletion that was answered with 202.
#[derive(Debug, Clone)]
pub(super) struct Accepted {
    pub(super) id: String,
    pub(super) discussion: String,
    /// When the answer was there.
    at: Instant,
    /// How long after its acceptance it is purged.
    retention: Duration,
}

impl Accepted {
    pub(super) fn new(id: &str, discussion: &str, retention: Duration) -> Self {
        Self {
            id: id.to_owned(),
            discussion: discussion.to_owned(),
            at: Instant::now(),
            retention,
        }
    }

    /// How long until its purge may begin; a moment longer than in truth, as the answer came after the acceptance.
    pub(super) fn left(&self) -> Duration {
        self.retention.saturating_sub(self.at.elapsed())
    }
}

/// The list to delete: the one that is asked for, or the one of middle size.
pub(super) fn list_to_delete(archive: &Archive, asked: Option<&str>) -> Result<String> {
    let mut lists: Vec<(usize, String)> = archive
        .counts()
        .into_iter()
        .filter(|(list, counts)| list != LARGE && list != LIFE && counts.discussions > 1)
        .map(|(list, counts)| (counts.messages, list))
        .collect();
    lists.sort();
    match asked {
        Some(asked) if lists.iter().any(|(_, list)| list == asked) => Ok(asked.to_owned()),
        Some(asked) => Err(anyhow!(
            "{asked} is no list of the archive with two discussions or more"
        )),
        None => lists
            .get(lists.len() / 2)
            .map(|(_, list)| list.clone())
            .context("no list of the archive has two discussions or more"),
    }
}

impl<'a> Tour<'a> {
    pub(super) fn new(
        stack: &'a StackFile,
        mail: Mail<'a>,
        archive: &'a Archive,
        list: String,
        narrator: &'a mut Narrator,
    ) -> Result<Self> {
        Ok(Self {
            stores: Stores::new(stack, mail)?,
            stack,
            mail,
            archive,
            narrator,
            list,
            is_short: false,
            accepted: Vec::new(),
            deleted: BTreeMap::new(),
        })
    }

    /// All steps. One that cannot be carried out is told, and the next follows.
    pub(super) async fn go(&mut self) -> Result<()> {
        let (api, mapping) = self.begin().await?;
        let outcome = self.lost_message(&api, &mapping).await;
        self.survive(outcome);
        mapping.release().await?;
        let outcome = self.delete_list(&api).await;
        self.survive(outcome);
        let outcome = self.killed_consumer().await;
        self.survive(outcome);
        let outcome = self.purge(&api).await;
        self.survive(outcome);
        let outcome = self.whole_life().await;
        self.survive(outcome);
        let outcome = self.many_at_once(&api).await;
        self.survive(outcome);
        self.count().await
    }

    /// What every tour begins with: the archive is loaded, and one discussion deleted.
    pub(super) async fn begin(&mut self) -> Result<(Api, Mapping<'a>)> {
        self.load().await?;
        let api = Api::sign_in(self.stack, &self.list).await?;
        let mapping = Mapping::find(self.stack).await?;
        let outcome = self.delete_one(&api, &mapping).await;
        self.survive(outcome);
        // A step that ended early may have left the consumer waiting.
        mapping.release().await?;
        Ok((api, mapping))
    }

    pub(super) fn survive(&mut self, outcome: Result<()>) {
        if let Err(failure) = outcome {
            let told = format!("the step could not be carried out: {failure:#}");
            self.narrator.promise(false, &told);
        }
    }

    async fn load(&mut self) -> Result<()> {
        self.narrator.step("Load the archive into both stores");
        let report = load::write(self.stack, &self.mail, self.archive).await?;
        report.print();
        let (rows, documents) = (
            self.stores.rows(None).await?,
            self.stores.documents(None).await?,
        );
        self.narrator
            .equal("rows, read with a plain client", rows.len(), report.rows);
        self.narrator.equal(
            "documents, read with a plain client",
            documents.len(),
            report.documents,
        );
        self.narrator.nothing(
            "rows and documents agree",
            &compare::differences(&rows, &documents),
        );
        self.say_how_to_follow();
        Ok(())
    }

    fn say_how_to_follow(&self) {
        let endpoints = &self.stack.endpoints;
        if let Retention::For(time) = self.mail.discussions.retention {
            narrator::say(&format!(
                "what is deleted is kept for {} s here, instead of 30 days",
                time.as_secs()
            ));
        }
        narrator::say("the requests below work in a shell while this runs, after:");
        for (name, url) in [
            ("API", &self.stack.api_url),
            ("AWS", &endpoints.aws),
            ("DYNAMODB", &endpoints.dynamodb),
            ("SEARCH", &endpoints.opensearch),
        ] {
            narrator::command(&format!("export {name}='{url}'"));
        }
        narrator::command(&Api::sign_in_line(self.stack, &self.list));
    }

    /// The discussions of the list, the largest first, with the number of their messages.
    pub(super) fn largest_first(&self, list: &str) -> Vec<(String, usize)> {
        let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
        for message in self.archive.messages() {
            if message.list == list {
                *sizes.entry(Mail::discussion_id(message)).or_default() += 1;
            }
        }
        let mut sizes: Vec<(String, usize)> = sizes.into_iter().collect();
        sizes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        sizes
    }

    /// What is to be left of a list. The short tour deletes one discussion, the whole one all but one.
    fn expected(&self, list: &str, data: Counts) -> Counts {
        if self.is_short {
            let deleted = self.accepted.first().filter(|_| list == self.list);
            let gone = deleted.and_then(|one| {
                let mut sizes = self.largest_first(list).into_iter();
                sizes.find_map(|(id, messages)| (id == one.discussion).then_some(messages))
            });
            return Counts {
                discussions: data.discussions - usize::from(gone.is_some()),
                messages: data.messages - gone.unwrap_or_default(),
            };
        }
        if list == LIFE {
            // One of its discussions was restored.
            return Counts {
                discussions: 1,
                messages: LIFE_MESSAGES,
            };
        }
        if list == self.list || list == LARGE {
            return Counts::default();
        }
        data
    }

    /// The last word: what the data says must be left is what both stores have.
    pub(super) async fn count(&mut self) -> Result<()> {
        self.narrator.step("Count what is left");
        let rows = self.stores.rows(None).await?;
        let documents = self.stores.documents(None).await?;
        narrator::say(&format!(
            "{:<24} {:>18} {:>18} {:>18} {:>18}",
            "discussions/messages of", "in the data", "deleted", "rows left", "documents left"
        ));
        let told = |counts: Counts| format!("{}/{}", counts.discussions, counts.messages);
        for (list, data) in self.archive.counts() {
            let of = |picture: &compare::Picture| {
                let count = |collection: &str| {
                    let mine = picture.iter().filter(|(record, standing)| {
                        standing.tenant == list && record.collection.as_ref() == collection
                    });
                    mine.count()
                };
                Counts {
                    discussions: count(self.mail.discussions.name.as_ref()),
                    messages: count(self.mail.messages.name.as_ref()),
                }
            };
            let deleted = self.deleted.get(&list).copied().unwrap_or_default();
            let (rows, documents) = (of(&rows), of(&documents));
            narrator::say(&format!(
                "{list:<24} {:>18} {:>18} {:>18} {:>18}",
                told(data),
                told(deleted),
                told(rows),
                told(documents)
            ));
            let expected = self.expected(&list, data);
            let right = rows == expected && documents == expected;
            let all = [deleted, rows].into_iter().sum::<Counts>() == data;
            self.narrator.promise(
                right && all,
                &format!("{list}: what was deleted and what is left are what was loaded"),
            );
        }
        self.narrator.nothing(
            "rows and documents agree",
            &compare::differences(&rows, &documents),
        );
        let marked = compare::marked(&rows) + compare::marked(&documents);
        self.narrator.equal("marks left anywhere", marked, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use local::load::{Shape, generate};
    use tombstone::collections::read as collections;

    #[test]
    fn the_list_of_middle_size_is_deleted_unless_another_is_asked_for() {
        let collections = collections(None).unwrap();
        let mail = Mail::of(&collections).unwrap();
        let shapes = [
            ("a", 2, 9),
            ("b", 3, 1),
            ("c", 2, 2),
            (LARGE, 9, 9),
            (LIFE, 9, 9),
            ("one", 1, 3),
        ];
        let shapes = shapes.map(|(list, discussions, messages)| Shape {
            list: list.into(),
            discussions,
            messages,
            seed: 1,
        });
        let lines = shapes.iter().flat_map(generate).map(Ok);
        let archive = Archive::from_lines("generated", lines, &mail).unwrap();

        assert_eq!(list_to_delete(&archive, None).unwrap(), "c");
        assert_eq!(list_to_delete(&archive, Some("b")).unwrap(), "b");
        assert!(list_to_delete(&archive, Some("one")).is_err());
        assert!(list_to_delete(&archive, Some("d")).is_err());
    }
}
