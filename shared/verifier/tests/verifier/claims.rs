//! Claims: present, of their exact types, of one kind, for this audience.

use serde_json::{Value, json};
use signet_verifier::{Reason, Subject};

use crate::minting::{
    EXPIRES, ISSUED, assert_refused, assert_taken, at, judge, service_claims, signer, user_claims,
    with, without,
};

fn refused(claims: &Value, reason: Reason) {
    assert_refused([(claims, signer().token(claims))], reason);
}

fn taken(claims: &Value) {
    assert_taken([(claims, signer().token(claims))]);
}

#[test]
fn a_users_token_is_read_as_it_was_written() {
    let token = judge(&signer().token(&user_claims())).expect("a good token");
    let Subject::User { public_id, sid, roles } = &token.subject else { panic!("a user") };
    assert_eq!(public_id.to_string(), "67e55044-10b1-426f-9247-bb680e5fe0c8");
    assert_eq!(sid.to_string(), "b4f2b1c8-66e1-4b43-9f4c-3c1d0c1b3a55");
    assert_eq!(roles, &["user"]);
    assert_eq!(token.jti.to_string(), "0b9b3c9a-54a5-4a64-a8bb-0b1a7bdf5f3a");
    assert_eq!((token.issued_at, token.expires_at), (at(ISSUED), at(EXPIRES)));
    assert_eq!((token.pos, token.client_id.as_str()), (1_700_000_000_000_000, "first-party"));
    assert_eq!((token.scope.as_deref(), token.kid.as_str()), (None, signer().kid()));
    assert!(token.is_for("api-service") && !token.is_for("http://localhost:8001"));
}

#[test]
fn a_services_token_is_read_as_it_was_written() {
    let token = judge(&signer().token(&service_claims())).expect("a good token");
    assert_eq!((&token.subject, token.client_id.as_str()), (&Subject::Service, "reporting"));
    assert_eq!((token.scope.as_deref(), token.pos), (Some("directory:read events:read"), 0));
    assert_eq!(token.public_id(), None);
}

#[test]
fn serialised_claims_of_the_issuer_are_accepted() {
    let claims = signet_contract::claims::Claims {
        iss: "http://localhost:8001".into(),
        sub: "67e55044-10b1-426f-9247-bb680e5fe0c8".into(),
        public_id: Some("67e55044-10b1-426f-9247-bb680e5fe0c8".parse().expect("an id")),
        aud: "api-service".into(),
        iat: ISSUED,
        exp: EXPIRES,
        jti: uuid::Uuid::new_v4(),
        sid: Some(uuid::Uuid::new_v4()),
        client_id: "first-party".into(),
        scope: None,
        roles: Some(vec!["user".into(), "admin".into()]),
        pos: 7,
    };
    taken(&serde_json::to_value(claims).expect("JSON"));
}

#[test]
fn only_the_exact_issuer_is_accepted() {
    let others = "http://localhost:8001/|http://LOCALHOST:8001|HTTP://localhost:8001|http://localhost:800|\
        http://localhost:80010|http://localhost:8001@evil.example|https://localhost:8001|localhost:8001|\
        http://127.0.0.1:8001| http://localhost:8001|http://localhost:8001\0|";
    for iss in others.split('|') {
        refused(&with(&user_claims(), "iss", json!(iss)), Reason::Issuer);
    }
    for iss in [json!(null), json!(1), json!(["http://localhost:8001"]), json!({})] {
        refused(&with(&user_claims(), "iss", iss), Reason::Malformed);
    }
    refused(&without(&user_claims(), "iss"), Reason::Malformed);
}

#[test]
fn only_a_token_with_the_own_audience_is_accepted() {
    for aud in [json!("api-service"), json!(["api-service"]), json!(["a", "api-service", "b"])] {
        taken(&with(&user_claims(), "aud", aud));
    }
    let others = "api-servic|api-service-2|API-SERVICE|api-service |api-service other|\
        http://localhost:8001||*";
    let lists = [json!([]), json!(["other"]), json!(["api-service/"])];
    for aud in others.split('|').map(|aud| json!(aud)).chain(lists) {
        refused(&with(&user_claims(), "aud", aud), Reason::Audience);
    }
    for aud in [
        json!(null),
        json!(true),
        json!(1),
        json!({"api-service": true}),
        json!({"0": "api-service"}),
        json!([["api-service"]]),
        json!(["api-service", 1]),
        json!(["api-service", null]),
    ] {
        refused(&with(&user_claims(), "aud", aud), Reason::Malformed);
    }
    refused(&without(&user_claims(), "aud"), Reason::Malformed);
}

