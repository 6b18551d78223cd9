//! The parameters of `template.yaml` that a deployment for these tables needs, as far as the tables tell them.

use std::collections::{BTreeMap, BTreeSet};

use domain::collection::Collections;
use reqwest::Url;
use serde::Serialize;

use super::seen::TableSeen;
use crate::search::SearchKind;

/// How tables are named: what a deployment is told, too.
#[derive(Debug, Clone, Default)]
pub struct Naming {
    /// Put before a logical name.
    pub prefix: String,
    /// Names that no prefix makes, by logical name.
    pub names: BTreeMap<String, String>,
}

/// The search of a deployment.
#[derive(Debug, Clone)]
pub struct Searched {
    /// What it is.
    pub kind: SearchKind,
    /// Where it is.
    pub endpoint: Url,
    /// Put before a document's `index`.
    pub prefix: String,
}

/// Parameters with their values, and those that only a person knows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Plan {
    /// Values by name.
    pub parameters: BTreeMap<String, String>,
    /// What to give in others.
    pub fill_in: BTreeMap<String, String>,
}

impl Plan {
    /// That of these collections, whose tables were described by collection.
    #[must_use]
    pub fn of(
        collections: &Collections,
        tables: &BTreeMap<String, TableSeen>,
        naming: &Naming,
        search: Option<&Searched>,
    ) -> Self {
        let mut plan = Self::default();
        plan.tables(collections, tables);
        plan.give("TablePrefix", naming.prefix.clone());
        let declared: BTreeSet<&str> = collections.iter().map(|one| one.table.as_str()).collect();
        let names = naming.names.iter();
        let names = names.filter(|(logical, _)| declared.contains(logical.as_str()));
        plan.list(
            "TableNames",
            names.map(|(logical, name)| format!("{logical}={name}")),
        );
        plan.search(search, tables);
        plan
    }

    fn tables(&mut self, collections: &Collections, tables: &BTreeMap<String, TableSeen>) {
        let described = |is: &dyn Fn(&domain::collection::Collection) -> bool| {
            let chosen = collections.iter().filter(|collection| is(collection));
            let arns = chosen.filter_map(|collection| tables.get(collection.name.as_ref()));
            arns.map(|table| table.arn.clone()).collect::<BTreeSet<_>>()
        };
        let all = described(&|_| true);
        // A table that several collections share is one; what has no rows has none of its own.
        let with_rows = || collections.iter().filter(|one| !one.is_rowless);
        let names = |is: &dyn Fn(&str) -> bool| -> BTreeSet<&str> {
            let chosen = with_rows().filter(|one| is(one.name.as_ref()));
            chosen.map(|one| one.table.as_str()).collect()
        };
        let known = names(&|name| tables.contains_key(name));
        let missing = names(&|_| true).difference(&known).count();
        self.list("DataTableArns", all.into_iter());
        if missing > 0 {
            let what = format!("the ARNs of {missing} more tables, which could not be described");
            self.ask("DataTableArns", &what);
        }
        let written = described(&|collection| collection.serve.write);
        self.list("WrittenTableArns", written.into_iter());
        let keys: BTreeSet<String> = tables
            .values()
            .filter_map(|table| table.kms_key.clone())
            .collect();
        self.list("DataKeyArns", keys.into_iter());
    }

    fn search(&mut self, search: Option<&Searched>, tables: &BTreeMap<String, TableSeen>) {
        let Some(search) = search else {
            self.give("SearchKind", "none".to_owned());
            return;
        };
        let host = search.endpoint.host_str().unwrap_or_default();
        let endpoint = search.endpoint.as_str().trim_end_matches('/');
        self.give("SearchEndpoint", endpoint.to_owned());
        self.give("IndexPrefix", search.prefix.clone());
        match search.kind {
            SearchKind::Domain => {
                self.give("SearchKind", "domain".to_owned());
                match domain_name(host) {
                    Some(name) => self.give("SearchDomainName", name.to_owned()),
                    None => self.ask("SearchDomainName", "the name of the domain"),
                }
            }
            SearchKind::Serverless => {
                self.give("SearchKind", "serverless".to_owned());
                let arn = tables
                    .values()
                    .find_map(|table| collection_arn(host, &table.arn));
                match arn {
                    Some(arn) => self.give("SearchCollectionArn", arn),
                    None => self.ask("SearchCollectionArn", "the ARN of the collection"),
                }
            }
        }
    }

