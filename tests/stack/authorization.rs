//! What a role does not allow is refused on the local stack, in the words of AWS. All other tests run under the same
//! rules; `cargo xtask test` fails when anything but what is provoked here was refused.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::ProvideErrorMetadata as _;
use aws_sdk_dynamodb::types::AttributeValue;
use local::stack::StackFile;
use local::stack::authorizer::principals::{Principal, principals};
use opensearch::OpenSearch;
use opensearch::http::Url;
use opensearch::http::transport::{SingleNodeConnectionPool, TransportBuilder};
use opensearch::indices::IndicesDeleteParts;
use serde_json::Value;
use tests::stacks::{say, stack};

/// The function in this role, its access key first.
async fn in_role(stack: &StackFile, role: &str) -> (String, Principal) {
    let all = principals(&stack.endpoints.aws).await.unwrap();
    let found = all.into_iter().find(|(_, found)| found.role == role);
    found.unwrap_or_else(|| panic!("no function has the role {role}"))
}

#[tokio::test]
async fn a_call_that_the_role_does_not_allow_is_refused_as_on_aws() {
    let Some(stack) = stack() else { return };
    let (key, consumer) = in_role(&stack, "ConsumerRole").await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.as_function(&key, &consumer));

    let refused = dynamodb
        .scan()
        .table_name(&stack.control_table)
        .send()
        .await;
    let allowed = dynamodb
        .get_item()
        .table_name(&stack.control_table)
        .key("pk", text("nobody"))
        .key("sk", text("META"))
        .send()
        .await;

    let refused = refused.unwrap_err();
    assert_eq!(refused.code(), Some("AccessDeniedException"));
    let table = format!(
        "arn:aws:dynamodb:us-east-1:000000000000:table/{}",
        stack.control_table
    );
    assert_eq!(
        refused.message().unwrap(),
        format!(
            "User: {} is not authorized to perform: dynamodb:Scan on resource: {table} because no identity-based \
             policy allows the dynamodb:Scan action",
            consumer.arn
        )
    );
    assert!(allowed.unwrap().item.is_none());
}

#[tokio::test]
async fn a_request_to_search_that_the_role_does_not_allow_is_refused_as_on_aws() {
    let Some(stack) = stack() else { return };
    let (key, api) = in_role(&stack, "ApiRole").await;
    let search = search(&stack, &stack.as_function(&key, &api));
    let index = format!("{}messages", stack.index_prefix);

    let answer = search
        .indices()
        .delete(IndicesDeleteParts::Index(&[&index]))
        .send()
        .await
        .unwrap();

    assert_eq!(answer.status_code(), 403);
    let answer: Value = answer.json().await.unwrap();
    let message = answer["Message"].as_str().unwrap();
    assert_eq!(
        message,
        format!(
            "User: {} is not authorized to perform: es:ESHttpDelete because no identity-based policy allows the \
             es:ESHttpDelete action",
            api.arn
        )
    );
}

#[tokio::test]
async fn a_call_that_is_signed_with_another_secret_is_refused() {
    let Some(stack) = stack() else { return };
    let (key, mut api) = in_role(&stack, "ApiRole").await;
    api.secret.push('x');
    let dynamodb = aws_sdk_dynamodb::Client::new(&stack.as_function(&key, &api));

    let refused = dynamodb
        .get_item()
        .table_name(&stack.control_table)
        .key("pk", text("nobody"))
        .key("sk", text("META"))
        .send()
        .await
        .unwrap_err();

    assert_eq!(refused.code(), Some("InvalidSignatureException"));
}

fn search(stack: &StackFile, config: &SdkConfig) -> OpenSearch {
    let url = Url::parse(&stack.endpoints.authorizer_search).unwrap();
    let transport = TransportBuilder::new(SingleNodeConnectionPool::new(url))
        .disable_proxy()
        .auth(config.clone().try_into().unwrap())
        .service_name("es")
        .build();
    OpenSearch::new(transport.unwrap())
}

/// What the authorizer costs: reads of an absent item, sixteen at a time, as a function makes them.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: `--ignored authorizer_costs --nocapture`"]
async fn authorizer_costs() {
    let Some(stack) = stack() else { return };
    let (key, consumer) = in_role(&stack, "ConsumerRole").await;
    let through = stack.as_function(&key, &consumer);
    let direct = through
        .clone()
        .into_builder()
        .endpoint_url(&stack.endpoints.dynamodb)
        .build();
    for (name, config) in [
        ("direct", &direct),
        ("through", &through),
        ("direct", &direct),
        ("through", &through),
    ] {
        let dynamodb = aws_sdk_dynamodb::Client::new(config);
        let begun = std::time::Instant::now();
        let calls = (0..16).map(|_| {
            let (dynamodb, table) = (dynamodb.clone(), stack.control_table.clone());
            tokio::spawn(async move {
                for _ in 0..CALLS {
                    let answer = dynamodb
                        .get_item()
                        .table_name(&table)
                        .key("pk", text("nobody"))
                        .key("sk", text("META"))
                        .send();
                    answer.await.unwrap();
                }
            })
        });
        futures_util::future::join_all(calls).await;
        let took = begun.elapsed();
        say(&format!(
            "{name}: {:.0} calls a second, {:.2} ms each",
            f64::from(16 * CALLS) / took.as_secs_f64(),
            took.as_secs_f64() * 1000.0 / f64::from(CALLS),
        ));
    }
}

const CALLS: u32 = 250;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
