//! The control table in memory: deletions, scopes and manifests, with the compare-and-set of the real one.

mod accept;
mod advance;
mod notice;
mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;

use super::rows::FakeRows;
use domain::adoption::Adoption;
use domain::collection::CollectionName;
use domain::deletion::{Deletion, DeletionId};
use domain::key::RecordKey;
use domain::notice::Notice;
use domain::open::Keys;
use domain::page::{Exceptions, Page};
use domain::principal::Tenant;
use domain::request_key::{RequestKey, UsedKey};
use domain::scope::Scope;
use ports::{DependencyError, StoreAdoptions};

const NAME: &str = "control table";

type Id = (Tenant, DeletionId);

/// The deletions of all tenants. It shares the rows, because acceptance marks the root in the same transaction.
#[derive(Debug, Clone, Default)]
pub struct FakeDeletions {
    rows: FakeRows,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    deletions: BTreeMap<Id, Deletion>,
    scopes: BTreeMap<Id, Scope>,
    ids: BTreeMap<(Id, u32), Vec<RecordKey>>,
    open: BTreeMap<Id, Keys>,
    pages: BTreeMap<(Id, u32), Page>,
    exceptions: BTreeMap<(Id, u32), Exceptions>,
    told: BTreeMap<(Id, u32), Notice>,
    adoptions: BTreeMap<CollectionName, Adoption>,
    /// Of requests, each with the moment from which it is free.
    keys: BTreeMap<(Tenant, String), (UsedKey, Timestamp)>,
    /// Whether other requests use all keys at this moment.
    holds_keys: bool,
    /// Written by a later version of this program.
    newer: BTreeSet<Id>,
    /// What the indexes show while they lag.
    indexed: Option<BTreeMap<Id, Deletion>>,
    calls: u64,
}

impl FakeDeletions {
    /// A control table beside these rows.
    #[must_use]
    pub fn beside(rows: &FakeRows) -> Self {
        Self {
            rows: rows.clone(),
            state: Arc::default(),
        }
    }

    /// The exceptions of a page, for a test that reads the store without the port.
    #[must_use]
    pub fn exceptions_of(&self, deletion: &Deletion, number: u32) -> Exceptions {
        let id = id_of(deletion);
        let found = self.state().exceptions.get(&(id, number)).cloned();
        found.unwrap_or_default()
    }

    /// The stored deletion, for a test that reads the store without the port.
    #[must_use]
    pub fn get(&self, id: DeletionId) -> Option<Deletion> {
        self.state()
            .deletions
            .values()
            .find(|deletion| deletion.id == id)
            .cloned()
    }

    /// All deletions, in the order of their tenants and ids.
    #[must_use]
    pub fn all(&self) -> Vec<Deletion> {
        self.state().deletions.values().cloned().collect()
    }

    /// The pages of a deletion with their exceptions, in order.
    #[must_use]
    pub fn manifest(&self, deletion: &Deletion) -> Vec<(Page, Exceptions)> {
        let state = self.state();
        let pages = state
            .pages
            .iter()
            .filter(|((id, _), _)| *id == id_of(deletion));
        pages
            .map(|(at, page)| {
                (
                    page.clone(),
                    state.exceptions.get(at).cloned().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// How many deletions are announced as open.
    #[must_use]
    pub fn announced(&self) -> usize {
        self.state().open.len()
    }

    /// How many items there are, of any kind except the deletions themselves.
    #[must_use]
    pub fn items(&self) -> usize {
        let state = self.state();
        state.scopes.len() + state.ids.len() + state.pages.len() + state.exceptions.len()
    }

    /// Stores a deletion as it is, and replaces what was stored: for a test that begins in the middle.
    pub fn put(&self, deletion: &Deletion, scope: &Scope, pages: &[Page]) {
        let mut state = self.state();
        let id = id_of(deletion);
        state.deletions.insert(id.clone(), deletion.clone());
        state.scopes.insert(id.clone(), scope.clone());
        state.pages.extend(
            pages
                .iter()
                .map(|page| ((id.clone(), page.number), page.clone())),
        );
    }

    /// Removes a deletion and all that belongs to it, as TTL does at the end.
    pub fn remove(&self, deletion: &Deletion) {
        let id = id_of(deletion);
        let mut state = self.state();
        state.deletions.remove(&id);
        state.scopes.remove(&id);
        state.ids.retain(|(of, _), _| *of != id);
        state.open.remove(&id);
        state.pages.retain(|(of, _), _| *of != id);
        state.exceptions.retain(|(of, _), _| *of != id);
    }

    /// From now on the items of this deletion are of a later version than this build knows.
    pub fn make_newer(&self, deletion: &Deletion) {
        self.state().newer.insert(id_of(deletion));
    }

    /// Undoes [`make_newer`](Self::make_newer).
    pub fn make_known(&self, deletion: &Deletion) {
        self.state().newer.remove(&id_of(deletion));
    }

    /// From now on every key of a request is used by another one at the same moment.
    pub fn hold_keys(&self) {
        self.state().holds_keys = true;
    }

    /// From now on `list` and `find_due` show what is stored at this moment, until [`settle`](Self::settle).
    pub fn lag(&self) {
        let mut state = self.state();
        state.indexed = Some(state.deletions.clone());
    }

    /// The indexes catch up.
    pub fn settle(&self) {
        self.state().indexed = None;
    }

    /// How many calls there were through the ports.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.state().calls
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no test panics with the lock held")
    }

    fn begin(&self) -> MutexGuard<'_, State> {
        let mut state = self.state();
        state.calls += 1;
        state
    }
}

impl StoreAdoptions for FakeDeletions {
    async fn adoption(&self, collection: &CollectionName) -> Result<Adoption, DependencyError> {
        let found = self.begin().adoptions.get(collection).cloned();
        Ok(found.unwrap_or_default())
    }

    async fn store_adoption(
        &self,
        collection: &CollectionName,
        adoption: &Adoption,
    ) -> Result<(), DependencyError> {
        let mut state = self.begin();
        state.adoptions.insert(collection.clone(), adoption.clone());
        Ok(())
    }
}

impl State {
    /// What an earlier request of this key was.
    fn used(&self, tenant: &Tenant, key: &RequestKey) -> Option<&UsedKey> {
        let (used, until) = self.keys.get(&(tenant.clone(), key.name.clone()))?;
        (key.at < *until).then_some(used)
    }

    fn is_in_use(&self, tenant: &Tenant, key: Option<&RequestKey>) -> bool {
        key.is_some_and(|key| self.holds_keys || self.used(tenant, key).is_some())
    }

    fn use_key(&mut self, deletion: &Deletion, key: Option<&RequestKey>) {
        let Some(key) = key else { return };
        let used = UsedKey {
            asked: key.asked.clone(),
            deletion: deletion.id,
        };
        let at = (deletion.tenant.clone(), key.name.clone());
        self.keys.insert(at, (used, key.expires_at()));
    }

    fn free_key(&mut self, deletion: &Deletion, key: Option<&RequestKey>) {
        if let Some(key) = key {
            let at = (deletion.tenant.clone(), key.name.clone());
            self.keys.remove(&at);
        }
    }

    /// A later version is an error, and never partly read.
    fn known(&self, id: &Id, operation: &'static str) -> Result<(), DependencyError> {
        if self.newer.contains(id) {
            return Err(DependencyError::newer(
                NAME,
                operation,
                "the item is of a later version",
            ));
        }
        Ok(())
    }
}

fn id_of(deletion: &Deletion) -> Id {
    (deletion.tenant.clone(), deletion.id)
}
