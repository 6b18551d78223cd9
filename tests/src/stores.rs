//! Both stores, asked by plain clients.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, PutRequest, Select, WriteRequest};
use futures_util::stream::{self, TryStreamExt as _};
use local::stack::StackFile;
use reqwest::Client;
use serde_json::{Map, Value, json};

/// Attributes of a row, or fields of a document.
pub type Fields = Map<String, Value>;

/// The two stores of a stack.
#[derive(Debug, Clone)]
pub struct Stores {
    /// The tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    http: Client,
    opensearch: String,
    tables: String,
    indexes: String,
}

impl Stores {
    /// The stores of this stack.
    #[must_use]
    pub fn of(stack: &StackFile) -> Self {
        Self {
            dynamodb: stack.dynamodb(),
            http: local::http::client(Duration::from_mins(1)).unwrap(),
            opensearch: stack.endpoints.opensearch.clone(),
            tables: stack.table_prefix.clone(),
            indexes: stack.index_prefix.clone(),
        }
    }

    /// The real name of a table.
    #[must_use]
    pub fn table(&self, table: &str) -> String {
        format!("{}{table}", self.tables)
    }

    /// Puts rows.
    pub async fn put_rows(&self, table: &str, rows: &[Fields]) {
        let name = &self.table(table);
        let batches: Vec<Vec<WriteRequest>> = rows
            .chunks(25)
            .map(|rows| rows.iter().map(write_request).collect())
            .collect();
        stream::iter(batches.into_iter().map(Ok::<_, aws_sdk_dynamodb::Error>))
            .try_for_each_concurrent(4, |batch| async move {
                let mut left = HashMap::from([(name.clone(), batch)]);
                while !left.is_empty() {
                    let answer = self.dynamodb.batch_write_item();
                    let answer = answer.set_request_items(Some(left)).send().await?;
                    left = answer.unprocessed_items.unwrap_or_default();
                }
                Ok(())
            })
            .await
            .unwrap();
    }

    /// Puts documents, by their ids; they can be searched afterwards.
    pub async fn put_documents(&self, index: &str, documents: &[(String, Fields)]) {
        for chunk in documents.chunks(2_000) {
            let mut body = String::new();
            for (id, fields) in chunk {
                let action = json!({"index": {"_id": id}});
                let document = Value::Object(fields.clone()).to_string();
                body.extend([action.to_string().as_str(), "\n", &document, "\n"]);
            }
            let url = format!(
                "{}/{}{index}/_bulk?refresh=true",
                self.opensearch, self.indexes
            );
            let request = self
                .http
                .post(url)
                .header("content-type", "application/x-ndjson");
            let answer: Value = request
                .body(body)
                .send()
                .await
                .unwrap()
                .json()
                .await
                .unwrap();
            assert_eq!(answer["errors"], false, "{answer}");
        }
    }

    /// One row.
    pub async fn row(&self, table: &str, key: &[(&str, &str)]) -> Option<Fields> {
        let mut request = self
            .dynamodb
            .get_item()
            .table_name(self.table(table))
            .consistent_read(true);
        for (name, value) in key {
            request = request.key(*name, AttributeValue::S((*value).to_owned()));
        }
        request.send().await.unwrap().item.map(fields)
    }

    /// All rows of one partition.
    pub async fn partition(&self, table: &str, key: (&str, &str)) -> Vec<Fields> {
        self.items(&self.table(table), key).await
    }

    /// All items of one partition of a table with this real name.
    pub async fn items(&self, table: &str, (name, value): (&str, &str)) -> Vec<Fields> {
        let pages = self
            .dynamodb
            .query()
            .table_name(table)
            .consistent_read(true)
            .key_condition_expression("#k = :v")
            .expression_attribute_names("#k", name)
            .expression_attribute_values(":v", AttributeValue::S(value.to_owned()));
        let mut items = pages.into_paginator().items().send();
        let mut rows = Vec::new();
        while let Some(item) = items.next().await {
            rows.push(fields(item.unwrap()));
        }
        rows
    }

