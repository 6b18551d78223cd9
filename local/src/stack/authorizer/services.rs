//! What calls of SQS, EventBridge, its scheduler and the OpenSearch Service access.
//!
//! The actions and their resources are those of the Service Authorization Reference (`list_amazonsqs`,
//! `list_amazoneventbridge`, `list_amazoneventbridgescheduler`, `list_amazonopensearchservice`).

use axum::http::Method;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::access::{Access, Request, Unknown};

/// SQS knows no action for a batch: it is the single action on the queue.
pub(super) fn sqs(request: &Request<'_>) -> Result<Vec<Access>, Unknown> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body {
        #[serde(default)]
        queue_url: Option<String>,
    }
    let operation = operation(request, "AmazonSQS.")?;
    let body: Body =
        serde_json::from_slice(request.body).map_err(|error| Unknown::body(operation, &error))?;
    let single = operation.strip_suffix("Batch").unwrap_or(operation);
    let resource = match &body.queue_url {
        Some(url) => {
            let mut end = url.rsplit('/');
            let name = end.next().unwrap_or_default();
            let account = end.next().unwrap_or_default();
            format!("arn:aws:sqs:{}:{account}:{name}", request.scope.region)
        }
        None => "*".to_owned(),
    };
    Ok(vec![Access::new(format!("sqs:{single}"), resource)])
}

/// `PutEvents` is allowed bus by bus.
pub(super) fn events(request: &Request<'_>) -> Result<Vec<Access>, Unknown> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Body {
        entries: Vec<Entry>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Entry {
        #[serde(default)]
        event_bus_name: Option<String>,
    }
    let operation = operation(request, "AWSEvents.")?;
    if operation != "PutEvents" {
        return Ok(vec![Access::new(format!("events:{operation}"), "*")]);
    }
    let body: Body =
        serde_json::from_slice(request.body).map_err(|error| Unknown::body(operation, &error))?;
    let mut buses: Vec<String> = body
        .entries
        .into_iter()
        .map(|entry| {
            let name = entry.event_bus_name.unwrap_or_else(|| "default".to_owned());
            if name.starts_with("arn:") {
                name
            } else {
                request.arn("events", &format!("event-bus/{name}"))
            }
        })
        .collect();
    buses.sort_unstable();
    buses.dedup();
    Ok(buses
        .into_iter()
        .map(|bus| Access::new("events:PutEvents", bus))
        .collect())
}

/// A schedule is its name in its group.
pub(super) fn scheduler(request: &Request<'_>) -> Result<Vec<Access>, Unknown> {
    let Some(name) = request.uri.path().strip_prefix("/schedules/") else {
        return Err(unknown_call(request));
    };
    let verb = match *request.method {
        Method::DELETE => "Delete",
        Method::GET => "Get",
        Method::POST => "Create",
        Method::PUT => "Update",
        _ => return Err(unknown_call(request)),
    };
    let group = query(request, "groupName").unwrap_or_else(|| "default".to_owned());
    let resource = request.arn("scheduler", &format!("schedule/{group}/{}", decoded(name)));
    Ok(vec![Access::new(
        format!("scheduler:{verb}Schedule"),
        resource,
    )])
}

/// Calls about a domain, not to it.
pub(super) fn domains(request: &Request<'_>) -> Result<Vec<Access>, Unknown> {
    let rest = request
        .uri
        .path()
        .strip_prefix("/2021-01-01/opensearch/domain/");
    let (Some(rest), &Method::GET) = (rest, request.method) else {
        return Err(unknown_call(request));
    };
    let (name, action) = match rest.split_once('/') {
        None => (rest, "es:DescribeDomain"),
        Some((name, "health")) => (name, "es:DescribeDomainHealth"),
        Some(_) => return Err(unknown_call(request)),
    };
    let resource = request.arn("es", &format!("domain/{}", decoded(name)));
    Ok(vec![Access::new(action, resource)])
}

fn operation<'a>(request: &Request<'a>, api: &str) -> Result<&'a str, Unknown> {
    request
        .target
        .strip_prefix(api)
        .ok_or_else(|| Unknown(format!("no operation of {api}: {}", request.target)))
}

fn unknown_call(request: &Request<'_>) -> Unknown {
    let service = &request.scope.service;
    Unknown(format!("no known call of {service}: {}", request.method))
}

/// As a form is read, so that `+` would be a space; no name here has one.
fn query(request: &Request<'_>, wanted: &str) -> Option<String> {
    let query = request.uri.query()?;
    query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == wanted).then(|| decoded(value))
    })
}

/// Without the percent signs of a path or query.
fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;
