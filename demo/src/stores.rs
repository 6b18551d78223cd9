//! Both stores, read with plain clients behind the functions' back.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context as _, Result, bail};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::collection::Collection;
use domain::key::{RecordKey, RecordRef};
use jiff::Timestamp;
use local::load::{self, Mail};
use local::stack::StackFile;
use opensearch::{OpenSearch, SearchParts};
use serde_json::{Value, json};

use super::compare::{Liveness, Mark, Picture};

/// How many documents one search gives.
const HITS: usize = 5_000;

/// Plain clients of one stack.
#[derive(Debug)]
pub(super) struct Stores<'a> {
    stack: &'a StackFile,
    mail: Mail<'a>,
    dynamodb: aws_sdk_dynamodb::Client,
    opensearch: OpenSearch,
}

impl<'a> Stores<'a> {
    pub(super) fn new(stack: &'a StackFile, mail: Mail<'a>) -> Result<Self> {
        Ok(Self {
            stack,
            mail,
            dynamodb: stack.dynamodb(),
            opensearch: stack.opensearch()?,
        })
    }

    /// All rows; only those of one discussion, if one is named.
    pub(super) async fn rows(&self, discussion: Option<&str>) -> Result<Picture> {
        let mut picture = Picture::new();
        for collection in [self.mail.discussions, self.mail.messages] {
            self.read_table(collection, discussion, &mut picture)
                .await
                .context(format!("read the rows of {}", collection.name))?;
        }
        Ok(picture)
    }

    /// All documents; only those of one discussion, if one is named. What was written until now is seen.
    pub(super) async fn documents(&self, discussion: Option<&str>) -> Result<Picture> {
        let mut picture = Picture::new();
        for collection in [self.mail.discussions, self.mail.messages] {
            self.read_index(collection, discussion, &mut picture)
                .await
                .context(format!("read the documents of {}", collection.name))?;
        }
        Ok(picture)
    }

    /// Puts a message that nobody else would: behind the API's back, and without a document.
    pub(super) async fn put_message(
        &self,
        message: &BTreeMap<String, AttributeValue>,
    ) -> Result<()> {
        let table = load::table(self.stack, self.mail.messages);
        let mut request = self.dynamodb.put_item().table_name(table);
        for (name, value) in message {
            request = request.item(name, value.clone());
        }
        request.send().await.context("put a message").map(|_| ())
    }

    /// Takes the row of a message away.
    pub(super) async fn remove_message(&self, discussion: &str, message: &str) -> Result<()> {
        let messages = self.mail.messages;
        let sort = messages.key.sort.as_deref().unwrap_or_default();
        let request = self
            .dynamodb
            .delete_item()
            .table_name(load::table(self.stack, messages))
            .key(
                &messages.key.partition,
                AttributeValue::S(discussion.into()),
            )
            .key(sort, AttributeValue::S(message.into()));
        request.send().await.context("remove a message").map(|_| ())
    }

    async fn read_table(
        &self,
        collection: &Collection,
        discussion: Option<&str>,
        picture: &mut Picture,
    ) -> Result<()> {
        let names = attributes(collection);
        let aliases: HashMap<String, String> = (0..)
            .zip(&names)
            .map(|(place, name)| (format!("#a{place}"), (*name).to_owned()))
            .collect();
        let projection: Vec<&str> = aliases.keys().map(String::as_str).collect();
        let table = load::table(self.stack, collection);
        let mut from = None;
        loop {
            // A query and a scan differ in types, not in what they give here.
            let (items, next) = if let Some(discussion) = discussion {
                let answer = self
                    .dynamodb
                    .query()
                    .table_name(&table)
                    .consistent_read(true)
                    .key_condition_expression("#a0 = :discussion")
                    .expression_attribute_values(
                        ":discussion",
                        AttributeValue::S(discussion.to_owned()),
                    )
                    .set_expression_attribute_names(Some(aliases.clone()))
                    .projection_expression(projection.join(", "))
                    .set_exclusive_start_key(from)
                    .send()
                    .await
                    .context(format!("query {table}"))?;
                (answer.items, answer.last_evaluated_key)
            } else {
                let answer = self
                    .dynamodb
                    .scan()
                    .table_name(&table)
                    .consistent_read(true)
                    .set_expression_attribute_names(Some(aliases.clone()))
                    .projection_expression(projection.join(", "))
                    .set_exclusive_start_key(from)
                    .send()
                    .await
                    .context(format!("scan {table}"))?;
                (answer.items, answer.last_evaluated_key)
            };
            for item in items.unwrap_or_default() {
                let text = |name: &str| match item.get(name) {
                    Some(AttributeValue::S(text)) => Some(text.clone()),
                    _ => None,
                };
                add(collection, text, picture)?;
            }
            if next.is_none() {
                return Ok(());
            }
            from = next;
        }
    }

    async fn read_index(
        &self,
        collection: &Collection,
        discussion: Option<&str>,
        picture: &mut Picture,
    ) -> Result<()> {
        let index = load::index(self.stack, collection)?;
        load::refresh(&self.opensearch, &[&index]).await?;
        let query = discussion.map_or(
            json!({"match_all": {}}),
            |discussion| json!({"term": {collection.key.partition.clone(): discussion}}),
        );
        let sort: Vec<&str> = collection.key.attributes().collect();
        let mut body = json!({
            "size": HITS, "query": query, "sort": sort, "_source": attributes(collection), "track_total_hits": false,
        });
        loop {
            let answer = self
                .opensearch
                .search(SearchParts::Index(&[&index]))
                .body(&body)
                .send()
                .await
                .and_then(opensearch::http::response::Response::error_for_status_code)
                .context(format!("search {index}"))?;
            let answer: Value = answer.json().await.context(format!("search {index}"))?;
            let hits = answer["hits"]["hits"]
                .as_array()
                .context("an answer without hits")?;
            for hit in hits {
                let text = |name: &str| hit["_source"][name].as_str().map(str::to_owned);
                add(collection, text, picture)?;
            }
            match hits.last() {
                Some(last) if hits.len() == HITS => body["search_after"] = last["sort"].clone(),
                _ => return Ok(()),
            }
        }
    }
}

/// What is read of a record, the partition key first.
fn attributes(collection: &Collection) -> Vec<&str> {
    let marks = [
        collection.marks.deleted_at.as_str(),
        &collection.marks.deletion_id,
    ];
    let tenant = collection.tenant.attribute();
    let attributes = collection.key.attributes().chain(tenant);
    attributes.chain(marks).collect()
}

fn add(
    collection: &Collection,
    text: impl Fn(&str) -> Option<String>,
    picture: &mut Picture,
) -> Result<()> {
    let partition = text(&collection.key.partition).context("a record without its key")?;
    let sort = collection.key.sort.as_ref().and_then(|sort| text(sort));
    let mark = text(&collection.marks.deleted_at)
        .map(|date| {
            let deleted_at: Timestamp = date.parse().context(format!("understand {date}"))?;
            let deletion = text(&collection.marks.deletion_id).unwrap_or_default();
            Ok::<_, anyhow::Error>(Mark {
                deleted_at,
                deletion,
            })
        })
        .transpose()?;
    let record = RecordRef {
        collection: collection.name.clone(),
        key: RecordKey::stored(partition, sort.as_deref()),
    };
    let standing = Liveness {
        tenant: collection
            .tenant
            .attribute()
            .and_then(&text)
            .unwrap_or_default(),
        mark,
    };
    let twice = picture.insert(record, standing).is_some();
    if twice {
        bail!("two documents of one record in {}", collection.name);
    }
    Ok(())
}
