use std::time::SystemTime;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use deedbook_model::{Capability, Resource};
use serde_json::json;

use super::*;

/// Somebody who signs.
enum Signer {
    Rsa(Box<RsaKeyPair>),
    Ecdsa(Box<EcdsaKeyPair>),
    EdDsa(Box<Ed25519KeyPair>),
}

impl Signer {
    fn all() -> [Signer; 3] {
        [
            Signer::Rsa(Box::new(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())),
            Signer::Ecdsa(Box::new(
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap(),
            )),
            Signer::EdDsa(Box::new(Ed25519KeyPair::generate().unwrap())),
        ]
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Signer::Rsa(_) => "RS256",
            Signer::Ecdsa(_) => "ES256",
            Signer::EdDsa(_) => "EdDSA",
        }
    }

    fn key(&self) -> Value {
        let id = self.algorithm();
        match self {
            Signer::Rsa(pair) => {
                // SEQUENCE { INTEGER of 257 bytes, the first 0; INTEGER of 3 bytes }
                let der = pair.public_key().as_ref();
                let (n, e) = (&der[9..265], &der[267..]);
                json!({
                    "kty": "RSA", "kid": id, "use": "sig", "alg": "RS256",
                    "n": BASE64.encode(n),
                    "e": BASE64.encode(e),
                })
            }
            Signer::Ecdsa(pair) => {
                let point = pair.public_key().as_ref();
                json!({
                    "kty": "EC", "crv": "P-256", "kid": id,
                    "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]),
                })
            }
            Signer::EdDsa(pair) => json!({
                "kty": "OKP", "crv": "Ed25519", "kid": id,
                "x": BASE64.encode(pair.public_key().as_ref()),
            }),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Signer::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Signer::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Signer::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = BASE64.encode(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64.encode(serde_json::to_vec(value).unwrap());
    format!("{}.{}", encode(header), encode(claims))
}

fn now() -> Timestamp {
    "2026-03-02T10:00:00Z".parse().unwrap()
}

fn seconds(after_now: i64) -> i64 {
    now().plus_seconds(after_now).ticks() / 10_000_000
}

fn claims() -> Value {
    json!({
        "iss": "https://id.larkpost.example",
        "aud": ["other", "deedbook"],
        "sub": "ada@larkpost.example",
        "exp": seconds(60),
        "capabilities": ["REGISTRY_READ:tools/*", "openid"],
    })
}

fn changed(member: &str, to: Value) -> Value {
    let mut claims = claims();
    claims[member] = to;
    claims
}

struct Issuer {
    folder: tempfile::TempDir,
    signers: [Signer; 3],
    jwt: Jwt,
}

impl Issuer {
    fn new() -> Issuer {
        let signers = Signer::all();
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.json");
        let unknown = json!({"kty": "oct", "k": "c2VjcmV0", "kid": "HS256"});
        let set: Vec<Value> = signers.iter().map(Signer::key).chain([unknown]).collect();
        fs::write(&keys, json!({"keys": set}).to_string()).unwrap();
        let options = JwtOptions {
            issuer: "https://id.larkpost.example".to_owned(),
            audience: "deedbook".to_owned(),
            keys,
            claim: "capabilities".to_owned(),
        };
        Issuer {
            folder,
            signers,
            jwt: Jwt::load(options).unwrap(),
        }
    }

    fn verify(&self, claims: &Value) -> Result<Verified, Refused> {
        let [.., signer] = &self.signers;
        self.jwt
            .verify(&signer.token(&json!({"alg": "EdDSA"}), claims), now())
    }
}

#[test]
fn each_algorithm_is_taken_with_and_without_the_name_of_its_key() {
    let issuer = Issuer::new();
    for signer in &issuer.signers {
        let algorithm = signer.algorithm();
        for header in [
            json!({"alg": algorithm}),
            json!({"alg": algorithm, "kid": algorithm}),
        ] {
            let verified = issuer
                .jwt
                .verify(&signer.token(&header, &claims()), now())
                .unwrap();
            assert_eq!(&*verified.name, "ada@larkpost.example");
            assert_eq!(verified.grants.len(), 1);
            let tool = Resource::Component {
                meta_type: "tool",
                name: "a",
            };
            assert!(verified.grants.allows(Capability::RegistryRead, tool));
        }
    }
}

#[test]
fn the_algorithm_follows_from_the_key() {
    let issuer = Issuer::new();
    let bare = |algorithm: &str| unsigned(&json!({"alg": algorithm}), &claims());
    for algorithm in ["none", "None", "HS256", "EdDSA", ""] {
        for signature in ["", "c2VjcmV0"] {
            let token = format!("{}.{signature}", bare(algorithm));
            assert!(issuer.jwt.verify(&token, now()).is_err(), "{algorithm}");
        }
    }
    for signer in &issuer.signers {
        for other in ["RS256", "ES256", "EdDSA", "RS512", "none"] {
            let token = signer.token(&json!({"alg": other}), &claims());
            let is_own = other == signer.algorithm();
            assert_eq!(issuer.jwt.verify(&token, now()).is_ok(), is_own, "{other}");
        }
        let of_another = json!({"alg": signer.algorithm(), "kid": "another"});
        assert!(
            issuer
                .jwt
                .verify(&signer.token(&of_another, &claims()), now())
                .is_err()
        );
        let demands = json!({"alg": signer.algorithm(), "crit": ["b64"], "b64": false});
        assert!(
            issuer
                .jwt
                .verify(&signer.token(&demands, &claims()), now())
                .is_err()
        );
    }
    for stranger in Signer::all() {
        let token = stranger.token(&json!({"alg": stranger.algorithm()}), &claims());
        assert!(issuer.jwt.verify(&token, now()).is_err());
    }
}

#[test]
fn a_changed_byte_is_seen() {
    let issuer = Issuer::new();
    let [.., signer] = &issuer.signers;
    let token = signer.token(&json!({"alg": "EdDSA"}), &claims());
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(issuer.jwt.verify(&changed, now()).is_err(), "{place}");
    }
    for bad in [
        "",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        &format!("{token}."),
        &format!("{token}="),
    ] {
        assert!(issuer.jwt.verify(bad, now()).is_err(), "{bad}");
    }
    let long = changed("x", Value::from("x".repeat(MAX_BYTES)));
    assert!(issuer.verify(&long).is_err());
}

#[test]
fn issuer_audience_and_times_have_to_fit() {
    let issuer = Issuer::new();
    assert!(issuer.verify(&claims()).is_ok());
    let wrong = [
        ("iss", json!("https://id.other.example")),
        ("iss", Value::Null),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("exp", json!("tomorrow")),
        ("exp", json!(1e300)),
        ("exp", json!(-1e300)),
        ("nbf", json!(seconds(SKEW + 1))),
        ("nbf", json!(1e300)),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("a\nb")),
        ("sub", json!("a".repeat(257))),
    ];
    for (member, value) in wrong {
        let claims = changed(member, value);
        assert!(
            matches!(issuer.verify(&claims), Err(Refused::Wrong(_))),
            "{claims}"
        );
    }
    let ended = changed("exp", json!(seconds(-SKEW)));
    assert_eq!(
        issuer.verify(&ended),
        Err(Refused::Ended(now().plus_seconds(-SKEW)))
    );
    for (member, value) in [
        ("aud", json!("deedbook")),
        ("exp", json!(seconds(-SKEW + 1))),
        ("exp", json!(seconds(60) as f64 + 0.5)),
        ("nbf", json!(seconds(SKEW))),
    ] {
        assert!(issuer.verify(&changed(member, value)).is_ok(), "{member}");
    }
}

