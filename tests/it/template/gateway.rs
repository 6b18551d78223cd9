//! Who gets in: every route asks for a token, and a token's tenant is nobody's own choice.

use std::collections::BTreeSet;

use api::openapi;
use serde_json::{Value, json};

use super::cloudformation::Template;
use super::evaluate::Deployment;

#[test]
fn api_answers_before_the_gateway_gives_up() {
    let template = Template::read();
    let timeout = template.number(template.of_function("ApiFunction", "Timeout"));

    assert!(timeout < 30, "{timeout} s");
    // An acceptance makes three calls, one after another: read, write, send.
    assert!(3 * template.default_of("CallTimeoutSeconds") < timeout);
}

#[test]
fn every_route_is_behind_the_authorizer() {
    let template = Template::read();
    let mut keys = BTreeSet::new();
    for (id, route) in template.of_type("AWS::ApiGatewayV2::Route") {
        let key = route["Properties"]["RouteKey"].as_str().unwrap();
        // A browser's preflight carries no token. It reaches no method but OPTIONS, and only where CORS is wanted.
        if key == "OPTIONS /{proxy+}" {
            assert_eq!(route["Condition"], "HasCors");
            continue;
        }
        assert_eq!(route["Properties"]["AuthorizationType"], "JWT", "{id}");
        assert_eq!(
            route["Properties"]["AuthorizerId"],
            json!({ "Ref": "JwtAuthorizer" }),
            "{id}"
        );
        assert_eq!(
            route["Properties"]["Target"],
            json!({ "Fn::Sub": "integrations/${ApiIntegration}" }),
            "{id}"
        );
        keys.insert(key.to_owned());
    }

    // One by one as the OpenAPI document has them, and the rest for the router's own 404 and 405.
    let described = openapi::ALL.iter();
    let described = described.map(|operation| format!("{} {}", operation.method, operation.path));
    let expected: BTreeSet<String> = described.chain(["$default".to_owned()]).collect();
    assert_eq!(keys, expected);
    assert_eq!(
        template.properties("ApiIntegration")["PayloadFormatVersion"],
        "2.0"
    );
    assert_eq!(
        template.properties("JwtAuthorizer")["AuthorizerType"],
        "JWT"
    );
}

#[test]
fn the_gateway_throttles_and_browsers_may_send_and_see_what_the_api_uses() {
    let template = Template::read();
    let given = [
        ("SearchKind", "none"),
        ("CorsAllowOrigins", "https://a.example, https://b.example"),
    ];
    let made = Deployment::new(&template, &given).resources();

    assert_eq!(
        template.properties("HttpApiStage")["DefaultRouteSettings"],
        json!({ "ThrottlingRateLimit": { "Ref": "ThrottleRate" }, "ThrottlingBurstLimit": { "Ref": "ThrottleBurst" } })
    );
    assert_eq!(
        made["HttpApi"]["CorsConfiguration"],
        json!({
            "AllowOrigins": ["https://a.example", "https://b.example"],
            "AllowMethods": ["GET", "PUT", "POST", "DELETE"],
            "AllowHeaders": ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match"],
            "ExposeHeaders": ["etag", "location", "retry-after", "idempotency-replayed"],
            "MaxAge": 600,
        })
    );
    let none = Deployment::new(&template, &[("SearchKind", "none")]).resources();
    assert!(none["HttpApi"]["CorsConfiguration"].is_null() && !none.contains_key("PreflightRoute"));
}

#[test]
fn an_own_issuer_is_taken_as_it_is_and_its_audiences_one_by_one() {
    let template = Template::read();
    let issuer = "https://issuer.example/";
    let given = [
        ("SearchKind", "none"),
        ("JwtIssuer", issuer),
        ("JwtAudience", "web, mobile"),
    ];

    let made = Deployment::new(&template, &given).resources();

    assert_eq!(
        made["JwtAuthorizer"]["JwtConfiguration"],
        json!({ "Issuer": issuer, "Audience": ["web", "mobile"] })
    );
    assert!(!made.contains_key("UserPool"));
}

/// An authorizer without an issuer or an audience would take the tokens of others: whose, and for whom, is always said.
#[test]
fn tokens_are_of_the_stacks_own_pool_and_client_where_no_issuer_is_given() {
    let template = Template::read();
    let made = Deployment::new(&template, &[("SearchKind", "none")]).resources();

    let configuration = &made["JwtAuthorizer"]["JwtConfiguration"];
    let issuer = configuration["Issuer"].as_str().unwrap();
    assert!(issuer.starts_with("https://cognito-idp."), "{issuer}");
    assert!(issuer.contains("/UserPool"), "{issuer}");
    assert_eq!(configuration["Audience"], json!(["UserPoolClient"]));
    // A token is looked for in one place, which the api reads too.
    assert_eq!(
        made["JwtAuthorizer"]["IdentitySource"],
        json!(["$request.header.Authorization"])
    );
    assert_eq!(template.of_type("AWS::ApiGatewayV2::Authorizer").count(), 1);
}

#[test]
fn nobody_can_write_their_own_tenant() {
    let template = Template::read();
    let client = template.properties("UserPoolClient");
    let written: Vec<_> = client["WriteAttributes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();

    assert!(
        !written.is_empty() && written.iter().all(|name| !name.starts_with("custom:")),
        "{written:?}"
    );
    assert_eq!(
        template.properties("UserPool")["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"],
        true
    );
}
