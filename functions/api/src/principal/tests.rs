//! The caller, from claims of every form, including hostile ones.

use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;

fn identity() -> Identity {
    identity_with(GroupsForm::One)
}

fn identity_with(groups_form: GroupsForm) -> Identity {
    let names = ClaimNames {
        subject: "sub".to_owned(),
        tenant: "tenant".to_owned(),
        groups: "groups".to_owned(),
        groups_form,
    };
    Identity::new(names, None)
}

/// A claim as a gateway renders it as text.
fn rendered(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let texts: Vec<String> = values.iter().map(rendered).collect();
            format!("[{}]", texts.join(" "))
        }
        Value::Object(_) => format!("map[{value}]"),
        other => other.to_string(),
    }
}

/// The caller whose token says this beside the usual claims, as the function sees it.
fn caller(beside: &Value) -> (Identity, Result<Principal, Problem>) {
    let mut payload =
        json!({ "iss": "https://issuer", "sub": "ann", "tenant": "acme", "exp": 1_795_248_000 });
    for (name, value) in beside.as_object().unwrap() {
        payload[name] = value.clone();
    }
    let claims = payload.as_object().unwrap();
    let claims = claims
        .iter()
        .map(|(name, value)| (name.clone(), rendered(value)))
        .collect();
    let token = format!(
        "Bearer e30.{}.c2ln",
        URL_SAFE_NO_PAD.encode(payload.to_string())
    );
    let headers = [(AUTHORIZATION, HeaderValue::from_str(&token).unwrap())];
    let identity = identity();
    let caller = identity.caller(Some(&claims), &headers.into_iter().collect());
    (identity, caller)
}

/// The caller for whom only the gateway's texts are known.
fn by_texts(texts: &[(&str, &str)]) -> Result<Principal, Problem> {
    let mut claims: Claims = [("sub", "ann"), ("tenant", "acme")]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    claims.extend(
        texts
            .iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned())),
    );
    identity().caller(Some(&claims), &HeaderMap::new())
}

fn code(result: Result<Principal, Problem>) -> &'static str {
    result.unwrap_err().parts().code.as_str()
}

#[test]
fn the_groups_of_a_list_are_exactly_its_items_however_they_are_named() {
    for groups in [
        vec![],
        vec!["admin"],
        vec!["admin", "ops"],
        vec!["not admin"],
        vec!["not", "admin"],
        vec!["\"admin\""],
        vec!["[admin]"],
        vec!["[", "admin", "]"],
        vec!["admin,ops"],
        vec!["a, admin", "b"],
        vec!["[\"admin\"]"],
        vec![""],
        vec!["", "admin ", " admin"],
        vec!["Admin", "ADMIN", "аdmin"],
        vec!["admin\u{a0}", "admin\u{200b}", "ad\u{0}min", "ad\nmin"],
        vec!["🪦", "größe", "管理"],
        vec!["\\", "\\\"admin\\\""],
    ] {
        let (identity, caller) = caller(&json!({ "groups": groups }));

        let expected = groups.iter().map(|group| (*group).to_owned()).collect();
        assert_eq!(
            caller.unwrap().groups,
            Groups::Known(expected),
            "{groups:?}"
        );
        assert!(!identity.has_complained.into_inner(), "{groups:?}");
    }
}

