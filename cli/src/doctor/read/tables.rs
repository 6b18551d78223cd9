//! What DynamoDB tells of a table: its keys, indexes, TTL, stream, recovery and encryption.

use anyhow::Result;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, KeySchemaElement, PointInTimeRecoveryStatus, Projection, ProjectionType,
    TableDescription, TimeToLiveStatus,
};

use super::trouble::{Asked, Trouble, trouble};
use super::{Answer, Stores};
use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::seen::{IndexSeen, KeyPart, TableSeen};

/// Describes the table of this name.
///
/// # Errors
///
/// When nobody is signed in.
pub async fn describe(stores: &Stores, name: &str) -> Result<Answer<TableSeen>> {
    let resource = stores.arn(name);
    let answer = stores.dynamodb.describe_table().table_name(name);
    let described = match answer.send().await {
        Ok(answer) => answer.table.unwrap_or_else(|| empty(name)),
        Err(error) => {
            let asked = Asked {
                action: "dynamodb:DescribeTable",
                resource: &resource,
            };
            let finding = match trouble(error)? {
                Trouble::Missing => missing(stores, name),
                other => other.finding(Level::Error, asked),
            };
            return Ok(Answer::none(finding.at("table")));
        }
    };
    let mut table = seen(&described);
    let mut findings = Vec::new();
    let (ttl, recovery) = tokio::join!(ttl(stores, name), recovery(stores, name));
    match ttl? {
        Ok(attribute) => table.ttl = attribute,
        Err(trouble) => {
            let asked = Asked {
                action: "dynamodb:DescribeTimeToLive",
                resource: &resource,
            };
            findings.push(trouble.finding(unless_unknown(&trouble, Level::Error), asked));
        }
    }
    match recovery? {
        Ok(is_on) => table.recovery = Some(is_on),
        // A stand-in for DynamoDB has none, and nothing to recover.
        Err(Trouble::Unknown) => {}
        Err(trouble) => {
            let asked = Asked {
                action: "dynamodb:DescribeContinuousBackups",
                resource: &resource,
            };
            findings.push(trouble.finding(Level::Note, asked));
        }
    }
    let findings = findings.into_iter().map(|finding| finding.at("table"));
    Ok(Answer {
        value: Some(table),
        findings: findings.collect(),
        units: 0.0,
    })
}

fn empty(name: &str) -> TableDescription {
    TableDescription::builder().table_name(name).build()
}

fn missing(stores: &Stores, name: &str) -> Finding {
    let seen = format!("there is no table {name} in {}", stores.region);
    let advice = "give its name with `--table-names LOGICAL=NAME`, or the prefix of all tables with `--table-prefix`; look at \
                  the region and the account";
    Finding::new(Level::Error, Code::TableMissing, seen, advice)
}

/// What a stand-in does not know is no check that was left out.
fn unless_unknown(trouble: &Trouble, level: Level) -> Level {
    if *trouble == Trouble::Unknown {
        Level::Note
    } else {
        level
    }
}

async fn ttl(stores: &Stores, name: &str) -> Result<Result<Option<String>, Trouble>> {
    let asked = stores.dynamodb.describe_time_to_live().table_name(name);
    match asked.send().await {
        Ok(answer) => {
            let described = answer.time_to_live_description;
            let on = described.filter(|described| {
                matches!(
                    described.time_to_live_status,
                    Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)
                )
            });
            Ok(Ok(on.and_then(|on| on.attribute_name)))
        }
        Err(error) => Ok(Err(trouble(error)?)),
    }
}

async fn recovery(stores: &Stores, name: &str) -> Result<Result<bool, Trouble>> {
    let asked = stores
        .dynamodb
        .describe_continuous_backups()
        .table_name(name);
    match asked.send().await {
        Ok(answer) => {
            let backups = answer.continuous_backups_description;
            let recovery = backups.and_then(|backups| backups.point_in_time_recovery_description);
            let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status);
            Ok(Ok(status == Some(PointInTimeRecoveryStatus::Enabled)))
        }
        Err(error) => Ok(Err(trouble(error)?)),
    }
}

