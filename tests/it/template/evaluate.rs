//! What CloudFormation makes of the template for given values of parameters: the few functions that it uses, what it
//! allows of a parameter, and its rules.
//!
//! A resource that is named by `Ref` or `GetAtt` becomes its logical name: what counts here is which one is meant.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde_json::{Map, Value, json};

use super::cloudformation::Template;

/// What a list is that is given as nothing, and what the rules' functions say of a list without members. AWS documents
/// neither, so what the template says must not depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmptyList {
    /// One member, which is empty.
    OneMember,
    /// No member, and each of them is what is asked.
    AllOfNone,
    /// No member, and none of them is what is asked.
    NoneOfNone,
}

/// A template with values for its parameters.
pub(crate) struct Deployment<'a> {
    template: &'a Template,
    stack: &'a str,
    values: BTreeMap<&'a str, &'a str>,
    empty: EmptyList,
}

impl<'a> Deployment<'a> {
    /// Of the stack `tombstone`, with these values and otherwise the defaults.
    pub(crate) fn new(template: &'a Template, given: &[(&'a str, &'a str)]) -> Self {
        Self::of_stack("tombstone", template, given)
    }

    /// Of a stack with this name.
    pub(crate) fn of_stack(
        stack: &'a str,
        template: &'a Template,
        given: &[(&'a str, &'a str)],
    ) -> Self {
        let values = given.iter().copied().collect();
        Self {
            template,
            stack,
            values,
            empty: EmptyList::OneMember,
        }
    }

    /// With another reading of empty lists.
    pub(crate) fn reading(mut self, empty: EmptyList) -> Self {
        self.empty = empty;
        self
    }