    /// That the collection files are not those that are compiled in.
    pub fn ask_for_files(&mut self) {
        let what = "/opt/collections, if a layer brings the files in a folder `collections`; without a layer put them under \
                    `collections/` before `sam build`";
        self.ask("CollectionsDir", what);
        self.ask(
            "CollectionsLayerArn",
            "the ARN of that layer, with its version",
        );
    }

    fn give(&mut self, name: &str, value: String) {
        self.parameters.insert(name.to_owned(), value);
    }

    fn list(&mut self, name: &str, values: impl Iterator<Item = String>) {
        let values: Vec<String> = values.collect();
        if !values.is_empty() {
            self.give(name, values.join(","));
        }
    }

    fn ask(&mut self, name: &str, what: &str) {
        self.fill_in.insert(name.to_owned(), what.to_owned());
    }

    /// As arguments of `--parameter-overrides`, each for a shell.
    #[must_use]
    pub fn overrides(&self) -> Vec<String> {
        let one = |(name, value): (&String, &String)| {
            if value.is_empty() {
                // The SAM CLI takes an empty value in quotes only.
                format!("'{name}=\"\"'")
            } else {
                format!("{name}={value}")
            }
        };
        self.parameters.iter().map(one).collect()
    }

    /// For a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec!["sam deploy --guided --parameter-overrides \\".to_owned()];
        let overrides = self.overrides();
        let last = overrides.len().saturating_sub(1);
        for (place, one) in overrides.iter().enumerate() {
            let end = if place == last { "" } else { " \\" };
            lines.push(format!("  {one}{end}"));
        }
        if !self.fill_in.is_empty() {
            lines.push(String::new());
            lines.push("Give also:".to_owned());
            let asked = self.fill_in.iter();
            lines.extend(asked.map(|(name, what)| format!("  {name}: {what}")));
        }
        lines.join("\n")
    }
}

/// The name of a domain in its host: `search-NAME-ID.eu-west-1.es.amazonaws.com`, or `vpc-NAME-ID…` in a VPC.
fn domain_name(host: &str) -> Option<&str> {
    let is_aws = host.contains(".es.amazonaws.com") || host.ends_with(".on.aws");
    let first = host.split('.').next().filter(|_| is_aws)?;
    let name = first
        .strip_prefix("search-")
        .or_else(|| first.strip_prefix("vpc-"))?;
    let (name, _id) = name.rsplit_once('-')?;
    (!name.is_empty()).then_some(name)
}

