//! Indexes and mappings of all collections, here and on AWS.
//!
//! Nothing else creates an index: a missing one must stay a failed dependency, never look like "document missing".

pub mod access;
pub mod command;

use std::fmt;

use anyhow::{Context as _, Result, anyhow, bail};
use aws_config::SdkConfig;
use domain::collection::{Collection, Collections, DocumentSpec, TimeForm};
use opensearch::OpenSearch;
use opensearch::http::response::Response;
use opensearch::indices::{IndicesCreateParts, IndicesExistsParts, IndicesPutMappingParts};
use reqwest::Url;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::search;
pub use crate::search::SearchKind;

/// Where the indexes are to be, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// URL of the domain or collection.
    pub endpoint: Url,
    /// Which of the two it is.
    pub kind: SearchKind,
    /// Put before a document's `index`.
    pub prefix: String,
    /// Whose credentials sign the requests; `None` leaves them unsigned.
    pub signed: Option<SdkConfig>,
    /// Primary shards of a new index.
    pub shards: u32,
    /// Replicas of a new index.
    pub replicas: u32,
}

/// An index that is there, with its mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Its name, with the prefix.
    pub name: String,
    /// What was done for that.
    pub outcome: Outcome,
}

/// What was done with an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// There was none.
    Created,
    /// It was there, and has all fields of the mapping now.
    Updated,
    /// Nothing: a pipeline writes it, or it is another one for each kind of record.
    Others,
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.outcome {
            Outcome::Created => "created with its mapping",
            Outcome::Updated => "was there, and has its mapping",
            Outcome::Others => "left as it is: whoever writes the documents makes it",
        };
        write!(f, "{}: {what}", self.name)
    }
}

/// Creates what is missing, and brings the mappings of what is there up to date.
///
/// # Errors
///
/// When OpenSearch refuses: a field that has another type already, for instance.
pub async fn create(target: &Target, collections: &Collections) -> Result<Vec<Made>> {
    let client = client(target)?;
    let mut made = Vec::new();
    for collection in collections.iter() {
        if let Some(document) = &collection.document {
            let fixed = document
                .index
                .fixed()
                .filter(|_| !document.copy.is_by_pipeline());
            let Some(name) = fixed else {
                let name = format!("{}{}", target.prefix, document.index.all());
                let outcome = Outcome::Others;
                made.push(Made { name, outcome });
                continue;
            };
            let name = format!("{}{name}", target.prefix);
            let asked = create_one(&client, target, &name, mapping(collection, document)).await?;
            let outcome = match asked {
                Allowed::Yes(outcome) => outcome,
                Allowed::No(body) => {
                    let indexes = access::patterns(&target.prefix, collections);
                    let why = match target.kind {
                        SearchKind::Domain => {
                            access::domain_refusal(&target.prefix, &indexes, &body)
                        }
                        SearchKind::Serverless => access::serverless_refusal(&indexes, &body),
                    };
                    bail!("index {name}: {why}");
                }
            };
            made.push(Made { name, outcome });
        }
    }
    Ok(made)
}

/// What was done, or what was said with a 403.
#[derive(Debug)]
enum Allowed {
    Yes(Outcome),
    No(String),
}

async fn create_one(
    client: &OpenSearch,
    target: &Target,
    name: &str,
    mapping: Value,
) -> Result<Allowed> {
    let indices = client.indices();
    let exists = indices
        .exists(IndicesExistsParts::Index(&[name]))
        .send()
        .await
        .with_context(|| format!("look for the index {name} at {}", target.endpoint))?;
    match exists.status_code().as_u16() {
        200 => {
            let put = indices
                .put_mapping(IndicesPutMappingParts::Index(&[name]))
                .body(mapping)
                .send()
                .await;
            let put = put.with_context(|| format!("map {name}"))?;
            accepted(put, name, Outcome::Updated).await
        }
        404 => {
            let body = match target.kind {
                SearchKind::Domain => {
                    let settings = json!({"number_of_shards": target.shards, "number_of_replicas": target.replicas});
                    json!({"settings": settings, "mappings": mapping})
                }
                SearchKind::Serverless => json!({"mappings": mapping}),
            };
            let create = indices
                .create(IndicesCreateParts::Index(name))
                .body(body)
                .send()
                .await;
            let create = create.with_context(|| format!("create {name}"))?;
            accepted(create, name, Outcome::Created).await
        }
        // An answer to HEAD has no body.
        403 => Ok(Allowed::No(String::new())),
        other => Err(anyhow!("looking for index {name} was answered {other}")),
    }
}

async fn accepted(response: Response, name: &str, outcome: Outcome) -> Result<Allowed> {
    let status = response.status_code();
    if status.is_success() {
        return Ok(Allowed::Yes(outcome));
    }
    let text = response.text().await.unwrap_or_default();
    if status.as_u16() == 403 {
        return Ok(Allowed::No(text));
    }
    Err(anyhow!("index {name} was refused with {status}: {text}"))
}

