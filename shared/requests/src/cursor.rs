//! Where a list continues: sealed, so that a client can neither read it nor make one.
//!
//! A place may be that of a record which the caller must not know of. It is encrypted and authenticated together with
//! whose list it is (tenant and subject), which list, and until when: whatever is not exactly the cursor of this list
//! and caller is refused in one and the same way.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::seal::NONCE;
use domain::principal::Principal;
use domain::time::later;
use ports::{ApiPorts, Clock as _, Ids as _};

/// The version this build writes and reads.
const VERSION: &str = "2";

/// How long a list can be continued.
const VALID_FOR: Duration = Duration::from_hours(24);

/// Lengths are filled up to a multiple of this many bytes, so that they say nothing about the key at the place.
const BLOCK: usize = 256;

/// The cursor does not belong to this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of this query")]
pub struct InvalidCursor;

#[derive(Serialize, Deserialize)]
struct Content<T> {
    /// Until when it is valid, in seconds since 1970.
    until: i64,
    place: T,
}

/// Writes where the caller's query with this name continues.
#[must_use]
pub fn write<P: ApiPorts, T: Serialize>(
    api: &Api<P>,
    principal: &Principal,
    query: &[&str],
    place: T,
) -> String {
    let clock = api.ports.clock();
    let mut nonce = [0; NONCE];
    nonce[..16].copy_from_slice(clock.token().as_bytes());
    // The last bytes of a token are random, in its first ones is the time.
    nonce[16..].copy_from_slice(&clock.token().as_bytes()[8..]);
    let content = Content {
        until: later(clock.now(), VALID_FOR).as_second(),
        place,
    };
    let mut plain = serde_json::to_vec(&content).unwrap_or_default();
    plain.resize(plain.len().next_multiple_of(BLOCK), b' ');
    let sealed = api
        .cursor_keys
        .seal(&nonce, &plain, &bound_to(principal, query));
    URL_SAFE_NO_PAD.encode(sealed.unwrap_or_default())
}

/// Reads where the caller's query with this name continues.
///
/// # Errors
///
/// When it is not a cursor of this query and caller that is still valid.
pub fn read<P: ApiPorts, T: DeserializeOwned>(
    api: &Api<P>,
    principal: &Principal,
    query: &[&str],
    cursor: &str,
) -> Result<T, InvalidCursor> {
    let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let plain = api
        .cursor_keys
        .open(&sealed, &bound_to(principal, query))
        .ok_or(InvalidCursor)?;
    let content: Content<T> = serde_json::from_slice(&plain).map_err(|_| InvalidCursor)?;
    let until = Timestamp::from_second(content.until).map_err(|_| InvalidCursor)?;
    if api.ports.clock().now() < until {
        Ok(content.place)
    } else {
        Err(InvalidCursor)
    }
}

/// What a cursor is bound to. The lengths distinguish `["ab", "c"]` from `["a", "bc"]`.
fn bound_to(principal: &Principal, query: &[&str]) -> Vec<u8> {
    let caller = [
        VERSION,
        principal.tenant.as_str(),
        principal.subject.as_str(),
    ];
    let parts = caller.iter().chain(query);
    parts
        .flat_map(|part| [&part.len().to_be_bytes(), part.as_bytes()].concat())
        .collect()
}
