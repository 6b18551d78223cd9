//! Dynoxide in this process: started with the first test that needs it, in memory, on a free port.

use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::sync::mpsc;

use aws::TableNames;
use aws_sdk_dynamodb::Client;
use domain::collection::{ChildLookup, Collection, Collections};
use domain::deletion::DeletionId;
use domain::key::RecordKey;
use dynoxide::Database;
use ports::OrderAlong;
use serde_json::{Map, Value, json};
use testing::samples::BY_ORDER;

use super::aws::sdk_config;
use super::unique;

/// Tables of their own for one test, and a way to look behind the adapters.
#[derive(Clone)]
pub(crate) struct Tables {
    database: Database,
    endpoint: String,
    prefix: String,
}

struct Server {
    database: Database,
    endpoint: String,
}

impl Tables {
    /// The tables of these collections and a control table, all empty.
    pub(crate) fn of(collections: &Collections) -> Self {
        let tables = Self::none();
        let mut made: BTreeMap<String, Value> = BTreeMap::new();
        for collection in collections.iter().filter(|one| !one.is_rowless) {
            let name = tables.names().of(collection);
            let own = table(collection, &name);
            match made.get_mut(&name) {
                None => drop(made.insert(name, own)),
                Some(shared) => share(shared, &own),
            }
        }
        for table in made.into_values() {
            tables.create(table);
        }
        tables.with_our_own()
    }

    /// The tables of a schema as it describes them, and a control table, all empty.
    pub(crate) fn described(schema: &Value) -> Self {
        let tables = Self::none();
        for described in schema.as_array().into_iter().flatten() {
            tables.create(described_table(described, &tables.prefix));
        }
        tables.with_our_own()
    }

    fn none() -> Self {
        let Server { database, endpoint } = server();
        Self {
            database: database.clone(),
            endpoint: endpoint.clone(),
            prefix: format!("{}-", unique("t")),
        }
    }

    fn with_our_own(self) -> Self {
        let tables = self;
        tables.create(control_table(&tables.control()));
        tables.create(json!({
            "TableName": tables.archive(),
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": key_schema("pk", None),
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        }));
        tables
    }

    /// A client for the server.
    pub(crate) fn client(&self) -> Client {
        Client::new(&sdk_config(&self.endpoint))
    }

    pub(crate) fn names(&self) -> TableNames {
        TableNames::new(&self.prefix, std::collections::BTreeMap::new())
    }

    /// The real name of this table.
    pub(crate) fn named(&self, table: &str) -> String {
        format!("{}{table}", self.prefix)
    }

    /// The name of the control table.
    pub(crate) fn control(&self) -> String {
        format!("{}control", self.prefix)
    }

    /// The name of the archive table.
    pub(crate) fn archive(&self) -> String {
        format!("{}archive", self.prefix)
    }

    pub(crate) fn put(&self, collection: &Collection, row: &Map<String, Value>) {
        let item = row
            .iter()
            .map(|(name, value)| (name.clone(), to_dynamo(value)))
            .collect();
        self.put_item(&self.names().of(collection), &item);
    }

    pub(crate) fn get(
        &self,
        collection: &Collection,
        key: &RecordKey,
    ) -> Option<Map<String, Value>> {
        let item = self.item(&self.names().of(collection), key, collection)?;
        Some(
            item.iter()
                .map(|(name, value)| (name.clone(), from_dynamo(value)))
                .collect(),
        )
    }

    /// A row of this table, as DynamoDB's JSON.
    pub(crate) fn item(
        &self,
        table: &str,
        key: &RecordKey,
        collection: &Collection,
    ) -> Option<Map<String, Value>> {
        let request =
            json!({ "TableName": table, "Key": key_of(collection, key), "ConsistentRead": true });
        let answer = self
            .database
            .get_item(parsed(request))
            .expect("Dynoxide answers");
        let answer = serde_json::to_value(answer).expect("it is JSON");
        answer.get("Item")?.as_object().cloned()
    }

    pub(crate) fn remove(&self, collection: &Collection, key: &RecordKey) {
        let request =
            json!({ "TableName": self.names().of(collection), "Key": key_of(collection, key) });
        self.database
            .delete_item(parsed(request))
            .expect("Dynoxide answers");
    }

    /// All items of the control table, as DynamoDB's JSON.
    pub(crate) fn control_items(&self) -> Vec<Map<String, Value>> {
        self.items(&self.control())
    }

    /// All items of this table, as DynamoDB's JSON.
    pub(crate) fn items(&self, table: &str) -> Vec<Map<String, Value>> {
        let answer = self
            .database
            .scan(parsed(json!({ "TableName": table })))
            .expect("Dynoxide answers");
        let answer = serde_json::to_value(answer).expect("it is JSON");
        let items = answer["Items"].as_array().cloned().unwrap_or_default();
        items
            .into_iter()
            .filter_map(|item| item.as_object().cloned())
            .collect()
    }

