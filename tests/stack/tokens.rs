//! What the gateway makes of a token: one that is not exactly the issuer's, for us, and valid now, is 401, and nothing of
//! ours has seen it; one that is gives the rights that it names, and never more.
//!
//! The tokens are made here and signed with the key of the local user pool, so that each is wrong in one thing only.

use std::fs;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use local::stack::StackFile;
use serde_json::{Value, json};
use tests::caller::{Answer, Caller};
use tests::mail::Tenant;
use tests::stacks::stack;

/// A token before it is signed.
#[derive(Clone)]
struct Draft {
    header: Value,
    claims: Value,
}

impl Draft {
    /// What the pool has given this caller.
    fn of(caller: &Caller) -> Self {
        let mut parts = caller.token().split('.').map(|part| {
            let json = URL_SAFE_NO_PAD.decode(part).unwrap();
            serde_json::from_slice(&json).unwrap_or_default()
        });
        Self {
            header: parts.next().unwrap(),
            claims: parts.next().unwrap(),
        }
    }

    /// With this claim; NULL for without it.
    fn claim(&self, name: &str, value: Value) -> Self {
        let mut other = self.clone();
        set(&mut other.claims, name, value);
        other
    }

    /// With this in the header; NULL for without it.
    fn header(&self, name: &str, value: Value) -> Self {
        let mut other = self.clone();
        set(&mut other.header, name, value);
        other
    }

    fn text(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", part(&self.header), part(&self.claims))
    }

    fn signed(&self, key: &RsaKeyPair) -> String {
        self.signed_as(key, &RSA_PKCS1_SHA256)
    }

    fn signed_as(&self, key: &RsaKeyPair, algorithm: &'static dyn RsaEncoding) -> String {
        let text = self.text();
        let mut signature = vec![0; key.public_modulus_len()];
        let random = SystemRandom::new();
        key.sign(algorithm, &random, text.as_bytes(), &mut signature)
            .unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn set(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().unwrap();
    if value.is_null() {
        object.remove(name);
    } else {
        object.insert(name.to_owned(), value);
    }
}

/// A key of the stand-in for Cognito, which keeps them in the folder of its stack.
fn key(stack: &StackFile, name: &str) -> RsaKeyPair {
    let pem = fs::read_to_string(stack.state().join("tmp/state").join(name)).unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with("-----"));
    let der = STANDARD.decode(lines.collect::<String>()).unwrap();
    RsaKeyPair::from_pkcs8(&der).unwrap()
}

fn pool_key(stack: &StackFile) -> RsaKeyPair {
    key(
        stack,
        &format!("cognito-pool-keys/{}-id.pem", stack.user_pool_id),
    )
}

#[tokio::test]
async fn a_token_that_is_not_the_issuers_for_this_api_and_valid_now_is_401_from_the_gateway() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "verified");
    let genuine = Draft::of(&tenant.admin().await);
    let discussion = tenant.thread("d", 1).await;
    let pools = pool_key(&stack);
    let others = key(&stack, "cognito-rsa-key.pem");
    let now = genuine.claims["iat"].as_i64().unwrap();
    let issuer = genuine.claims["iss"].as_str().unwrap();
    let none = genuine.header("alg", json!("none"));

    // What is refused below is refused for the one thing that is changed.
    let untouched = Caller::with_token(&stack, Some(genuine.signed(&pools)));
    assert_eq!(untouched.get("/v1/deletions").await.status, 200);

    let claim = |name: &str, value: Value| genuine.claim(name, value).signed(&pools);
    let header = |name: &str, value: Value| genuine.header(name, value).signed(&pools);
    for (what, token) in [
        ("expired a second ago", claim("exp", json!(now - 1))),
        ("expired in 1970", claim("exp", json!(0))),
        ("without an end", claim("exp", Value::Null)),
        ("an end that is a text", claim("exp", json!("9999999999"))),
        ("valid in an hour", claim("nbf", json!(now + 3600))),
        ("issued in an hour", claim("iat", json!(now + 3600))),
        (
            "another issuer",
            claim("iss", json!("https://issuer.example")),
        ),
        (
            "almost the issuer",
            claim("iss", json!(format!("{issuer}/"))),
        ),
        ("no issuer", claim("iss", Value::Null)),
        ("another audience", claim("aud", json!("another-client"))),
        ("other audiences", claim("aud", json!(["a", "b"]))),
        ("no audience", claim("aud", Value::Null)),
        ("no algorithm, no signature", format!("{}.", none.text())),
        ("no algorithm, signed", none.signed(&pools)),
        ("a secret's algorithm", header("alg", json!("HS256"))),
        ("an algorithm that is not the key's", {
            let longer = genuine.header("alg", json!("RS512"));
            longer.signed_as(&pools, &RSA_PKCS1_SHA512)
        }),
        ("no key named", header("kid", Value::Null)),
        ("an unknown key", header("kid", json!("ministack-key-1"))),
        ("another's key", genuine.signed(&others)),
    ] {
        let caller = Caller::with_token(&stack, Some(token));
        let path = format!("/v1/discussions/{discussion}");
        for answer in [
            caller.get("/v1/deletions").await,
            caller.delete(&path).await,
            caller.get("/nothing/there").await,
        ] {
            // The gateway's own body: it has no code.
            let said = (answer.status, answer.json());
            assert_eq!(said, (401, json!({"message": "Unauthorized"})), "{what}");
        }
    }
    tenant.held(&discussion).await.assert_live(1);
}