#[test]
fn a_text_is_one_group_when_it_can_be_no_list_and_the_operator_hears_of_the_others() {
    for (text, group) in [
        ("admin", Some("admin")),
        ("mail-admin.eu:1", Some("mail-admin.eu:1")),
        ("a,admin", None),
        ("a admin", None),
        ("[admin]", None),
        ("[a, admin]", None),
        (r#"["admin"]"#, None),
        ("\"admin\"", None),
        ("a;admin", None),
        ("a|admin", None),
        ("admin\u{a0}", None),
        ("admin\n", None),
    ] {
        let (identity, caller) = caller(&json!({ "groups": text }));

        let expected = group.map_or(Groups::Unknown, |group| {
            Groups::Known(vec![group.to_owned()])
        });
        assert_eq!(caller.unwrap().groups, expected, "{text}");
        assert_eq!(
            identity.has_complained.into_inner(),
            group.is_none(),
            "{text}"
        );
    }
    let none = caller(&json!({ "groups": "" })).1.unwrap();
    assert_eq!(none.groups, Groups::Known(vec![]));
}

#[test]
fn groups_of_another_form_are_unknown_and_no_claim_is_no_group() {
    for groups in [
        json!(true),
        json!(7),
        json!({ "admin": true }),
        json!(["admin", 7]),
        json!([["admin"]]),
        json!(["admin", null]),
    ] {
        let caller = caller(&json!({ "groups": groups })).1.unwrap();
        assert_eq!(caller.groups, Groups::Unknown, "{groups}");
    }
    assert_eq!(caller(&json!({})).1.unwrap().groups, Groups::Known(vec![]));
}

#[test]
fn a_subject_and_a_tenant_are_texts_and_never_what_a_gateway_makes_of_something_else() {
    for other in [
        json!(["acme"]),
        json!([]),
        json!(7),
        json!(true),
        json!(null),
        json!({ "a": 1 }),
        json!(""),
    ] {
        let no_tenant = caller(&json!({ "tenant": other })).1;
        assert_eq!(code(no_tenant), "TENANT_MISSING", "{other}");
        let nobody = caller(&json!({ "sub": other })).1;
        assert_eq!(code(nobody), "UNAUTHENTICATED", "{other}");
    }
    let odd = caller(&json!({ "sub": "[ann]", "tenant": "[acme]" }))
        .1
        .unwrap();
    assert_eq!(
        (odd.subject.as_str(), odd.tenant.as_str()),
        ("[ann]", "[acme]")
    );
}

#[test]
fn groups_that_the_gateway_did_not_hand_on_are_not_no_groups() {
    let claims: Claims = [("sub", "ann"), ("tenant", "acme")]
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    let payload = json!({ "sub": "ann", "tenant": "acme", "groups": ["guest"] });
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(payload.to_string()));
    for sent in [token.as_str(), "garbage"] {
        let headers = [(AUTHORIZATION, HeaderValue::from_str(sent).unwrap())];

        let caller = identity().caller(Some(&claims), &headers.into_iter().collect());

        assert_eq!(caller.unwrap().groups, Groups::Unknown, "{sent}");
    }
}

#[test]
fn where_only_the_gateways_text_is_there_it_counts_when_it_means_one_thing() {
    for (text, groups) in [
        ("", Some(vec![])),
        ("[]", Some(vec![])),
        ("admin", Some(vec!["admin"])),
        ("[admin]", None),
        ("[a admin]", None),
        ("a admin", None),
        ("a,admin", None),
        (r#"["admin"]"#, None),
    ] {
        let groups = groups.map_or(Groups::Unknown, |groups| {
            Groups::Known(groups.into_iter().map(str::to_owned).collect())
        });
        assert_eq!(
            by_texts(&[("groups", text)]).unwrap().groups,
            groups,
            "{text}"
        );
    }
    for text in ["[acme]", "[]", "{}", "map[a:1]", ""] {
        assert_eq!(code(by_texts(&[("tenant", text)])), "TENANT_MISSING");
        assert_eq!(code(by_texts(&[("sub", text)])), "UNAUTHENTICATED");
    }
}

#[test]
fn the_operator_hears_once_of_groups_that_cannot_be_told_and_no_value_of_them() {
    let claims = |groups: &str| -> Claims {
        [("sub", "ann"), ("tenant", "acme"), ("groups", groups)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into()
    };
    let complaint_after = |groups: &str| {
        let identity = identity();
        identity
            .caller(Some(&claims(groups)), &HeaderMap::new())
            .unwrap();
        identity.complaint()
    };

    for unreadable in ["[canary a]", "canary;b", "canary, c", "[canary]"] {
        assert_eq!(complaint_after(unreadable), None, "{unreadable}");
    }
    let complaint = complaint_after("readers").expect("nothing was wrong so far");
    assert!(complaint.contains("groups") && complaint.contains("GROUPS_FORM"));
}

#[test]
fn where_the_tables_know_no_tenants_every_caller_is_of_the_one_and_no_claim_is_asked_for() {
    let identity = Identity {
        fixed_tenant: Tenant::new("main"),
        ..identity()
    };
    for tenant in [None, Some("acme"), Some("[a b]")] {
        let claims: Claims = [("sub", Some("ann")), ("tenant", tenant)]
            .into_iter()
            .filter_map(|(name, text)| Some((name.to_owned(), text?.to_owned())))
            .collect();

        let caller = identity.caller(Some(&claims), &HeaderMap::new()).unwrap();

        assert_eq!(caller.tenant.as_str(), "main", "{tenant:?}");
    }
    let nobody = identity.caller(Some(&Claims::default()), &HeaderMap::new());
    assert_eq!(code(nobody), "UNAUTHENTICATED");
    assert_eq!(
        code(identity.caller(None, &HeaderMap::new())),
        "UNAUTHENTICATED"
    );
}
