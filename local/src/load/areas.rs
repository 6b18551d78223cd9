//! Records of the areas beside mail: tasks with their schedules, learners, chat, notifications. Generated, or made from a mail archive.
//!
//! Names of tables, indexes and documents come from the collections; the attributes are those that `collections/*.toml`
//! speak of, and some for people who look.

mod chat;
mod learners;
mod notifications;
mod tasks;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow};
use clap::ValueEnum;
use domain::collection::{Collection, Collections};
use domain::key::RecordKey;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::archive::Archive;
use super::mail::Record;
use super::progress::Progress;
use super::{documents, rows};
use crate::http;
use crate::stack::StackFile;
use crate::terminal;

/// What kind of records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Kind {
    /// Discussions and messages.
    #[default]
    Mail,
    /// Tasks, with their executions and their entries in EventBridge Scheduler.
    Tasks,
    /// Learners, with their participations.
    Learners,
    /// Streams with all that hangs on them, and direct messages.
    Chat,
    /// Targets, with their notifications.
    Notifications,
}

/// Attributes of one record.
pub type Attributes = Map<String, Value>;

/// What is to be written: records by collection, and names of schedules.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Area {
    /// The records of each collection.
    pub records: BTreeMap<&'static str, Vec<Attributes>>,
    /// What EventBridge Scheduler is to have.
    pub schedules: Vec<String>,
}

impl Area {
    /// So many tasks, learners, streams or targets of one tenant.
    ///
    /// # Errors
    ///
    /// When the kind is mail, which comes from an [`Archive`].
    pub fn generated(kind: Kind, tenant: &str, count: usize, seed: u64) -> Result<Self> {
        match kind {
            Kind::Mail => Err(anyhow!("mail is generated as an archive")),
            Kind::Tasks => Ok(tasks::generate(tenant, count, seed)),
            Kind::Learners => Ok(learners::generate(tenant, count, seed)),
            Kind::Chat => Ok(chat::generate(tenant, count, seed)),
            Kind::Notifications => Ok(notifications::generate(tenant, count, seed)),
        }
    }

    /// Mail lists as streams: a list is a stream and a tenant, a thread a topic, an author a sender and a subscriber.
    ///
    /// # Errors
    ///
    /// When a time of the archive cannot be understood.
    pub fn chat_of(archive: &Archive) -> Result<Self> {
        chat::of_archive(archive)
    }

    fn put(&mut self, collection: &'static str, attributes: Value) {
        if let Value::Object(attributes) = attributes {
            self.records.entry(collection).or_default().push(attributes);
        }
    }

    /// Writes all of it; what it wrote can be searched when it returns. Answers how long it took.
    ///
    /// # Errors
    ///
    /// When a store or the scheduler refuses. What was written until then stays; loading again is safe.
    pub async fn write(&self, stack: &StackFile, collections: &Collections) -> Result<Duration> {
        let begun = Instant::now();
        let mut portions = Vec::new();
        for (name, records) in &self.records {
            let collection = collections
                .get(name)
                .context(format!("there is no collection {name} to load into"))?;
            portions.push((collection, records));
        }
        let total = portions.iter().map(|(collection, records)| {
            let copies = 1 + usize::from(collection.document.is_some());
            copies * records.len()
        });
        let progress = Progress::start(total.sum());
        let (dynamodb, opensearch) = (stack.dynamodb(), stack.opensearch()?);
        for (collection, records) in portions {
            let records = || records.iter().map(|record| as_record(collection, record));
            rows::write(&dynamodb, stack, collection, records(), &progress).await?;
            documents::write(&opensearch, stack, collection, records(), &progress).await?;
        }
        drop(progress);
        for schedule in &self.schedules {
            put_schedule(stack, schedule).await?;
        }
        Ok(begun.elapsed())
    }

