//! Documents in memory, as they are after writes of clients.

use serde_json::Value;

use super::{
    ANOTHERS, Document as CurrentValue, FakeDocuments, KEYWORD_BYTES, index, slot, writes,
};
use domain::collection::Collection;
use domain::document::{Document, is_its};
use ports::{Attempt, DependencyError, IndexDocuments, IndexOutcome};

impl IndexDocuments for FakeDocuments {
    async fn index(
        &self,
        collection: &Collection,
        document: &Document,
    ) -> Result<Attempt<IndexOutcome>, DependencyError> {
        let operation = "write a document";
        let state = &mut *self.begin(operation, 1, 1)?;
        writes(collection, operation)?;
        let (at, removed) = (&document.at, &mut state.removed);
        let index = index(&mut state.indexes, at, operation)?;
        let slot = slot(at);
        let held = index.get(&slot);
        let anothers = held.is_some_and(|held| !is_its(at, &held.source));
        let refusal = anothers.then(|| ANOTHERS.to_owned());
        let refusal = refusal
            .or_else(|| state.rejected.get(&at.id).cloned())
            .or_else(|| unfit(collection, document));
        if let Some(reason) = refusal {
            return Ok(Attempt::Done(IndexOutcome::Rejected(reason)));
        }
        let removed = removed.remove(&(at.index.clone(), slot.clone()));
        let held = index.entry(slot).or_insert_with(|| CurrentValue {
            source: super::Source::new(),
            seq_no: 0,
            version: removed.unwrap_or_default(),
        });
        held.write(&mut state.seq_no);
        held.source.extend(document.fields.clone());
        for name in &document.gone {
            held.source.remove(name);
        }
        Ok(Attempt::Done(IndexOutcome::Indexed))
    }
}

/// What a mapping refuses: a keyword that is too long, a text that is an object.
fn unfit(collection: &Collection, document: &Document) -> Option<String> {
    let spec = collection.document.iter();
    let fields: Vec<&str> = spec
        .flat_map(|spec| spec.fields.iter().map(|name| spec.field(name)))
        .collect();
    document.fields.iter().find_map(|(name, value)| {
        let searched = fields.contains(&name.as_str());
        match value {
            Value::Object(_) => Some(format!("`{name}` is an object")),
            Value::String(text) if !searched && text.len() > KEYWORD_BYTES => {
                Some(format!("`{name}` is too long for a keyword"))
            }
            _ => None,
        }
    })
}
