//! Combinations of keys that contradict each other, and the error that the author of such a file gets.

use super::*;

#[test]
fn stores_that_two_collections_share() {
    refused(
        "table = \"messages\"",
        "table = \"discussions\"",
        "mail.toml:9: messages.table: \"discussions\" is also that of discussions; a table has one key: write the same attributes in `key`, of the same types",
    );
    refused(
        "retention = \"30d\"\n",
        "retention = \"30d\"\ndocument = { index = \"messages\", id = \"{discussion_id}\", fields = [] }\n",
        "mail.toml:16: messages.document.index: \"messages\" is also that of discussions; two collections cannot share it, their documents would be mixed up: write another one",
    );
}

#[test]
fn id_templates_that_could_give_one_id_to_two_records() {
    let id = |template: &str, message: &str| {
        refused(
            "{discussion_id}~{message_id}",
            template,
            &format!("mail.toml:15: messages.document.id: {message}"),
        );
    };

    id(
        "{message_id}",
        "does not name `{discussion_id}`; two records could get one id: name every attribute of the key, or write `unique = true` if no two records have one id",
    );
    id(
        "{discussion_id}{message_id}",
        "has nothing between `{discussion_id}` and `{message_id}`; write a separator that the values cannot hold",
    );
    id(
        "{discussion_id}~{message_id}~{message_id}",
        "names `{message_id}` twice; name it once",
    );
    id(
        "{discussion_id}~{subject}",
        "names `{subject}`, which is no attribute of the key; name `{discussion_id}` and `{message_id}`",
    );
    id(
        "{discussion_id}~{message_id",
        "has a brace without its partner; write each part as `{name}`",
    );
    id(
        "{discussion_id}~{message_id}}",
        "has a brace without its partner; write each part as `{name}`",
    );
    id(
        "}{discussion_id}~{message_id}",
        "has a brace without its partner; write each part as `{name}`",
    );
}

#[test]
fn marks_under_the_name_of_something_else() {
    let mark = |key: &str, name: &str, other: &str| {
        let text = base_and(&format!(
            "author = \"sender\"\nmarks = {{ {key} = \"{name}\" }}"
        ));
        let message = format!(
            "mail.toml:18: messages.marks.{key}: is `{name}`, which is also in `{other}`; give the mark a name of its own"
        );
        assert_eq!(errors_of(&text), message);
    };

    mark("deleted_at", "message_id", "key");
    mark("deleted_by", "user_id", "tenant");
    mark("deleted_by", "sender", "author");
    mark("deletion_id", "subject", "document.fields");
    mark("deletion_id", "deleted_at", "marks.deleted_at");
    let text = base_with("tenant = \"user_id\"", "tenant = \"deleted_by\"");
    assert_eq!(
        errors_of(&text),
        "mail.toml:1: discussions.marks.deleted_by: is `deleted_by`, which is also in `tenant`; give the mark a name of its own"
    );
    let text = base_and("marks = { deleted_at = \"box\" }").replace(
        "by = [\"discussion_id\"]",
        "by = [\"box\"], gsi = \"by_box\"",
    );
    assert_eq!(
        errors_of(&text),
        "mail.toml:17: messages.marks.deleted_at: is `box`, which is also in `parent.by`; give the mark a name of its own"
    );
}

#[test]
fn fields_that_a_document_has_already() {
    refused(
        "fields = [\"subject\"]",
        "fields = [\"message_id\"]",
        "mail.toml:15: messages.document.fields: names `message_id`, which the document has from `key`; take it out",
    );
    refused(
        "fields = [\"subject\"]",
        "fields = [\"user_id\"]",
        "mail.toml:15: messages.document.fields: names `user_id`, which the document has from `tenant`; take it out",
    );
}

#[test]
fn search_without_something_to_search() {
    refused(
        "retention = \"30d\"\n",
        "retention = \"30d\"\nserve = [\"search\"]\n",
        "mail.toml:7: discussions.serve: serves \"search\", but there is no `document`; declare one, or serve \"read\" only",
    );
    let text = base_and("serve = [\"search\"]").replace("[\"subject\"]", "[]");
    assert_eq!(
        errors_of(&text),
        "mail.toml:15: messages.document.fields: is empty, but `serve` has \"search\"; name the fields that are searched"
    );
}

#[test]
fn grants_that_can_never_be_met() {
    let grant = |permissions: &str, message: &str| {
        refused(
            "{ read = [\"member\"] }",
            permissions,
            &format!("mail.toml:16: messages.permissions.{message}"),
        );
    };

    grant(
        "{ delete = [\"mail admin\"] }",
        "delete: \"mail admin\" has white space; tokens list groups separated by spaces: name the group without",
    );
    grant(
        "{ purge = [\"[ops\"] }",
        "purge: \"[ops\" has a bracket, comma, quote or control character, which a token's list of groups cannot hold; name the group without",
    );
    grant(
        "{ restore = [\"\"] }",
        "restore: \"\" is empty; write member, author or a group",
    );
    for list in ["read", "delete", "restore", "purge"] {
        let message = format!(
            "{list}: grants to author, but no attribute says who that is; write `author = \"…\"` in the collection"
        );
        grant(&format!("{{ {list} = [\"author\"] }}"), &message);
    }
    grant(
        "{ audit = [\"author\"] }",
        "audit: \"author\" cannot audit: a deletion is of many records, and has no author; write member or a group",
    );
}
