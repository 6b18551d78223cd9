//! What is behind the name of the search index. That there is nothing, the reader says.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let Some(search) = &subject.seen.search else {
        return Vec::new();
    };
    let spec = subject.collection.document.as_ref();
    let is_fixed = spec.is_none_or(|spec| spec.index.fixed().is_some());
    let is_routed = spec.is_some_and(|spec| spec.routing.is_some());
    let mut found = Vec::new();
    let names = search.names.join(", ");
    match search.names.as_slice() {
        [_, _, ..] if !is_fixed => {}
        [_, _, ..] => {
            let seen = format!(
                "the name is an alias of {names}: a document cannot be read or written by its id there"
            );
            let advice = "name one index, or let the alias be of one";
            let finding = Finding::new(Level::Error, Code::SearchAliasOfSeveral, seen, advice);
            found.push(finding.at("document.index"));
        }
        [name] if is_fixed && *name != search.asked => {
            let seen = format!(
                "the name is an alias of {names}: a reindex that moves it may leave marks behind"
            );
            let advice = "let no deletion run while the alias moves: a comparison repairs only what is there ten minutes after the end";
            let finding = Finding::new(Level::Note, Code::SearchAlias, seen, advice);
            found.push(finding.at("document.index"));
        }
        _ => {}
    }
    if search.requires_routing() && !is_routed {
        let seen = "the mapping requires a routing value: no request without one is answered";
        let advice = "write what the documents are routed by into the file, such as `routing = \"{customer_id}\"` in `document`";
        let finding = Finding::new(Level::Error, Code::RoutingRequired, seen, advice);
        found.push(finding.at("document"));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn an_alias_is_a_note_and_one_of_several_an_error() {
        let found = |names: &[&str]| {
            let given = Given::notes().search(names, &json!({}));
            codes(&given.find(check))
        };

        assert!(found(&["t-notes"]).is_empty());
        assert_eq!(found(&["t-2026-11"]), [Code::SearchAlias]);
        assert_eq!(found(&["t-1", "t-2"]), [Code::SearchAliasOfSeveral]);
    }

    #[test]
    fn an_index_that_requires_routing_is_an_error() {
        let mapping = json!({"_routing": {"required": true}});
        let given = Given::notes().search(&["t-notes"], &mapping);

        assert_eq!(codes(&given.find(check)), [Code::RoutingRequired]);
    }
}