#[test]
fn a_member_that_is_missing_or_of_another_type_is_refused() {
    let of_kinds = [
        (
            user_claims(),
            vec!["sub", "public_id", "iat", "exp", "jti", "sid", "client_id", "roles", "pos"],
        ),
        (service_claims(), vec!["sub", "iat", "exp", "jti", "client_id", "pos"]),
    ];
    for (good, names) in of_kinds {
        taken(&good);
        for name in names {
            refused(&without(&good, name), Reason::Malformed);
            for wrong in [json!(null), json!(true), json!([1]), json!({}), json!(""), json!(-1)] {
                refused(&with(&good, name, wrong), Reason::Malformed);
            }
        }
    }
    for pos in [json!("1"), json!(1.0), json!(1.5), json!(-1), json!(1e20), json!([1])] {
        refused(&with(&user_claims(), "pos", pos), Reason::Malformed);
    }
    for roles in [json!("user"), json!(["user", 1]), json!([["user"]]), json!({"user": true})] {
        refused(&with(&user_claims(), "roles", roles), Reason::Malformed);
    }
    for scope in
        [json!(null), json!(1), json!(["a"]), json!(""), json!(" a"), json!("a  b"), json!("a\"b")]
    {
        refused(&with(&service_claims(), "scope", scope), Reason::Malformed);
    }
    for client_id in [json!("a\nb"), json!("\u{e9}"), json!("\0"), json!(["reporting"])] {
        refused(&with(&user_claims(), "client_id", client_id), Reason::Malformed);
    }
    taken(&without(&service_claims(), "scope"));
    taken(&with(&user_claims(), "roles", json!([])));
}

#[test]
fn ids_of_a_user_are_uuids_in_their_one_spelling() {
    let id = "67e55044-10b1-426f-9247-bb680e5fe0c8";
    let spellings = [
        id.to_uppercase(),
        id.replace('-', ""),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        format!("{id} "),
        id[1..].to_owned(),
        "admin".into(),
        "1".into(),
    ];
    for spelling in spellings {
        let both = with(&user_claims(), "sub", json!(spelling));
        refused(&with(&both, "public_id", json!(spelling)), Reason::Malformed);
        refused(&both, Reason::Malformed);
        refused(&with(&user_claims(), "public_id", json!(spelling)), Reason::Malformed);
        refused(&with(&user_claims(), "sid", json!(spelling)), Reason::Malformed);
        refused(&with(&user_claims(), "jti", json!(spelling)), Reason::Malformed);
        refused(&with(&service_claims(), "jti", json!(spelling)), Reason::Malformed);
    }
    let another = json!("00000000-0000-4000-8000-000000000000");
    refused(&with(&user_claims(), "sub", another.clone()), Reason::Malformed);
    taken(&with(&with(&user_claims(), "sub", another.clone()), "public_id", another));
}

#[test]
fn a_mixture_of_a_users_and_a_services_token_is_refused() {
    let (user, service) = (user_claims(), service_claims());
    for name in ["public_id", "sid", "roles"] {
        refused(&without(&user, name), Reason::Malformed);
        refused(&with(&service, name, user[name].clone()), Reason::Malformed);
        refused(&with(&service, name, json!(null)), Reason::Malformed);
    }
    let id = user["sub"].clone();
    let as_service = with(&with(&service, "sub", id.clone()), "client_id", id.clone());
    refused(&as_service, Reason::Malformed);
    refused(&with(&as_service, "public_id", id.clone()), Reason::Malformed);
    refused(&with(&service, "sub", json!("another")), Reason::Malformed);
    refused(&with(&service, "client_id", json!("another")), Reason::Malformed);
    let first_party =
        with(&with(&service, "sub", json!("first-party")), "client_id", json!("first-party"));
    refused(&first_party, Reason::Malformed);
    for shape in ["67E55044-10B1-426F-9247-BB680E5FE0C8", "67e5504410b1426f9247bb680e5fe0c8"] {
        let claims = with(&with(&service, "sub", json!(shape)), "client_id", json!(shape));
        refused(&claims, Reason::Malformed);
    }
    let other = with(&with(&service, "sub", json!("billing")), "client_id", json!("billing"));
    taken(&other);
}

#[test]
fn other_tokens_of_the_same_issuer_are_no_access_tokens() {
    // Even with the `typ` of an access token, each lacks a required claim.
    let (iss, id) = ("http://localhost:8001", "67e55044-10b1-426f-9247-bb680e5fe0c8");
    let id_token = json!({"iss": iss, "sub": id, "aud": "api-service", "iat": ISSUED, "exp": EXPIRES,
        "nonce": "n", "auth_time": ISSUED});
    let logout_token = json!({"iss": iss, "sub": id, "aud": "api-service", "iat": ISSUED, "exp": EXPIRES,
        "jti": id, "sid": id, "events": {"http://schemas.openid.net/event/backchannel-logout": {}}});
    let assertion = json!({"iss": iss, "sub": "reporting", "aud": "api-service", "iat": ISSUED,
        "exp": EXPIRES, "jti": id});
    let introspection = json!({"iss": iss, "aud": "api-service", "iat": ISSUED,
        "token_introspection": user_claims()});
    for claims in [id_token, logout_token, assertion, introspection] {
        refused(&claims, Reason::Malformed);
    }
}

#[test]
fn first_relevant_fault_is_reported() {
    let foreign = json!({"iss": "https://accounts.example.org", "aud": "app", "exp": 1});
    refused(&foreign, Reason::Issuer);
    let for_another = json!({"iss": "http://localhost:8001", "aud": "app", "exp": 1});
    refused(&for_another, Reason::Audience);
    let expired =
        with(&with(&user_claims(), "exp", json!(ISSUED - 1_000)), "iat", json!(ISSUED - 2_000));
    refused(&expired, Reason::Expired);
    refused(&without(&expired, "jti"), Reason::Malformed);
}
