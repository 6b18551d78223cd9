//! Documents in memory, as they are after writes of clients.

use serde_json::Value;

use super::{Document as CurrentValue, FakeDocuments, KEYWORD_BYTES, index};
use domain::collection::Collection;
use domain::document::Document;
use ports::{Attempt, DependencyError, IndexDocuments, IndexOutcome};

impl IndexDocuments for FakeDocuments {
    async fn index(
        &self,
        collection: &Collection,
        document: &Document,
    ) -> Result<Attempt<IndexOutcome>, DependencyError> {
        let operation = "write a document";
        let state = &mut *self.begin(operation, 1, 1)?;
        let index = index(&mut state.indexes, collection, operation)?;
        let refusal = state
            .rejected
            .get(&document.id)
            .cloned()
            .or_else(|| unfit(collection, document));
        if let Some(reason) = refusal {
            return Ok(Attempt::Done(IndexOutcome::Rejected(reason)));
        }
        state.seq_no += 1;
        let held = index
            .entry(document.id.clone())
            .or_insert_with(|| CurrentValue {
                source: super::Source::new(),
                seq_no: 0,
            });
        held.seq_no = state.seq_no;
        held.source.extend(document.fields.clone());
        for name in &document.gone {
            held.source.remove(name);
        }
        Ok(Attempt::Done(IndexOutcome::Indexed))
    }
}

/// What a mapping refuses: a keyword that is too long, a text that is an object.
fn unfit(collection: &Collection, document: &Document) -> Option<String> {
    let fields = collection
        .document
        .iter()
        .flat_map(|spec| &spec.fields)
        .collect::<Vec<_>>();
    document.fields.iter().find_map(|(name, value)| {
        let searched = fields.contains(&name);
        match value {
            Value::Object(_) => Some(format!("`{name}` is an object")),
            Value::String(text) if !searched && text.len() > KEYWORD_BYTES => {
                Some(format!("`{name}` is too long for a keyword"))
            }
            _ => None,
        }
    })
}
