//! Where a list continues: sealed, so that a client can neither read it nor make one.
//!
//! A place may be that of a record which the caller must not know of. It is encrypted and authenticated together with
//! whose list it is (tenant and subject), which list, and until when: whatever is not exactly the cursor of this list
//! and caller is refused in one and the same way.
//!
//! It is deflated before it is sealed, because a client sends it back in the request line, for which a gateway has
//! little room: a place is JSON in JSON, in which a control character of a key becomes seven.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::seal::NONCE;
use domain::principal::Principal;
use domain::time::later;
use ports::{ApiPorts, Clock as _, Ids as _};

/// The version this build writes and reads.
const VERSION: &str = "3";

/// How long a list can be continued.
const VALID_FOR: Duration = Duration::from_hours(24);

/// Lengths are filled up to a multiple of this many bytes, so that they say nothing about the key at the place.
const BLOCK: usize = 256;

/// No content is larger when inflated: the keys of a table and of one of its indexes have 6 KB, each byte at most seven.
const INFLATED_BYTES: u64 = 64 << 10;

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
    let sealed = api
        .cursor_keys
        .seal(&nonce, &plain(&content), &bound_to(principal, query));
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
    let content: Content<T> = content_of(&plain)?;
    let until = Timestamp::from_second(content.until).map_err(|_| InvalidCursor)?;
    if api.ports.clock().now() < until {
        Ok(content.place)
    } else {
        Err(InvalidCursor)
    }
}

/// What is sealed: the content, deflated and filled up.
fn plain(content: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_vec(content).unwrap_or_default();
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let written = encoder.write_all(&json).and_then(|()| encoder.finish());
    let mut plain = written.unwrap_or_default();
    plain.resize(plain.len().next_multiple_of(BLOCK), 0);
    plain
}

/// What was sealed; what it was filled up with is behind its end, and is not read.
fn content_of<T: DeserializeOwned>(plain: &[u8]) -> Result<Content<T>, InvalidCursor> {
    let mut json = Vec::new();
    let mut decoder = DeflateDecoder::new(plain).take(INFLATED_BYTES);
    decoder.read_to_end(&mut json).map_err(|_| InvalidCursor)?;
    serde_json::from_slice(&json).map_err(|_| InvalidCursor)
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sha2::{Digest as _, Sha256};

    use super::*;

    /// 1,024 bytes of these characters, in an order that is different for each `part`.
    fn text(characters: &[char], part: u8) -> String {
        let mut text = String::new();
        for round in 0..64_u8 {
            for byte in Sha256::digest([part, round]) {
                let next = characters[usize::from(byte) % characters.len()];
                if text.len() + next.len_utf8() <= 1_024 {
                    text.push(next);
                }
            }
        }
        text
    }

    #[test]
    fn the_place_of_four_parts_of_any_characters_fits_into_a_request_line() {
        let all = |from: u32, to: u32| (from..to).filter_map(char::from_u32).collect();
        let ascii: Vec<char> = all(0, 0x80);
        let kinds: [Vec<char>; 7] = [
            all(1, 0x08),
            all(0, 0x20),
            vec!['"', '\\'],
            [all(0, 0x20), all(0, 0x20), ascii.clone()].concat(),
            ascii,
            all(0x80, 0x180),
            all(0x4E00, 0x4F00),
        ];
        for characters in kinds {
            // As the adapter writes a place in an index: the keys of the table and those of the index.
            let part = |part| json!({ "S": text(&characters, part) });
            let parts = json!({ "a": part(1), "b": part(2), "c": part(3), "d": part(4) });
            let content = Content {
                until: 1_795_900_000,
                place: parts.to_string(),
            };

            let plain = plain(&content);

            let sealed = vec![0; NONCE + plain.len() + 16];
            let length = URL_SAFE_NO_PAD.encode(sealed).len();
            assert!(length < 7_500, "{:?}: {length}", characters[0]);
            assert_eq!(plain.len() % BLOCK, 0);
            let read: Content<String> = content_of(&plain).unwrap();
            assert_eq!(read.place, content.place);
        }
    }

    #[test]
    fn what_would_be_too_large_when_inflated_is_no_content() {
        let content = Content {
            until: 0,
            place: "a".repeat(70_000),
        };

        let read: Result<Content<String>, _> = content_of(&plain(&content));

        assert_eq!(read.map(|content| content.place), Err(InvalidCursor));
    }
}
