//! Invalid values of one key: each rule has a file that breaks it, and the whole text of the error that its author
//! gets.

use super::*;

#[track_caller]
fn refused_line(line: &str, message: &str) {
    assert_eq!(errors_of(&base_and(line)), message);
}

#[test]
fn text_that_is_not_toml() {
    assert!(errors_of("[messages\ntable = 1").starts_with("mail.toml:1: is not TOML: "));
    assert!(errors_of("\n\n[a]\nb = nonsense\n").starts_with("mail.toml:4: is not TOML: "));
    assert_eq!(
        errors_of("[messages]\n[messages]"),
        "mail.toml:2: is not TOML: duplicate key"
    );
}

#[test]
fn no_collection_at_all() {
    assert_eq!(
        errors_of("# nothing\n"),
        "mail.toml: no file declares a collection; write one as `[name]` with its keys below"
    );
    let none = Collections::from_files(&[]).unwrap_err();
    assert_eq!(
        none.to_string(),
        "collections: no file declares a collection; write one as `[name]` with its keys below"
    );
}

#[test]
fn names_of_collections() {
    refused(
        "[discussions]",
        "table = 1\n[discussions]",
        "mail.toml:1: table: is an integer; a collection is a table: write `[table]` with its keys below",
    );
    for reserved in ["collections", "deletions", "search", "\"openapi.json\""] {
        let key = reserved.trim_matches('"');
        let text = BASE.replace("[messages]", &format!("[{reserved}]"));
        assert_eq!(
            errors_of(&text),
            format!(
                "mail.toml:8: {key}: the name is reserved for a route of the API; write another one"
            )
        );
    }
    refused(
        "[messages]",
        "[Messages]",
        "mail.toml:8: Messages: not a collection name; write a small letter, then up to 63 small letters, digits or `_`",
    );
}

#[test]
fn a_collection_that_two_files_declare() {
    let errors =
        Collections::from_files(&[file("a.toml", BASE), file("b.toml", BASE)]).unwrap_err();

    assert_eq!(
        errors.to_string(),
        "b.toml:1: discussions: is declared in a.toml:1 already; give it another name or take one out\n\
         b.toml:8: messages: is declared in a.toml:8 already; give it another name or take one out"
    );
}

#[test]
fn unknown_keys() {
    refused(
        "retention",
        "retension",
        "mail.toml:1: discussions.retention: is missing; write it like `retention = \"30d\"`\nmail.toml:6: discussions.retension: is unknown; did you mean `retention`?",
    );
    refused_line(
        "owner = 1",
        "mail.toml:17: messages.owner: is unknown; known here are table, key, parts, row, tenant, parent, keeps, document, strategy, retention, author, serve, permissions, hidden, readonly, marks, ttl, adopt, held, missing, restore, live, version, status, filters, schedule, aggregates, recipients, event",
    );
    refused(
        "on_delete = \"cascade\"",
        "on_delete = \"cascade\", gsj = 1",
        "mail.toml:14: messages.parent.gsj: is unknown; did you mean `gsi`?",
    );
    // A quoted key with a dot is one name, not a path.
    assert!(
        errors_of(&base_and("\"parent.by\" = []"))
            .starts_with("mail.toml:17: messages.parent.by: is unknown; known here are table, ")
    );
}

#[test]
fn keys_that_must_be_there() {
    assert_eq!(
        errors_of("\n[a]\n"),
        "mail.toml:2: a.table: is missing; write it like `table = \"messages\"`\n\
         mail.toml:2: a.key: is missing; write it like `key = [\"discussion_id\", \"message_id\"]`\n\
         mail.toml:2: a.tenant: is missing; write it like `tenant = \"user_id\"`\n\
         mail.toml:2: a.strategy: is missing; write it like `strategy = \"flag\"`\n\
         mail.toml:2: a.retention: is missing; write it like `retention = \"30d\"`"
    );
    refused(
        "by = [\"discussion_id\"], on_delete = \"cascade\" ",
        "",
        "mail.toml:14: messages.parent.by: is missing; write it like `by = [\"discussion_id\"]`\nmail.toml:14: messages.parent.on_delete: is missing; write it like `on_delete = \"cascade\"`",
    );
    refused(
        "{ index = \"messages\", id = \"{discussion_id}~{message_id}\", fields = [\"subject\"] }",
        "{}",
        "mail.toml:15: messages.document.index: is missing; write it like `index = \"messages\"`\nmail.toml:15: messages.document.fields: is missing; write it like `fields = [\"subject\", \"body\"]`\nmail.toml:15: messages.document.id: is missing; write it like `id = \"{discussion_id}~{message_id}\"`",
    );
    refused(
        "tenant = \"user_id\"",
        "tenant = { gsi = \"by_user\" }",
        "mail.toml:4: discussions.tenant.attribute: is missing; write it like `attribute = \"user_id\"`",
    );
}

#[test]
fn values_of_another_type() {
    refused(
        "retention = \"30d\"",
        "retention = 30",
        "mail.toml:6: discussions.retention: is an integer; write it like `retention = \"30d\"`",
    );
    refused(
        "key = [\"discussion_id\"]",
        "key = \"discussion_id\"",
        "mail.toml:3: discussions.key: is a string; write it like `key = [\"discussion_id\", \"message_id\"]`",
    );
    refused(
        "key = [\"discussion_id\"]",
        "key = [\n  7,\n]",
        "mail.toml:4: discussions.key: holds an integer; write each element as a text in quotes",
    );
    refused(
        "tenant = \"user_id\"",
        "tenant = true",
        "mail.toml:4: discussions.tenant: is a boolean; write it like `tenant = \"user_id\"`",
    );
}