fn client(target: &Target) -> Result<OpenSearch> {
    search::client(&target.endpoint, target.kind, target.signed.as_ref())
}

/// Everything that a query names, and nothing else: what other fields a document has is kept and not indexed.
fn mapping(collection: &Collection, document: &DocumentSpec) -> Value {
    let mut fields = Map::new();
    for field in &document.fields {
        fields.insert(document.field(field).to_owned(), json!({"type": "text"}));
    }
    let marks = &collection.marks;
    let tenant = collection.tenant.attribute();
    let keywords = collection.key.attributes().chain(tenant);
    let keywords = keywords.chain([marks.deleted_by.as_str(), marks.deletion_id.as_str()]);
    for keyword in keywords.chain(collection.document_author()) {
        let field = document.field(keyword).to_owned();
        fields.insert(field, exact(document, json!({"type": "keyword"})));
    }
    let time = match marks.form {
        // A date without a format takes milliseconds since 1970 as well.
        TimeForm::Text | TimeForm::Milliseconds => json!({"type": "date"}),
        TimeForm::Seconds => json!({"type": "date", "format": "epoch_second"}),
        TimeForm::Fraction => json!({"type": "double"}),
    };
    fields.insert(document.field(&marks.deleted_at).to_owned(), time);
    json!({"dynamic": "false", "properties": fields})
}

/// A field that is compared as a whole: itself, or what the file says is below it.
fn exact(document: &DocumentSpec, keyword: Value) -> Value {
    match document.exact.strip_prefix('.') {
        None => keyword,
        Some(below) => json!({"type": "text", "fields": {below: keyword}}),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;
    use crate::collections;

    /// Answers every request like a domain with fine-grained access control that does not know who asks.
    fn refusing() -> String {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let mut connection = connection.unwrap();
                let _request = connection.read(&mut [0; 4096]);
                let answer =
                    "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _gone = connection.write_all(answer.as_bytes());
            }
        });
        url
    }

    #[tokio::test]
    async fn a_refusal_of_a_domain_is_told_with_what_ends_it() {
        let target = |kind| Target {
            endpoint: refusing().parse().unwrap(),
            kind,
            prefix: "t-".to_owned(),
            signed: None,
            shards: 1,
            replicas: 1,
        };
        let collections = collections::read(None).unwrap();

        let domain = create(&target(SearchKind::Domain), &collections).await;
        let serverless = create(&target(SearchKind::Serverless), &collections).await;

        let domain = format!("{:#}", domain.unwrap_err());
        assert!(domain.contains("rolesmapping/t-index"), "{domain}");
        let serverless = format!("{:#}", serverless.unwrap_err());
        assert!(serverless.contains("aoss:CreateIndex"), "{serverless}");
    }

    #[test]
    fn every_field_of_a_query_is_mapped_and_nothing_else_is_indexed() {
        let collections = collections::read(None).unwrap();
        let messages = collections.get("messages").unwrap();

        let mapping = mapping(messages, messages.document.as_ref().unwrap());

        assert_eq!(mapping["dynamic"], "false");
        let fields = &mapping["properties"];
        assert_eq!(fields["body"]["type"], "text");
        for keyword in [
            "discussion_id",
            "message_id",
            "user_id",
            "deletion_id",
            "deleted_by",
        ] {
            assert_eq!(fields[keyword]["type"], "keyword", "{keyword}");
        }
        assert_eq!(fields[messages.marks.deleted_at.as_str()]["type"], "date");
    }

    #[test]
    fn a_key_that_is_made_of_parts_is_mapped_as_the_documents_have_it() {
        let file = domain::collection::SourceFile {
            name: "versions.toml".to_owned(),
            text: r#"
[versions]
table     = "resources"
key       = [{ attribute = "id", is = "{tenant}|{resource}" }, { attribute = "vid", type = "N" }]
tenant    = { part = "tenant" }
document  = { index = "versions", id = "{tenant}~{resource}~{vid}", fields = [] }
strategy  = "flag"
retention = "30d"
"#
            .to_owned(),
        };
        let collections = domain::collection::Collections::from_files(&[file]).unwrap();
        let versions = collections.get("versions").unwrap();

        let mapping = mapping(versions, versions.document.as_ref().unwrap());

        let fields = mapping["properties"].as_object().unwrap();
        // A number of DynamoDB has up to 38 digits, which only a keyword keeps.
        assert_eq!(fields["id"]["type"], "keyword");
        assert_eq!(fields["vid"]["type"], "keyword");
        for part in ["tenant", "resource"] {
            assert!(!fields.contains_key(part), "{part}");
        }
    }
}
