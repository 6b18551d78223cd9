//! What a request to a search domain or a serverless collection accesses.
//!
//! A domain is authorised by verb and path: `es:ESHttpPost` on `domain/NAME/INDEX/_search` (Developer Guide,
//! "Identity and Access Management in Amazon OpenSearch Service", `ac`). What is in the body, such as the indexes of a
//! `_bulk` at the root, is not looked at. A collection is authorised by `aoss:APIAccessAll` as a whole
//! (`serverless-data-access`).

use axum::http::Method;

use super::access::{Access, Request, Unknown};

/// What the search endpoint of this stack stands for.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Name of the domain.
    pub domain: String,
    /// ARN of the collection.
    pub collection: String,
}

/// What the request accesses.
pub(super) fn accesses(request: &Request<'_>, place: &Place) -> Result<Vec<Access>, Unknown> {
    match request.scope.service.as_str() {
        "es" => {
            let resource = format!("domain/{}{}", place.domain, request.uri.path());
            Ok(vec![Access::new(
                action(request.method),
                request.arn("es", &resource),
            )])
        }
        "aoss" => Ok(vec![Access::new("aoss:APIAccessAll", &*place.collection)]),
        other => Err(Unknown(format!("search is not signed for {other}"))),
    }
}

/// `es:ESHttpGet` and so on.
pub(super) fn action(method: &Method) -> String {
    let verb = method.as_str().to_ascii_lowercase();
    let (first, rest) = verb.split_at(verb.len().min(1));
    format!("es:ESHttp{}{rest}", first.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::authorizer::scope::Scope;

    fn one(service: &str, method: &Method, uri: &'static str) -> Result<Access, Unknown> {
        let place = Place {
            domain: "mail".into(),
            collection: "arn:aws:aoss:us-east-1:123456789012:collection/c1".into(),
        };
        let scope = Scope {
            region: "us-east-1".into(),
            service: service.into(),
            ..Scope::default()
        };
        let request = Request {
            scope: &scope,
            account: "123456789012",
            target: "",
            method,
            uri: &uri.parse().unwrap(),
            body: b"",
        };
        accesses(&request, &place).map(|mut all| all.remove(0))
    }

    #[test]
    fn a_domain_is_accessed_by_verb_and_path_without_the_query() {
        let access = one("es", &Method::POST, "/mail-messages/_search?size=1").unwrap();

        assert_eq!(access.action, "es:ESHttpPost");
        assert_eq!(
            access.resource,
            "arn:aws:es:us-east-1:123456789012:domain/mail/mail-messages/_search"
        );
        let head = one("es", &Method::HEAD, "/mail-messages").unwrap();
        assert_eq!(head.action, "es:ESHttpHead");
    }

    #[test]
    fn a_collection_is_accessed_as_a_whole() {
        let access = one("aoss", &Method::POST, "/mail-messages/_bulk").unwrap();

        assert_eq!(access.action, "aoss:APIAccessAll");
        assert_eq!(
            access.resource,
            "arn:aws:aoss:us-east-1:123456789012:collection/c1"
        );
    }

    #[test]
    fn search_that_is_signed_for_another_service_is_not_known() {
        assert!(one("dynamodb", &Method::POST, "/i/_search").is_err());
    }
}
