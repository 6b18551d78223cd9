//! From the claims that the gateway verified to the caller. Nothing else in a request identifies the caller.
//!
//! Nothing is guessed: a claim with the caller or the tenant is a text, and groups are a list of texts, or a text in the
//! form that is configured. Where only the gateway's text of a claim is available, it is used if it is unambiguous.

mod groups;

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::HeaderMap;
use domain::principal::{Groups, Principal, Tenant};
use serde_json::Value;
use tracing::warn;
use wiring::config::{ClaimNames, GroupsForm};

use crate::problem::{Code, Problem};
use crate::token::{self, Claims, Token};

/// Identifies the caller.
#[derive(Debug)]
pub(crate) struct Identity {
    names: ClaimNames,
    /// The tenant of every caller, where the tables know no tenants: then no claim names one.
    fixed_tenant: Option<Tenant>,
    /// Whether it was logged for the operator that groups cannot be read: once is enough.
    has_complained: AtomicBool,
}

impl Identity {
    /// Uses these claims.
    pub(crate) fn new(names: ClaimNames, fixed_tenant: Option<Tenant>) -> Self {
        Self {
            names,
            fixed_tenant,
            has_complained: AtomicBool::new(false),
        }
    }

    /// The caller. `None` for claims: no authorizer has checked the request, so it is not verified.
    pub(crate) fn caller(
        &self,
        claims: Option<&Claims>,
        headers: &HeaderMap,
    ) -> Result<Principal, Problem> {
        let claims = claims.ok_or_else(|| {
            Problem::new(
                Code::Unauthenticated,
                "The request carries no verified token.",
            )
        })?;
        let ClaimNames {
            subject,
            tenant,
            groups,
            groups_form,
        } = &self.names;
        let said = Said {
            token: token::sent(headers, claims, &[subject, tenant, groups]),
            claims,
        };
        let subject = said.text(subject).ok_or_else(|| {
            let detail = format!(
                "The token has no claim `{subject}` that is a text, which names the caller."
            );
            Problem::new(Code::Unauthenticated, detail)
        })?;
        let fixed = self.fixed_tenant.clone();
        let named = || said.text(tenant).and_then(Tenant::new);
        let tenant = fixed.or_else(named).ok_or_else(|| {
            let detail = format!(
                "The token has no claim `{tenant}` that is a text, which names the tenant. Cognito puts it into id tokens, not into access tokens."
            );
            Problem::new(Code::TenantMissing, detail)
        })?;
        let groups = said.groups(groups, *groups_form);
        if groups == Groups::Unknown {
            self.log_once();
        }
        Ok(Principal {
            subject: subject.to_owned(),
            tenant,
            groups,
        })
    }

    /// Logs what the operator can do about it.
    fn log_once(&self) {
        if let Some(complaint) = self.complaint() {
            warn!(claim = &self.names.groups, "{complaint}");
        }
    }

    /// What is wrong with the claim of groups, without values of the token. `None` after the first time.
    fn complaint(&self) -> Option<String> {
        let claim = &self.names.groups;
        (!self.has_complained.swap(true, Ordering::Relaxed)).then(|| {
            format!(
                "groups of callers cannot be told for certain and give no right: the claim {claim} is neither a list of texts nor a text in the form that GROUPS_FORM names, or the token that was verified is not the one of the Authorization header"
            )
        })
    }
}

/// A statement about the caller.
struct Said<'a> {
    /// By the token.
    token: Token,
    /// By the gateway, which has rendered it.
    claims: &'a Claims,
}

impl Said<'_> {
    /// A claim that is a text, and not empty.
    fn text(&self, name: &str) -> Option<&str> {
        let text = match &self.token {
            Token::Verified(payload) => payload.get(name)?.as_str()?,
            // The text that a gateway makes from a list or an object is not a name.
            Token::Other | Token::Absent => self
                .claims
                .get(name)
                .filter(|text| !text.starts_with(['[', '{']) && !text.starts_with("map["))?,
        };
        (!text.is_empty()).then_some(text)
    }

    fn groups(&self, name: &str, form: GroupsForm) -> Groups {
        let payload = match (&self.token, self.claims.get(name).map(String::as_str)) {
            (Token::Verified(payload), _) => payload,
            // The token may have groups that the gateway has not passed on: they must not count as none.
            (Token::Other, None) => return Groups::Unknown,
            (Token::Absent, None) | (_, Some("[]")) => return Groups::Known(Vec::new()),
            (_, Some(text)) => return groups::of_rendered(text, form),
        };
        match payload.get(name) {
            None | Some(Value::Null) => Groups::Known(Vec::new()),
            Some(Value::String(text)) => groups::of_text(text, form),
            Some(Value::Array(values)) => {
                let names = values.iter().map(|value| value.as_str().map(str::to_owned));
                names
                    .collect::<Option<_>>()
                    .map_or(Groups::Unknown, Groups::Known)
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::Object(_)) => Groups::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
