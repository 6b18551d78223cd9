//! The document of a record in the search index: where it is, what its fields are called, and who writes it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::index_name::IndexName;
use super::pattern::{Known, Pattern};
use super::record::Collection;
use super::template::{IdError, IdTemplate};
use crate::key::RecordKey;

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

/// Where a document is.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentAt {
    /// Its logical index.
    pub index: String,
    /// Its id.
    pub id: String,
    /// The routing with which it was written.
    pub routing: Option<String>,
    /// What it must say to be the record's, by field; empty where its id says so.
    pub says: Map<String, Value>,
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

impl Collection {
    /// Where the document of the record with this key is; `held` is the text of its row in an attribute beside the key.
    /// `None` where the collection has no documents.
    ///
    /// # Errors
    ///
    /// [`IdError`] when that cannot be said of this record.
    pub fn document_at<'a>(
        &self,
        key: &'a RecordKey,
        held: impl Fn(&str) -> Option<&'a str>,
    ) -> Result<Option<DocumentAt>, IdError> {
        let Some(spec) = &self.document else {
            return Ok(None);
        };
        let value = |name: &str| self.part(key, &held, name);
        let routing = match &spec.routing {
            None => None,
            Some(routing) => match routing.write(value) {
                Ok(Known::Whole(routing)) => Some(routing),
                Ok(Known::Beginning(_)) => {
                    let mut names = routing.names();
                    let missing = names.find(|name| value(name).is_none());
                    return Err(IdError::NoRouting {
                        attribute: missing.unwrap_or_default().to_owned(),
                    });
                }
                Err(error) => {
                    return Err(IdError::NoRouting {
                        attribute: error.part,
                    });
                }
            },
        };
        let mut says = Map::new();
        if spec.is_unique {
            for ((attribute, form), value) in self.key.each().zip(key.values()) {
                says.insert(spec.field(attribute).to_owned(), form.kind.value(value));
            }
            if let Some(attribute) = self.tenant.attribute() {
                let tenant = value(attribute).ok_or_else(|| IdError::Missing {
                    attribute: attribute.to_owned(),
                })?;
                says.insert(spec.field(attribute).to_owned(), tenant.into());
            }
        }
        Ok(Some(DocumentAt {
            index: spec.index.render(value)?,
            id: spec.id.render(value)?,
            routing,
            says,
        }))
    }

    /// Whether a pipeline writes the documents of this collection.
    #[must_use]
    pub fn is_piped(&self) -> bool {
        let spec = self.document.as_ref();
        spec.is_some_and(|spec| spec.copy.is_by_pipeline())
    }
}

#[cfg(test)]
mod tests;
