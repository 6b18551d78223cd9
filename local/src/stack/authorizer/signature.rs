//! Whether a request is signed by the function whose key it names: what AWS would find out first.
//!
//! Made anew with the SDK's own signer, from the headers that the request says are signed.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, SessionTokenMode, SignableBody, SignableRequest, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use axum::http::HeaderMap;

use super::access::Request;
use super::principals::Principal;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// The session token is not the one that goes with the key.
    Token,
    /// The signature is another one.
    Signature,
}

const TOKEN: &str = "x-amz-security-token";

/// Checks token and signature.
pub(super) fn check(
    request: &Request<'_>,
    headers: &HeaderMap,
    caller: &Principal,
) -> Result<(), Wrong> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header(TOKEN) != Some(&*caller.token) {
        return Err(Wrong::Token);
    }
    let made = time(header("x-amz-date").unwrap_or_default())
        .and_then(|time| signature(request, headers, caller, time));
    if made.as_deref() == Some(&*request.scope.signature) {
        Ok(())
    } else {
        Err(Wrong::Signature)
    }
}

fn signature(
    request: &Request<'_>,
    headers: &HeaderMap,
    caller: &Principal,
    time: SystemTime,
) -> Option<String> {
    let names: Vec<&str> = request.scope.signed_headers.split(';').collect();
    let mut settings = SigningSettings::default();
    settings.payload_checksum_kind = if names.contains(&"x-amz-content-sha256") {
        PayloadChecksumKind::XAmzSha256
    } else {
        PayloadChecksumKind::NoHeader
    };
    settings.session_token_mode = if names.contains(&TOKEN) {
        SessionTokenMode::Include
    } else {
        SessionTokenMode::Exclude
    };
    settings.excluded_headers = None;
    let identity = Credentials::new(
        &*request.scope.key,
        &*caller.secret,
        Some(caller.token.clone()),
        None,
        "ministack",
    )
    .into();
    let params = SigningParams::builder()
        .identity(&identity)
        .region(&request.scope.region)
        .name(&request.scope.service)
        .time(time)
        .settings(settings)
        .build()
        .ok()?;
    // The signer adds these itself.
    let own = ["x-amz-date", TOKEN, "x-amz-content-sha256"];
    let signed = names
        .iter()
        .filter(|name| !own.contains(name))
        .filter_map(|name| Some((*name, headers.get(*name)?.to_str().ok()?)));
    let host = headers.get("host")?.to_str().ok()?;
    let signable = SignableRequest::new(
        request.method.as_str(),
        format!("http://{host}{}", request.uri),
        signed,
        SignableBody::Bytes(request.body),
    )
    .ok()?;
    let (_instructions, signature) = sign(signable, &params.into()).ok()?.into_parts();
    Some(signature)
}

/// `20260101T000000Z`.
fn time(text: &str) -> Option<SystemTime> {
    let with_zone = text.strip_suffix('Z')?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", with_zone).ok()?;
    let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().into())
}
