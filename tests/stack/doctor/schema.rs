//! Schemas of others: their tables, items, indexes and documents, made on a running stack under a prefix of the test's own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use local::http::{self, json_call};
use local::stack::StackFile;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method};
use serde_json::{Map, Value, json};
use tests::stacks::say;

/// The key of tables that a team encrypts with its own.
pub(super) const KMS_KEY: &str = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d";

/// A schema as it is drawn.
pub(super) struct Schema(Value);

impl Schema {
    /// Reads one; where they are not there, the test is skipped, loudly.
    pub(super) fn read(name: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/schemas");
        let file = folder.join(format!("{name}.json"));
        let Ok(text) = std::fs::read_to_string(&file) else {
            say(&format!("SKIPPED: {} is not there", file.display()));
            return None;
        };
        Some(Self(serde_json::from_str(&text).unwrap()))
    }

    /// Makes all of it under this prefix.
    pub(super) async fn load(&self, stack: &StackFile, prefix: &str) {
        let dynamodb = Dynamo { stack, prefix };
        for table in self.0["tables"].as_array().unwrap() {
            dynamodb.create(table).await;
        }
        for item in self.0["items"].as_array().unwrap() {
            let name = item["table"].as_str().unwrap();
            dynamodb.put(name, &item["item"]).await;
        }
        let search = Search::of(stack, prefix);
        for document in self.0["documents"].as_array().into_iter().flatten() {
            search.put(document, &self.0["mapping"]).await;
        }
        search.refresh().await;
    }

    /// Removes the tables, which another test would list.
    pub(super) async fn remove(&self, stack: &StackFile, prefix: &str) {
        for table in self.0["tables"].as_array().unwrap() {
            let dynamodb = Dynamo { stack, prefix };
            dynamodb.remove(table["name"].as_str().unwrap()).await;
        }
    }
}

/// The tables of a stack.
pub(super) struct Dynamo<'a> {
    pub(super) stack: &'a StackFile,
    pub(super) prefix: &'a str,
}

impl Dynamo<'_> {
    async fn create(&self, table: &Value) {
        let mut types = Map::new();
        let mut key = |of: &Value| -> Value {
            let parts = [("hash", "HASH"), ("range", "RANGE")];
            let parts = parts.iter().filter(|(part, _)| of[*part].is_object());
            parts
                .map(|(part, kind)| {
                    let name = of[*part]["name"].as_str().unwrap();
                    types.insert(name.to_owned(), of[*part]["type"].clone());
                    json!({"AttributeName": name, "KeyType": kind})
                })
                .collect()
        };
        let mut body = json!({
            "TableName": self.name(table["name"].as_str().unwrap()),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": key(&table["key"]),
        });
        let indexes: Vec<Value> = table["indexes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|index| {
                json!({
                    "IndexName": index["name"], "KeySchema": key(index),
                    "Projection": projection(index["projection"].as_str().unwrap()),
                })
            })
            .collect();
        if !indexes.is_empty() {
            body["GlobalSecondaryIndexes"] = indexes.into();
        }
        body["AttributeDefinitions"] = types
            .iter()
            .map(|(name, kind)| json!({"AttributeName": name, "AttributeType": kind}))
            .collect();
        if let Some(view) = table["stream"].as_str() {
            body["StreamSpecification"] = json!({"StreamEnabled": true, "StreamViewType": view});
        }
        if table["customer_managed_key"] == true {
            body["SSESpecification"] =
                json!({"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": KMS_KEY});
        }
        self.call("CreateTable", &body).await;
        if let Some(attribute) = table["ttl_attribute"].as_str() {
            let body = json!({
                "TableName": body["TableName"],
                "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
            });
            self.call("UpdateTimeToLive", &body).await;
        }
    }

    async fn put(&self, table: &str, item: &Value) {
        let body = json!({"TableName": self.name(table), "Item": item});
        self.call("PutItem", &body).await;
    }

    /// Makes a table of a one-part key, with nothing in it.
    pub(super) async fn create_plain(&self, name: &str, key: &str) {
        let key = json!({"hash": {"name": key, "type": "S"}});
        let table = json!({"name": name, "key": key, "indexes": []});
        self.create(&table).await;
    }

    pub(super) async fn remove(&self, table: &str) {
        let body = json!({"TableName": self.name(table)});
        self.call("DeleteTable", &body).await;
    }

    pub(super) async fn call(&self, operation: &str, body: &Value) -> Value {
        let target = format!("DynamoDB_20120810.{operation}");
        json_call(&self.stack.endpoints.dynamodb, "dynamodb", &target, body)
            .await
            .unwrap()
    }

    fn name(&self, table: &str) -> String {
        format!("{}{table}", self.prefix)
    }
}

