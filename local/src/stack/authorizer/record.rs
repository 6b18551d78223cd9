//! What was used of the policies, and what was refused: kept while the stack runs, and in a file that outlives it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::access::Access;
use super::policy::{Decision, Policies};

/// All of it, by role.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Statements that allow, by role and `Sid`.
    pub roles: BTreeMap<String, BTreeMap<String, Use>>,
    /// Accesses that were refused, and how often: `ROLE ACTION RESOURCE`.
    pub refusals: BTreeMap<String, u64>,
}

/// How often a statement has allowed something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// By each of its actions.
    pub actions: BTreeMap<String, u64>,
    /// By each of its resources.
    pub resources: BTreeMap<String, u64>,
}

impl Record {
    /// Lists the statements of a role, none of them used yet.
    pub fn list(&mut self, role: &str, policies: &Policies) {
        let listed = self.roles.entry(role.to_owned()).or_default();
        for (place, statement) in policies.statements.iter().enumerate() {
            if !statement.allows() {
                continue;
            }
            let of = listed.entry(name(policies, place)).or_default();
            for (counts, texts) in [
                (&mut of.actions, &statement.action),
                (&mut of.resources, &statement.resource),
            ] {
                for text in texts {
                    counts.entry(text.clone()).or_default();
                }
            }
        }
    }

    /// Counts what was decided about an access.
    pub(super) fn count(
        &mut self,
        role: &str,
        policies: &Policies,
        access: &Access,
        decision: &Decision,
    ) {
        let Decision::Allowed {
            statement,
            action,
            resource,
        } = decision
        else {
            let refused = format!("{role} {} {}", access.action, access.resource);
            *self.refusals.entry(refused).or_default() += 1;
            return;
        };
        let listed = self.roles.entry(role.to_owned()).or_default();
        let of = listed.entry(name(policies, *statement)).or_default();
        *of.actions.entry(action.clone()).or_default() += 1;
        *of.resources.entry(resource.clone()).or_default() += 1;
    }

    /// Adds what another stack has recorded.
    pub fn add(&mut self, other: Self) {
        for (role, statements) in other.roles {
            let listed = self.roles.entry(role).or_default();
            for (name, uses) in statements {
                let of = listed.entry(name).or_default();
                add(&mut of.actions, uses.actions);
                add(&mut of.resources, uses.resources);
            }
        }
        add(&mut self.refusals, other.refusals);
    }

    /// Reads the file of a stack.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read_to_string(file).context(format!("read {}", file.display()))?;
        serde_json::from_str(&text).context(format!("understand {}", file.display()))
    }

    /// Writes the file, by way of another name: whoever reads it never sees half of it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn write(&self, file: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("write the record")?;
        let unfinished = file.with_extension("unfinished");
        fs::write(&unfinished, text + "\n").context(format!("write {}", file.display()))?;
        fs::rename(&unfinished, file).context(format!("write {}", file.display()))
    }
}

/// A statement without a `Sid` is known by its place.
fn name(policies: &Policies, place: usize) -> String {
    match &*policies.statements[place].sid {
        "" => format!("statement {place}"),
        sid => sid.to_owned(),
    }
}

fn add(to: &mut BTreeMap<String, u64>, from: BTreeMap<String, u64>) {
    for (what, count) in from {
        *to.entry(what).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role() -> Policies {
        let mut policies = Policies::default();
        policies
            .add(
                r#"{"Statement": [
                    {"Sid": "Rows", "Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"],
                     "Resource": ["arn:aws:dynamodb:r:1:table/a", "arn:aws:dynamodb:r:1:table/b"]},
                    {"Sid": "Never", "Effect": "Deny", "Action": "*", "Resource": "arn:aws:dynamodb:r:1:table/c"}
                ]}"#,
            )
            .unwrap();
        policies
    }

    fn access(record: &mut Record, action: &str, table: &str) {
        let access = Access::new(action, format!("arn:aws:dynamodb:r:1:table/{table}"));
        let decision = role().judge(&access, |_| ());
        record.count("ApiRole", &role(), &access, &decision);
    }

    #[test]
    fn uses_are_counted_by_action_and_resource_and_denials_are_refusals() {
        let mut record = Record::default();
        record.list("ApiRole", &role());

        access(&mut record, "dynamodb:GetItem", "a");
        access(&mut record, "dynamodb:GetItem", "a");
        access(&mut record, "dynamodb:Scan", "a");
        access(&mut record, "dynamodb:GetItem", "c");

        let rows = &record.roles["ApiRole"]["Rows"];
        assert_eq!(rows.actions["dynamodb:GetItem"], 2);
        assert_eq!(rows.actions["dynamodb:PutItem"], 0);
        assert_eq!(rows.resources["arn:aws:dynamodb:r:1:table/b"], 0);
        assert_eq!(record.roles["ApiRole"].len(), 1, "a deny is not used");
        assert_eq!(
            record.refusals.keys().collect::<Vec<_>>(),
            [
                "ApiRole dynamodb:GetItem arn:aws:dynamodb:r:1:table/c",
                "ApiRole dynamodb:Scan arn:aws:dynamodb:r:1:table/a"
            ]
        );
    }

    #[test]
    fn what_two_stacks_have_used_is_one_record_that_survives_the_file() {
        let (mut one, mut other) = (Record::default(), Record::default());
        one.list("ApiRole", &role());
        access(&mut one, "dynamodb:GetItem", "a");
        access(&mut other, "dynamodb:PutItem", "b");
        let file = std::env::temp_dir().join(format!("tombstone-record-{}", std::process::id()));

        other.write(&file).unwrap();
        one.add(Record::read(&file).unwrap());

        fs::remove_file(&file).unwrap();
        let rows = &one.roles["ApiRole"]["Rows"];
        assert!(
            rows.actions
                .values()
                .chain(rows.resources.values())
                .all(|count| *count == 1)
        );
    }
}