#[test]
fn a_claim_is_a_list_or_words_and_what_it_does_not_know_allows_nothing() {
    let issuer = Issuer::new();
    let grants = |claim: Value| {
        let verified = issuer.verify(&changed("capabilities", claim)).unwrap();
        verified
            .grants
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        grants(json!("ADMIN profile REGISTRY_READ")),
        ["ADMIN", "REGISTRY_READ"]
    );
    assert_eq!(
        grants(json!(["registry.write:tools/*", 7])),
        ["REGISTRY_WRITE:tools/*"]
    );
    for nothing in [
        json!({"ADMIN": true}),
        json!(true),
        Value::Null,
        json!([["ADMIN"]]),
    ] {
        assert!(grants(nothing).is_empty());
    }
}

#[test]
fn keys_are_read_again_when_their_file_changes() {
    let issuer = Issuer::new();
    assert!(!issuer.jwt.reload().unwrap());
    let path = issuer.folder.path().join("keys.json");
    let set = |text: &str, age: u64| {
        fs::write(&path, text).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age);
        file.set_modified(time).unwrap();
    };
    set("{", 1);
    assert!(matches!(issuer.jwt.reload(), Err(KeysError::Form { .. })));
    assert!(
        issuer.verify(&claims()).is_ok(),
        "what is of no use isn't taken"
    );
    set(r#"{"keys":[]}"#, 2);
    assert!(matches!(issuer.jwt.reload(), Err(KeysError::Empty(_))));
    let next = Signer::EdDsa(Box::new(Ed25519KeyPair::generate().unwrap()));
    set(&json!({"keys": [next.key()]}).to_string(), 3);
    assert!(issuer.jwt.reload().unwrap());
    assert!(issuer.verify(&claims()).is_err());
    let token = next.token(&json!({"alg": "EdDSA"}), &claims());
    assert!(issuer.jwt.verify(&token, now()).is_ok());
    // It was read while it was written, within one tick of the file system's clock.
    let [first, ..] = &issuer.signers;
    set("", 4);
    assert!(issuer.jwt.reload().is_err());
    set(&json!({"keys": [first.key()]}).to_string(), 4);
    assert!(issuer.jwt.reload().unwrap());
}