/// `ALL`, `KEYS_ONLY`, or `INCLUDE a, b`.
fn projection(text: &str) -> Value {
    match text.split_once(' ') {
        None => json!({"ProjectionType": text}),
        Some((kind, names)) => {
            let names: Vec<&str> = names.split(", ").collect();
            json!({"ProjectionType": kind, "NonKeyAttributes": names})
        }
    }
}

struct Search {
    client: Client,
    url: String,
    prefix: String,
}

impl Search {
    fn of(stack: &StackFile, prefix: &str) -> Self {
        Self {
            client: http::client(Duration::from_secs(30)).unwrap(),
            url: stack.endpoints.opensearch.clone(),
            prefix: prefix.to_owned(),
        }
    }

    async fn put(&self, document: &Value, mapping: &Value) {
        let text = |key: &str| document[key].as_str();
        let index = format!("{}{}", self.prefix, text("index").unwrap());
        self.create(&index, text("alias"), mapping).await;
        let id = utf8_percent_encode(text("id").unwrap(), NON_ALPHANUMERIC);
        let mut path = format!("/{index}/_doc/{id}?");
        if let Some(routing) = text("routing") {
            let routing = utf8_percent_encode(routing, NON_ALPHANUMERIC);
            let _written = write!(path, "routing={routing}&");
        }
        if let Some(version) = document["version"].as_u64() {
            let kind = text("version_type").unwrap();
            let _written = write!(path, "version={version}&version_type={kind}");
        }
        self.call(Method::PUT, &path, &document["source"]).await;
    }

    /// Makes an index, unless it is there.
    async fn create(&self, index: &str, alias: Option<&str>, mapping: &Value) {
        let there = self.client.head(format!("{}/{index}", self.url));
        if there.send().await.unwrap().status().is_success() {
            return;
        }
        let shards = mapping["shards"].as_u64().unwrap_or(1);
        let mut body = json!({"settings": {"number_of_shards": shards, "number_of_replicas": 0}});
        if let Some(fields) = mapping["properties"].as_object() {
            let fields = fields
                .iter()
                .map(|(name, kind)| (name.clone(), field(kind)));
            body["mappings"] = json!({"properties": fields.collect::<Map<_, _>>()});
        }
        if let Some(alias) = alias {
            let alias = format!("{}{alias}", self.prefix);
            body["aliases"] = json!({alias: {}});
        }
        self.call(Method::PUT, &format!("/{index}"), &body).await;
    }

    async fn refresh(&self) {
        let path = format!("/{}*/_refresh", self.prefix);
        self.call(Method::POST, &path, &json!({})).await;
    }

    async fn call(&self, method: Method, path: &str, body: &Value) {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let answer = request.json(body).send().await.unwrap();
        let status = answer.status();
        assert!(
            status.is_success(),
            "{path}: {}",
            answer.text().await.unwrap()
        );
    }
}

/// `keyword`, or a type with its format in brackets.
fn field(kind: &Value) -> Value {
    let kind = kind.as_str().unwrap();
    match kind.split_once(" (") {
        None => json!({"type": kind}),
        Some((kind, format)) => json!({"type": kind, "format": format.trim_end_matches(')')}),
    }
}

/// Writes the collection file of a test; answers its folder.
pub(super) fn write(name: &str, file: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(tests::stacks::unique(name));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.toml")), file).unwrap();
    folder
}
