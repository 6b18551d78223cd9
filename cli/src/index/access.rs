//! Who may do what with the indexes, for domains with fine-grained access control and for serverless collections.
//!
//! Such a domain answers 403 to everybody whose role is not mapped inside it, whatever IAM says. The texts here are what
//! its master user sends: they can be pasted into the Dev Tools of its Dashboards as they are.

use domain::collection::Collections;
use serde::Serialize;
use serde_json::{Value, json};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// The three functions: documents only.
    Functions,
    /// `tombstone index`: indexes and mappings, no document.
    Index,
}

impl Reader {
    fn word(self) -> &'static str {
        match self {
            Self::Functions => "functions",
            Self::Index => "index",
        }
    }

    /// A bulk and a multi-get are asked for twice: as a whole, and for each index.
    fn on_the_cluster(self) -> &'static [&'static str] {
        match self {
            Self::Functions => &["indices:data/read/mget", "indices:data/write/bulk"],
            Self::Index => &[],
        }
    }

    fn on_the_indexes(self) -> &'static [&'static str] {
        match self {
            Self::Functions => &[
                "indices:data/read/get",
                "indices:data/read/mget*",
                "indices:data/read/search",
                "indices:data/write/bulk*",
                "indices:data/write/delete",
                "indices:data/write/index",
                "indices:data/write/update",
            ],
            Self::Index => &[
                "indices:admin/create",
                "indices:admin/get",
                "indices:admin/mapping/put",
            ],
        }
    }
}

/// The indexes of a stack: all with its prefix, or each by name where there is none.
#[must_use]
pub fn patterns(prefix: &str, collections: &Collections) -> Vec<String> {
    if !prefix.is_empty() {
        return vec![format!("{prefix}*")];
    }
    collections
        .iter()
        .filter_map(|collection| Some(collection.document.as_ref()?.index.all()))
        .collect()
}

/// A call that a master user sends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Call {
    /// Its verb.
    pub method: &'static str,
    /// Its path, as the Dev Tools take it.
    pub path: String,
    /// Its body.
    pub body: Value,
}

/// The calls as text that the Dev Tools take.
#[must_use]
pub fn to_paste(calls: &[Call]) -> String {
    let call = |call: &Call| format!("{} {}\n{:#}", call.method, call.path, call.body);
    calls.iter().map(call).collect::<Vec<_>>().join("\n\n")
}

/// A role of the security plugin, and its mapping to IAM roles or users.
#[must_use]
pub fn mapping(prefix: &str, indexes: &[String], reader: Reader, arns: &[String]) -> [Call; 2] {
    let base = if prefix.is_empty() {
        "tombstone-"
    } else {
        prefix
    };
    let name = format!("{base}{}", reader.word());
    let role = json!({
        "cluster_permissions": reader.on_the_cluster(),
        "index_permissions": [{
            "index_patterns": indexes,
            "allowed_actions": reader.on_the_indexes(),
        }],
    });
    let (users, roles): (Vec<&String>, Vec<&String>) =
        arns.iter().partition(|arn| arn.contains(":user/"));
    let mapping = json!({"backend_roles": roles, "users": users});
    [("roles", role), ("rolesmapping", mapping)].map(|(kind, body)| Call {
        method: "PUT",
        path: format!("_plugins/_security/api/{kind}/{name}"),
        body,
    })
}

/// A data access policy: `aws opensearchserverless create-access-policy --type data --name … --policy file://…`.
#[must_use]
pub fn policy(indexes: &[String], arns: &[String]) -> Value {
    let resources: Vec<String> = indexes
        .iter()
        .map(|index| format!("index/COLLECTION/{index}"))
        .collect();
    json!([{
        "Description": "Tombstone: COLLECTION stands for the name of the collection",
        "Rules": [{
            "ResourceType": "index",
            "Resource": resources,
            "Permission": ["aoss:DescribeIndex", "aoss:ReadDocument", "aoss:WriteDocument"],
        }],
        "Principal": arns,
    }])
}

/// What a refusal of `index` means on a domain, and what ends it. `body` is what the domain said, if anything.
#[must_use]
pub fn domain_refusal(prefix: &str, indexes: &[String], body: &str) -> String {
    let arn = arn_in(body).unwrap_or("THE-ARN-OF-YOUR-ROLE-OR-USER");
    let calls = to_paste(&mapping(prefix, indexes, Reader::Index, &[arn.to_owned()]));
    let said = if body.trim().is_empty() {
        String::new()
    } else {
        format!("\nIt said: {}", body.trim())
    };
    format!(
        "the domain refuses this with 403.{said}\n\
         Either the role or user that `aws sts get-caller-identity` names has no es:ESHttpHead and es:ESHttpPut on the\n\
         domain, in its own policies or in the domain's; or the domain has fine-grained access control and does not know\n\
         it. Then its master user sends this first, in Dashboards under Dev Tools (the ARN is that of the IAM role,\n\
         not of its session):\n\n{calls}\n\n\
         The functions need the same with other rights: tombstone index --help, under --print-role-mapping"
    )
}

