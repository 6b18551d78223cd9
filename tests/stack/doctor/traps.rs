//! Each schema with a file that loads today, and what the doctor says of it.

use std::path::PathBuf;

use tests::stacks::{stack, unique};

use super::schema::{Dynamo, KMS_KEY, Schema, write};
use super::{Told, doctor};

/// What is said of a schema with this file, and its exit code.
async fn told(name: &str, file: &str, more: &[&str]) -> Option<Told> {
    let stack = stack()?;
    let schema = Schema::read(name)?;
    let prefix = format!("{}-", unique("doctor"));
    schema.load(&stack, &prefix).await;
    // A parent that has no row needs a table all the same.
    let dynamodb = Dynamo {
        stack: &stack,
        prefix: &prefix,
    };
    let has_people = file.contains("[people]");
    if has_people {
        dynamodb.create_plain("people", "person").await;
    }
    let folder: PathBuf = write(name, file);
    let told = doctor(&stack, &prefix, Some(&folder), more);
    schema.remove(&stack, &prefix).await;
    if has_people {
        dynamodb.remove("people").await;
    }
    std::fs::remove_dir_all(folder).unwrap();
    Some(told)
}

#[tokio::test]
async fn a_chat_whose_rows_expire_before_they_would_be_purged() {
    let file = r#"
[sessions]
table       = "chat-session-prod"
key         = ["user_id", "session_id"]
tenant      = "user_id"
author      = "user_id"
strategy    = "flag"
retention   = "30d"

[messages]
table       = "chat-message-prod"
key         = ["user_id", "message_id"]
tenant      = "user_id"
parent      = { collection = "sessions", by = ["user_id", "session_id"], on_delete = "cascade" }
strategy    = "flag"
retention   = "36500d"
"#;
    let file = file.replace("\"30d\"", "\"36500d\"");
    let Some(told) = told("chat-with-ttl", &file, &["--show-keys"]).await else {
        return;
    };

    assert_eq!(told.exit, Some(0), "{:#}", told.report);
    assert!(told.codes("sessions").contains("TTL_BEFORE_PURGE"));
    let ttl = told.finding("messages", "TTL_BEFORE_PURGE");
    assert_eq!((&ttl["found"], &ttl["of"]), (&2.into(), &5.into()));
    assert_eq!(ttl["keys"].as_array().unwrap().len(), 2);
    assert!(told.codes("messages").contains("STREAM_ON"));
    assert!(!told.codes("messages").contains("PARENT_MISSING"));
}

