//! A refusal as each service of AWS words it.
//!
//! DynamoDB and EventBridge answer 400 with a type; SQS answers 403 and names the code in a header for those who came
//! from its query protocol, with the action in small letters; the REST services answer 403 with the type in a header; a
//! domain answers 403 with a sentence that names no resource, a collection 403 without one.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Value, json};

use super::policy::Decision;

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// DynamoDB, EventBridge: JSON by target.
    Json,
    /// SQS.
    Sqs,
    /// Services that are called by path.
    Rest,
    /// A search domain.
    Domain,
    /// A serverless collection.
    Collection,
}

impl Voice {
    /// The voice of a service; `search` says that the search endpoint was asked.
    #[must_use]
    pub(super) fn of(service: &str, search: bool) -> Self {
        match service {
            "aoss" => Self::Collection,
            _ if search => Self::Domain,
            "sqs" => Self::Sqs,
            "scheduler" | "es" => Self::Rest,
            _ => Self::Json,
        }
    }

    /// Says that this caller may not do this.
    #[must_use]
    pub(super) fn denies(
        self,
        caller: &str,
        action: &str,
        resource: &str,
        why: &Decision,
    ) -> Refusal {
        let action = match self {
            Self::Sqs => action.to_ascii_lowercase(),
            _ => action.to_owned(),
        };
        let on = match self {
            Self::Domain => String::new(),
            _ => format!(" on resource: {resource}"),
        };
        let because = match why {
            Decision::ExplicitlyDenied => {
                "with an explicit deny in an identity-based policy".to_owned()
            }
            _ => format!("because no identity-based policy allows the {action} action"),
        };
        Refusal {
            voice: self,
            kind: "AccessDeniedException",
            text: format!("User: {caller} is not authorized to perform: {action}{on} {because}"),
        }
    }

    /// Says that nobody has signed.
    #[must_use]
    pub(super) fn knows_nobody(self, action: &str) -> Refusal {
        let (kind, text) = match self {
            Self::Domain => (
                "AccessDeniedException",
                format!(
                    "User: anonymous is not authorized to perform: {action} because no resource-based policy allows the {action} action"
                ),
            ),
            _ => (
                "MissingAuthenticationTokenException",
                "Request is missing Authentication Token".to_owned(),
            ),
        };
        Refusal {
            voice: self,
            kind,
            text,
        }
    }

    /// Says that the key, or its token, is none.
    #[must_use]
    pub(super) fn knows_no_such_key(self) -> Refusal {
        Refusal {
            voice: self,
            kind: "UnrecognizedClientException",
            text: "The security token included in the request is invalid.".to_owned(),
        }
    }

    /// Says that the signature is wrong.
    #[must_use]
    pub(super) fn finds_another_signature(self) -> Refusal {
        Refusal {
            voice: self,
            kind: "InvalidSignatureException",
            text: "The request signature we calculated does not match the signature you provided."
                .to_owned(),
        }
    }
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    voice: Voice,
    kind: &'static str,
    /// The sentence.
    pub text: String,
}

impl Refusal {
    /// The answer.
    #[must_use]
    pub(super) fn answer(&self) -> Response<Body> {
        let denied = self.kind == "AccessDeniedException";
        let (status, content_type) = match self.voice {
            Voice::Json => (StatusCode::BAD_REQUEST, "application/x-amz-json-1.0"),
            Voice::Sqs => (StatusCode::FORBIDDEN, "application/x-amz-json-1.0"),
            _ => (StatusCode::FORBIDDEN, "application/json"),
        };
        let mut answer = Response::new(Body::from(self.body().to_string()));
        *answer.status_mut() = status;
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        match self.voice {
            Voice::Sqs if denied => {
                headers.insert(
                    HeaderName::from_static("x-amzn-query-error"),
                    HeaderValue::from_static("AccessDenied;Sender"),
                );
            }
            Voice::Rest => {
                headers.insert(
                    HeaderName::from_static("x-amzn-errortype"),
                    HeaderValue::from_static(self.kind),
                );
            }
            _ => {}
        }
        answer
    }

