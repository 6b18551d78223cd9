//! Schedules, events, recipients and computed values: the error for each mistake.

use super::*;

/// [`BASE`] with lines added to `messages`, and recipients declared.
fn with_members(lines: &str) -> String {
    base_and(lines)
        + "[members]\ntable = \"members\"\nkey = [\"discussion_id\", \"user\"]\ntenant = \"user_id\"\nstrategy = \"flag\"\nretention = \"30d\"\n"
}

#[track_caller]
fn refused_line(line: &str, message: &str) {
    assert_eq!(errors_of(&base_and(line)), message);
}

#[test]
fn a_schedule_is_named_by_the_row() {
    let collections = Collections::for_tests(&base_and("schedule = \"m-{message_id}\""));
    let schedule = collections.get("messages").unwrap().schedule.clone();
    assert_eq!(
        schedule.unwrap().attributes().collect::<Vec<_>>(),
        ["message_id"]
    );

    refused_line(
        "schedule = \"nightly\"",
        "mail.toml:17: messages.schedule: \"nightly\" names no attribute, so all records would have one schedule; name one that tells them apart, like `task-{task_uuid}`",
    );
    refused_line(
        "schedule = \"a b {message_id}\"",
        "mail.toml:17: messages.schedule: \"a b {message_id}\" has ' ', which the name of a schedule cannot have; write letters, digits, `-`, `_` and `.`",
    );
}

#[test]
fn an_event_has_fields_of_its_own() {
    let event = |event: &str, message: &str| {
        refused_line(
            &format!("event = {{ {event} }}"),
            &format!("mail.toml:17: messages.event{message}"),
        );
    };

    event(
        "type = \"RecordsDeleted\"",
        ".type: \"RecordsDeleted\" is an event of every collection; write another type, or leave out `event`",
    );
    event(
        "type = \"\"",
        ".type: \"\" is no detail-type; write 1 to 128 bytes without control characters",
    );
    event(
        "type = \"x\", ids = \"ids\"",
        ".ids: \"ids\" is a field that every event has with a meaning of its own; write another one",
    );
    event(
        "type = \"x\", group = [\"topic\"], ids = \"topic\"",
        ".ids: is `topic`, which is also in `group` or `set`; write another name",
    );
    event(
        "type = \"x\", group = [\"topic\"], set = { topic = \"y\" }",
        ".set: names `topic`, which is also in `group`; write another name",
    );
    event(
        "type = \"x\", set = { actor = \"y\" }",
        ".set.actor: \"actor\" is a field that every event has with a meaning of its own; write another one",
    );
    event(
        "type = \"x\", set = { kind = 1 }",
        ".set.kind: is an integer; write it like `kind = \"stream\"`",
    );
}

#[test]
fn one_group_may_be_written_as_one_text() {
    let collections =
        Collections::for_tests(&base_and("event = { type = \"x\", group = \"topic\" }"));
    let event = collections.get("messages").unwrap().event.clone().unwrap();
    assert_eq!(event.group, ["topic"]);
}

#[test]
fn recipients_are_those_of_one_group() {
    refused_line(
        "recipients = { attribute = \"participants\" }",
        "mail.toml:17: messages.recipients: are of one group of records; write `event = { type = \"…\", group = [\"…\"] }`, so that nobody is told of records that are not theirs",
    );
    let members = |event: &str, recipients: &str| {
        errors_of(&with_members(&format!(
            "event = {{ type = \"x\", group = [{event}] }}\nrecipients = {{ collection = \"members\", {recipients} }}"
        )))
    };

    assert_eq!(
        members(
            "\"discussion_id\", \"topic\"",
            "by = [\"discussion_id\"], user = \"user\""
        ),
        ""
    );
    assert_eq!(
        members("\"topic\"", "by = [\"discussion_id\"], user = \"user\""),
        "mail.toml:18: messages.recipients.by: names `discussion_id`, which is not in `event.group`, so one event could be for several sets of recipients; add it there, or take it out"
    );
    assert_eq!(
        members("\"topic\"", "by = [\"topic\"], user = \"user\""),
        "mail.toml:18: messages.recipients.gsi: is missing: `by` is without `discussion_id`, the partition attribute of members, so recipients are found over an index; write `gsi = \"…\"`, an index whose hash key is `topic`"
    );
    assert_eq!(
        members(
            "\"topic\"",
            "by = [\"topic\"], gsi = \"by_topic\", user = \"user\""
        ),
        ""
    );
    assert_eq!(
        members(
            "\"discussion_id\"",
            "by = [\"discussion_id\"], gsi = \"by_discussion\", user = \"user\""
        ),
        "mail.toml:18: messages.recipients.gsi: is not needed: `by` has `discussion_id`, the partition attribute of members; take it out"
    );
    assert_eq!(
        members("\"topic\"", "by = [], user = \"user\""),
        "mail.toml:18: messages.recipients.by: names no attribute; name those that join the record to its recipients"
    );
}

