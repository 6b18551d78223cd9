//! The examples of `docs/attach.md`: each is a file whose tables can be made, and whose plan the template takes.

use std::collections::{BTreeMap, BTreeSet};

use domain::collection::{Collections, SourceFile};
use tombstone::doctor::plan::{Naming, Plan};
use tombstone::doctor::seen::TableSeen;

use crate::stores::dynamo::Tables;
use crate::template::cloudformation::Template;
use crate::template::evaluate::Deployment;

const PAGE: &str = include_str!("../../../docs/attach.md");

/// The collections of each example.
fn examples() -> Vec<Collections> {
    let blocks = PAGE.split("```toml\n").skip(1);
    let blocks = blocks.filter_map(|rest| rest.split_once("```"));
    blocks
        .map(|(text, _)| {
            let file = SourceFile {
                name: "attach.toml".to_owned(),
                text: text.to_owned(),
            };
            Collections::from_files(&[file]).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
        })
        .collect()
}

#[tokio::test]
async fn the_tables_of_each_example_exist_once_with_the_keys_that_it_says() {
    let mut examples_with_one_table_for_several = 0;
    for collections in examples() {
        let tables = Tables::of(&collections);
        let with_rows: Vec<_> = collections.iter().filter(|one| !one.is_rowless).collect();
        let logical: BTreeSet<&str> = with_rows.iter().map(|one| one.table.as_str()).collect();
        examples_with_one_table_for_several += usize::from(logical.len() < with_rows.len());
        for collection in with_rows {
            let name = tables.names().of(collection);
            let described = tables.client().describe_table().table_name(&name).send();
            let described = described.await.unwrap().table.unwrap();
            let types = described.attribute_definitions();
            let key = described.key_schema().iter().map(|part| {
                let name = part.attribute_name();
                let kind = types.iter().find(|kind| kind.attribute_name() == name);
                (name, kind.map_or("", |kind| kind.attribute_type().as_str()))
            });
            let declared = collection.key.each();
            let declared = declared.map(|(name, form)| (name, form.kind.as_str()));
            assert_eq!(key.collect::<Vec<_>>(), declared.collect::<Vec<_>>());
        }
    }
    assert!(examples_with_one_table_for_several > 0);
}

#[test]
fn the_template_takes_the_plan_of_each_example() {
    let template = Template::read();
    for collections in examples() {
        let with_rows = collections.iter().filter(|one| !one.is_rowless);
        let table = |name: &str| TableSeen {
            arn: format!("arn:aws:dynamodb:eu-west-1:111122223333:table/{name}"),
            ..TableSeen::default()
        };
        let tables: BTreeMap<String, TableSeen> = with_rows
            .map(|one| (one.name.to_string(), table(&one.table)))
            .collect();
        let plan = Plan::of(&collections, &tables, &Naming::default(), None);

        assert!(plan.fill_in.is_empty(), "{:?}", plan.fill_in);
        let arns: Vec<&str> = plan.parameters["DataTableArns"].split(',').collect();
        let once: BTreeSet<&str> = arns.iter().copied().collect();
        assert_eq!(arns.len(), once.len());
        let given = plan.parameters.iter();
        let given: Vec<_> = given.map(|(name, value)| (&**name, &**value)).collect();
        let refused = Deployment::new(&template, &given).refusals();
        assert!(refused.is_empty(), "{refused:?}");
    }
}
