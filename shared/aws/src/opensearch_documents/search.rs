//! Searching: only the documents are read; the rows are not known here.
//!
//! The filters on tenant and mark are part of the query itself: there is no way to search without them.

use ::opensearch::http::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::transport::{Request, RequestError};
use super::{INDEX, OpenSearchDocuments};
use domain::collection::{Collection, DocumentSpec, KeySchema};
use domain::key::RecordKey;
use ports::{DependencyError, Hit, SearchDocuments, SearchPage, SearchQuery};

const OPERATION: &str = "search";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    hits: Hits,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hits {
    hits: Vec<Found>,
}

#[derive(Debug, Deserialize)]
struct Found {
    #[serde(rename = "_source", default)]
    source: Map<String, Value>,
    sort: Value,
}

impl SearchDocuments for OpenSearchDocuments {
    async fn search(&self, query: SearchQuery<'_>) -> Result<SearchPage, DependencyError> {
        let (spec, index) = self.index(query.collection, OPERATION)?;
        let is_place = |after: &Value| is_place(&query.collection.key, after);
        if query.after.is_some_and(|after| !is_place(after)) {
            let error = RequestError::Answer("the place is not of this index".to_owned());
            return Err(DependencyError::refused(INDEX, OPERATION, error));
        }
        let request = Request {
            method: Method::Post,
            path: &format!("/{index}/_search"),
            query: &[
                ("filter_path", "hits.hits._source,hits.hits.sort"),
                // An unavailable shard would silently mean missing hits.
                ("allow_partial_search_results", "false"),
            ],
            content_type: "application/json",
            body: &body(spec, &query).to_string(),
        };
        let call = self.ask(OPERATION, &request);
        let Answer {
            hits: Hits { hits: found },
        } = self.in_time(OPERATION, call).await?;
        let more = found.len() >= query.limit;
        Ok(SearchPage {
            hits: found
                .into_iter()
                .filter_map(|found| hit(query.collection, found))
                .collect(),
            more,
        })
    }
}

impl OpenSearchDocuments {
    /// Whether the collection's index answers a search that matches nothing.
    ///
    /// # Errors
    ///
    /// When it does not answer, or is missing.
    pub(crate) async fn answers(&self, collection: &Collection) -> Result<(), DependencyError> {
        const OPERATION: &str = "tell whether it answers";
        let (_, index) = self.index(collection, OPERATION)?;
        let request = Request {
            method: Method::Post,
            path: &format!("/{index}/_search"),
            query: &[("filter_path", "took")],
            content_type: "application/json",
            body: r#"{"size":0,"track_total_hits":false}"#,
        };
        let call = self.ask::<IgnoredAny>(OPERATION, &request);
        self.in_time(OPERATION, call).await.map(|_| ())
    }
}

/// Whether this is a position at which a search in this index can continue: a score and the parts of a key, numbers
/// where a key is mapped as a date. The index answers some other positions as if it were broken.
fn is_place(key: &KeySchema, after: &Value) -> bool {
    after.as_array().is_some_and(|place| {
        place.len() == 1 + key.parts()
            && place[0].is_number()
            && place[1..]
                .iter()
                .all(|part| part.is_string() || part.is_number())
    })
}

/// What a text may say: words, phrases and prefixes, joined, negated and grouped. `FUZZY`, `NEAR` and `SLOP` are left
/// out: a fuzzy word becomes up to fifty words, and twenty of them exceed what a search may have.
const FLAGS: &str = "AND|OR|NOT|PREFIX|PHRASE|PRECEDENCE|ESCAPE|WHITESPACE";

fn body(spec: &DocumentSpec, query: &SearchQuery<'_>) -> Value {
    let SearchQuery {
        collection, tenant, ..
    } = query;
    let keys = || collection.key.attributes();
    let mut filter = vec![json!({ "term": { &*collection.tenant.attribute: tenant.as_str() } })];
    // Without its key a document belongs to no row.
    filter.extend(keys().map(|attribute| json!({ "exists": { "field": attribute } })));
    let mut sort = vec![json!({ "_score": "desc" })];
    sort.extend(
        keys()
            .map(|attribute| json!({ attribute: { "order": "asc", "unmapped_type": "keyword" } })),
    );
    let mut body = json!({
        "size": query.limit,
        "track_total_hits": false,
        "_source": keys().collect::<Vec<_>>(),
        "query": { "bool": {
            // Lenient: a word that is not a date or a number finds nothing, instead of failing.
            "must": [{ "simple_query_string": { "query": query.text, "fields": spec.fields, "flags": FLAGS, "lenient": true } }],
            "filter": filter,
            "must_not": [{ "exists": { "field": collection.marks.deleted_at } }],
        } },
        "sort": sort,
    });
    if let Some(after) = query.after {
        body["search_after"] = after.clone();
    }
    body
}

fn hit(collection: &Collection, found: Found) -> Option<Hit> {
    let KeySchema { partition, sort } = &collection.key;
    let part = |attribute: &str| {
        found
            .source
            .get(attribute)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let key = RecordKey {
        partition: part(partition)?,
        sort: match sort {
            Some(attribute) => Some(part(attribute)?),
            None => None,
        },
    };
    Some(Hit {
        key,
        place: found.sort,
    })
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

    #[test]
    fn every_search_is_filtered_by_tenant_and_mark() {
        let collections = Collections::for_tests(MAIL);
        let collection = collections.get("messages").unwrap();
        let tenant = Tenant::new("acme").unwrap();
        let after = json!([1.5, "d", "m"]);
        let query = SearchQuery {
            collection,
            tenant: &tenant,
            text: "a | -b",
            after: Some(&after),
            limit: 20,
        };

        let body = body(collection.document.as_ref().unwrap(), &query);

        assert_eq!(
            body["query"]["bool"]["filter"][0],
            json!({ "term": { "user_id": "acme" } })
        );
        assert_eq!(
            body["query"]["bool"]["must_not"],
            json!([{ "exists": { "field": "deleted_at" } }])
        );
        assert_eq!(
            body["query"]["bool"]["must"][0]["simple_query_string"]["query"],
            "a | -b"
        );
        let flags = &body["query"]["bool"]["must"][0]["simple_query_string"]["flags"];
        for costly in ["FUZZY", "NEAR", "SLOP", "ALL"] {
            assert!(!flags.as_str().unwrap().contains(costly), "{flags}");
        }
        assert_eq!(body["search_after"], after);
        assert_eq!(body["track_total_hits"], false);
    }
}
