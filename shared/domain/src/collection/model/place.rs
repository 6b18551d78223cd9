//! Where the document of a record is: in which index, under which id, with which routing.

use serde_json::{Map, Value};

use super::pattern::Known;
use super::record::Collection;
use super::template::IdError;
use crate::key::RecordKey;

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
