//! What the `Authorization` header of a request says: by whom it is signed, and for which service.

/// `Credential=KEY/DATE/REGION/SERVICE/aws4_request`, and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Scope {
    /// The access key.
    pub key: String,
    /// The region.
    pub region: String,
    /// The service.
    pub service: String,
    /// Names of the signed headers, apart by semicolons.
    pub signed_headers: String,
    /// The signature.
    pub signature: String,
}

impl Scope {
    /// Reads the header.
    #[must_use]
    pub(super) fn read(authorization: &str) -> Option<Self> {
        let rest = authorization.strip_prefix("AWS4-HMAC-SHA256")?;
        let (mut scope, mut seen) = (Self::default(), false);
        for part in rest.split(',') {
            let (name, value) = part.trim().split_once('=')?;
            match name {
                "Credential" => {
                    let [key, _day, region, service, "aws4_request"] =
                        value.split('/').collect::<Vec<_>>()[..]
                    else {
                        return None;
                    };
                    key.clone_into(&mut scope.key);
                    region.clone_into(&mut scope.region);
                    service.clone_into(&mut scope.service);
                    seen = true;
                }
                "SignedHeaders" => value.clone_into(&mut scope.signed_headers),
                "Signature" => value.clone_into(&mut scope.signature),
                _ => return None,
            }
        }
        seen.then_some(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn the_header_tells_key_region_and_service() {
        let header = "AWS4-HMAC-SHA256 Credential=ASIA1/20260101/us-east-1/dynamodb/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=abc";

        let scope = Scope::read(header).unwrap();

        assert_eq!(scope.key, "ASIA1");
        assert_eq!(scope.region, "us-east-1");
        assert_eq!(scope.service, "dynamodb");
        assert_eq!(scope.signed_headers, "host;x-amz-date");
        assert_eq!(scope.signature, "abc");
        assert_eq!(Scope::read("Bearer x"), None);
        assert_eq!(Scope::read("AWS4-HMAC-SHA256 Credential=short"), None);
    }
}