#[tokio::test]
async fn a_verified_token_gives_the_rights_that_it_names_and_never_more() {
    let Some(stack) = stack() else { return };
    let tenant = Tenant::new(&stack, "named");
    let admin = Draft::of(&tenant.admin().await);
    let discussion = tenant.thread("d", 1).await;
    let pools = pool_key(&stack);
    let groups = |groups: Value| admin.claim("cognito:groups", groups);
    let tenants = |name: Value| admin.claim("custom:tenant", name);
    let machine = machine(&admin);
    let path = format!("/v1/discussions/{discussion}");

    for (what, draft, status, code) in [
        ("no tenant", tenants(Value::Null), 403, "TENANT_MISSING"),
        ("an empty tenant", tenants(json!("")), 403, "TENANT_MISSING"),
        (
            "tenants",
            tenants(json!([tenant.name])),
            403,
            "TENANT_MISSING",
        ),
        (
            "two other groups",
            groups(json!(["ops", "dev"])),
            403,
            "FORBIDDEN",
        ),
        (
            "a group with a space",
            groups(json!(["ops admin"])),
            403,
            "FORBIDDEN",
        ),
        (
            "a list in a text",
            groups(json!("[ops admin]")),
            403,
            "FORBIDDEN",
        ),
        (
            "a list of one in a text",
            groups(json!("[admin]")),
            403,
            "FORBIDDEN",
        ),
        ("no groups", groups(Value::Null), 403, "FORBIDDEN"),
        ("a machine", machine.clone(), 401, "UNAUTHENTICATED"),
        (
            "a machine of a group",
            machine.claim("cognito:groups", json!(["admin"])),
            401,
            "UNAUTHENTICATED",
        ),
    ] {
        let caller = Caller::with_token(&stack, Some(draft.signed(&pools)));
        let answer = caller.delete(&path).await;
        assert_problem(&answer, status, code, what);
    }
    tenant.held(&discussion).await.assert_live(1);

    // Of two groups the one that may counts.
    let token = groups(json!(["ops", "admin"])).signed(&pools);
    let answer = Caller::with_token(&stack, Some(token)).delete(&path).await;
    assert_eq!(answer.status, 202, "{answer:?}");
}

/// What a client gets that signs in for itself: an access token without a user, a tenant or groups.
fn machine(of: &Draft) -> Draft {
    let client = of.claims["aud"].clone();
    let mut draft = of.clone();
    draft.claims = json!({
        "iss": of.claims["iss"], "sub": client, "client_id": client, "token_use": "access",
        "scope": "tombstone/delete", "iat": of.claims["iat"], "exp": of.claims["exp"], "jti": "j-1", "version": 2,
    });
    draft
}

fn assert_problem(answer: &Answer, status: u16, code: &str, what: &str) {
    let said = (answer.status, answer.code());
    assert_eq!(said, (status, code.to_owned()), "{what}: {answer:?}");
}
