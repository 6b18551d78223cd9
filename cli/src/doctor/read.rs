//! Reading: one call of a store each, and nothing that writes. What a store refuses becomes a finding, and the rest goes on.

pub mod documents;
pub mod others;
pub mod referenced;
pub mod sample;
pub mod tables;
mod trouble;

use aws::TableNames;
use aws_sdk_dynamodb::Client;
use domain::collection::Collection;
use opensearch::OpenSearch;
use reqwest::Url;

use crate::search::SearchKind;

/// What is read from.
#[derive(Debug, Clone)]
pub struct Stores {
    /// The tables.
    pub dynamodb: Client,
    /// How they are named.
    pub names: TableNames,
    /// The region, for what has to be allowed.
    pub region: String,
    /// The search, where there is one.
    pub search: Option<Search>,
}

/// A search domain or collection.
#[derive(Debug, Clone)]
pub struct Search {
    /// Asks it.
    pub client: OpenSearch,
    /// Which of the two it is.
    pub kind: SearchKind,
    /// Where it is.
    pub endpoint: Url,
    /// Put before a document's `index`.
    pub prefix: String,
}

impl Stores {
    /// The name of a collection's index, where it has documents and there is a search.
    #[must_use]
    pub fn index_of(&self, collection: &Collection) -> Option<String> {
        let search = self.search.as_ref()?;
        let document = collection.document.as_ref()?;
        Some(format!("{}{}", search.prefix, document.index.all()))
    }

    /// The ARN of a table, with `*` for the account, which nothing here knows.
    #[must_use]
    pub fn arn(&self, table: &str) -> String {
        let partition = match &*self.region {
            china if china.starts_with("cn-") => "aws-cn",
            government if government.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        format!("arn:{partition}:dynamodb:{}:*:table/{table}", self.region)
    }
}

/// What was read, and what could not be.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// `None` where it could not be read.
    pub value: Option<T>,
    /// Why not, or what is missing.
    pub findings: Vec<super::finding::Finding>,
    /// What it took, in read units of DynamoDB.
    pub units: f64,
}

impl<T> Answer<T> {
    /// What was read, with what it took.
    fn read(value: T, units: f64) -> Self {
        Self {
            value: Some(value),
            findings: Vec::new(),
            units,
        }
    }

    /// Nothing, and why.
    fn none(finding: super::finding::Finding) -> Self {
        Self {
            value: None,
            findings: vec![finding],
            units: 0.0,
        }
    }
}