    /// Puts an item, as DynamoDB's JSON.
    pub(crate) fn put_item(&self, table: &str, item: &Map<String, Value>) {
        self.database
            .put_item(parsed(json!({ "TableName": table, "Item": item })))
            .expect("Dynoxide answers");
    }

    /// Makes all items of a deletion ones of this version.
    pub(crate) fn set_version(&self, id: DeletionId, version: u32) {
        for mut item in self.control_items() {
            let pk = item["pk"]["S"].as_str();
            if pk.is_some_and(|pk| pk.ends_with(&id.to_string())) {
                item.insert("v".to_owned(), json!({ "N": version.to_string() }));
                self.put_item(&self.control(), &item);
            }
        }
    }

    fn create(&self, request: Value) {
        self.database
            .create_table(parsed(request))
            .expect("Dynoxide makes a table");
    }
}

fn parsed<T: serde::de::DeserializeOwned>(request: Value) -> T {
    serde_json::from_value(request).expect("a request to Dynoxide")
}

/// The one server of this process. It lives in a thread of its own, because each test has its own runtime.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let database = Database::memory().expect("a database in memory");
        let (tell, told) = mpsc::channel();
        let served = database.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async move {
                let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
                    .await
                    .expect("a free port");
                tell.send(listener.local_addr().expect("an address"))
                    .expect("somebody waits");
                dynoxide::server::serve_with_shutdown(listener, served, std::future::pending())
                    .await
                    .expect("it serves");
            });
        });
        let address = told.recv().expect("Dynoxide has an address");
        Server {
            database,
            endpoint: format!("http://{address}"),
        }
    })
}

/// A table as a schema of `../shared/schemas` describes it.
fn described_table(described: &Value, prefix: &str) -> Value {
    let mut attributes: std::collections::BTreeMap<String, Value> =
        std::collections::BTreeMap::new();
    let mut key = |of: &Value| -> Value {
        let kinds = [("hash", "HASH"), ("range", "RANGE")];
        let parts = kinds.iter().filter(|(place, _)| of.get(place).is_some());
        parts
            .map(|(place, kind)| {
                let name = of[place]["name"].as_str().unwrap_or_default();
                attributes.insert(name.to_owned(), of[place]["type"].clone());
                json!({ "AttributeName": name, "KeyType": kind })
            })
            .collect()
    };
    let mut request = json!({
        "TableName": format!("{prefix}{}", described["name"].as_str().unwrap_or_default()),
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key(&described["key"]),
    });
    let indexes = described["indexes"].as_array().into_iter().flatten();
    let indexes: Vec<Value> = indexes
        .map(|index| {
            let projection = index["projection"].as_str().unwrap_or_default();
            let projection = match projection.strip_prefix("INCLUDE ") {
                Some(names) => json!({
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": names.split(", ").collect::<Vec<_>>(),
                }),
                None => json!({ "ProjectionType": projection }),
            };
            json!({ "IndexName": index["name"], "KeySchema": key(index), "Projection": projection })
        })
        .collect();
    if !indexes.is_empty() {
        request["GlobalSecondaryIndexes"] = json!(indexes);
    }
    let defined = attributes.iter();
    let defined =
        defined.map(|(name, kind)| json!({ "AttributeName": name, "AttributeType": kind }));
    request["AttributeDefinitions"] = defined.collect();
    request
}

