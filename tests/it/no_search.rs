//! A deployment without a search: the engine over the real DynamoDB adapters, and over documents that refuse every call.

use std::sync::Arc;
use std::time::Duration;

use aws::{DynamoDeletions, DynamoRows, OpenSearchDocuments, SearchHealth};
use domain::collection::{Collections, SourceFile};
use domain::deletion::{Action, DeletionId, Patience, State};
use domain::key::RecordKey;
use engine::{Advanced, Engine, advance};
use engine::{SweepReport, sweep};
use ports::{OutgoingOf, StoresOf, Wired};
use requests::accept::{AcceptAnswer, DeleteRequest, accept};
use requests::act::act;
use requests::{Api, OnPublishFailure};
use serde_json::{Map, json};
use testing::{FakeClock, FakeEvents, FakeQueue, FakeSchedules, samples};

use crate::on_tables::OnTables;

const TENANT: &str = "acme";

type Ports = Wired<
    StoresOf<DynamoRows, OpenSearchDocuments, DynamoDeletions>,
    OutgoingOf<FakeQueue, FakeEvents, FakeSchedules>,
    FakeClock,
    SearchHealth,
>;

/// Notes of a folder, none of them with documents.
struct World(OnTables);

impl World {
    fn new(strategy: &str) -> Self {
        let retention = if strategy == "erase" {
            ""
        } else {
            "retention = \"30d\""
        };
        let rest = format!(
            "tenant = \"owner\"\nstrategy = \"{strategy}\"\n{retention}\n\
             permissions = {{ delete = [\"admin\"], restore = [\"admin\"], purge = [\"admin\"] }}\n"
        );
        let file = SourceFile {
            name: "notes.toml".to_owned(),
            text: format!(
                "[folders]\ntable = \"folders\"\nkey = [\"folder_id\"]\n{rest}\n\
                 [notes]\ntable = \"notes\"\nkey = [\"folder_id\", \"note_id\"]\n\
                 parent = {{ collection = \"folders\", by = [\"folder_id\"], on_delete = \"cascade\" }}\n{rest}"
            ),
        };
        let collections = Collections::from_files_without_search(&[file]).unwrap();
        let world = OnTables::new(collections, TENANT);
        let row = |key: &[(&str, &str)]| {
            let owner = ("owner".to_owned(), json!(TENANT));
            let key = key
                .iter()
                .map(|(name, value)| ((*name).to_owned(), json!(value)));
            key.chain([owner]).collect::<Map<_, _>>()
        };
        let (folders, notes) = (world.collection("folders"), world.collection("notes"));
        world.tables.put(folders, &row(&[("folder_id", "f")]));
        for note in ["1", "2", "3"] {
            let key = [("folder_id", "f"), ("note_id", note)];
            world.tables.put(notes, &row(&key));
        }
        Self(world)
    }

    fn ports(&self) -> Ports {
        Wired {
            stores: StoresOf {
                rows: self.0.rows(),
                documents: OpenSearchDocuments::nowhere(),
                deletions: self.0.deletions(),
            },
            outgoing: OutgoingOf {
                queue: self.0.queue.clone(),
                events: self.0.events.clone(),
                schedules: FakeSchedules::default(),
            },
            clock: self.0.clock.clone(),
            domain: SearchHealth::None,
        }
    }

    fn engine(&self) -> Engine<Ports> {
        Engine {
            ports: self.ports(),
            collections: Arc::clone(&self.0.collections),
            timing: samples::timing(),
            patience: Patience {
                max_attempts: 5,
                fail_after: Duration::from_hours(24),
            },
            page_keys: 2,
        }
    }

    fn api(&self) -> Api<Ports> {
        Api {
            ports: self.ports(),
            collections: Arc::clone(&self.0.collections),
            timing: samples::timing(),
            on_publish_failure: OnPublishFailure::Outbox,
        }
    }

    async fn delete(&self, end: State) -> DeletionId {
        let request = DeleteRequest {
            principal: &self.0.principal,
            collection: self.0.collection("folders"),
            key: RecordKey::stored("f", None),
            request_id: "r".to_owned(),
        };
        let accepted = Box::pin(accept(&self.api(), request)).await.unwrap();
        let AcceptAnswer::Scheduled(deletion) = accepted else {
            panic!("it is not accepted: {accepted:?}");
        };
        self.ends(deletion.id, end).await;
        deletion.id
    }

    async fn act(&self, id: DeletionId, action: Action, end: State) {
        let api = self.api();
        let acted = act(&api, &self.0.principal, id, action);
        Box::pin(acted).await.unwrap();
        self.ends(id, end).await;
    }

    async fn ends(&self, id: DeletionId, end: State) {
        let until = self.0.later(Duration::from_mins(5));
        let engine = self.engine();
        let advanced = advance(&engine, &self.0.principal.tenant, id, until);
        assert_eq!(Box::pin(advanced).await.unwrap(), Advanced::Ended(end));
    }

    /// One sweep, after this time.
    async fn sweep_after(&self, time: Duration) -> SweepReport {
        self.0.clock.advance(time);
        let (engine, deadline) = (self.engine(), self.0.later(Duration::from_mins(5)));
        let swept = sweep(&engine, deadline, Duration::from_mins(2));
        let report = Box::pin(swept).await.unwrap();
        assert_eq!((report.errors, report.put_off), (0, 0), "{report:?}");
        report
    }

    /// The rows that are there, and those of them with a mark.
    fn rows(&self) -> (usize, usize) {
        let all = ["folders", "notes"].map(|name| self.0.items(name)).concat();
        let marked = all.iter().filter(|row| row.contains_key("deletion_id"));
        (all.len(), marked.count())
    }
}

#[tokio::test]
async fn a_deletion_lives_its_whole_life_without_a_search() {
    for (strategy, deleted) in [("flag", (4, 4)), ("archive", (0, 0))] {
        let world = World::new(strategy);

        let id = world.delete(State::Deleted).await;
        assert_eq!(world.rows(), deleted, "{strategy}");
        assert_eq!(world.sweep_after(Duration::from_mins(15)).await.compared, 1);

        world.act(id, Action::Restore, State::Restored).await;
        assert_eq!(world.rows(), (4, 0), "{strategy}");
        assert_eq!(world.sweep_after(Duration::from_mins(15)).await.compared, 1);

        let id = world.delete(State::Deleted).await;
        let due = world.sweep_after(Duration::from_hours(31 * 24)).await;
        assert_eq!(world.rows(), (0, 0), "{strategy}: {due:?}");
        assert_eq!(world.0.read(id).await.state, State::Purged);
        assert_eq!(world.sweep_after(Duration::from_mins(15)).await.compared, 1);
    }
}

#[tokio::test]
async fn a_purge_on_request_and_an_erase_need_no_search_either() {
    let (flag, erase) = (World::new("flag"), World::new("erase"));

    let id = flag.delete(State::Deleted).await;
    flag.act(id, Action::Purge, State::Purged).await;
    erase.delete(State::Purged).await;

    assert_eq!((flag.rows(), erase.rows()), ((0, 0), (0, 0)));
}