    /// Prints how much there is of what.
    pub fn print(&self, took: Duration) {
        for (collection, records) in &self.records {
            terminal::answer(&format!("{collection:<24} {:>10}", records.len()));
        }
        if !self.schedules.is_empty() {
            terminal::answer(&format!("{:<24} {:>10}", "schedules", self.schedules.len()));
        }
        terminal::answer(&format!("written in {}", terminal::seconds(took)));
    }
}

fn as_record(collection: &Collection, attributes: &Attributes) -> Record {
    let text = |name: &str| attributes.get(name).and_then(Value::as_str);
    let sort = collection.key.sort.as_deref().and_then(text);
    let partition = text(&collection.key.partition).unwrap_or_default();
    Record {
        key: RecordKey::stored(partition, sort),
        attributes: attributes.clone(),
    }
}

/// Makes an entry that will not fire as long as anybody looks. One that is there is left as it is.
async fn put_schedule(stack: &StackFile, name: &str) -> Result<()> {
    let client = http::client(Duration::from_secs(30))?;
    let url = format!("{}/schedules/{name}", stack.endpoints.aws);
    let body = json!({
        "GroupName": stack.schedule_group,
        "ScheduleExpression": "at(2099-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": "arn:aws:sqs:us-east-1:000000000000:nowhere",
            "RoleArn": "arn:aws:iam::000000000000:role/nobody",
        },
    });
    let request = http::signed(&client, Method::POST, &url, "scheduler")
        .header("content-type", "application/json")
        .body(body.to_string());
    let answer = request.send().await.context("make a schedule")?;
    if answer.status().as_u16() == 409 {
        return Ok(());
    }
    http::read(answer, &format!("making schedule {name}"))
        .await
        .map(|_| ())
}

/// A UUID that the same tenant, seed and number always give: FNV-1a, which is enough to tell tenants apart.
fn uuid(tenant: &str, seed: u64, number: usize) -> String {
    let hash = tenant.bytes().chain(seed.to_be_bytes());
    let hash = hash.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let (high, middle, low) = (hash >> 32, (hash >> 16) & 0xffff, hash & 0xfff);
    format!("{high:08x}-{middle:04x}-4{low:03x}-8000-{number:012x}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use tombstone::collections::read as collections;

    fn generated() -> Vec<Area> {
        [Kind::Tasks, Kind::Learners, Kind::Chat, Kind::Notifications]
            .map(|kind| Area::generated(kind, "t", 3, 1).unwrap())
            .into()
    }

    #[test]
    fn every_generated_record_has_its_key_its_tenant_and_its_parents_key() {
        let collections = collections(None).unwrap();
        for area in generated() {
            for (name, records) in &area.records {
                let collection = collections.get(name).unwrap();
                let parent = collection.parent.iter().flat_map(|parent| &parent.by);
                let needed = collection
                    .key
                    .attributes()
                    .chain(collection.tenant.attribute())
                    .chain(parent.map(String::as_str));
                for attribute in needed {
                    for record in records {
                        let text = record.get(attribute).and_then(Value::as_str);
                        assert!(
                            text.is_some_and(|text| !text.is_empty()),
                            "{attribute} of {name}: {record:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn no_two_generated_records_have_one_key() {
        let collections = collections(None).unwrap();
        for area in generated() {
            for (name, records) in &area.records {
                let collection = collections.get(name).unwrap();
                let keys: BTreeSet<RecordKey> = records
                    .iter()
                    .map(|record| as_record(collection, record).key)
                    .collect();
                assert_eq!(keys.len(), records.len(), "{name}");
            }
        }
    }

    #[test]
    fn every_task_has_its_schedule_under_the_name_that_the_file_says() {
        let area = Area::generated(Kind::Tasks, "t", 3, 1).unwrap();
        for (task, schedule) in area.records["tasks"].iter().zip(&area.schedules) {
            assert_eq!(
                *schedule,
                format!("task-{}", task["task_uuid"].as_str().unwrap())
            );
        }
        assert_eq!(area.schedules.len(), 3);
    }
}