/// What a refusal means on a serverless collection.
#[must_use]
pub fn serverless_refusal(indexes: &[String], body: &str) -> String {
    format!(
        "the collection refuses this with 403. {}\n\
         The role or user that `aws sts get-caller-identity` names needs aoss:APIAccessAll on the collection in its own\n\
         policies, and a data access policy of the collection that grants it aoss:CreateIndex, aoss:DescribeIndex and\n\
         aoss:UpdateIndex on index/COLLECTION/{}; a network policy must let this machine in.",
        body.trim(),
        indexes.join(", index/COLLECTION/"),
    )
}

/// The IAM role or user that a refusal names: `… and User [name=arn:aws:iam::1:role/admin, backend_roles=[…]`.
fn arn_in(body: &str) -> Option<&str> {
    let from = body.find("arn:aws")?;
    let rest = &body[from..];
    let end =
        rest.find(|letter: char| !(letter.is_ascii_alphanumeric() || "-_:/+=.@".contains(letter)));
    let arn = &rest[..end.unwrap_or(rest.len())];
    arn.contains(":iam::").then_some(arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collections;

    fn calls(text: &str) -> Vec<(String, Value)> {
        text.split("PUT ")
            .skip(1)
            .map(|call| {
                let (path, body) = call.split_once('\n').unwrap();
                (path.to_owned(), serde_json::from_str(body).unwrap())
            })
            .collect()
    }

    #[test]
    fn a_mapping_is_two_calls_of_the_security_plugin_on_the_indexes_of_the_prefix_only() {
        let collections = collections::read(None).unwrap();
        let arns = [
            "arn:aws:iam::1:role/api".to_owned(),
            "arn:aws:iam::1:user/ann".to_owned(),
        ];

        let patterns = patterns("t-", &collections);
        let text = to_paste(&mapping("t-", &patterns, Reader::Functions, &arns));

        let calls = calls(&text);
        assert_eq!(calls[0].0, "_plugins/_security/api/roles/t-functions");
        let role = &calls[0].1;
        assert_eq!(
            role["index_permissions"][0]["index_patterns"],
            json!(["t-*"])
        );
        assert_eq!(
            role["cluster_permissions"],
            json!(["indices:data/read/mget", "indices:data/write/bulk"])
        );
        assert_eq!(
            calls[1].0,
            "_plugins/_security/api/rolesmapping/t-functions"
        );
        assert_eq!(calls[1].1["backend_roles"], json!([arns[0]]));
        assert_eq!(calls[1].1["users"], json!([arns[1]]));
    }

    #[test]
    fn without_a_prefix_each_index_is_named_and_no_other_one_is_reached() {
        let patterns = patterns("", &collections::read(None).unwrap());

        assert!(patterns.contains(&"messages".to_owned()), "{patterns:?}");
        assert!(
            patterns.iter().all(|name| !name.contains('*')),
            "{patterns:?}"
        );
        let text = to_paste(&mapping("", &patterns, Reader::Index, &[]));
        assert_eq!(
            calls(&text)[0].0,
            "_plugins/_security/api/roles/tombstone-index"
        );
    }

    #[test]
    fn the_functions_may_not_change_an_index_and_index_may_not_read_a_document() {
        let of = |reader: Reader| reader.on_the_indexes();

        assert!(
            of(Reader::Functions)
                .iter()
                .all(|action| action.contains(":data/"))
        );
        assert!(
            of(Reader::Index)
                .iter()
                .all(|action| action.contains(":admin/"))
        );
    }

    #[test]
    fn a_refusal_names_who_was_refused_and_the_calls_that_end_it() {
        let body = r#"{"error":{"reason":"no permissions for [indices:admin/create] and User [name=arn:aws:iam::123456789012:role/admin, backend_roles=[arn:aws:iam::123456789012:role/admin]]"},"status":403}"#;

        let text = domain_refusal("t-", &["t-*".to_owned()], body);

        let after = text.split_once("rolesmapping/t-index").unwrap().1;
        assert!(
            after.contains("\"arn:aws:iam::123456789012:role/admin\""),
            "{text}"
        );
        assert!(text.contains("es:ESHttpPut"), "{text}");
        let unnamed = domain_refusal("t-", &["t-*".to_owned()], "");
        assert!(
            unnamed.contains("THE-ARN-OF-YOUR-ROLE-OR-USER"),
            "{unnamed}"
        );
    }

    #[test]
    fn a_serverless_policy_is_on_the_indexes_of_the_prefix_for_the_roles() {
        let policy = policy(&["t-*".to_owned()], &["arn:aws:iam::1:role/api".to_owned()]);

        assert_eq!(
            policy[0]["Rules"][0]["Resource"],
            json!(["index/COLLECTION/t-*"])
        );
        assert_eq!(policy[0]["Principal"], json!(["arn:aws:iam::1:role/api"]));
    }
}
