//! Indexes in the stack's OpenSearch, made for one test and taken away with it.

use domain::collection::{Collection, Collections, DocumentAt};
use reqwest::{Client, StatusCode};
use serde_json::{Map, Value, json};
use testing::at_id;

use super::{endpoint, unique};

/// Indexes of their own for one test, and a way to look behind the adapter.
pub(crate) struct Indexes {
    client: Client,
    endpoint: String,
    prefix: String,
    names: Vec<String>,
}

impl Indexes {
    /// A prefix for indexes, and none yet; `None` where there is no OpenSearch.
    pub(crate) fn none() -> Option<Self> {
        Some(Self {
            client: Client::new(),
            endpoint: endpoint("opensearch")?,
            prefix: format!("{}-", unique("contract")),
            names: Vec::new(),
        })
    }

    /// The indexes of these collections, empty; `None` where there is no OpenSearch.
    pub(crate) async fn of(collections: &Collections) -> Option<Self> {
        let mut indexes = Self::none()?;
        for collection in collections.iter() {
            if let Some(name) = indexes.name(collection) {
                indexes.send("PUT", &name, Some(mapping(collection))).await;
                indexes.names.push(name);
            }
        }
        Some(indexes)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// An index of this name with five shards, in which every text is compared as a whole under `.keyword`.
    pub(crate) async fn make(&mut self, name: &str) {
        let text = json!({ "type": "text", "fields": { "keyword": { "type": "keyword" } } });
        let texts = json!({ "match_mapping_type": "string", "mapping": text });
        let body = json!({
            "settings": { "number_of_shards": 5, "number_of_replicas": 0 },
            "mappings": { "dynamic_templates": [{ "texts": texts }] },
        });
        self.make_with(name, &body).await;
    }

    /// An index of this name with these settings and mappings.
    pub(crate) async fn make_with(&mut self, name: &str, body: &Value) {
        let name = format!("{}{name}", self.prefix);
        self.send("PUT", &name, Some(body.clone())).await;
        self.names.push(name);
    }

    /// Names an index by an alias, too; of an index that had it before, no more.
    pub(crate) async fn name_also(&self, index: &str, alias: &str, not: Option<&str>) {
        let named = |index: &str| json!({ "index": format!("{}{index}", self.prefix), "alias": format!("{}{alias}", self.prefix) });
        let mut actions = vec![json!({ "add": named(index) })];
        actions.extend(not.map(|index| json!({ "remove": named(index) })));
        let body = json!({ "actions": actions });
        self.send("POST", "_aliases", Some(body)).await;
    }

    /// Every document of these indexes that a search shows, with its id.
    pub(crate) async fn all(&self) -> Vec<(String, Map<String, Value>)> {
        let path = format!("{}*/_search", self.prefix);
        let body = json!({ "size": 1000, "sort": ["_index", "_id"] });
        let answer = self.send("POST", &path, Some(body)).await;
        let hits = answer["hits"]["hits"].as_array().expect("hits").iter();
        let hit = |hit: &Value| {
            let id = hit["_id"].as_str()?.to_owned();
            Some((id, hit["_source"].as_object()?.clone()))
        };
        hits.filter_map(hit).collect()
    }

    /// Removes a document, as its owner might; with a version of its writer's, if it is older.
    pub(crate) async fn remove_at(&self, at: &DocumentAt, version: Option<i64>) {
        let mut place = match version {
            Some(version) => json!({ "version": version, "version_type": "external" }),
            None => json!({}),
        };
        place["_id"] = json!(at.id);
        if let Some(routing) = &at.routing {
            place["routing"] = json!(routing);
        }
        let lines = format!("{}\n", json!({ "delete": place }));
        let _answer = self.bulk(at, lines).await;
    }

    pub(crate) async fn put(&self, collection: &Collection, id: &str, source: Map<String, Value>) {
        self.put_at(&at_id(collection, id), source).await;
    }

    pub(crate) async fn put_at(&self, at: &DocumentAt, source: Map<String, Value>) {
        let answer = self.write(at, json!({}), source).await;
        assert_eq!(answer["errors"], json!(false), "{answer}");
    }

    /// With a version of its writer's; whether it was accepted.
    pub(crate) async fn put_version(
        &self,
        at: &DocumentAt,
        version: i64,
        source: Map<String, Value>,
    ) -> bool {
        let version = json!({ "version": version, "version_type": "external" });
        let answer = self.write(at, version, source).await;
        let status = &answer["items"][0]["index"]["status"];
        assert!(
            *status == json!(409) || answer["errors"] == json!(false),
            "{answer}"
        );
        *status != json!(409)
    }

    async fn write(&self, at: &DocumentAt, mut place: Value, source: Map<String, Value>) -> Value {
        // `_bulk` takes an id in the body, where every character is itself.
        place["_id"] = json!(at.id);
        if let Some(routing) = &at.routing {
            place["routing"] = json!(routing);
        }
        let lines = format!("{}\n{}\n", json!({ "index": place }), Value::Object(source));
        self.bulk(at, lines).await
    }

    async fn bulk(&self, at: &DocumentAt, lines: String) -> Value {
        let url = format!("{}/{}{}/_bulk", self.endpoint, self.prefix, at.index);
        let request = self
            .client
            .post(url)
            .header("content-type", "application/x-ndjson")
            .body(lines);
        let answer = request.send().await.expect("OpenSearch answers");
        answer.json().await.expect("it is JSON")
    }

    pub(crate) async fn get(
        &self,
        collection: &Collection,
        id: &str,
    ) -> Option<Map<String, Value>> {
        self.get_at(&at_id(collection, id)).await
    }

    pub(crate) async fn get_at(&self, at: &DocumentAt) -> Option<Map<String, Value>> {
        let path = format!("{}{}/_mget", self.prefix, at.index);
        let mut asked = json!({ "_id": at.id });
        if let Some(routing) = &at.routing {
            asked["routing"] = json!(routing);
        }
        let answer = self
            .send("POST", &path, Some(json!({ "docs": [asked] })))
            .await;
        answer["docs"][0]["_source"].as_object().cloned()
    }

    pub(crate) async fn drop_index(&self, collection: &Collection) {
        self.send(
            "DELETE",
            &self.name(collection).expect("it has documents"),
            None,
        )
        .await;
    }

    pub(crate) async fn has_index(&self, collection: &Collection) -> bool {
        let url = format!(
            "{}/{}",
            self.endpoint,
            self.name(collection).expect("it has documents")
        );
        let status = self
            .client
            .head(url)
            .send()
            .await
            .expect("OpenSearch answers")
            .status();
        status != StatusCode::NOT_FOUND
    }

    pub(crate) async fn refresh(&self) {
        self.send("POST", &format!("{}*/_refresh", self.prefix), None)
            .await;
    }

    fn name(&self, collection: &Collection) -> Option<String> {
        let name = collection.document.as_ref()?.index.fixed()?;
        Some(format!("{}{name}", self.prefix))
    }

    async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let method = method.parse().expect("a method");
        let mut request = self
            .client
            .request(method, format!("{}/{path}", self.endpoint));
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("OpenSearch answers");
        let status = answer.status();
        let body: Value = answer.json().await.expect("it is JSON");
        assert!(status.is_success(), "{path}: {status}: {body}");
        body
    }
}

