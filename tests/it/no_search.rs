//! A deployment without a search: the engine over the real DynamoDB adapters, and over documents that refuse every call.

use std::time::Duration;

use aws::{OpenSearchDocuments, SearchHealth};
use domain::collection::{Collections, SourceFile};
use domain::deletion::{Action, DeletionId, State};
use domain::key::RecordKey;
use engine::{Advanced, SweepReport};
use serde_json::{Map, json};
use testing::Faults;

use crate::on_tables::{OnTables, Search};

const TENANT: &str = "acme";

/// No search at all: documents that refuse every call.
struct Nowhere;

impl Search for Nowhere {
    type Documents = OpenSearchDocuments;
    type Domain = SearchHealth;

    fn documents(&self, _: &Faults) -> OpenSearchDocuments {
        OpenSearchDocuments::nowhere()
    }

    fn domain(&self, _: &Faults) -> SearchHealth {
        SearchHealth::None
    }
}

/// Notes of a folder, none of them with documents.
struct World(OnTables<Nowhere>);

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
        let mut world = OnTables::over(Nowhere, collections, TENANT);
        world.page_keys = 2;
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

    async fn delete(&self, end: State) -> DeletionId {
        let key = RecordKey::stored("f", None);
        let accepted = self.0.accept(&self.0.faults(), "folders", &key).await;
        self.ends(accepted.id, end).await;
        accepted.id
    }

    async fn act(&self, id: DeletionId, action: Action, end: State) {
        self.0.act(&self.0.faults(), id, action).await;
        self.ends(id, end).await;
    }

    async fn ends(&self, id: DeletionId, end: State) {
        let advanced = self.0.deliver(&self.0.faults(), id).await;
        assert_eq!(advanced.unwrap(), Advanced::Ended(end));
    }

    /// One sweep, after this time.
    async fn sweep_after(&self, time: Duration) -> SweepReport {
        self.0.clock.advance(time);
        let report = self.0.sweep(&self.0.faults()).await;
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
        assert_eq!(due.purging, 1, "{strategy}");
        world.ends(id, State::Purged).await;
        assert_eq!(world.rows(), (0, 0), "{strategy}: {due:?}");
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
