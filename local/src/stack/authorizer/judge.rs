//! One request: who calls, what it accesses, and whether the caller may.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::RwLock;

use super::access::{self, Access, Request, Unknown};
use super::policy::{Decision, NotUnderstood};
use super::principals::{Principal, principals};
use super::record::Record;
use super::refusal::{Refusal, Voice};
use super::scope::Scope;
use super::search::Place;
use super::signature;
use crate::http::KEY;
use crate::terminal;

/// Unknown keys do not make us ask ministack more often than this.
const ASKED_AGAIN: Duration = Duration::from_millis(500);

/// Judges the calls of a stack's functions.
#[derive(Debug)]
pub(super) struct Judge {
    aws: String,
    place: Place,
    file: PathBuf,
    known: RwLock<Known>,
    record: Mutex<Recorded>,
}

#[derive(Debug, Default)]
struct Known {
    principals: BTreeMap<String, Arc<Principal>>,
    asked: Option<Instant>,
}

#[derive(Debug, Default)]
struct Recorded {
    record: Record,
    changed: bool,
}

/// The judgement over a request.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It may go on.
    Allowed,
    /// It is answered with this.
    Refused(Refusal),
    /// Of a batch of statements, those at these places are refused, with these texts.
    PartlyRefused(BTreeMap<usize, String>),
}

impl Judge {
    /// `aws` is ministack, which knows the functions and their roles; `file` is where the record goes.
    #[must_use]
    pub(super) fn new(aws: String, place: Place, file: PathBuf) -> Self {
        Self {
            aws,
            place,
            file,
            known: RwLock::default(),
            record: Mutex::default(),
        }
    }

    /// Judges a request; `search` says that the search endpoint was asked.
    pub(super) async fn judge(
        &self,
        request: &Request<'_>,
        headers: &axum::http::HeaderMap,
        search: bool,
    ) -> Verdict {
        let voice = Voice::of(&request.scope.service, search);
        let key = &*request.scope.key;
        if is_root(key) {
            return Verdict::Allowed;
        }
        let Some(caller) = self.caller(key).await else {
            terminal::note(&format!("no function has the key {key}"));
            return Verdict::Refused(voice.knows_no_such_key());
        };
        match signature::check(request, headers, &caller) {
            Ok(()) => {}
            Err(signature::Wrong::Token) => return Verdict::Refused(voice.knows_no_such_key()),
            Err(signature::Wrong::Signature) => {
                terminal::note(&format!("{}: a wrong signature", caller.arn));
                return Verdict::Refused(voice.finds_another_signature());
            }
        }
        let request = Request {
            account: &caller.account,
            ..*request
        };
        let accesses = if search {
            access::of_search(&request, &self.place)
        } else {
            access::of_service(&request)
        };
        match accesses {
            Ok(accesses) => self.decide(&request, &caller, voice, &accesses),
            Err(Unknown(why)) => {
                terminal::note(&format!("REFUSED {}: {why}", caller.arn));
                let unknown = Access::new(format!("{}:?", request.scope.service), why);
                self.count(&caller, &unknown, &Decision::NotAllowed);
                Verdict::Refused(voice.denies(
                    &caller.arn,
                    &unknown.action,
                    "*",
                    &Decision::NotAllowed,
                ))
            }
        }
    }

    fn decide(
        &self,
        request: &Request<'_>,
        caller: &Principal,
        voice: Voice,
        accesses: &[Access],
    ) -> Verdict {
        let mut refused = BTreeMap::new();
        for (place, access) in accesses.iter().enumerate() {
            let decision = caller.policies.judge(access, |NotUnderstood(what)| {
                terminal::note(&format!("NOT UNDERSTOOD in {}: {what}", caller.role));
            });
            self.count(caller, access, &decision);
            if !matches!(decision, Decision::Allowed { .. }) {
                let refusal =
                    voice.denies(&caller.arn, &access.action, &access.resource, &decision);
                terminal::note(&format!("REFUSED {}", refusal.text));
                refused.insert(place, refusal);
            }
        }
        let Some((_, first)) = refused.first_key_value() else {
            return Verdict::Allowed;
        };
        // Each statement of a batch has an answer of its own, and `AccessDenied` is one of its codes
        // (API Reference, `API_BatchStatementError`).
        if request.target.ends_with(".BatchExecuteStatement") {
            let texts = refused.into_iter().map(|(place, one)| (place, one.text));
            return Verdict::PartlyRefused(texts.collect());
        }
        Verdict::Refused(first.clone())
    }

    fn count(&self, caller: &Principal, access: &Access, decision: &Decision) {
        let mut recorded = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        recorded
            .record
            .count(&caller.role, &caller.policies, access, decision);
        recorded.changed = true;
    }

    /// The function with this key; ministack is asked when it is not known yet.
    async fn caller(&self, key: &str) -> Option<Arc<Principal>> {
        if let Some(caller) = self.known.read().await.principals.get(key) {
            return Some(Arc::clone(caller));
        }
        let mut known = self.known.write().await;
        let lately = known
            .asked
            .is_some_and(|asked| asked.elapsed() < ASKED_AGAIN);
        if !known.principals.contains_key(key) && !lately {
            match principals(&self.aws).await {
                Ok(found) => self.learn(&mut known, found),
                Err(failure) => terminal::note(&format!("error: {failure:#}")),
            }
            known.asked = Some(Instant::now());
        }
        known.principals.get(key).cloned()
    }

    fn learn(&self, known: &mut Known, found: BTreeMap<String, Principal>) {
        let mut recorded = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        for principal in found.values() {
            recorded.record.list(&principal.role, &principal.policies);
        }
        recorded.changed = true;
        known.principals = found
            .into_iter()
            .map(|(key, principal)| (key, Arc::new(principal)))
            .collect();
    }

    /// How many accesses were refused so far.
    #[must_use]
    pub(super) fn refused(&self) -> u64 {
        let recorded = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        recorded.record.refusals.values().sum()
    }

    /// Writes the record, if there is something new in it.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(super) fn write(&self) -> Result<()> {
        let record = {
            let mut recorded = self.record.lock().unwrap_or_else(PoisonError::into_inner);
            if !std::mem::take(&mut recorded.changed) {
                return Ok(());
            }
            recorded.record.clone()
        };
        record.write(&self.file)
    }
}

/// The tools' key; and an account's number, which ministack gives to functions when roles are not enforced.
fn is_root(key: &str) -> bool {
    key == KEY || (key.len() == 12 && key.bytes().all(|letter| letter.is_ascii_digit()))
}

/// What the header says; nobody when it says nothing.
pub(super) fn scope(headers: &axum::http::HeaderMap) -> Option<Scope> {
    let header = headers.get(axum::http::header::AUTHORIZATION)?;
    Scope::read(header.to_str().ok()?)
}
