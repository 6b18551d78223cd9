//! What the files may say, and the text of each error.

mod cascades;
mod composed;
mod contradictions;
mod documentation;
mod documents;
mod effects;
mod guarded;
mod held;
mod marks;
mod patterns;
mod policies;
mod refusals;
mod relations;
mod shipped;
mod tenants;
mod texts;
mod unsupported;

use std::collections::BTreeMap;

use super::*;

/// Two collections that are right, and say as little as they can.
const BASE: &str = r#"[discussions]
table = "discussions"
key = ["discussion_id"]
tenant = "user_id"
strategy = "flag"
retention = "30d"

[messages]
table = "messages"
key = ["discussion_id", "message_id"]
tenant = "user_id"
strategy = "flag"
retention = "30d"
parent = { collection = "discussions", by = ["discussion_id"], on_delete = "cascade" }
document = { index = "messages", id = "{discussion_id}~{message_id}", fields = ["subject"] }
permissions = { read = ["member"] }
"#;

fn file(name: &str, text: &str) -> SourceFile {
    SourceFile {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

/// The errors of one file, one a line; empty when it is right.
/// The tenant that an attribute names.
fn named(attribute: &str, gsi: Option<&str>) -> TenantRule {
    TenantRule::Attribute {
        attribute: attribute.to_owned(),
        is: None,
        gsi: gsi.map(str::to_owned),
    }
}

fn errors_of(text: &str) -> String {
    Collections::from_files(&[file("mail.toml", text)])
        .map_or_else(|errors| errors.to_string(), |_| String::new())
}

/// [`BASE`] with one place changed.
fn base_with(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "the base has no {from:?}");
    BASE.replacen(from, to, 1)
}

/// Asserts the whole message for [`BASE`] with one place changed.
#[track_caller]
fn refused(from: &str, to: &str, message: &str) {
    assert_eq!(errors_of(&base_with(from, to)), message);
}

/// [`BASE`] with lines added to `messages`.
fn base_and(lines: &str) -> String {
    format!("{BASE}{lines}\n")
}

#[test]
fn what_is_not_written_is_closed_or_has_its_default() {
    let collections = Collections::for_tests(BASE);
    let discussions = collections.get("discussions").unwrap();

    assert_eq!(discussions.permissions, Permissions::default());
    assert_eq!(
        discussions.serve,
        Serve {
            read: false,
            search: false,
            write: false,
        }
    );
    assert_eq!(
        discussions.marks.all(),
        ["deleted_at", "deleted_by", "deletion_id"]
    );
    assert_eq!(
        (
            &discussions.document,
            &discussions.author,
            discussions.missing
        ),
        (&None, &None, Missing::AlreadyDeleted)
    );
}

#[test]
fn every_key_of_this_version_is_read() {
    let collections = Collections::for_tests(
        r#"
        [boxes]
        table = "boxes"
        key = ["box"]
        tenant = { attribute = "user_id", gsi = "by_user" }
        strategy = "flag"
        retention = "never"

        [letters]
        table = "all.letters-2"
        key = ["letter"]
        tenant = { attribute = "owner" }
        parent = { collection = "boxes", by = ["box_id"], on_delete = "cascade", gsi = "by_box", required = true }
        document = { index = "letters", id = "letter-{letter}", fields = [] }
        strategy = "flag"
        retention = "12h"
        author = { attribute = "writer", gsi = "by_writer" }
        serve = ["read"]
        permissions = { read = ["member"], delete = ["author"], restore = ["admin"], purge = ["dpo"], audit = ["member", "audit"] }
        marks = { deleted_at = "gone_at", deleted_by = "gone_by", deletion_id = "gone_with" }
        missing = "not_found"
        "#,
    );

    let boxes = collections.get("boxes").unwrap();
    assert_eq!(boxes.retention, Retention::Never);
    let expected = Collection {
        name: "letters".parse().unwrap(),
        table: "all.letters-2".into(),
        key: KeySchema::plain("letter", None),
        composed: BTreeMap::new(),
        is_rowless: false,
        tenant: named("owner", None),
        parent: Some(Parent {
            collection: "boxes".parse().unwrap(),
            by: vec!["box_id".into()],
            of: Referenced {
                key: KeySchema::plain("box", None),
                is_rowless: false,
                tenant: named("user_id", Some("by_user")),
            },
            on_delete: OnDelete::Cascade,
            lookup: ChildLookup::Index("by_box".into()),
            required: true,
            promote: None,
        }),
        keeps: None,
        document: Some(DocumentSpec {
            index: IndexName::parse("letters").unwrap(),
            id: IdTemplate::parse("letter-{letter}", &KeySchema::plain("letter", None), false)
                .unwrap(),
            is_unique: false,
            routing: None,
            names: BTreeMap::new(),
            exact: String::new(),
            copy: Copied::ByUs,
            fields: vec![],
        }),
        strategy: Strategy::Flag,
        retention: "12h".parse().unwrap(),
        restorable: true,
        guarded: Guarded::default(),
        live_is_null: false,
        version: None,
        author: Some(Author {
            attribute: "writer".into(),
            gsi: Some("by_writer".into()),
        }),
        filters: Filters::default(),
        serve: Serve {
            read: true,
            search: false,
            write: false,
        },
        permissions: Permissions {
            read: vec![Grant::Member],
            write: vec![Grant::Author],
            delete: vec![Grant::Author],
            restore: vec![Grant::Group("admin".into())],
            purge: vec![Grant::Group("dpo".into())],
            audit: vec![Grant::Member, Grant::Group("audit".into())],
            destroy_all: vec![],
            author_within: None,
            deny: vec![],
        },
        marks: Marks {
            deleted_at: "gone_at".into(),
            deleted_by: "gone_by".into(),
            deletion_id: "gone_with".into(),
            ..Marks::default()
        },
        adopt: None,
        held: Held::default(),
        missing: Missing::NotFound,
        status: None,
        schedule: None,
        event: None,
        recipients: None,
        aggregates: vec![],
    };
    assert_eq!(collections.get("letters"), Some(&expected));
}

#[test]
fn groups_in_delete_see_deletions_unless_audit_says_otherwise() {
    let audit = |line: &str| {
        let text = format!("{BASE}author = \"sender\"\n").replace("{ read = [\"member\"] }", line);
        Collections::for_tests(&text)
            .get("messages")
            .unwrap()
            .permissions
            .audit
            .clone()
    };

    assert_eq!(
        audit(r#"{ delete = ["ops", "author", "member"] }"#),
        [Grant::Group("ops".into())]
    );
    assert_eq!(
        audit(r#"{ delete = ["ops"], audit = ["dpo"] }"#),
        [Grant::Group("dpo".into())]
    );
    assert_eq!(audit(r#"{ delete = ["ops"], audit = [] }"#), []);
}
