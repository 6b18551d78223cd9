//! Searching: only the documents are read; the rows are not known here.
//!
//! The filters on tenant and mark are part of the query itself: there is no way to search without them. The text is a
//! filter too: nothing is scored, because scores are counted over the documents of all tenants, and move with each write.

use ::opensearch::http::Method;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value, json};

use super::transport::Request;
use super::{OpenSearchDocuments, has_documents};
use domain::collection::{Collection, DocumentSpec, KeyKind, KeySchema};
use domain::key::RecordKey;
use ports::{DependencyError, SearchDocuments, SearchPage, SearchQuery};

const OPERATION: &str = "search";

/// The answer to a search; a filtered answer leaves out what is empty.
#[derive(Debug, Deserialize)]
struct Answer<T> {
    hits: Option<Hits<T>>,
}

#[derive(Debug, Deserialize)]
struct Hits<T> {
    hits: Option<Vec<T>>,
}

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "_source", default)]
    source: Map<String, Value>,
    #[serde(default)]
    sort: Vec<Value>,
}

impl SearchDocuments for OpenSearchDocuments {
    async fn search(&self, query: SearchQuery<'_>) -> Result<SearchPage, DependencyError> {
        let spec = has_documents(query.collection, OPERATION)?;
        let index = self.real(&spec.index.all());
        let fields = "hits.hits._source,hits.hits.sort";
        let body = body(spec, &query);
        let found: Vec<Found> = self.hits(OPERATION, &index, fields, &body).await?;
        let key = &query.collection.key;
        let last = found.last().filter(|_| found.len() >= query.limit);
        let next = last.and_then(|last| place(spec, key, last));
        let mut hits: Vec<RecordKey> = found
            .iter()
            .filter_map(|found| hit(spec, key, &found.source))
            .collect();
        // Another writer may have stored a second document of a record beside ours; it has the same place.
        hits.dedup();
        Ok(SearchPage { hits, next })
    }
}

impl OpenSearchDocuments {
    /// What a search of an index finds; `fields` is the part of the answer that is wanted.
    ///
    /// # Errors
    ///
    /// When it does not answer, or is missing.
    pub(super) async fn hits<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        index: &str,
        fields: &str,
        body: &Value,
    ) -> Result<Vec<T>, DependencyError> {
        let request = Request {
            method: Method::Post,
            path: &format!("/{index}/_search"),
            query: &[
                ("filter_path", fields),
                // An unavailable shard would silently mean missing hits.
                ("allow_partial_search_results", "false"),
            ],
            content_type: "application/json",
            body: &body.to_string(),
        };
        let call = self.ask::<Answer<T>>(operation, &request);
        let answer = self.in_time(operation, call).await?;
        let found = answer.hits.and_then(|found| found.hits);
        Ok(found.unwrap_or_default())
    }

    /// Whether the collection's index answers a search that matches nothing.
    ///
    /// # Errors
    ///
    /// When it does not answer, or is missing.
    pub(crate) async fn answers(&self, collection: &Collection) -> Result<(), DependencyError> {
        const OPERATION: &str = "tell whether it answers";
        let spec = has_documents(collection, OPERATION)?;
        let index = self.real(&spec.index.all());
        let request = Request {
            method: Method::Post,
            path: &format!("/{index}/_search"),
            // One for each kind of record may be none so far: then nothing is wrong.
            query: &[("filter_path", "took"), ("allow_no_indices", "false")],
            content_type: "application/json",
            body: r#"{"size":0,"track_total_hits":false}"#,
        };
        let call = self.ask::<IgnoredAny>(OPERATION, &request);
        self.in_time(OPERATION, call).await.map(|_| ())
    }
}

/// What a text may say: words, phrases and prefixes, joined, negated and grouped. `FUZZY`, `NEAR` and `SLOP` are left
/// out: a fuzzy word becomes up to fifty words, and twenty of them exceed what a search may have.
const FLAGS: &str = "AND|OR|NOT|PREFIX|PHRASE|PRECEDENCE|ESCAPE|WHITESPACE";

fn body(spec: &DocumentSpec, query: &SearchQuery<'_>) -> Value {
    let SearchQuery {
        collection, tenant, ..
    } = query;
    let exact = |attribute: &str| match collection.key.kind_of(attribute) {
        KeyKind::Text => spec.exact_field(attribute),
        KeyKind::Number => spec.field(attribute).to_owned(),
    };
    let keys = || collection.key.attributes();
    let of_tenant = collection
        .tenant
        .attribute()
        .map(|name| json!({ "term": { exact(name): collection.tenant.text_of(tenant) } }));
    let mut filter: Vec<Value> = of_tenant.into_iter().collect();
    // Without its key a document belongs to no row.
    filter.extend(keys().map(|attribute| json!({ "exists": { "field": spec.field(attribute) } })));
    if let (Some(author), Some(attribute)) = (query.author, collection.document_author()) {
        filter.push(json!({ "term": { exact(attribute): author } }));
    }
    // Lenient: a word that is not a date or a number finds nothing, instead of failing.
    let fields: Vec<&str> = spec.fields.iter().map(|name| spec.field(name)).collect();
    filter.push(json!({ "simple_query_string": { "query": query.text, "fields": fields, "flags": FLAGS, "lenient": true } }));
    let sort = keys().map(
        |attribute| json!({ exact(attribute): { "order": "desc", "unmapped_type": "keyword" } }),
    );
    let mut body = json!({
        "size": query.limit,
        "track_total_hits": false,
        "_source": keys().map(|attribute| spec.field(attribute)).collect::<Vec<_>>(),
        "query": { "bool": {
            "filter": filter,
            "must_not": [{ "exists": { "field": spec.field(&collection.marks.deleted_at) } }],
        } },
        "sort": sort.collect::<Vec<_>>(),
    });
    if let Some(after) = query.after {
        let each = collection.key.each().zip(after.values());
        let values = each.map(|((_, form), value)| form.kind.value(value));
        body["search_after"] = values.collect();
    }
    body
}

