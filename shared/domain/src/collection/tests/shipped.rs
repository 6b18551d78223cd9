//! The files that ship: each declares what its area of the acceptance list needs.

use std::time::Duration;

use super::*;

#[path = "../../../build/compiled_in.rs"]
mod compiled_in;

fn compiled_in() -> Collections {
    let files: Vec<_> = Collections::compiled_in()
        .iter()
        .map(|(name, text)| file(name, text))
        .collect();
    Collections::from_files(&files).unwrap()
}

#[test]
fn the_files_that_ship_are_valid() {
    let collections = compiled_in();

    let names: Vec<_> = collections
        .iter()
        .map(|collection| collection.name.as_ref())
        .collect();
    assert_eq!(
        names,
        [
            "attachments",
            "direct_attachments",
            "direct_messages",
            "discussions",
            "executions",
            "learners",
            "messages",
            "notifications",
            "participations",
            "reactions",
            "stream_attachments",
            "stream_messages",
            "streams",
            "subscriptions",
            "targets",
            "tasks",
        ]
    );
}

#[test]
fn every_file_in_the_folder_is_compiled_in() {
    // Cargo runs tests in the folder of their package.
    let in_the_folder = compiled_in::names(std::path::Path::new("../../collections")).unwrap();

    let compiled_in: Vec<_> = Collections::compiled_in()
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(compiled_in, in_the_folder);
    assert!(in_the_folder.len() >= 5);
}

#[test]
fn mail_says_what_the_example_promises() {
    let collections = compiled_in();
    let discussions = collections.get("discussions").unwrap();
    let messages = collections.get("messages").unwrap();

    assert_eq!(
        discussions.tenant,
        TenantRule::Attribute {
            attribute: "user_id".into(),
            is: None,
            gsi: Some("by_user".into())
        }
    );
    assert_eq!(
        discussions.retention,
        Retention::For(std::time::Duration::from_hours(30 * 24))
    );
    assert_eq!(
        discussions.permissions.delete,
        [Grant::Group("admin".into()), Grant::Author]
    );
    assert_eq!(
        discussions.permissions.audit,
        [Grant::Group("admin".into())]
    );
    assert_eq!(
        messages.marks.all(),
        ["date_delete", "deleted_by", "deletion_id"]
    );
    assert_eq!(
        messages.serve,
        Serve {
            read: true,
            search: true,
            write: false,
        }
    );
    assert_eq!(messages.missing, Missing::AlreadyDeleted);
    assert_eq!(
        messages.key.attributes().collect::<Vec<_>>(),
        ["discussion_id", "message_id"]
    );
    assert_eq!(
        (
            discussions.key.attribute_count(),
            messages.key.attribute_count()
        ),
        (1, 2)
    );
    let parent = messages.parent.as_ref().unwrap();
    assert_eq!(
        (&parent.lookup, parent.on_delete, parent.required),
        (&ChildLookup::Table, OnDelete::Cascade, false)
    );
    let id = messages.document.as_ref().unwrap().id.render(|name| {
        crate::key::value_of(&[("discussion_id", "r~1"), ("message_id", "<a@b>")], name)
    });
    assert_eq!(id.as_deref(), Ok("r~1\u{1f}<a@b>"));
}

#[test]
fn the_cascade_is_walked_from_both_ends() {
    let collections = compiled_in();
    let discussions = collections.get("discussions").unwrap();
    let messages = collections.get("messages").unwrap();

    assert_eq!(
        collections
            .children_of(&discussions.name)
            .collect::<Vec<_>>(),
        [messages]
    );
    assert_eq!(collections.children_of(&messages.name).count(), 0);
    assert_eq!(collections.parent_of(messages), Some(discussions));
    assert_eq!(collections.parent_of(discussions), None);
    assert_eq!(collections.get("nothing"), None);
}

#[test]
fn tasks_go_at_once_their_schedule_first_and_with_an_event_of_their_own() {
    let collections = compiled_in();
    let tasks = collections.get("tasks").unwrap();
    let executions = collections.get("executions").unwrap();

    assert_eq!(
        (tasks.strategy, executions.strategy),
        (Strategy::Erase, Strategy::Erase)
    );
    assert_eq!(tasks.retention, Retention::AtOnce);
    assert_eq!(tasks.missing, Missing::AlreadyDeleted);
    assert_eq!(tasks.tenant.attribute(), Some("project_id"));
    assert!(tasks.serve.read && tasks.serve.write);
    let schedule = tasks.schedule.as_ref().unwrap();
    assert_eq!(
        schedule
            .render(|attribute| (attribute == "task_uuid").then_some("7b1e"))
            .as_deref(),
        Some("task-7b1e")
    );
    assert_eq!(tasks.event.as_ref().unwrap().kind, "TaskDeleted");
    assert_eq!(
        collections.children_of(&tasks.name).collect::<Vec<_>>(),
        [executions]
    );
}

#[test]
fn clients_write_the_states_of_a_task_and_not_those_of_a_deletion() {
    let collections = compiled_in();
    let status = collections.get("tasks").unwrap().status.as_ref().unwrap();

    assert_eq!(status.attribute, "status");
    for value in ["ACTIVE", "DISABLED"] {
        assert!(status.allows(value), "{value}");
    }
    for value in ["PENDING_DELETE", "DELETE_FAILED", "DELETED", "active", ""] {
        assert!(!status.allows(value), "{value}");
    }
}