impl Drop for Indexes {
    /// In a thread, because there is no waiting here; a test that failed leaves nothing behind either.
    fn drop(&mut self) {
        let urls: Vec<_> = self
            .names
            .iter()
            .map(|name| format!("{}/{name}", self.endpoint))
            .collect();
        let removal = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                for url in urls {
                    let _may_be_gone = Client::new().delete(url).send().await;
                }
            });
        });
        let _did_what_it_could = removal.join();
    }
}

/// Only what is declared, so that a forgotten field is seen.
fn mapping(collection: &Collection) -> Value {
    let mut properties = Map::new();
    let mut map =
        |name: &str, kind: &str| properties.insert(name.to_owned(), json!({ "type": kind }));
    for name in collection
        .key
        .attributes()
        .chain(collection.tenant.attribute())
    {
        map(name, "keyword");
    }
    if let Some(author) = &collection.author {
        map(&author.attribute, "keyword");
    }
    map(&collection.marks.deleted_at, "date");
    map(&collection.marks.deleted_by, "keyword");
    map(&collection.marks.deletion_id, "keyword");
    for field in collection
        .document
        .iter()
        .flat_map(|document| &document.fields)
    {
        map(field, "text");
    }
    map("note", "text");
    json!({
        "settings": { "number_of_shards": 1, "number_of_replicas": 0 },
        "mappings": { "dynamic": "strict", "properties": properties },
    })
}