#[tokio::test]
async fn a_synced_api_with_a_flag_for_a_mark_and_versions_of_a_pipeline() {
    let file = r#"
[blogs]
table       = "Blog-k7x2example-prod"
key         = ["id"]
tenant      = { attribute = "owner", gsi = "byOwner" }
marks       = { deleted_at = "_deleted" }
strategy    = "flag"
retention   = "30d"

[posts]
table       = "Post-k7x2example-prod"
key         = ["id"]
tenant      = "owner"
parent      = { collection = "blogs", by = ["blogID"], gsi = "byBlog", on_delete = "cascade" }
document    = { index = "post", id = "{id}", fields = ["title", "content"] }
strategy    = "flag"
retention   = "30d"
serve       = ["search"]
permissions = { read = ["member"] }

[comments]
table       = "Comment-k7x2example-prod"
key         = ["id"]
tenant      = "owner"
parent      = { collection = "posts", by = ["postID"], gsi = "byPost", on_delete = "cascade" }
marks       = { deleted_at = "_deleted" }
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("synced-searchable-api", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let flag = told.finding("blogs", "MARK_UNREADABLE");
    assert_eq!((&flag["found"], &flag["of"]), (&1.into(), &2.into()));
    assert_eq!(flag["key"], "blogs.marks.deleted_at");
    assert_eq!(flag["line"], 6);
    let versions = told.finding("posts", "EXTERNAL_VERSIONS");
    assert_eq!(versions["level"], "ERROR");
    assert!(versions["seen"].as_str().unwrap().contains("`_version`"));
    assert_eq!(
        told.finding("posts", "TEXT_WITHOUT_EXACT")["level"],
        "ERROR"
    );
    assert!(told.codes("posts").contains("TTL_BEFORE_PURGE"));
    // A comment's author is not its post's: here that is whose row it is.
    assert!(told.codes("comments").contains("PARENT_TENANT"));
    assert!(!told.codes("comments").contains("INDEX_MISSING"));
}

#[tokio::test]
async fn transactions_that_are_routed_and_whose_ids_are_not_safe() {
    let file = r#"
[transactions]
table       = "Transactions"
key         = ["pk", "sk"]
tenant      = "customer_id"
document    = { index = "transaction-index", id = "{pk}_{sk}", fields = ["description"] }
strategy    = "flag"
retention   = "30d"
serve       = ["search"]
permissions = { read = ["member"] }
"#;
    let Some(told) = told("transactions-routed", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let routed = told.finding("transactions", "DOCUMENT_ROUTED");
    assert_eq!((&routed["found"], &routed["of"]), (&1.into(), &6.into()));
    let codes = told.codes("transactions");
    for code in [
        "DOCUMENT_ID",
        "DOCUMENT_MISSING",
        "TEXT_WITHOUT_EXACT",
        "STREAM_ON",
    ] {
        assert!(codes.contains(code), "{code}: {codes:?}");
    }
}

#[tokio::test]
async fn a_chat_without_a_tenant_of_which_a_table_was_forgotten() {
    let file = r#"
[conversations]
table       = "Conversation-q9example-main"
key         = ["id"]
tenant      = "tenant_id"
author      = "createdBy"
strategy    = "flag"
retention   = "30d"

[participants]
table       = "ConversationParticipant-q9example-main"
key         = ["id"]
tenant      = "unreadCount"
parent      = { collection = "conversations", by = ["conversationId"], gsi = "byConversation", on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"

[reads]
table       = "MessageRead-q9example-main"
key         = ["id"]
tenant      = "userId"
author      = { attribute = "userId", gsi = "byUsers" }
marks       = { deleted_at = "readAt" }
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("chat-by-indexes", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    assert!(told.codes("conversations").contains("TENANT_MISSING"));
    let number = told.finding("participants", "TENANT_NOT_TEXT");
    assert!(number["seen"].as_str().unwrap().contains("N (2)"));
    let forgotten = told.finding("conversations", "UNDECLARED_CHILD");
    let seen = forgotten["seen"].as_str().unwrap();
    assert!(seen.contains("Message-q9example-main"), "{seen}");
    let index = told.finding("reads", "INDEX_MISSING");
    assert!(index["advice"].as_str().unwrap().contains("\"byUser\""));
    assert_eq!(told.finding("reads", "DELETED_BEFORE_US")["level"], "ERROR");
}

#[tokio::test]
async fn messages_that_were_deleted_before_us() {
    let file = r#"
[messages]
table       = "Message-q9example-main"
key         = ["id"]
tenant      = "messageType"
marks       = { deleted_at = "deletedAt" }
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("chat-by-indexes", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(0), "{:#}", told.report);
    let before = told.finding("messages", "DELETED_BEFORE_US");
    assert_eq!(
        (&before["level"], &before["found"], &before["of"]),
        (&"WARNING".into(), &1.into(), &4.into())
    );
}

#[tokio::test]
async fn groups_whose_members_are_as_old_as_a_number_and_whose_parents_have_no_rows() {
    let file = r#"
[people]
table       = "people"
key         = ["person"]
tenant      = "person"
strategy    = "flag"
retention   = "30d"

[notifications]
table       = "app_production_notifications"
key         = ["id"]
tenant      = "target_key"
author      = { attribute = "notifier_key", gsi = "index_notifiable_key_created_at" }
filters     = { time = "created_at", type = "created_at" }
strategy    = "flag"
retention   = "30d"
[notifications.parent]
collection  = "people"
by          = ["target_key"]
gsi         = "index_target_key_created_at"
on_delete   = "promote"
promote     = { owner = "group_owner_id", by = "created_at", gsi = "index_group_owner_id_created_at" }
"#;
    let file = file.replace(", type = \"created_at\"", ", type = \"updated_at\"");
    let Some(told) = told("grouped-notifications", &file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let index = told.finding("notifications", "INDEX_KEY");
    assert_eq!(index["key"], "notifications.author.gsi");
    let parents = told.finding("notifications", "PARENT_MISSING");
    assert_eq!(parents["level"], "ERROR");
    let codes = told.codes("notifications");
    assert!(codes.contains("FILTER_NOT_TEXT"), "{codes:?}");
    // A number says how old a member is, and when a row was written.
    for code in ["TIME_UNREADABLE", "PROMOTE_UNREADABLE"] {
        assert!(!codes.contains(code), "{code}: {codes:?}");
    }
    assert!(told.codes("people").contains("TABLE_EMPTY"));
}

#[tokio::test]
async fn versions_with_a_number_in_their_key() {
    let file = r#"
[versions]
table       = "resource-db-prod"
key         = ["id", "vid"]
tenant      = "_tenantId"
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("versioned-resources", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let key = told.finding("versions", "KEY_TYPE");
    assert!(key["seen"].as_str().unwrap().contains("`vid` is of type N"));
    let tenant = told.finding("versions", "TENANT_MISSING");
    assert_eq!((&tenant["found"], &tenant["of"]), (&1.into(), &8.into()));
}

#[tokio::test]
async fn granules_behind_an_alias_whose_mark_is_a_number() {
    let file = r#"
[granules]
table       = "prod-GranulesTable"
key         = ["granuleId"]
tenant      = "status"
marks       = { deleted_at = "deletedAt" }
document    = { index = "prod-granules", id = "{granuleId}", fields = ["files"] }
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("granules-of-collections", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let codes = told.codes("granules");
    for code in [
        "SEARCH_ALIAS",
        "FIELD_TYPE",
        "DOCUMENT_ROUTED",
        "FIELD_UNMAPPED",
    ] {
        assert!(codes.contains(code), "{code}: {codes:?}");
    }
    assert_eq!(
        told.finding("granules", "FIELD_TYPE")["key"],
        "granules.marks.deleted_at"
    );
}

#[tokio::test]
async fn documents_of_sites_that_others_read_over_an_index() {
    let file = r#"
[documents]
table       = "documents-prod"
key         = ["PK", "SK"]
tenant      = "userId"
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("documents-per-site", file, &["--sample", "1000"]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let codes = told.codes("documents");
    for code in ["TENANT_MISSING", "INDEX_WITHOUT_MARK", "STREAM_ON"] {
        assert!(codes.contains(code), "{code}: {codes:?}");
    }
}

const ASSETS: &str = r#"
[assets]
table       = "AssetStorage"
key         = ["databaseId", "assetId"]
tenant      = "databaseId"
document    = { index = "assets", id = "{databaseId}#{assetId}", fields = ["str_assetname"] }
strategy    = "flag"
retention   = "30d"

[comments]
table       = "CommentStorage"
key         = ["assetId", "assetVersionId:commentId"]
tenant      = "databaseId"
parent      = { collection = "assets", by = ["databaseId", "assetId"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#;

#[tokio::test]
async fn assets_whose_documents_have_other_names_and_comments_that_name_half_of_their_parent() {
    let Some(told) = told("asset-library", ASSETS, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let codes = told.codes("assets");
    for code in ["DOCUMENT_DIFFERS", "FIELD_UNMAPPED", "KMS_KEY", "STREAM_ON"] {
        assert!(codes.contains(code), "{code}: {codes:?}");
    }
    assert_eq!(
        told.finding("comments", "PARENT_NOT_NAMED")["level"],
        "ERROR"
    );
    assert!(told.codes("comments").contains("TENANT_MISSING"));
}

#[tokio::test]
async fn a_plan_names_the_keys_that_the_functions_need() {
    let Some(told) = told("asset-library", ASSETS, &["--plan"]).await else {
        return;
    };

    assert_eq!(told.exit, Some(0), "{:#}", told.report);
    let parameters = &told.report["parameters"];
    assert_eq!(parameters["DataKeyArns"], KMS_KEY);
    let arns = parameters["DataTableArns"].as_str().unwrap();
    assert!(
        arns.contains("AssetStorage,") && arns.contains("CommentStorage"),
        "{arns}"
    );
    assert_eq!(parameters["SearchKind"], "domain");
}

#[tokio::test]
async fn applications_whose_documents_have_another_id_and_of_which_few_rows_say_whose_they_are() {
    let file = r#"
[applications]
table       = "prod-Lpas"
key         = ["PK", "SK"]
tenant      = { attribute = "SK", gsi = "SKUpdatedAtIndex" }
author      = "LpaUID"
document    = { index = "lpas_v2_prod", id = "{PK}|{SK}", fields = ["DocumentID"] }
strategy    = "flag"
retention   = "36500d"
"#;
    let Some(told) = told("applications-single-table", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(1), "{:#}", told.report);
    let documents = told.finding("applications", "DOCUMENT_MISSING");
    assert_eq!(
        (&documents["level"], &documents["of"]),
        (&"ERROR".into(), &9.into())
    );
    let codes = told.codes("applications");
    for code in [
        "TTL_BEFORE_PURGE",
        "AUTHOR_MISSING",
        "INDEX_WITHOUT_MARK",
        "KMS_KEY",
    ] {
        assert!(codes.contains(code), "{code}: {codes:?}");
    }
    assert!(
        !codes.contains("INDEX_KEY") && !codes.contains("TENANT_MISSING"),
        "{codes:?}"
    );
}

#[tokio::test]
async fn a_chat_that_knows_no_tenants_fits_and_its_tables_are_all_declared() {
    let file = r#"
[conversations]
table       = "Conversation-q9example-main"
key         = ["id"]
tenant      = { fixed = "main" }
author      = "createdBy"
strategy    = "flag"
retention   = "30d"

[participants]
table       = "ConversationParticipant-q9example-main"
key         = ["id"]
tenant      = { fixed = "main" }
parent      = { collection = "conversations", by = ["conversationId"], gsi = "byConversation", on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"

[messages]
table       = "Message-q9example-main"
key         = ["id"]
tenant      = { fixed = "main" }
parent      = { collection = "conversations", by = ["conversationId"], gsi = "byConversation", on_delete = "cascade", required = true }
author      = { attribute = "senderId", gsi = "bySender" }
filters     = { time = "createdAt" }
marks       = { deleted_at = "deletedAt" }
strategy    = "flag"
retention   = "30d"

[reads]
table       = "MessageRead-q9example-main"
key         = ["id"]
tenant      = { fixed = "main" }
parent      = { collection = "messages", by = ["messageId"], gsi = "byMessage", on_delete = "cascade", required = true }
strategy    = "flag"
retention   = "30d"
"#;
    let Some(told) = told("chat-by-indexes", file, &[]).await else {
        return;
    };

    assert_eq!(told.exit, Some(0), "{:#}", told.report);
    let warnings = told.report["findings"].as_array().unwrap().iter();
    let warnings: Vec<_> = warnings.filter(|one| one["level"] == "WARNING").collect();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0]["code"], "DELETED_BEFORE_US");
}