/// The table of a collection with the indexes that its file declares.
fn table(collection: &Collection, name: &str) -> Value {
    let mut hashes = Vec::new();
    let of_tenant = collection.tenant.index();
    hashes.extend(of_tenant.map(|(index, name)| (index, collection.behind(name))));
    hashes.extend(
        collection.author.as_ref().and_then(|author| {
            Some((author.gsi.as_deref()?, collection.behind(&author.attribute)))
        }),
    );
    hashes.extend(
        collection
            .parent
            .as_ref()
            .and_then(|parent| match &parent.lookup {
                ChildLookup::Index(gsi) => Some((gsi.as_str(), collection.behind(&parent.by[0]))),
                ChildLookup::Table => None,
            }),
    );
    hashes.extend(
        collection
            .keeps
            .as_ref()
            .and_then(|keeps| match &keeps.lookup {
                ChildLookup::Index(gsi) => Some((gsi.as_str(), collection.behind(&keeps.by[0]))),
                ChildLookup::Table => None,
            }),
    );
    let key = &collection.key;
    let mut indexes: Vec<_> = hashes
        .iter()
        .map(|(gsi, hash)| {
            let range = if key.partition == *hash { None } else { Some(key.partition.as_str()) };
            json!({ "IndexName": gsi, "KeySchema": key_schema(hash, range), "Projection": { "ProjectionType": "ALL" } })
        })
        .collect();
    let mut attributes: Vec<_> = key
        .attributes()
        .chain(hashes.iter().map(|(_, hash)| *hash))
        .collect();
    if let OrderAlong::Index {
        name,
        partition,
        sort,
    } = BY_ORDER
        && hashes.iter().any(|(_, hash)| *hash == partition)
    {
        indexes.push(json!({ "IndexName": name, "KeySchema": key_schema(partition, Some(sort)), "Projection": { "ProjectionType": "ALL" } }));
        attributes.push(sort);
    }
    let groups = collection.parent.as_ref();
    if let Some(groups) = groups.and_then(|parent| parent.promote.as_ref()) {
        let schema = key_schema(&groups.owner, Some(&groups.by));
        indexes.push(json!({ "IndexName": groups.gsi, "KeySchema": schema, "Projection": { "ProjectionType": "ALL" } }));
        attributes.extend([groups.owner.as_str(), groups.by.as_str()]);
    }
    attributes.sort_unstable();
    attributes.dedup();
    let kind = |name: &str| {
        let mut key = key.each();
        let form = key.find(|(attribute, _)| *attribute == name);
        form.map_or("S", |(_, form)| form.kind.as_str())
    };
    let mut request = json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema(&key.partition, key.sort.as_deref()),
        "AttributeDefinitions": attributes.iter().map(|name| json!({ "AttributeName": name, "AttributeType": kind(name) })).collect::<Vec<_>>(),
    });
    if !indexes.is_empty() {
        request["GlobalSecondaryIndexes"] = json!(indexes);
    }
    request
}

/// A table that another collection shares: with the indexes of both.
fn share(table: &mut Value, other: &Value) {
    for (list, name) in [
        ("GlobalSecondaryIndexes", "IndexName"),
        ("AttributeDefinitions", "AttributeName"),
    ] {
        let mut all = table[list].as_array().cloned().unwrap_or_default();
        for one in other[list].as_array().into_iter().flatten() {
            if all.iter().all(|known| known[name] != one[name]) {
                all.push(one.clone());
            }
        }
        if !all.is_empty() {
            table[list] = all.into();
        }
    }
}

/// The control table as `template.yaml` makes it.
fn control_table(name: &str) -> Value {
    let attribute =
        |name: &str, kind: &str| json!({ "AttributeName": name, "AttributeType": kind });
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": key_schema("pk", Some("sk")),
        "AttributeDefinitions": [
            attribute("pk", "S"), attribute("sk", "S"), attribute("tenant", "S"), attribute("deletion_id", "S"),
            attribute("due_shard", "S"), attribute("due_at", "N"),
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "by_tenant",
                "KeySchema": key_schema("tenant", Some("deletion_id")),
                "Projection": { "ProjectionType": "INCLUDE", "NonKeyAttributes": ["collection", "requested_by"] },
            },
            {
                "IndexName": "due",
                "KeySchema": key_schema("due_shard", Some("due_at")),
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            },
        ],
    })
}

fn key_schema(hash: &str, range: Option<&str>) -> Value {
    let part = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
    std::iter::once(part(hash, "HASH"))
        .chain(range.map(|range| part(range, "RANGE")))
        .collect()
}

fn key_of(collection: &Collection, key: &RecordKey) -> Value {
    key.parts(&collection.key)
        .into_iter()
        .map(|(name, value)| (name.to_owned(), json!({ "S": value })))
        .collect::<Map<_, _>>()
        .into()
}

fn to_dynamo(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(value) => json!({ "N": value.to_string() }),
        Value::String(value) => json!({ "S": value }),
        Value::Array(values) => json!({ "L": values.iter().map(to_dynamo).collect::<Vec<_>>() }),
        Value::Object(values) => {
            json!({ "M": values.iter().map(|(name, value)| (name.clone(), to_dynamo(value))).collect::<Map<_, _>>() })
        }
    }
}

fn from_dynamo(value: &Value) -> Value {
    let (kind, value) = value
        .as_object()
        .and_then(|typed| typed.iter().next())
        .expect("a typed value");
    match (kind.as_str(), value) {
        ("NULL", _) => Value::Null,
        ("N", Value::String(digits)) => serde_json::from_str(digits).expect("a number"),
        ("L", Value::Array(values)) => values.iter().map(from_dynamo).collect(),
        ("M", Value::Object(values)) => values
            .iter()
            .map(|(name, value)| (name.clone(), from_dynamo(value)))
            .collect(),
        _ => value.clone(),
    }
}