/// What a description says.
pub(super) fn seen(table: &TableDescription) -> TableSeen {
    let types = table.attribute_definitions();
    let global = table
        .global_secondary_indexes()
        .iter()
        .map(|index| IndexSeen {
            name: index.index_name().unwrap_or_default().to_owned(),
            status: index
                .index_status()
                .map_or_else(String::new, |status| status.as_str().to_owned()),
            key: key(index.key_schema(), types),
            projected: projected(index.projection()),
        });
    let local = table
        .local_secondary_indexes()
        .iter()
        .map(|index| IndexSeen {
            name: index.index_name().unwrap_or_default().to_owned(),
            status: String::new(),
            key: key(index.key_schema(), types),
            projected: projected(index.projection()),
        });
    let stream = table
        .stream_specification()
        .filter(|stream| stream.stream_enabled)
        .map(|stream| {
            let view = stream.stream_view_type.as_ref();
            view.map_or_else(|| "ON".to_owned(), |view| view.as_str().to_owned())
        });
    TableSeen {
        arn: table.table_arn().unwrap_or_default().to_owned(),
        status: table
            .table_status()
            .map_or_else(String::new, |status| status.as_str().to_owned()),
        key: key(table.key_schema(), types),
        indexes: global.chain(local).collect(),
        items: table.item_count().unwrap_or_default(),
        bytes: table.table_size_bytes().unwrap_or_default(),
        stream,
        kms_key: table
            .sse_description()
            .and_then(|sse| sse.kms_master_key_arn().map(str::to_owned)),
        deletion_protection: table.deletion_protection_enabled().unwrap_or_default(),
        ttl: None,
        recovery: None,
    }
}

fn key(schema: &[KeySchemaElement], types: &[AttributeDefinition]) -> Vec<KeyPart> {
    let part = |element: &KeySchemaElement| {
        let name = element.attribute_name();
        let declared = types.iter().find(|kind| kind.attribute_name() == name);
        KeyPart {
            attribute: name.to_owned(),
            kind: declared.map_or_else(String::new, |kind| {
                kind.attribute_type().as_str().to_owned()
            }),
        }
    };
    schema.iter().map(part).collect()
}

fn projected(projection: Option<&Projection>) -> Option<Vec<String>> {
    let projection = projection?;
    match projection.projection_type() {
        Some(ProjectionType::KeysOnly) => Some(Vec::new()),
        Some(ProjectionType::Include) => Some(projection.non_key_attributes().to_vec()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{
        GlobalSecondaryIndexDescription, IndexStatus, KeyType, ScalarAttributeType, SseDescription,
        StreamSpecification, StreamViewType, TableStatus,
    };

    use super::*;

    fn element(name: &str, kind: KeyType) -> KeySchemaElement {
        let element = KeySchemaElement::builder().attribute_name(name);
        element.key_type(kind).build().unwrap()
    }

    fn definition(name: &str, kind: ScalarAttributeType) -> AttributeDefinition {
        let definition = AttributeDefinition::builder().attribute_name(name);
        definition.attribute_type(kind).build().unwrap()
    }

    #[test]
    fn a_description_is_told_with_types_projections_stream_and_key() {
        let projection = Projection::builder()
            .projection_type(ProjectionType::Include)
            .non_key_attributes("tag");
        let index = GlobalSecondaryIndexDescription::builder()
            .index_name("by_owner")
            .index_status(IndexStatus::Creating)
            .key_schema(element("owner", KeyType::Hash))
            .projection(projection.build());
        let stream = StreamSpecification::builder()
            .stream_enabled(true)
            .stream_view_type(StreamViewType::NewImage);
        let table = TableDescription::builder()
            .table_status(TableStatus::Active)
            .key_schema(element("id", KeyType::Hash))
            .key_schema(element("version", KeyType::Range))
            .attribute_definitions(definition("id", ScalarAttributeType::S))
            .attribute_definitions(definition("version", ScalarAttributeType::N))
            .attribute_definitions(definition("owner", ScalarAttributeType::S))
            .global_secondary_indexes(index.build())
            .stream_specification(stream.build().unwrap())
            .sse_description(
                SseDescription::builder()
                    .kms_master_key_arn("arn:k")
                    .build(),
            );

        let seen = seen(&table.build());

        let kinds: Vec<&str> = seen.key.iter().map(|part| &*part.kind).collect();
        assert_eq!(kinds, ["S", "N"]);
        assert_eq!(seen.indexes[0].status, "CREATING");
        assert!(seen.indexes[0].has("tag", &seen) && seen.indexes[0].has("version", &seen));
        assert!(!seen.indexes[0].has("text", &seen));
        assert_eq!(seen.stream.as_deref(), Some("NEW_IMAGE"));
        assert_eq!(seen.kms_key.as_deref(), Some("arn:k"));
    }
}
