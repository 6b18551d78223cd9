//! The headers that change what a request means: which earlier request it repeats, and which versions it is meant for.
//!
//! None is ignored: where a route does not take one, or cannot read it, the request is refused.

use axum::http::header::{CONTENT_RANGE, IF_MATCH, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderName, Method};
use domain::collection::CollectionName;
use domain::tags::Tags;

use crate::problem::{Code, Problem};

/// The client's name for a request.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The longest key, and how many tags one request may have.
const KEY_BYTES: usize = 255;
const MOST_TAGS: usize = 20;

/// What the headers say.
#[derive(Debug, Default)]
pub(crate) struct Conditions {
    /// The key of the request.
    pub(crate) key: Option<String>,
    /// The versions that it is meant for.
    pub(crate) tags: Tags,
    /// Whether it is meant for what does not exist only.
    pub(crate) is_new: bool,
}

impl Conditions {
    /// Reads the headers of a request with this method; `is_action` is whether it is for a deletion.
    pub(crate) fn read(
        method: &Method,
        is_action: bool,
        headers: &HeaderMap,
    ) -> Result<Self, Problem> {
        let takes_key = [Method::POST, Method::DELETE].contains(method);
        let takes_tags = [Method::PUT, Method::DELETE].contains(method) || is_action;
        let key = one(headers, &IDEMPOTENCY_KEY)?;
        let tags = one(headers, &IF_MATCH)?;
        if key.is_some() && !takes_key {
            return Err(not_taken(&IDEMPOTENCY_KEY));
        }
        if tags.is_some() && !takes_tags {
            return Err(not_taken(&IF_MATCH));
        }
        if *method == Method::PUT && headers.contains_key(CONTENT_RANGE) {
            // A part of a record would replace the whole.
            return Err(not_taken(&CONTENT_RANGE));
        }
        Ok(Self {
            key: key.map(checked).transpose()?,
            tags: tags.map_or(Ok(Tags::Unasked), read_tags)?,
            is_new: is_new(method, headers)?,
        })
    }
}

/// The value of a header that may stand there once.
fn one<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(invalid(name, "stands there more than once"));
    }
    let text = value.to_str();
    text.map(Some)
        .map_err(|_| invalid(name, "has characters other than those of ASCII"))
}

fn checked(key: &str) -> Result<String, Problem> {
    if key.is_empty() {
        Err(invalid(&IDEMPOTENCY_KEY, "is empty"))
    } else if key.len() > KEY_BYTES {
        Err(invalid(&IDEMPOTENCY_KEY, "has more than 255 characters"))
    } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        Err(invalid(
            &IDEMPOTENCY_KEY,
            "has other characters than letters, digits and punctuation",
        ))
    } else {
        Ok(key.to_owned())
    }
}

/// `*`, or tags in quotes. A weak one is refused: it does not promise that the version is the same.
fn read_tags(text: &str) -> Result<Tags, Problem> {
    if text.trim() == "*" {
        return Ok(Tags::Any);
    }
    let tags: Option<Vec<String>> = text.split(',').map(|tag| unquoted(tag.trim())).collect();
    match tags {
        Some(tags) if tags.len() <= MOST_TAGS => Ok(Tags::Of(tags)),
        Some(_) => Err(invalid(&IF_MATCH, "has more than 20 tags")),
        None => Err(invalid(
            &IF_MATCH,
            "is neither `*` nor tags such as `\"1\"`",
        )),
    }
}

fn unquoted(tag: &str) -> Option<String> {
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = inner
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'"');
    is_plain.then(|| inner.to_owned())
}

/// A GET is answered in full, whatever a client has: answers are not kept.
fn is_new(method: &Method, headers: &HeaderMap) -> Result<bool, Problem> {
    if *method == Method::GET {
        return Ok(false);
    }
    let Some(text) = one(headers, &IF_NONE_MATCH)? else {
        return Ok(false);
    };
    if *method != Method::PUT {
        return Err(not_taken(&IF_NONE_MATCH));
    }
    if text.trim() == "*" {
        Ok(true)
    } else {
        Err(invalid(&IF_NONE_MATCH, "is not `*`"))
    }
}

/// The problem "this route does not take this header".
pub(crate) fn not_taken(name: &HeaderName) -> Problem {
    let detail = format!("This route does not take the header `{name}`.");
    Problem::new(Code::HeaderNotAllowed, detail).at(format!("/header/{name}"), "remove it")
}

/// The problem "this record has too many attributes for `If-Match`".
pub(crate) fn too_wide_to_compare() -> Problem {
    let detail = "A record of more than 100 attributes cannot be compared; nothing was written.";
    Problem::new(Code::HeaderNotAllowed, detail)
        .at("/header/if-match", "is not possible for this record")
}

/// The problem "nobody can say whose a row is, or whether it is deleted".
pub(crate) fn row_unreadable() -> Problem {
    let detail = "The row of the record, or one above it, is not as its collection is declared, so nobody can say whose it is, or whether it is deleted. Nothing was changed, and whoever operates this service has been told.";
    Problem::new(Code::RowUnreadable, detail)
}

/// The problem "a record below this one is held back".
pub(crate) fn held_below(child: &CollectionName) -> Problem {
    let detail = format!(
        "A record of {child} below it is held back, as its row says; nothing was deleted. Ask again when that is over."
    );
    Problem::new(Code::RecordHeld, detail)
}

fn invalid(name: &HeaderName, why: &'static str) -> Problem {
    let detail = format!("The header `{name}` {why}.");
    Problem::new(Code::InvalidHeader, detail).at(format!("/header/{name}"), why)
}
