//! What a file says of documents that are not where their key alone says, and what it may not say.

use super::*;

/// [`BASE`] with more in the document of `messages`.
fn document(more: &str) -> String {
    errors_of(&base_with(
        "fields = [\"subject\"]",
        &format!("fields = [\"subject\"], {more}"),
    ))
}

#[test]
fn a_document_says_where_it_is_and_who_writes_it() {
    let text = base_with(
        "fields = [\"subject\"]",
        "fields = [\"subject\"], routing = \"{discussion_id}\", names = { user_id = \"str_user\" }, exact = \".keyword\", copy = \"pipeline\", hide = \"mark\"",
    );

    let collections = Collections::for_tests(&text);

    let spec = collections.get("messages").unwrap().document.as_ref();
    let spec = spec.unwrap();
    assert_eq!(spec.field("user_id"), "str_user");
    assert_eq!(spec.exact_field("user_id"), "str_user.keyword");
    assert_eq!(spec.copy, Copied::ByPipeline(Hide::Mark));
    assert_eq!(
        spec.routing.as_ref().unwrap().to_string(),
        "{discussion_id}"
    );
}

#[test]
fn a_pipeline_and_what_hides_its_documents_go_together() {
    for (more, message) in [
        (
            "copy = \"pipeline\"",
            "messages.document.hide: is missing; write \"mark\" if the pipeline copies the mark of a row into its document and takes it out again, \"remove\" if it does not",
        ),
        (
            "hide = \"mark\"",
            "messages.document.hide: says how documents of a pipeline are hidden, but no pipeline writes them; write `copy = \"pipeline\"`, or take it out",
        ),
        (
            "copy = \"stream\"",
            "messages.document.copy: \"stream\" is unknown; write \"pipeline\"",
        ),
    ] {
        assert_eq!(document(more), format!("mail.toml:15: {message}"));
    }
    let archived = base_with(
        "fields = [\"subject\"]",
        "fields = [\"subject\"], copy = \"pipeline\", hide = \"remove\"",
    )
    .replace("strategy = \"flag\"", "strategy = \"archive\"");
    let errors = errors_of(&archived);
    assert!(
        errors.contains(
            "the strategy \"archive\" removes rows, and the pipeline their documents; take it out"
        ),
        "{errors}"
    );
}

#[test]
fn names_routings_and_fields_below_others_are_those_of_something() {
    for (more, message) in [
        (
            "routing = \"all\"",
            "messages.document.routing: names no part or attribute; write one in braces, such as `{customer_id}`",
        ),
        (
            "exact = \"keyword\"",
            "messages.document.exact: \"keyword\" is no name of a field below another; write a dot and its name, such as \".keyword\"",
        ),
        (
            "names = { colour = \"str_colour\" }",
            "messages.document.names.colour: is the key, the tenant, the author, a mark or a searched field of no row; write the attribute as it is in the rows",
        ),
        (
            "names = { user_id = \"subject\" }",
            "messages.document.names: gives `subject` the field of `user_id`; each has its own",
        ),
    ] {
        assert_eq!(document(more), format!("mail.toml:15: {message}"));
    }
}

#[test]
fn an_index_for_each_kind_is_not_searched_and_not_shared() {
    let by_kind = |index: &str| {
        errors_of(&base_with(
            "index = \"messages\"",
            &format!("index = \"{index}\""),
        ))
    };

    assert_eq!(by_kind("{kind|lower}-of-all"), "");
    let searched =
        base_and("serve = [\"search\"]").replace("index = \"messages\"", "index = \"{kind}\"");
    let errors = errors_of(&searched);
    assert!(
        errors.contains("so a search does not know where to look"),
        "{errors}"
    );
    assert!(by_kind("{kind}/x").contains("which an OpenSearch index cannot have"));
}

#[test]
fn a_word_that_is_not_known_or_not_there_is_refused() {
    let unknown = "the only word behind a bar is `|lower`, in `document.index`";
    let by = |from: &str, to: &str| errors_of(&base_with(from, to));

    for errors in [
        by("index = \"messages\"", "index = \"{kind|upper}\""),
        document("routing = \"{kind|lower}\""),
        by(
            "id = \"{discussion_id}~{message_id}\"",
            "unique = true, id = \"{kind|lower}\"",
        ),
    ] {
        assert!(errors.contains(unknown), "{errors}");
    }
}

#[test]
fn what_a_deletion_changes_in_records_that_stay_says_nothing_of_where_documents_are() {
    let detached = base_with("on_delete = \"cascade\"", "on_delete = \"detach\"")
        .replace(
            "by = [\"discussion_id\"]",
            "by = [\"about\"], gsi = \"by_about\"",
        )
        .replace(
            "fields = [\"subject\"]",
            "fields = [\"subject\"], routing = \"{about}\"",
        );

    let errors = errors_of(&detached);

    assert!(
        errors.contains("changes `about` in records that stay"),
        "{errors}"
    );
}
