//! Signed tokens of an issuer that the server trusts.

use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use deedbook_api::samples;
use deedbook_book::Book;
use deedbook_model::TokenHash;
use deedbook_rules::{Command, NewToken, Write};
use deedbook_server::{JwtOptions, KeysError, Options, StartError, start};
use deedbook_testkit::http::Request;
use deedbook_testkit::wait;
use serde_json::{Value, json};

use crate::sandbox::{Sandbox, options};

pub(crate) struct Issuer {
    folder: tempfile::TempDir,
    key: Ed25519KeyPair,
}

impl Issuer {
    pub(crate) fn new() -> Issuer {
        let folder = tempfile::tempdir().unwrap();
        let key = Ed25519KeyPair::generate().unwrap();
        let issuer = Issuer { folder, key };
        issuer.publish();
        issuer
    }

    /// Takes another key, and publishes it alone.
    pub(crate) fn change_key(&mut self) {
        self.key = Ed25519KeyPair::generate().unwrap();
        self.publish();
    }

    fn publish(&self) {
        let x = BASE64.encode(self.key.public_key().as_ref());
        let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x}]});
        std::fs::write(self.folder.path().join("keys.json"), set.to_string()).unwrap();
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            jwt: Some(JwtOptions {
                issuer: "https://id.larkpost.example".to_owned(),
                audience: "deedbook".to_owned(),
                keys: self.folder.path().join("keys.json"),
                claim: "scope".to_owned(),
            }),
            reload: Duration::from_millis(5),
            ..options()
        }
    }

    fn token(&self, subject: &str, scope: &str) -> String {
        self.token_until(subject, scope, 4_102_444_800)
    }

    /// A token that expires at that second.
    pub(crate) fn token_until(&self, subject: &str, scope: &str, exp: i64) -> String {
        let claims = json!({
            "iss": "https://id.larkpost.example",
            "aud": "deedbook",
            "sub": subject,
            "exp": exp,
            "scope": scope,
        });
        let encode = |value: &Value| BASE64.encode(value.to_string());
        let signed = format!("{}.{}", encode(&json!({"alg": "EdDSA"})), encode(&claims));
        let signature = BASE64.encode(self.key.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

fn with(token: &str, request: Request) -> Request {
    request.header("Authorization", &format!("Bearer {token}"))
}

#[test]
fn a_signed_token_says_who_calls_and_what_they_may() {
    let issuer = Issuer::new();
    let sandbox = Sandbox::of(Book::in_memory().unwrap(), issuer.options());
    assert_eq!(
        sandbox.get("/v1/head").status,
        401,
        "nobody gets in without one"
    );
    assert_eq!(sandbox.get("/livez").status, 200);
    let writer = issuer.token(
        "grace@larkpost.example",
        "openid REGISTRY_WRITE REGISTRY_READ",
    );
    let register = Request::new("POST", "/v1/components");
    let register = register.content("application/json", samples::GEO_INDEX);
    assert_eq!(sandbox.send(&with(&writer, register)).status, 201);
    let get = |token: &str, target: &str| sandbox.send(&with(token, Request::new("GET", target)));
    let history = get(&writer, "/v1/components/geo_index/history").json();
    assert_eq!(history["items"][0]["actor"], "grace@larkpost.example");
    assert_eq!(get(&writer, "/v1/principals").status, 403);
    assert_eq!(
        get(&issuer.token("root", "ADMIN"), "/v1/principals").status,
        200
    );
    assert_eq!(
        get(&issuer.token("guest", ""), "/v1/components").status,
        403
    );
    let forged = Issuer::new().token("root", "ADMIN");
    assert_eq!(get(&forged, "/v1/principals").code(), "unauthenticated");
}

#[test]
fn a_subject_and_a_principal_are_not_mistaken_for_each_other() {
    let issuer = Issuer::new();
    let sandbox = Sandbox::of(Book::in_memory().unwrap(), issuer.options());
    let token = NewToken {
        hash: TokenHash([1; 32]),
        expires_at: None,
    };
    let write = Write::CreatePrincipal {
        name: "ada".to_owned(),
        grants: ["REGISTRY_READ".parse().unwrap()].into_iter().collect(),
        token,
    };
    sandbox.book.execute(Command::of("root", write)).unwrap();
    let get = |subject: &str| {
        let token = issuer.token(subject, "ADMIN");
        sandbox
            .send(&with(&token, Request::new("GET", "/v1/principals")))
            .status
    };
    assert_eq!((get("ada"), get("grace")), (401, 200));
}

#[test]
fn an_issuer_that_changes_its_keys_is_followed() {
    let mut issuer = Issuer::new();
    let sandbox = Sandbox::of(Book::in_memory().unwrap(), issuer.options());
    let status = |token: &str| {
        sandbox
            .send(&with(token, Request::new("GET", "/v1/principals")))
            .status
    };
    let before = issuer.token("root", "ADMIN");
    assert_eq!(status(&before), 200);
    issuer.change_key();
    let after = issuer.token("root", "ADMIN");
    wait::until("the new key is known", || status(&after) == 200);
    assert_eq!(status(&before), 401);
}

#[test]
fn keys_that_are_of_no_use_are_named_at_the_start() {
    let issuer = Issuer::new();
    std::fs::write(issuer.folder.path().join("keys.json"), "[]").unwrap();
    let refused = start(Book::in_memory().unwrap(), issuer.options()).err();
    assert!(matches!(
        refused,
        Some(StartError::Keys(KeysError::Form { .. }))
    ));
}
