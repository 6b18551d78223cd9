//! What a schema's documents are in: the fake, and real indexes with the schema's mapping, shards, aliases and routings.

use std::sync::Arc;
use std::time::Duration;

use aws::{OpenSearchDocuments, SearchAuth, search_transport};
use domain::collection::DocumentAt;
use serde_json::{Map, Value, json};
use testing::{Failing, FakeDocuments, FakeDomain, Faults};

use crate::on_tables::Search;
use crate::stores::opensearch::Indexes;

type Source = Map<String, Value>;

/// The longest time of one call.
const CALL: Duration = Duration::from_secs(20);

/// A search that others write, too.
pub(super) trait Written: Search {
    fn put_at(&self, at: &DocumentAt, source: Source) -> impl Future<Output = ()>;

    /// With a version of its writer's, which an index refuses where it has that one or a later one.
    fn put_version(
        &self,
        at: &DocumentAt,
        version: i64,
        source: Source,
    ) -> impl Future<Output = ()>;

    fn forget_at(&self, at: &DocumentAt) -> impl Future<Output = ()>;

    /// The same, with a version of its writer's.
    fn remove_version(&self, at: &DocumentAt, version: i64) -> impl Future<Output = ()>;

    /// Every document, by its id.
    fn all(&self) -> impl Future<Output = Vec<(String, Source)>>;
}

impl Written for FakeDocuments {
    async fn put_at(&self, at: &DocumentAt, source: Source) {
        FakeDocuments::put_at(self, at, source);
    }

    async fn put_version(&self, at: &DocumentAt, version: i64, source: Source) {
        let _is_new = FakeDocuments::put_version(self, at, version, source);
    }

    async fn forget_at(&self, at: &DocumentAt) {
        FakeDocuments::forget_at(self, at);
    }

    async fn remove_version(&self, at: &DocumentAt, version: i64) {
        let _was_older = FakeDocuments::remove_version(self, at, version);
    }

    async fn all(&self) -> Vec<(String, Source)> {
        let all = FakeDocuments::all(self).into_iter();
        all.map(|((_, id, _), source)| (id, source)).collect()
    }
}

/// Real indexes of one schema, taken away with the last of these.
#[derive(Clone)]
pub(super) struct RealIndexes(Arc<Indexes>);

impl RealIndexes {
    /// Those that the schema says, and these, empty; `None` where there is no OpenSearch.
    pub(super) async fn of(schema: &Value, also: &[&str]) -> Option<Self> {
        let mut indexes = Indexes::none()?;
        for name in also {
            indexes.make_with(name, &body(&schema["mapping"])).await;
        }
        let mut made: Vec<(&str, Option<&str>)> = Vec::new();
        for document in schema["documents"].as_array().expect("documents") {
            let name = document["index"].as_str().expect("an index");
            let alias = document["alias"].as_str();
            if !made.contains(&(name, alias)) {
                made.push((name, alias));
                indexes.make_with(name, &body(&schema["mapping"])).await;
                if let Some(alias) = alias {
                    indexes.name_also(name, alias, None).await;
                }
            }
        }
        Some(Self(Arc::new(indexes)))
    }

    /// Makes an index like the others of the schema, for a reindex.
    pub(super) async fn make(&mut self, name: &str, schema: &Value) {
        let indexes = Arc::get_mut(&mut self.0).expect("nothing else holds them");
        indexes.make_with(name, &body(&schema["mapping"])).await;
    }

    /// Moves an alias from one index to another.
    pub(super) async fn move_alias(&self, alias: &str, from: &str, to: &str) {
        self.0.name_also(to, alias, Some(from)).await;
    }
}

/// What makes an index with the mapping of a schema, which is drawn in words.
fn body(mapping: &Value) -> Value {
    let text = json!({ "type": "text", "fields": { "keyword": { "type": "keyword" } } });
    let of_words = |words: &Value| match words.as_str().expect("a word for each type") {
        "text with .keyword" => text.clone(),
        "date (epoch_millis)" => json!({ "type": "date", "format": "epoch_millis" }),
        word => json!({ "type": word }),
    };
    let mut properties = Map::new();
    for (name, words) in mapping["properties"].as_object().into_iter().flatten() {
        let mut of = &mut properties;
        let mut names = name.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                of.insert(name.to_owned(), of_words(words));
                break;
            }
            let below = of
                .entry(name)
                .or_insert_with(|| json!({ "properties": {} }));
            of = below["properties"].as_object_mut().expect("fields below");
        }
    }
    let mut templates = Vec::new();
    for (name, words) in mapping["dynamic_templates"]
        .as_object()
        .into_iter()
        .flatten()
    {
        if words != "by type" {
            templates.push(json!({ name: { "match": name, "mapping": of_words(words) } }));
        }
    }
    let shards = mapping["shards"].as_u64().unwrap_or(1);
    json!({
        "settings": { "number_of_shards": shards, "number_of_replicas": 0 },
        "mappings": { "properties": properties, "dynamic_templates": templates },
    })
}

impl Search for RealIndexes {
    type Documents = Failing<OpenSearchDocuments>;
    type Domain = Failing<FakeDomain>;

    fn documents(&self, faults: &Faults) -> Self::Documents {
        let transport = search_transport(self.0.endpoint(), SearchAuth::None);
        let transport = transport.expect("a transport");
        let documents = OpenSearchDocuments::new(transport, self.0.prefix(), CALL);
        Failing::new(documents, faults)
    }

    fn domain(&self, faults: &Faults) -> Self::Domain {
        Failing::new(FakeDomain::default(), faults)
    }
}

impl Written for RealIndexes {
    async fn put_at(&self, at: &DocumentAt, source: Source) {
        self.0.put_at(at, source).await;
    }

    async fn put_version(&self, at: &DocumentAt, version: i64, source: Source) {
        let _is_new = self.0.put_version(at, version, source).await;
    }

    async fn forget_at(&self, at: &DocumentAt) {
        self.0.remove_at(at, None).await;
    }

    async fn remove_version(&self, at: &DocumentAt, version: i64) {
        self.0.remove_at(at, Some(version)).await;
    }

    async fn all(&self) -> Vec<(String, Source)> {
        self.0.refresh().await;
        self.0.all().await
    }
}