/// The ARN of a serverless collection, whose host is `ID.eu-west-1.aoss.amazonaws.com`, in the account of a table.
fn collection_arn(host: &str, table: &str) -> Option<String> {
    let mut parts = host.split('.');
    let (id, region, service) = (parts.next()?, parts.next()?, parts.next()?);
    if service != "aoss" {
        return None;
    }
    let mut arn = table.split(':');
    let (partition, account) = (arn.nth(1)?, arn.nth(2)?);
    Some(format!(
        "arn:{partition}:aoss:{region}:{account}:collection/{id}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections;

    fn described(collections: &Collections) -> BTreeMap<String, TableSeen> {
        let table = |name: &str| TableSeen {
            arn: format!("arn:aws:dynamodb:eu-west-1:111122223333:table/prod-{name}"),
            kms_key: (name == "tasks")
                .then(|| "arn:aws:kms:eu-west-1:111122223333:key/k".to_owned()),
            ..TableSeen::default()
        };
        collections
            .iter()
            .map(|one| (one.name.to_string(), table(&one.table)))
            .collect()
    }

    fn plan(endpoint: &str, kind: SearchKind) -> Plan {
        let collections = collections::read(None).unwrap();
        let tables = described(&collections);
        let naming = Naming {
            prefix: "prod-".to_owned(),
            names: BTreeMap::from([
                ("tasks".to_owned(), "Tasks-v2".to_owned()),
                ("foreign".to_owned(), "x".to_owned()),
            ]),
        };
        let search = Searched {
            kind,
            endpoint: endpoint.parse().unwrap(),
            prefix: String::new(),
        };
        Plan::of(&collections, &tables, &naming, Some(&search))
    }

    #[test]
    fn tables_names_keys_and_the_domain_are_told() {
        let plan = plan(
            "https://search-shop-mail-abcdefghij.eu-west-1.es.amazonaws.com",
            SearchKind::Domain,
        );

        let value = |name: &str| plan.parameters[name].as_str();
        let all = collections::read(None).unwrap().iter().count();
        assert_eq!(value("DataTableArns").split(',').count(), all);
        assert!(value("WrittenTableArns").contains("table/prod-tasks"));
        assert!(!value("WrittenTableArns").contains("discussions"));
        assert_eq!(value("TableNames"), "tasks=Tasks-v2");
        assert_eq!(value("TablePrefix"), "prod-");
        assert_eq!(
            value("DataKeyArns"),
            "arn:aws:kms:eu-west-1:111122223333:key/k"
        );
        assert_eq!(
            (value("SearchKind"), value("SearchDomainName")),
            ("domain", "shop-mail")
        );
        assert!(plan.overrides().contains(&"'IndexPrefix=\"\"'".to_owned()));
        assert!(plan.fill_in.is_empty());
    }

    #[test]
    fn a_serverless_collection_is_named_by_the_account_of_the_tables() {
        let plan = plan(
            "https://abc123.eu-west-1.aoss.amazonaws.com",
            SearchKind::Serverless,
        );

        assert_eq!(
            plan.parameters["SearchCollectionArn"],
            "arn:aws:aoss:eu-west-1:111122223333:collection/abc123"
        );
    }

    #[test]
    fn what_nobody_can_tell_is_asked_for() {
        let plan = plan("https://search.example", SearchKind::Domain);

        assert!(plan.fill_in.contains_key("SearchDomainName"));
        assert!(plan.text().contains("Give also:\n  SearchDomainName: "));
    }

    #[test]
    fn a_table_that_several_collections_share_is_one_parameter() {
        let file = domain::collection::SourceFile {
            name: "transactions.toml".to_owned(),
            text: r#"
[customers]
table       = "t"
key         = [{ attribute = "pk", is = "CUST#{customer}" }]
row         = "none"
tenant      = { fixed = "main" }
strategy    = "flag"
retention   = "30d"

[transactions]
table       = "t"
key         = [{ attribute = "pk", is = "CUST#{customer}" }, { attribute = "sk", is = "TXN#{transaction}" }]
tenant      = { fixed = "main" }
parent      = { collection = "customers", by = ["customer"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"

[cards]
table       = "t"
key         = [{ attribute = "pk", is = "CUST#{customer}" }, { attribute = "sk", is = "CARD#{card}" }]
tenant      = { fixed = "main" }
parent      = { collection = "customers", by = ["customer"], on_delete = "cascade" }
strategy    = "flag"
retention   = "30d"
"#
            .to_owned(),
        };
        let collections = Collections::from_files(&[file]).unwrap();
        let mut tables = described(&collections);
        tables.remove("customers");

        let known = Plan::of(&collections, &tables, &Naming::default(), None);
        let unknown = Plan::of(&collections, &BTreeMap::new(), &Naming::default(), None);

        assert_eq!(
            known.parameters["DataTableArns"],
            "arn:aws:dynamodb:eu-west-1:111122223333:table/prod-t"
        );
        assert!(known.fill_in.is_empty(), "{:?}", known.fill_in);
        let asked = &unknown.fill_in["DataTableArns"];
        assert!(asked.starts_with("the ARNs of 1 more"), "{asked}");
    }

    #[test]
    fn tables_that_could_not_be_described_are_asked_for() {
        let collections = collections::read(None).unwrap();

        let plan = Plan::of(&collections, &BTreeMap::new(), &Naming::default(), None);

        let all = collections.iter().count();
        let asked = &plan.fill_in["DataTableArns"];
        assert!(
            asked.starts_with(&format!("the ARNs of {all} more")),
            "{asked}"
        );
        assert_eq!(plan.parameters["SearchKind"], "none");
        assert!(plan.overrides().contains(&"'TablePrefix=\"\"'".to_owned()));
    }
}
