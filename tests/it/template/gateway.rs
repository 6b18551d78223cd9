//! Who gets in: every route asks for a token, and a token's tenant is nobody's own choice.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::cloudformation::Template;

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
        keys.insert(key);
    }

    let expected = [
        "$default",
        "DELETE /v1/{collection}",
        "DELETE /v1/{collection}/{id}",
        "DELETE /v1/{collection}/{id}/{sort}",
        "GET /v1/deletions",
        "GET /v1/deletions/{deletion}",
        "GET /v1/deletions/{deletion}/records",
        "GET /v1/search/{collection}",
        "GET /v1/{collection}",
        "GET /v1/{collection}/{id}",
        "GET /v1/{collection}/{id}/{sort}",
        "PUT /v1/{collection}",
        "PUT /v1/{collection}/{id}",
        "PUT /v1/{collection}/{id}/{sort}",
        "POST /v1/deletions/{deletion}/{action}",
        "POST /v1/{collection}/destroy_all",
    ];
    assert_eq!(keys, BTreeSet::from(expected));
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