#[test]
fn learners_are_archived_for_ever_and_never_come_back() {
    let collections = compiled_in();
    for name in ["learners", "participations"] {
        let collection = collections.get(name).unwrap();
        assert_eq!(collection.strategy, Strategy::Archive, "{name}");
        assert_eq!(collection.retention, Retention::Never, "{name}");
        assert!(!collection.restorable, "{name}");
        assert_eq!(collection.permissions.restore, [], "{name}");
        assert!(!collection.permissions.destroy_all.is_empty(), "{name}");
    }
    assert!(collections.get("learners").unwrap().serve.search);
}

#[test]
fn chat_tells_the_subscribers_of_a_stream_and_the_participants_of_a_conversation() {
    let collections = compiled_in();
    let stream = collections.get("stream_messages").unwrap();
    let direct = collections.get("direct_messages").unwrap();

    assert_eq!(
        stream.event,
        Some(EventSpec {
            kind: "delete_message".into(),
            group: vec!["stream_id".into(), "topic".into()],
            ids: Some("message_ids".into()),
            set: [("message_type".to_owned(), "stream".to_owned())].into(),
        })
    );
    assert_eq!(
        stream.recipients,
        Some(Recipients::Rows {
            collection: "subscriptions".parse().unwrap(),
            by: vec!["stream_id".into()],
            user: "user_id".into(),
            unless: Some("long_term_idle".into()),
            lookup: ChildLookup::Table,
        })
    );
    let event = direct.event.as_ref().unwrap();
    assert_eq!(
        (event.kind.as_str(), &event.group[..]),
        ("delete_message", &["conversation_id".to_owned()][..])
    );
    assert_eq!(
        direct.recipients,
        Some(Recipients::Attribute("participant_ids".into()))
    );
}

#[test]
fn chat_has_the_first_message_of_a_stream_from_the_order_of_the_table() {
    let collections = compiled_in();

    assert_eq!(
        collections.get("stream_messages").unwrap().aggregates,
        [Aggregate {
            on: "streams".parse().unwrap(),
            set: [("first_message_id".into(), "message_id".into())].into(),
            take: Take::Min,
            of: "message_id".into(),
            lookup: ChildLookup::Table,
        }]
    );
}

#[test]
fn chat_gives_authors_ten_minutes_admins_all_and_guests_nothing() {
    let collections = compiled_in();
    for name in ["stream_messages", "direct_messages"] {
        let collection = collections.get(name).unwrap();
        let permissions = &collection.permissions;
        assert_eq!(
            permissions.delete,
            [Grant::Group("admin".into()), Grant::Author]
        );
        assert_eq!(permissions.author_within, Some(Duration::from_mins(10)));
        assert_eq!(collection.filters.time.as_deref(), Some("sent_at"));
        assert_eq!(permissions.destroy_all, [Grant::Group("admin".into())]);
        assert_eq!(permissions.deny, ["guest"]);
        let author = collection.author.as_ref().unwrap();
        assert_eq!(author.gsi.as_deref(), Some("by_sender"));
    }
}

#[test]
fn chat_keeps_an_attachment_by_links_of_both_kinds() {
    let collections = compiled_in();
    let attachments = &collections.get("attachments").unwrap().name;

    let keepers: Vec<_> = collections
        .link_collections_of(attachments)
        .map(|link| link.name.as_str())
        .collect();
    assert_eq!(keepers, ["direct_attachments", "stream_attachments"]);
}

#[test]
fn a_stream_goes_with_all_that_is_below_it_and_comes_back_whole() {
    let collections = compiled_in();
    let below = |name: &str| -> Vec<&str> {
        collections
            .children_of(&name.parse().unwrap())
            .map(|child| child.name.as_str())
            .collect()
    };

    // The recipients first, so that a pass that runs backwards does them last.
    assert_eq!(below("streams"), ["subscriptions", "stream_messages"]);
    assert_eq!(
        below("stream_messages"),
        ["reactions", "stream_attachments"]
    );
    for name in ["streams", "stream_messages", "reactions", "direct_messages"] {
        let collection = collections.get(name).unwrap();
        assert_eq!(collection.strategy, Strategy::Archive, "{name}");
        assert!(collection.restorable, "{name}");
        assert!(!collection.permissions.restore.is_empty(), "{name}");
    }
}

#[test]
fn notifications_are_narrowed_by_every_filter_and_their_groups_get_new_owners() {
    let collections = compiled_in();
    let notifications = collections.get("notifications").unwrap();

    let mut fields = notifications.filters.fields();
    fields.sort_unstable();
    let known = [
        "earlier_than",
        "group_id",
        "group_type",
        "key",
        "later_than",
        "opened",
        "type",
    ];
    assert_eq!(fields, known);
    let parent = notifications.parent.as_ref().unwrap();
    assert_eq!(parent.on_delete, OnDelete::Promote);
    assert_eq!(parent.lookup, ChildLookup::Table);
}