    fn body(&self) -> Value {
        let kind = format!("com.amazon.coral.service#{}", self.kind);
        match self.voice {
            Voice::Json => json!({"__type": kind, "Message": self.text}),
            Voice::Sqs => json!({"__type": kind, "message": self.text}),
            Voice::Rest | Voice::Domain => json!({"Message": self.text}),
            Voice::Collection => json!({
                "status": 403,
                "error": {"reason": "403 Forbidden", "type": "Forbidden"},
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALLER: &str = "arn:aws:sts::123456789012:assumed-role/r/f";

    fn sentence(service: &str, search: bool, action: &str, resource: &str) -> Refusal {
        Voice::of(service, search).denies(CALLER, action, resource, &Decision::NotAllowed)
    }

    /// As quoted in `AntonShuvaev/intellij-dynamodb` issue 29 and sebdah/dynamic-dynamodb issue 321.
    #[test]
    fn dynamodb_names_action_and_resource() {
        let table = "arn:aws:dynamodb:us-east-1:123456789012:table/t";
        let refusal = sentence("dynamodb", false, "dynamodb:Query", table);

        assert_eq!(
            refusal.body(),
            json!({
                "__type": "com.amazon.coral.service#AccessDeniedException",
                "Message": format!("User: {CALLER} is not authorized to perform: dynamodb:Query on resource: {table} because no identity-based policy allows the dynamodb:Query action"),
            })
        );
        assert_eq!(refusal.answer().status(), 400);
        let explicit =
            Voice::Json.denies(CALLER, "dynamodb:Query", table, &Decision::ExplicitlyDenied);
        assert!(
            explicit
                .text
                .ends_with("with an explicit deny in an identity-based policy")
        );
    }

    /// As quoted in aws/serverless-application-model issue 3633.
    #[test]
    fn sqs_writes_the_action_in_small_letters_and_the_code_in_a_header() {
        let queue = "arn:aws:sqs:us-west-2:0123456789012:test";
        let refusal = sentence("sqs", false, "sqs:SendMessage", queue);

        assert!(refusal.text.ends_with(
            "is not authorized to perform: sqs:sendmessage on resource: arn:aws:sqs:us-west-2:0123456789012:test because no identity-based policy allows the sqs:sendmessage action"
        ));
        let answer = refusal.answer();
        assert_eq!(answer.status(), 403);
        assert_eq!(
            answer.headers()["x-amzn-query-error"],
            "AccessDenied;Sender"
        );
    }

    /// As quoted in aws-solutions/centralized-logging-with-opensearch pull request 299, and for nobody in
    /// aws/serverless-application-model issue 3704.
    #[test]
    fn a_domain_names_the_action_only() {
        let refusal = sentence("es", true, "es:ESHttpPost", "arn:aws:es:r:1:domain/d/_bulk");

        assert_eq!(
            refusal.body(),
            json!({"Message": format!("User: {CALLER} is not authorized to perform: es:ESHttpPost because no identity-based policy allows the es:ESHttpPost action")})
        );
        assert_eq!(refusal.answer().status(), 403);
        assert_eq!(
            Voice::Domain.knows_nobody("es:ESHttpPost").text,
            "User: anonymous is not authorized to perform: es:ESHttpPost because no resource-based policy allows the es:ESHttpPost action"
        );
    }

    /// As quoted in ministryofjustice/modernisation-platform pull requests 1253 (EventBridge, 400) and 7930 (Scheduler,
    /// 403).
    #[test]
    fn eventbridge_answers_400_and_the_scheduler_403_with_the_type_in_a_header() {
        let bus = sentence(
            "events",
            false,
            "events:PutEvents",
            "arn:aws:events:r:1:event-bus/b",
        );
        let schedule = sentence(
            "scheduler",
            false,
            "scheduler:DeleteSchedule",
            "arn:aws:scheduler:r:1:schedule/g/n",
        );

        assert_eq!(bus.answer().status(), 400);
        assert_eq!(schedule.answer().status(), 403);
        assert_eq!(
            schedule.answer().headers()["x-amzn-errortype"],
            "AccessDeniedException"
        );
    }
}
