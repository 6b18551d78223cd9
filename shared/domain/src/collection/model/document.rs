//! What a file says of the documents of a collection: where they are, what their fields are called, and who writes them.

use std::collections::BTreeMap;

use super::index_name::IndexName;
use super::pattern::Pattern;
use super::template::IdTemplate;

/// The document of a record in the search index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSpec {
    /// The logical index, or an alias of one; the configuration puts a prefix before it.
    pub index: IndexName,
    /// How the document's id is made from the record's key.
    pub id: IdTemplate,
    /// Whether the file says that two records never get one id although the id does not say the whole key. Then a document
    /// is compared with its record before anything is done with it.
    pub is_unique: bool,
    /// The routing with which the documents are written, where they have one.
    pub routing: Option<Pattern>,
    /// What attributes are called in the document, where that is not their own name.
    pub names: BTreeMap<String, String>,
    /// What is behind the name of a field where it is compared and sorted as a whole, such as `.keyword`; mostly nothing.
    pub exact: String,
    /// Who writes it.
    pub copy: Copied,
    /// The searched fields. Beside them a document has the tenant, the key and the marks.
    pub fields: Vec<String>,
}

/// Who writes the documents of a collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Copied {
    /// We do, or somebody who leaves our marks alone.
    #[default]
    ByUs,
    /// A stream or an ingestion pipeline, from the rows, late and again. We never write one.
    ByPipeline(Hide),
}

/// What becomes of a document that a pipeline writes when its record is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hide {
    /// The pipeline writes the row's mark into it.
    Mark,
    /// We remove it, and the pipeline brings it back when the row is written again.
    Remove,
}

impl Hide {
    /// The words of the files.
    pub(in crate::collection) const WORDS: [(&'static str, Self); 2] =
        [("mark", Self::Mark), ("remove", Self::Remove)];
}

impl Copied {
    /// Whether a pipeline writes the documents.
    #[must_use]
    pub fn is_by_pipeline(self) -> bool {
        matches!(self, Self::ByPipeline(_))
    }
}

impl DocumentSpec {
    /// What an attribute is called in the document.
    #[must_use]
    pub fn field<'a>(&'a self, attribute: &'a str) -> &'a str {
        self.names.get(attribute).map_or(attribute, String::as_str)
    }

    /// What is compared and sorted of a text: its field, as a whole.
    #[must_use]
    pub fn exact_field(&self, attribute: &str) -> String {
        format!("{}{}", self.field(attribute), self.exact)
    }

    /// The parts and attributes that say where a document is.
    pub fn place_names(&self) -> impl Iterator<Item = &str> {
        let routing = self.routing.iter().flat_map(Pattern::names);
        self.index.names().chain(self.id.names()).chain(routing)
    }
}