    /// The resources that are made, with what is in them; what a condition leaves out is not there.
    pub(crate) fn resources(&self) -> BTreeMap<&'a str, Value> {
        let all = self.template.section("Resources").iter();
        let made = all.filter(|(_, resource)| self.made(resource));
        made.map(|(id, resource)| (id.as_str(), self.resolved(&resource["Properties"])))
            .collect()
    }

    /// The outputs that there are.
    pub(crate) fn outputs(&self) -> BTreeMap<&'a str, Value> {
        let all = self.template.section("Outputs").iter();
        let told = all.filter(|(_, output)| self.made(output));
        told.map(|(id, output)| (id.as_str(), self.resolved(&output["Value"])))
            .collect()
    }

    /// What is said against these values: by the parameters themselves, as `NAME: why`, and if they have nothing to say by
    /// the rules.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let parameters = self.template.section("Parameters").iter();
        let refused: Vec<String> = parameters
            .filter_map(|(name, parameter)| self.refusal(name, parameter))
            .collect();
        if !refused.is_empty() {
            return refused;
        }
        let rules = self.template.section("Rules").values();
        let asked = rules
            .filter(|rule| rule["RuleCondition"].is_null() || self.holds(&rule["RuleCondition"]));
        let assertions = asked.flat_map(|rule| rule["Assertions"].as_array().unwrap());
        assertions
            .filter(|assertion| !self.holds(&assertion["Assert"]))
            .map(|assertion| assertion["AssertDescription"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The whole value must match, and each member of a list.
    fn refusal(&self, name: &str, parameter: &Value) -> Option<String> {
        let value = self.named(name);
        let members: Vec<String> = match &value {
            Value::Array(members) => members.iter().map(text).collect(),
            plain => vec![text(plain)],
        };
        let pattern = parameter["AllowedPattern"]
            .as_str()
            .map(|pattern| Regex::new(&format!("^(?:{pattern})$")).unwrap());
        let values: Option<Vec<String>> = parameter["AllowedValues"]
            .as_array()
            .map(|values| values.iter().map(text).collect());
        let refused = members.iter().any(|member| {
            pattern
                .as_ref()
                .is_some_and(|pattern| !pattern.is_match(member))
                || values
                    .as_ref()
                    .is_some_and(|values| !values.contains(member))
        });
        let why = parameter["ConstraintDescription"].as_str();
        refused.then(|| format!("{name}: {}", why.unwrap_or("not allowed")))
    }

    /// A value with all functions carried out; what is `AWS::NoValue` is null.
    pub(crate) fn resolved(&self, value: &Value) -> Value {
        self.resolve(value).unwrap_or(Value::Null)
    }

    fn made(&self, thing: &Value) -> bool {
        thing["Condition"]
            .as_str()
            .is_none_or(|name| self.condition(name))
    }

    fn condition(&self, name: &str) -> bool {
        self.holds(&self.template.section("Conditions")[name])
    }

    fn holds(&self, condition: &Value) -> bool {
        let (function, argument) = only(condition).unwrap_or_else(|| panic!("{condition}"));
        let arguments = || argument.as_array().unwrap();
        let pair = || arguments_of_two(argument);
        match function {
            "Condition" => self.condition(argument.as_str().unwrap()),
            "Fn::Equals" => self.resolved(pair().0) == self.resolved(pair().1),
            "Fn::Not" => !self.holds(&arguments()[0]),
            "Fn::And" => arguments().iter().all(|one| self.holds(one)),
            "Fn::Or" => arguments().iter().any(|one| self.holds(one)),
            "Fn::Contains" => self
                .list(pair().0)
                .contains(&text(&self.resolved(pair().1))),
            "Fn::EachMemberEquals" => {
                let wanted = text(&self.resolved(pair().1));
                self.each(pair().0, |one| *one == wanted)
            }
            "Fn::EachMemberIn" => {
                let all = self.list(pair().1);
                self.each(pair().0, |one| all.contains(one))
            }
            other => panic!("{other} is no condition"),
        }
    }

    fn each(&self, list: &Value, holds: impl Fn(&String) -> bool) -> bool {
        let list = self.list(list);
        if list.is_empty() {
            return self.empty == EmptyList::AllOfNone;
        }
        list.iter().all(holds)
    }

    fn resolve(&self, value: &Value) -> Option<Value> {
        if let Some((function, argument)) = only(value)
            && (function == "Ref" || function.starts_with("Fn::"))
        {
            return self.function(function, argument);
        }
        Some(match value {
            Value::Array(items) => items.iter().filter_map(|item| self.resolve(item)).collect(),
            Value::Object(members) => {
                let members = members
                    .iter()
                    .filter_map(|(name, value)| Some((name.clone(), self.resolve(value)?)));
                Value::Object(members.collect::<Map<_, _>>())
            }
            plain => plain.clone(),
        })
    }

    fn function(&self, function: &str, argument: &Value) -> Option<Value> {
        let pair = || arguments_of_two(argument);
        Some(match function {
            "Ref" => match argument.as_str().unwrap() {
                "AWS::NoValue" => return None,
                name => self.named(name),
            },
            "Fn::GetAtt" => argument.clone(),
            "Fn::If" => {
                let [condition, then, otherwise] = argument.as_array().unwrap().as_slice() else {
                    panic!("{argument}")
                };
                let holds = self.condition(condition.as_str().unwrap());
                return self.resolve(if holds { then } else { otherwise });
            }
            "Fn::Join" => self.list(pair().1).join(pair().0.as_str().unwrap()).into(),
            "Fn::Split" => {
                let whole = text(&self.resolved(pair().1));
                whole.split(pair().0.as_str().unwrap()).collect()
            }
            "Fn::Sub" => self.substituted(argument).into(),
            other => panic!("{other} is not known here"),
        })
    }

    fn substituted(&self, argument: &Value) -> String {
        let (pattern, own) = match argument {
            Value::Array(parts) => (parts[0].as_str().unwrap(), &parts[1]),
            plain => (plain.as_str().unwrap(), &Value::Null),
        };
        let mut parts = pattern.split("${");
        let mut whole = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap();
            let value = match &own[name] {
                Value::Null => self.named(name),
                given => self.resolved(given),
            };
            whole.extend([text(&value).as_str(), rest]);
        }
        whole
    }

    fn named(&self, name: &str) -> Value {
        let Some(parameter) = self.template.section("Parameters").get(name) else {
            return match name {
                "AWS::Partition" => "aws".into(),
                "AWS::Region" => "here".into(),
                "AWS::AccountId" => "1".into(),
                "AWS::URLSuffix" => "amazonaws.com".into(),
                "AWS::StackName" => self.stack.into(),
                resource => resource.into(),
            };
        };
        let value = match (self.values.get(name), &parameter["Default"]) {
            (Some(given), _) => json!(given),
            (None, Value::Null) => panic!("{name} has neither a value nor a default"),
            (None, default) => default.clone(),
        };
        if parameter["Type"] == "CommaDelimitedList" {
            if text(&value).is_empty() && self.empty != EmptyList::OneMember {
                return json!([]);
            }
            return text(&value).split(',').map(str::trim).collect();
        }
        value
    }

    fn list(&self, value: &Value) -> Vec<String> {
        self.resolved(value)
            .as_array()
            .unwrap_or_else(|| panic!("{value} is no list"))
            .iter()
            .map(text)
            .collect()
    }
}

/// The name and the value of an object with one member.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    members
        .iter()
        .next()
        .map(|(name, value)| (name.as_str(), value))
}

fn arguments_of_two(argument: &Value) -> (&Value, &Value) {
    match argument.as_array().map(Vec::as_slice) {
        Some([one, other]) => (one, other),
        _ => panic!("{argument}"),
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
