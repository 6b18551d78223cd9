//! The keys that seal cursors: `XChaCha20-Poly1305`, which also proves that a text was sealed here.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use sha2::{Digest as _, Sha256};

/// The bytes that make each sealed text another one.
pub(super) const NONCE: usize = 24;

/// The keys that seal cursors.
#[derive(Clone)]
pub struct CursorKeys {
    current: XChaCha20Poly1305,
    before: Option<XChaCha20Poly1305>,
}

impl std::fmt::Debug for CursorKeys {
    /// Without the keys.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CursorKeys").finish_non_exhaustive()
    }
}

impl CursorKeys {
    /// Keys made of secret texts: `current` seals and opens; `before`, which was the current one until a rotation, only
    /// opens.
    #[must_use]
    pub fn new(current: &str, before: Option<&str>) -> Self {
        let key = |text: &str| XChaCha20Poly1305::new(&Sha256::digest(text.as_bytes()));
        Self {
            current: key(current),
            before: before.map(key),
        }
    }

    /// What `plain` is to others, for whoever names what it is bound to.
    pub(super) fn seal(&self, nonce: &[u8; NONCE], plain: &[u8], bound: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload {
            msg: plain,
            aad: bound,
        };
        let sealed = self.current.encrypt(nonce.into(), payload).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// What was sealed; `None` for whatever was not, or is bound to something else.
    pub(super) fn open(&self, sealed: &[u8], bound: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
        let payload = || Payload {
            msg: sealed,
            aad: bound,
        };
        std::iter::once(&self.current)
            .chain(&self.before)
            .find_map(|key| key.decrypt(nonce.into(), payload()).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE_OF_TESTS: [u8; NONCE] = [7; NONCE];

    fn sealed(keys: &CursorKeys) -> Vec<u8> {
        keys.seal(&NONCE_OF_TESTS, b"m-7", b"list").unwrap()
    }

    #[test]
    fn what_is_sealed_is_not_readable_and_opens_where_it_belongs() {
        let keys = CursorKeys::new("a secret", None);

        let sealed = sealed(&keys);

        assert!(!sealed.windows(3).any(|bytes| bytes == b"m-7"));
        assert_eq!(keys.open(&sealed, b"list").unwrap(), b"m-7");
        assert_eq!(keys.open(&sealed, b"another list"), None);
    }

    #[test]
    fn one_changed_byte_or_length_makes_it_nobodys() {
        let keys = CursorKeys::new("a secret", None);
        let sealed = sealed(&keys);

        for at in 0..sealed.len() {
            let mut other = sealed.clone();
            other[at] ^= 1;
            assert_eq!(keys.open(&other, b"list"), None, "byte {at}");
            assert_eq!(keys.open(&sealed[..at], b"list"), None, "{at} bytes");
        }
    }

    #[test]
    fn after_a_rotation_the_key_before_still_opens_and_after_two_it_does_not() {
        let first = CursorKeys::new("first", None);
        let second = CursorKeys::new("second", Some("first"));
        let third = CursorKeys::new("third", Some("second"));

        let (by_first, by_second) = (sealed(&first), sealed(&second));

        assert_eq!(second.open(&by_first, b"list").unwrap(), b"m-7");
        assert_eq!(third.open(&by_first, b"list"), None);
        // The current one seals.
        assert_eq!(first.open(&by_second, b"list"), None);
    }

    #[test]
    fn keys_are_never_printed() {
        let keys = CursorKeys::new("a secret", Some("another"));

        assert_eq!(format!("{keys:?}"), "CursorKeys { .. }");
    }
}