    /// How many rows of a partition have this value in an attribute.
    pub async fn count_in_partition(
        &self,
        table: &str,
        (name, value): (&str, &str),
        (attribute, wanted): (&str, &str),
    ) -> usize {
        let pages = self
            .dynamodb
            .query()
            .table_name(self.table(table))
            .consistent_read(true)
            .select(Select::Count)
            .key_condition_expression("#k = :v")
            .filter_expression("#a = :w")
            .expression_attribute_names("#k", name)
            .expression_attribute_names("#a", attribute)
            .expression_attribute_values(":v", AttributeValue::S(value.to_owned()))
            .expression_attribute_values(":w", AttributeValue::S(wanted.to_owned()));
        let mut pages = pages.into_paginator().send();
        let mut count = 0;
        while let Some(page) = pages.next().await {
            count += page.unwrap().count;
        }
        usize::try_from(count).unwrap()
    }

    /// All rows of a table, with these attributes only.
    pub async fn scan(&self, table: &str, attributes: &[&str]) -> Vec<Fields> {
        let mut request = self
            .dynamodb
            .scan()
            .table_name(self.table(table))
            .consistent_read(true)
            .projection_expression(
                (0..attributes.len())
                    .map(|place| format!("#a{place}"))
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        for (place, attribute) in attributes.iter().enumerate() {
            request = request.expression_attribute_names(format!("#a{place}"), *attribute);
        }
        let mut items = request.into_paginator().items().send();
        let mut rows = Vec::new();
        while let Some(item) = items.next().await {
            rows.push(fields(item.unwrap()));
        }
        rows
    }

    /// Documents with this value in a field, by their ids; ten thousand at most.
    pub async fn documents(
        &self,
        index: &str,
        (field, value): (&str, &str),
    ) -> BTreeMap<String, Fields> {
        let query = json!({"size": 10_000, "query": {"term": {field: value}}});
        let answer = self.search(index, "_search", &query).await;
        let hits = answer["hits"]["hits"].as_array().unwrap();
        assert!(hits.len() < 10_000, "too many to be sure of");
        hits.iter()
            .map(|hit| {
                let id = hit["_id"].as_str().unwrap().to_owned();
                (id, hit["_source"].as_object().unwrap().clone())
            })
            .collect()
    }

    /// How many documents have all these values.
    pub async fn count_documents(&self, index: &str, terms: &[(&str, &str)]) -> usize {
        let filters: Vec<Value> = terms
            .iter()
            .map(|(field, value)| json!({"term": {*field: *value}}))
            .collect();
        let query = json!({"query": {"bool": {"filter": filters}}});
        let answer = self.search(index, "_count", &query).await;
        usize::try_from(answer["count"].as_u64().unwrap()).unwrap()
    }

    /// How many documents of a tenant, in the indexes of the mail example, carry a mark.
    pub async fn count_marked(&self, tenant: &str) -> usize {
        let mut count = 0;
        for index in ["discussions", "messages"] {
            let filters =
                json!([{"term": {"user_id": tenant}}, {"exists": {"field": "date_delete"}}]);
            let query = json!({"query": {"bool": {"filter": filters}}});
            let answer = self.search(index, "_count", &query).await;
            count += usize::try_from(answer["count"].as_u64().unwrap()).unwrap();
        }
        count
    }

    /// Refreshes first: what was written is looked at, not what happens to be searchable.
    async fn search(&self, index: &str, operation: &str, query: &Value) -> Value {
        let index = format!("{}/{}{index}", self.opensearch, self.indexes);
        let refresh = self.http.post(format!("{index}/_refresh"));
        refresh.send().await.unwrap().error_for_status().unwrap();
        let request = self.http.post(format!("{index}/{operation}")).json(query);
        let answer = request.send().await.unwrap().error_for_status().unwrap();
        answer.json().await.unwrap()
    }
}

fn write_request(row: &Fields) -> WriteRequest {
    let item = row.iter().map(|(name, value)| {
        let value = match value {
            Value::Null => AttributeValue::Null(true),
            value => AttributeValue::S(value.as_str().unwrap().to_owned()),
        };
        (name.clone(), value)
    });
    let put = PutRequest::builder().set_item(Some(item.collect()));
    WriteRequest::builder()
        .put_request(put.build().unwrap())
        .build()
}

fn fields(item: HashMap<String, AttributeValue>) -> Fields {
    item.into_iter()
        .map(|(name, value)| {
            let value = match value {
                AttributeValue::S(text) => Value::String(text),
                AttributeValue::N(number) => serde_json::from_str(&number).unwrap(),
                AttributeValue::Null(_) => Value::Null,
                other => Value::String(format!("{other:?}")),
            };
            (name, value)
        })
        .collect()
}