/// The record whose document this is.
fn hit(spec: &DocumentSpec, key: &KeySchema, source: &Map<String, Value>) -> Option<RecordKey> {
    RecordKey::of_attributes(key, |attribute, kind| {
        kind.read(source.get(spec.field(attribute))?)
    })
}

/// Where a search continues behind this document: the values that it is sorted by, which are its key. They are also there
/// where the document itself holds no key in the form of one.
fn place(spec: &DocumentSpec, key: &KeySchema, found: &Found) -> Option<RecordKey> {
    let sorted = RecordKey::of_attributes(key, |attribute, kind| {
        let place = key.attributes().position(|name| name == attribute)?;
        kind.read(found.sort.get(place)?)
    });
    // Sorted by another form of it, such as the milliseconds of a date.
    sorted.or_else(|| hit(spec, key, &found.source))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::collection::Collections;
    use domain::principal::Tenant;

    const MAIL: &str = r#"
        [messages]
        table       = "messages"
        key         = ["discussion_id", "message_id"]
        tenant      = { attribute = "user_id", gsi = "by_user" }
        document    = { index = "messages", id = "{discussion_id}~{message_id}", fields = ["subject", "body"] }
        strategy    = "flag"
        retention   = "30d"
        serve       = ["search"]
        permissions = { read = ["member"], delete = ["member"] }
    "#;

    fn body_of(declared: &str, author: Option<&str>) -> Value {
        let collections = Collections::for_tests(declared);
        let collection = collections.get("messages").unwrap();
        let query = SearchQuery {
            collection,
            tenant: &Tenant::new("acme").unwrap(),
            author,
            text: "a | -b",
            after: Some(&RecordKey::stored("d", Some("m"))),
            limit: 20,
        };
        body(collection.document.as_ref().unwrap(), &query)
    }

    fn filters(body: &Value) -> &Vec<Value> {
        body["query"]["bool"]["filter"].as_array().unwrap()
    }

    #[test]
    fn every_search_is_filtered_by_tenant_and_mark() {
        let body = body_of(MAIL, None);

        assert_eq!(filters(&body)[0], json!({ "term": { "user_id": "acme" } }));
        assert_eq!(
            body["query"]["bool"]["must_not"],
            json!([{ "exists": { "field": "deleted_at" } }])
        );
        assert_eq!(body["track_total_hits"], false);
    }

    #[test]
    fn nothing_is_scored_and_the_order_is_that_of_the_keys() {
        let body = body_of(MAIL, None);

        let text = filters(&body).last().unwrap();
        assert_eq!(text["simple_query_string"]["query"], "a | -b");
        let flags = &text["simple_query_string"]["flags"];
        for costly in ["FUZZY", "NEAR", "SLOP", "ALL"] {
            assert!(!flags.as_str().unwrap().contains(costly), "{flags}");
        }
        let clauses = body["query"]["bool"].as_object().unwrap();
        assert!(!clauses.contains_key("must") && !clauses.contains_key("should"));
        assert!(!body.to_string().contains("_score"));
        let order =
            |attribute: &str| json!({ attribute: { "order": "desc", "unmapped_type": "keyword" } });
        assert_eq!(
            body["sort"],
            json!([order("discussion_id"), order("message_id")])
        );
        assert_eq!(body["search_after"], json!(["d", "m"]));
    }

    #[test]
    fn who_reads_only_their_own_searches_only_those() {
        let own = MAIL
            .replace(r#"read = ["member"]"#, r#"read = ["author"]"#)
            .replace(
                "strategy ",
                "author      = \"sender_id\"\n        strategy ",
            );
        let of_ann = json!({ "term": { "sender_id": "ann" } });

        assert!(filters(&body_of(&own, Some("ann"))).contains(&of_ann));
        assert!(!filters(&body_of(&own, None)).contains(&of_ann));
    }

    #[test]
    fn a_search_continues_behind_a_document_without_a_key_in_the_form_of_one() {
        let key = KeySchema::plain("d", Some("m"));
        let found = |source: Value, sort: &[Value]| Found {
            source: source.as_object().unwrap().clone(),
            sort: sort.to_vec(),
        };
        let expected = Some(RecordKey::stored("1", Some("2")));

        let listed = found(
            json!({ "d": ["1", "0"], "m": "2" }),
            &[json!("1"), json!("2")],
        );
        let collections = Collections::for_tests(MAIL);
        let messages = collections.get("messages").unwrap();
        let spec = messages.document.as_ref().unwrap();
        assert_eq!(hit(spec, &key, &listed.source), None);
        assert_eq!(place(spec, &key, &listed), expected);

        let dated = found(json!({ "d": "1", "m": "2" }), &[json!("1"), json!(2)]);
        assert_eq!(place(spec, &key, &dated), expected);
    }
}