#[test]
fn keys_of_tables() {
    refused(
        "key = [\"discussion_id\"]",
        "key = []",
        "mail.toml:3: discussions.key: names 0 attributes; a key has a partition attribute and at most a sort attribute",
    );
    refused(
        "key = [\"discussion_id\"]",
        "key = [\"a\", \"b\", \"c\"]",
        "mail.toml:3: discussions.key: names 3 attributes; a key has a partition attribute and at most a sort attribute",
    );
    refused(
        "key = [\"discussion_id\"]",
        "key = [\"a\", \"a\"]",
        "mail.toml:3: discussions.key: names \"a\" twice; write it once",
    );
    refused(
        "key = [\"discussion_id\"]",
        "key = [\"\"]",
        "mail.toml:3: discussions.key: \"\" is empty; write a name",
    );
    refused(
        "key = [\"discussion_id\"]",
        &format!("key = [\"{}\"]", "x".repeat(256)),
        &format!(
            "mail.toml:3: discussions.key: \"{}\" has 256 bytes; a name has at most 255",
            "x".repeat(256)
        ),
    );
}

#[test]
fn names_that_the_stores_do_not_take() {
    refused(
        "table = \"discussions\"",
        "table = \"my table\"",
        "mail.toml:2: discussions.table: \"my table\" has a letter that DynamoDB does not take; write letters, digits, `_`, `-` and `.`",
    );
    refused(
        "tenant = \"user_id\"",
        "tenant = { attribute = \"user_id\", gsi = \"x\" }",
        "mail.toml:4: discussions.tenant.gsi: \"x\" is too short for an index; DynamoDB asks for 3 letters",
    );
    refused(
        "index = \"messages\"",
        "index = \"Messages\"",
        "mail.toml:15: messages.document.index: \"Messages\" has a capital letter; write an index in small letters",
    );
    refused(
        "index = \"messages\"",
        "index = \"_m\"",
        "mail.toml:15: messages.document.index: \"_m\" begins with a letter that OpenSearch keeps for itself; begin with a small letter or a digit",
    );
    refused(
        "index = \"messages\"",
        "index = \"a#b\"",
        "mail.toml:15: messages.document.index: \"a#b\" has '#', which an OpenSearch index cannot have; leave it out",
    );
    refused(
        "fields = [\"subject\"]",
        "fields = [\"mail.subject\"]",
        "mail.toml:15: messages.document.fields: \"mail.subject\" has '.', which the name of a field in OpenSearch cannot have: no document can have it",
    );
}

#[test]
fn retentions_that_are_no_time() {
    refused(
        "retention = \"30d\"",
        "retention = \"1 month\"",
        "mail.toml:6: discussions.retention: \"1 month\" is not a time; write a whole number and d, h, m or s, like \"30d\", or \"never\"",
    );
    refused(
        "retention = \"30d\"",
        "retention = \"0d\"",
        "mail.toml:6: discussions.retention: \"0d\" is no time at all; write at least \"1s\"",
    );
    refused(
        "retention = \"30d\"",
        "retention = \"99999d\"",
        "mail.toml:6: discussions.retention: \"99999d\" is longer than \"36500d\"; write a shorter one, or \"never\"",
    );
}

#[test]
fn words_that_are_none_of_the_choices() {
    refused(
        "strategy = \"flag\"",
        "strategy = \"hard\"",
        "mail.toml:5: discussions.strategy: \"hard\" is unknown; write \"flag\" or \"archive\" or \"erase\"",
    );
    refused(
        "\"cascade\"",
        "\"cascading\"",
        "mail.toml:14: messages.parent.on_delete: \"cascading\" is unknown; write \"cascade\" or \"restrict\" or \"detach\" or \"promote\"",
    );
    refused_line(
        "missing = \"gone\"",
        "mail.toml:17: messages.missing: \"gone\" is unknown; write \"already_deleted\" or \"not_found\"",
    );
    refused_line(
        "serve = [\"list\"]",
        "mail.toml:17: messages.serve: \"list\" is unknown; write \"read\" or \"search\" or \"write\"",
    );
    refused_line(
        "serve = [\"read\", \"read\"]",
        "mail.toml:17: messages.serve: names \"read\" twice; write it once",
    );
}

#[test]
fn all_errors_of_all_files_are_told_in_order() {
    let first = "[b]\ntable = \"b b\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"soon\"\n";
    let second = "[a]\ntable = \"a\"\nkey = [\"id\"]\ntenant = \"t\"\nstrategy = \"flag\"\nretention = \"1d\"\nparent = { collection = \"c\", by = [\"id\"], on_delete = \"cascade\" }\ncolour = 1\n";

    let errors = Collections::from_files(&[
        file("z.toml", first),
        file("a.toml", "["),
        file("b.toml", second),
    ])
    .unwrap_err();

    let places: Vec<_> = errors
        .iter()
        .map(|error| (error.file.as_str(), error.line, error.key.as_str()))
        .collect();
    assert_eq!(
        places[..2],
        [("z.toml", 2, "b.table"), ("z.toml", 6, "b.retention")]
    );
    assert!(
        places[2..places.len() - 1]
            .iter()
            .all(|(file, line, key)| (*file, *line, *key) == ("a.toml", 1, ""))
    );
    assert_eq!(places[places.len() - 1], ("b.toml", 8, "a.colour"));
}
