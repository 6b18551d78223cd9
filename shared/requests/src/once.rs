//! A request that its key says to be the same as an earlier one: it is not done again, and is answered with what came of
//! the earlier one.

use crate::api::Api;
use crate::deletions::{Shown, with_scope};
use crate::visible::visible;
use domain::principal::Principal;
use domain::request_key::RequestKey;
use ports::{AcceptDeletions, ApiPorts, DependencyError};

/// Why a request with a key is not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OnceError {
    /// An earlier request of this key asked for something else.
    #[error("the key was used for another request")]
    Reused,
    /// Another request of this key is being carried out, or was a moment ago.
    #[error("another request uses the key at this moment")]
    InFlight,
}

/// What came of an earlier request of this key.
#[derive(Debug, Clone, PartialEq)]
pub enum Earlier {
    /// There was none.
    None,
    /// This deletion, which the caller may still see.
    Shown(Box<Shown>),
    /// A deletion that the caller may not see any more, or that is gone.
    Hidden,
}

/// Finds what came of an earlier request of this key. Whether the caller may still ask for it is the route's to decide.
///
/// # Errors
///
/// See [`OnceError`]; and when the control table did not answer.
pub(super) async fn earlier<P, E>(
    api: &Api<P>,
    principal: &Principal,
    key: Option<&RequestKey>,
) -> Result<Earlier, E>
where
    P: ApiPorts,
    E: From<OnceError> + From<DependencyError>,
{
    let Some(key) = key else {
        return Ok(Earlier::None);
    };
    let used = api
        .ports
        .deletions()
        .used_key(&principal.tenant, key)
        .await?;
    let Some(used) = used else {
        return Ok(Earlier::None);
    };
    if used.asked != key.asked {
        return Err(OnceError::Reused.into());
    }
    Ok(match visible(api, principal, Some(used.deletion)).await? {
        Some(deletion) => Earlier::Shown(Box::new(with_scope(api, deletion).await?)),
        None => Earlier::Hidden,
    })
}