#[test]
fn a_signature_is_checked_once_until_the_token_ends_or_keys_change() {
    let issuer = Issuer::new();
    let token = issuer.signers[2].token(&json!({"alg": "EdDSA"}), &claims());
    let verified = issuer.jwt.verify(&token, now()).unwrap();
    // Nothing could be checked any more.
    issuer.jwt.current.write().unwrap().keys = Arc::from([]);
    assert_eq!(issuer.jwt.verify(&token, now()), Ok(verified.clone()));
    let mut forged = token.clone();
    forged.pop();
    assert!(issuer.jwt.verify(&forged, now()).is_err());
    let late = verified.end.plus_seconds(SKEW);
    assert!(issuer.jwt.verify(&token, late).is_err());
    let path = issuer.folder.path().join("keys.json");
    let next = Signer::EdDsa(Box::new(Ed25519KeyPair::generate().unwrap()));
    fs::write(&path, json!({"keys": [next.key()]}).to_string()).unwrap();
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    assert!(issuer.jwt.reload().unwrap());
    assert!(issuer.jwt.verify(&token, now()).is_err());
}

#[test]
fn only_so_many_tokens_are_known() {
    let (known, now) = (Known::default(), now());
    let verified = Verified {
        name: "ada".into(),
        grants: Arc::default(),
        end: now.plus_seconds(60),
    };
    for number in 0..2 * MOST_KNOWN {
        let digest = Known::digest(&number.to_string());
        known.keep(digest, &verified, now);
        assert_eq!(known.find(&digest, now), Some(verified.clone()));
        assert!(known.0.lock().unwrap().len() <= MOST_KNOWN);
    }
    let late = verified.end.plus_seconds(SKEW);
    assert_eq!(known.find(&Known::digest("5000"), late), None);
}
