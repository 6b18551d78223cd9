//! The times of the protocol.

use std::time::Duration;

/// The times of the protocol; all of them are configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long one slice works.
    pub slice: Duration,
    /// How long a call that began at the slice's end may still take.
    pub grace: Duration,
    /// How long without progress until the message is sent again.
    pub resend_after: Duration,
    /// How long after its end a deletion is compared.
    pub compare_after: Duration,
    /// How long the certificate is kept after the purge.
    pub certificate_retention: Duration,
}