#[test]
fn recipients_come_from_one_place() {
    let event = "event = { type = \"x\", group = [\"topic\"] }\n";
    let recipients = |recipients: &str| {
        errors_of(&base_and(&format!(
            "{event}recipients = {{ {recipients} }}"
        )))
    };

    assert_eq!(recipients("attribute = \"participants\""), "");
    assert_eq!(
        recipients("attribute = \"participants\", user = \"user\""),
        "mail.toml:18: messages.recipients: is for recipients from a collection, but `attribute` is there; take out `user` or `attribute`"
            .replace("recipients: is", "recipients.user: is")
    );
    assert_eq!(
        recipients("collection = \"members\", by = [\"topic\"], user = \"user\""),
        "mail.toml:18: messages.recipients.collection: \"members\" is declared in no file; declare it, or name another collection"
    );
    assert_eq!(
        recipients(""),
        "mail.toml:18: messages.recipients.collection: is missing; write it like `collection = \"subscriptions\"`\n\
         mail.toml:18: messages.recipients.by: is missing; write it like `by = [\"stream_id\"]`\n\
         mail.toml:18: messages.recipients.user: is missing; write it like `user = \"user_id\"`"
    );
}

#[test]
fn a_computed_value_is_found_in_the_order_of_a_sort_key() {
    let aggregate = |on: &str, of: &str, more: &str| {
        errors_of(&base_and(&format!(
            "aggregates = [{{ on = \"{on}\", attribute = \"first\", take = \"min\", of = \"{of}\"{more} }}]"
        )))
    };

    assert_eq!(aggregate("discussions", "message_id", ""), "");
    assert_eq!(
        aggregate("discussions", "sent_at", ", gsi = \"by_time\""),
        ""
    );
    assert_eq!(
        aggregate("discussions", "sent_at", ""),
        "mail.toml:17: messages.aggregates.gsi: is missing: the table does not have the children of one parent in the order of `sent_at`; write `gsi = \"…\"`, an index whose hash key is `discussion_id` and whose sort key is `sent_at`"
    );
    assert_eq!(
        aggregate("discussions", "message_id", ", gsi = \"by_time\""),
        "mail.toml:17: messages.aggregates.gsi: is not needed: `message_id` is the sort attribute, so the table has the children in this order; take it out"
    );
    assert_eq!(
        aggregate("threads", "message_id", ""),
        "mail.toml:17: messages.aggregates.on: \"threads\" is not the parent of this collection; name the one in `parent.collection`, whose row is found by `parent.by`"
    );
}

#[test]
fn a_computed_value_is_written_by_one_rule() {
    let aggregates = |attributes: &[&str]| {
        let list: Vec<_> = attributes
            .iter()
            .map(|attribute| format!("{{ on = \"discussions\", attribute = \"{attribute}\", take = \"max\", of = \"message_id\" }}"))
            .collect();
        errors_of(&base_and(&format!("aggregates = [{}]", list.join(", "))))
    };

    assert_eq!(aggregates(&["first", "last"]), "");
    for (attribute, key) in [
        ("discussion_id", "key"),
        ("user_id", "tenant"),
        ("deleted_at", "marks"),
    ] {
        assert_eq!(
            aggregates(&[attribute]),
            format!(
                "mail.toml:17: messages.aggregates: computes `{attribute}` of discussions, which is also in its `{key}`; give the value an attribute of its own"
            )
        );
    }
    assert_eq!(
        aggregates(&["first", "first"]),
        "mail.toml:17: messages.aggregates: computes `first` of discussions, which another aggregate computes too; give the value an attribute of its own"
    );
}

#[test]
fn several_values_of_one_child_are_named_each_with_what_it_is_of() {
    let aggregates = |what: &str| {
        errors_of(&base_and(&format!(
            "aggregates = [{{ on = \"discussions\", take = \"max\", of = \"message_id\"{what} }}]"
        )))
    };

    assert_eq!(
        aggregates(", set = { last = \"body\", last_id = \"message_id\" }"),
        ""
    );
    assert_eq!(aggregates(", set = { last = \"body\" }"), "");
    assert_eq!(
        aggregates(""),
        "mail.toml:17: messages.aggregates.attribute: is missing; write it like `attribute = \"first_message_id\"`"
    );
    assert_eq!(
        aggregates(", set = {}"),
        "mail.toml:17: messages.aggregates.set: is empty; write attributes of the parent, each with the child's that it has: `set = { lastMessage = \"content\" }`"
    );
    assert_eq!(
        aggregates(", attribute = \"first\", set = { last = \"body\" }"),
        "mail.toml:17: messages.aggregates.attribute: is there beside `set`, which names all attributes; take out one of the two"
    );
    assert_eq!(
        aggregates(", set = { last = 7 }"),
        "mail.toml:17: messages.aggregates.set.last: is an integer; write it like `last = \"content\"`"
    );
    assert_eq!(
        aggregates(", set = { user_id = \"body\" }"),
        "mail.toml:17: messages.aggregates: computes `user_id` of discussions, which is also in its `tenant`; give the value an attribute of its own"
    );
}
