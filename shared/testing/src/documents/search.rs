//! Documents in memory, as a search finds them.

use serde_json::Value;

use super::{FakeDocuments, NAME, Source, has_documents};
use domain::key::RecordKey;
use domain::row::RowMark;
use ports::{DependencyError, SearchDocuments, SearchPage, SearchQuery};

impl SearchDocuments for FakeDocuments {
    async fn search(&self, query: SearchQuery<'_>) -> Result<SearchPage, DependencyError> {
        let operation = "search";
        let state = &mut *self.begin(operation, 0, 0)?;
        let spec = has_documents(query.collection, operation)?;
        let name = spec.index.all();
        let missing =
            || DependencyError::refused(NAME, operation, format!("no such index: {name}"));
        let index = state.indexes.get(&name).ok_or_else(missing)?;
        let mut found: Vec<RecordKey> = index
            .values()
            .map(|document| &document.source)
            .filter(|source| shows(&query, source) && matches(&query, source))
            .filter_map(|source| {
                let schema = &query.collection.key;
                RecordKey::of_attributes(schema, |name, kind| {
                    kind.read(source.get(spec.field(name))?)
                })
            })
            .filter(|key| query.after.is_none_or(|after| key < after))
            .collect();
        found.sort_by(|one, other| other.cmp(one));
        found.dedup();
        let is_full = found.len() >= query.limit;
        found.truncate(query.limit);
        let next = found.last().filter(|_| is_full).cloned();
        Ok(SearchPage { hits: found, next })
    }
}

fn shows(query: &SearchQuery<'_>, source: &Source) -> bool {
    let spec = query.collection.document.as_ref();
    let text = |attribute: &str| {
        let field = spec.map_or(attribute, |spec| spec.field(attribute));
        source.get(field).and_then(Value::as_str)
    };
    let author = query.author.zip(query.collection.document_author());
    let tenant = query.collection.tenant.attribute();
    tenant.is_none_or(|attribute| {
        text(attribute) == Some(&*query.collection.tenant.text_of(query.tenant))
    }) && author.is_none_or(|(author, attribute)| text(attribute) == Some(author))
        && RowMark::of_document(query.collection, source).is_live()
}

/// Whether one of the words is found in the declared fields.
fn matches(query: &SearchQuery<'_>, source: &Source) -> bool {
    let spec = query.collection.document.iter();
    let fields = spec.flat_map(|spec| spec.fields.iter().map(|name| spec.field(name)));
    let texts: Vec<_> = fields
        .filter_map(|field| Some(source.get(field)?.as_str()?.to_lowercase()))
        .collect();
    let mut words = query.text.split_whitespace().map(str::to_lowercase);
    words.any(|word| {
        let word = word.trim_end_matches('*');
        texts.iter().any(|text| text.contains(word))
    })
}
