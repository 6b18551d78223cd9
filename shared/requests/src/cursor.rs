//! Where a list continues: opaque for clients, versioned, bound to its query.
//!
//! A cursor says only *where*, never *whose*: tenant and query come from the request that contains it, so a foreign or
//! forged one shows nothing but the caller's own records.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The version this build writes and reads.
const VERSION: u32 = 1;

/// The cursor does not belong to this query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one of this query")]
pub struct InvalidCursor;

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    v: u32,
    q: String,
    p: T,
}

/// Writes where the query with this name continues.
#[must_use]
pub fn write<T: Serialize>(query: &[&str], place: T) -> String {
    let sealed = Sealed {
        v: VERSION,
        q: name(query),
        p: place,
    };
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&sealed).unwrap_or_default())
}

/// Reads where the query with this name continues.
///
/// # Errors
///
/// When it is not a cursor of this build, or belongs to another query.
pub fn read<T: DeserializeOwned>(query: &[&str], cursor: &str) -> Result<T, InvalidCursor> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| InvalidCursor)?;
    let sealed: Sealed<T> = serde_json::from_slice(&bytes).map_err(|_| InvalidCursor)?;
    if sealed.v == VERSION && sealed.q == name(query) {
        Ok(sealed.p)
    } else {
        Err(InvalidCursor)
    }
}

fn name(query: &[&str]) -> String {
    // The lengths distinguish ["ab", "c"] from ["a", "bc"].
    let mut hash = Sha256::new();
    for part in query {
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_goes_on_where_it_was_written() {
        let cursor = write(&["list", "messages", "d~1"], "m-7");

        assert_eq!(
            read::<String>(&["list", "messages", "d~1"], &cursor),
            Ok("m-7".to_owned())
        );
    }

    #[test]
    fn a_cursor_of_another_query_or_version_and_garbage_are_refused() {
        let cursor = write(&["list", "messages", "d~1"], "m-7");
        let newer =
            URL_SAFE_NO_PAD.encode(format!(r#"{{"v":2,"q":"{}","p":"m-7"}}"#, name(&["a"])));

        assert_eq!(
            read::<String>(&["list", "messages", "d~2"], &cursor),
            Err(InvalidCursor)
        );
        assert_eq!(
            read::<String>(&["list", "messagesd", "~1"], &cursor),
            Err(InvalidCursor)
        );
        assert_eq!(read::<String>(&["a"], &newer), Err(InvalidCursor));
        for garbage in ["", "x", "%%%", "eyJ2IjoxfQ"] {
            assert_eq!(
                read::<String>(&["a"], garbage),
                Err(InvalidCursor),
                "{garbage}"
            );
        }
    }
}
