//! What is sent to OpenSearch, seen by a server that keeps nothing: where a request goes, for whom it is signed, and what
//! happens when the connection under it has died.

mod server;

use std::time::Duration;

use aws::{OpenSearchDocuments, SearchAuth, SearchHealth, SearchedIndex, search_transport};
use domain::collection::DocumentAt;
use domain::row::Mark;
use futures_util::future::join_all;
use ports::{
    Attempt, DocumentMarkOutcome, DocumentVersion, DomainHealth, Health, MarkDocuments,
    PurgeDocuments, ReadDocuments, RemoveOutcome,
};
use testing::samples;

use crate::stores::aws::sdk_config;
use server::{Fate, Server};

const CALL: Duration = Duration::from_secs(10);

fn documents(server: &Server, auth: SearchAuth<'_>) -> OpenSearchDocuments {
    documents_within(server, auth, CALL)
}

fn documents_within(server: &Server, auth: SearchAuth<'_>, call: Duration) -> OpenSearchDocuments {
    let transport = search_transport(&server.url, auth).expect("a transport");
    OpenSearchDocuments::new(transport, "pre-", call)
}

fn ids() -> Vec<DocumentAt> {
    vec![testing::at_id(&samples::collection("messages"), "a/b")]
}

async fn is_answered(documents: &OpenSearchDocuments) -> bool {
    let messages = samples::collection("messages");
    documents.states(&messages, &ids()).await.is_ok()
}

#[tokio::test]
async fn every_request_goes_to_its_index_and_names_none_in_its_body() {
    let server = Server::start(Fate::Answers);
    let documents = documents(&server, SearchAuth::None);
    let (messages, mark): (_, Mark) = (samples::collection("messages"), samples::mark(1));
    let version = DocumentVersion {
        seq_no: 1,
        primary_term: 1,
        version: 1,
    };

    let marked = documents.mark(&messages, &mark, &ids()).await.unwrap();
    let removed = documents
        .remove(&messages, &[(ids().remove(0), version)])
        .await
        .unwrap();

    assert_eq!(marked, [Attempt::Done(DocumentMarkOutcome::Marked)]);
    assert_eq!(removed, [Attempt::Done(RemoveOutcome::Gone)]);
    let requests = server.requests();
    let asked: Vec<_> = requests.iter().map(|request| &*request.line).collect();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(
        asked[0].starts_with("POST /pre-messages/_mget?"),
        "{asked:?}"
    );
    assert!(
        asked[1].starts_with("POST /pre-messages/_bulk?"),
        "{asked:?}"
    );
    assert!(
        asked[2].starts_with("POST /pre-messages/_bulk?"),
        "{asked:?}"
    );
    for request in &requests {
        assert!(!request.body.contains("_index"), "{}", request.body);
        assert!(request.body.contains(r#""_id":"a/b""#), "{}", request.body);
    }
}

/// The host says nothing: a domain may have a name of its own, and a proxy any.
#[tokio::test]
async fn requests_are_signed_for_the_service_that_was_named() {
    let server = Server::start(Fate::Answers);
    let sdk = sdk_config("http://127.0.0.1:1");

    for (auth, scope, read) in [
        (
            SearchAuth::Domain(&sdk),
            "/us-east-1/es/aws4_request",
            "POST ",
        ),
        // The one verb of `_mget` that is documented for serverless collections.
        (
            SearchAuth::Serverless(&sdk),
            "/us-east-1/aoss/aws4_request",
            "GET ",
        ),
    ] {
        assert!(is_answered(&documents(&server, auth)).await);

        let request = server.requests().pop().expect("it was asked");
        let header = |name: &str| request.header(name).unwrap_or_default().to_owned();
        assert!(header("authorization").contains(scope), "{request:?}");
        // A serverless collection asks for the hash of the body.
        assert_eq!(header("x-amz-content-sha256").len(), 64, "{request:?}");
        assert!(request.line.starts_with(read), "{request:?}");
        assert!(request.body.contains(r#""_id":"a/b""#), "{request:?}");
    }
}

/// As a function finds its connections that was frozen: the other side closed them meanwhile, and nobody was there to
/// see it; or it closes them in the moment in which they are used.
#[tokio::test]
async fn request_on_a_connection_that_died_is_sent_again() {
    for fate in [Fate::ClosedBefore, Fate::ClosedOnUse, Fate::ResetOnUse] {
        let server = Server::start(fate);
        let documents = documents(&server, SearchAuth::None);

        for round in 0..3 {
            let all = join_all((0..8).map(|_| is_answered(&documents))).await;

            assert_eq!(all, [true; 8], "{fate:?}, round {round}");
            server.dies(fate);
            // Blocks the runtime, as a freeze does: nobody looks after the connections.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[tokio::test]
async fn write_on_a_connection_that_died_is_sent_again() {
    let server = Server::start(Fate::ClosedOnUse);
    let documents = documents(&server, SearchAuth::None);
    let (messages, mark) = (samples::collection("messages"), samples::mark(1));
    let version = DocumentVersion {
        seq_no: 1,
        primary_term: 1,
        version: 1,
    };
    let marked = documents.mark(&messages, &mark, &ids()).await.unwrap();
    assert_eq!(marked, [Attempt::Done(DocumentMarkOutcome::Marked)]);

    server.dies(Fate::ClosedOnUse);
    let removed = documents
        .remove(&messages, &[(ids().remove(0), version)])
        .await;

    assert_eq!(removed.unwrap(), [Attempt::Done(RemoveOutcome::Gone)]);
}

#[tokio::test]
async fn a_server_that_never_answers_is_asked_twice_and_no_longer_than_a_call() {
    let closing = Server::start(Fate::NeverAnswers);
    let silent = Server::start(Fate::IsSilent);
    let messages = samples::collection("messages");
    let short = Duration::from_millis(300);

    let closed = documents(&closing, SearchAuth::None)
        .states(&messages, &ids())
        .await
        .unwrap_err();
    let begun = std::time::Instant::now();
    let waited = documents_within(&silent, SearchAuth::None, short)
        .states(&messages, &ids())
        .await
        .unwrap_err();

    assert!(closed.retryable && waited.retryable);
    assert_eq!(closing.requests().len(), 2);
    assert_eq!(silent.requests().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_serverless_collection_is_well_when_its_index_answers() {
    let server = Server::start(Fate::Answers);
    let away = Server::start(Fate::NeverAnswers);
    let sdk = sdk_config("http://127.0.0.1:1");
    let health = |server, name| {
        SearchHealth::Serverless(Box::new(SearchedIndex {
            documents: documents(server, SearchAuth::Serverless(&sdk)),
            collection: samples::collection(name),
        }))
    };

    assert_eq!(
        health(&server, "messages").health().await.unwrap(),
        Health::Well
    );
    assert!(
        health(&away, "messages")
            .health()
            .await
            .unwrap_err()
            .retryable
    );

    let asked = server.requests();
    assert!(
        asked[0].line.starts_with("POST /pre-messages/_search?"),
        "{asked:?}"
    );
    assert!(asked[0].body.contains(r#""size":0"#), "{asked:?}");
}

#[tokio::test]
async fn where_there_is_no_search_nothing_is_sick_and_whoever_asks_is_refused() {
    let nowhere = OpenSearchDocuments::nowhere();
    let messages = samples::collection("messages");

    let refused = nowhere.states(&messages, &ids()).await.unwrap_err();

    assert_eq!(SearchHealth::None.health().await.unwrap(), Health::Well);
    assert!(!refused.retryable, "{refused:?}");
}
