//! What a role's policies say about one access, by AWS's rules: denied unless allowed, and a deny wins over every allow.
//!
//! Written for the few elements that identity policies of functions have, and not taken from a crate: the record of use
//! needs to know by which statement *and* by which of its resources an access was allowed, and what is not understood
//! must be told aloud and allow nothing. (`iam-rs` 0.8 was looked at: it names the statement only, and brings a parser
//! of dates and of networks.)

use serde::Deserialize;
use serde_json::{Map, Value};

use super::access::Access;
use super::wildcard;

/// All that a role may do.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// The statements of all its policies.
    pub statements: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    /// Its name; a role's statements are told apart by it.
    #[serde(default)]
    pub sid: String,
    effect: Effect,
    /// What it is about; empty where the statement says `NotAction`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub action: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    not_action: Vec<String>,
    /// On what; empty where the statement says `NotResource`.
    #[serde(default, deserialize_with = "one_or_many")]
    pub resource: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    not_resource: Vec<String>,
    #[serde(default)]
    condition: Map<String, Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Effect {
    Allow,
    Deny,
}

/// The judgement over one access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// Allowed, first of all by these.
    Allowed {
        /// Place of the statement in [`Policies::statements`].
        statement: usize,
        /// The action as the statement writes it.
        action: String,
        /// The resource as the statement writes it.
        resource: String,
    },
    /// A statement denies it, whatever others allow.
    ExplicitlyDenied,
    /// No statement allows it.
    NotAllowed,
}

/// Something in a policy that is not understood here: it allows nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotUnderstood(pub String);

impl Policies {
    /// Adds the statements of a policy document.
    ///
    /// # Errors
    ///
    /// When it is no policy, or has elements that identity policies do not have.
    pub fn add(&mut self, document: &str) -> Result<(), serde_json::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Document {
            #[serde(deserialize_with = "one_or_many")]
            statement: Vec<Statement>,
        }
        let document: Document = serde_json::from_str(document)?;
        self.statements.extend(document.statement);
        Ok(())
    }

    /// Judges one access; what was not understood on the way goes to `complain`.
    pub(super) fn judge(
        &self,
        access: &Access,
        mut complain: impl FnMut(NotUnderstood),
    ) -> Decision {
        let mut decision = Decision::NotAllowed;
        for (place, statement) in self.statements.iter().enumerate() {
            let Some((action, resource)) = statement.is_about(access) else {
                continue;
            };
            let holds = statement.holds(access);
            match statement.effect {
                // A deny that is not understood denies: the safe side.
                Effect::Deny if !matches!(holds, Ok(false)) => {
                    return Decision::ExplicitlyDenied;
                }
                Effect::Deny => {}
                Effect::Allow => match holds {
                    Ok(true) if decision == Decision::NotAllowed => {
                        decision = Decision::Allowed {
                            statement: place,
                            action: action.to_owned(),
                            resource: resource.to_owned(),
                        };
                    }
                    Ok(_) => {}
                    Err(what) => complain(what),
                },
            }
        }
        decision
    }
}

impl Statement {
    /// A statement that allows, rather than denies.
    #[must_use]
    pub fn allows(&self) -> bool {
        self.effect == Effect::Allow
    }

    /// The action and the resource by which it speaks of this access.
    fn is_about(&self, access: &Access) -> Option<(&str, &str)> {
        let action = named(&self.action, &self.not_action, |pattern| {
            wildcard::action_matches(pattern, &access.action)
        })?;
        let resource = named(&self.resource, &self.not_resource, |pattern| {
            wildcard::arn_matches(pattern, &access.resource)
        })?;
        Some((action, resource))
    }

    /// Whether all its conditions hold.
    fn holds(&self, access: &Access) -> Result<bool, NotUnderstood> {
        for (operator, keys) in &self.condition {
            let Some(keys) = keys.as_object() else {
                return Err(NotUnderstood(format!("condition {operator}: {keys}")));
            };
            for (key, wanted) in keys {
                if !condition_holds(operator, key, wanted, access)? {
                    return Ok(false);
                }
            }
        }
        // A variable would have to be filled in before it is compared.
        let variable = |texts: &[String]| texts.iter().any(|text| text.contains("${"));
        if variable(&self.resource) || variable(&self.not_resource) {
            return Err(NotUnderstood(format!("a variable in {:?}", self.sid)));
        }
        Ok(true)
    }
}

/// The pattern of `those` that matches, or, where the statement names exceptions, `*` if none of them does.
fn named<'a>(
    those: &'a [String],
    all_but: &[String],
    matches: impl Fn(&str) -> bool,
) -> Option<&'a str> {
    if all_but.is_empty() {
        return those
            .iter()
            .map(String::as_str)
            .find(|pattern| matches(pattern));
    }
    (!all_but.iter().any(|pattern| matches(pattern))).then_some("*")
}

/// One operator on one key. A key that the request does not have fails it, as on AWS.
fn condition_holds(
    operator: &str,
    key: &str,
    wanted: &Value,
    access: &Access,
) -> Result<bool, NotUnderstood> {
    let known = ["dynamodb:EnclosingOperation", "kms:ViaService"];
    if !known.iter().any(|known| known.eq_ignore_ascii_case(key)) {
        return Err(NotUnderstood(format!("condition key {key}")));
    }
    let compare: fn(&str, &str) -> bool = match operator {
        "StringEquals" | "ForAnyValue:StringEquals" => |wanted, is| wanted == is,
        "StringLike" | "ForAnyValue:StringLike" => wildcard::matches,
        _ => return Err(NotUnderstood(format!("condition operator {operator}"))),
    };
    let is = match key.to_ascii_lowercase().as_str() {
        "dynamodb:enclosingoperation" => access.enclosing_operation,
        _ => None,
    };
    let wanted = wanted
        .as_array()
        .map_or(std::slice::from_ref(wanted), Vec::as_slice);
    Ok(is.is_some_and(|is| {
        wanted
            .iter()
            .filter_map(Value::as_str)
            .any(|wanted| compare(wanted, is))
    }))
}

/// IAM writes a list of one as its only element.
fn one_or_many<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match OneOrMany::deserialize(from)? {
        OneOrMany::Many(many) => many,
        OneOrMany::One(one) => vec![one],
    })
}

#[cfg(test)]
mod tests;
