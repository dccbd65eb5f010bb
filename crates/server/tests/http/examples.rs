//! The route table's examples, sent and checked against the OpenAPI document.

use std::collections::BTreeSet;

use deedbook_api::matcher::{Match, Matcher};
use deedbook_api::openapi;
use deedbook_api::problem;
use deedbook_api::route::{Example, Route, Schema};
use deedbook_api::routes::ROUTES;
use deedbook_api::samples;
use deedbook_testkit::http::{Request, Response};
use serde_json::Value;

use crate::sandbox::Sandbox;

fn request(route: &Route, example: &Example) -> Request {
    let mut request = Request::new(route.method.as_str(), example.target);
    for (name, value) in example.headers {
        request = request.header(name, value);
    }
    match example.content {
        Some((media_type, text)) => request.content(media_type, text),
        None => request,
    }
}

/// What the OpenAPI document says an answer of that status and type looks like.
fn schema(route: &Route, status: u16, media_type: &str) -> Option<Schema> {
    if media_type == problem::MEDIA_TYPE {
        let told = openapi::refused(route).contains(&status);
        assert!(
            told,
            "{:?} doesn't say that it refuses with {status}",
            route.id
        );
        return Some(Schema::Problem);
    }
    let answer = route.answers.iter().find(|answer| {
        answer.status == status && answer.media_type.unwrap_or_default() == media_type
    });
    let answer = answer.unwrap_or_else(|| {
        panic!(
            "{:?} doesn't say that it answers {status} {media_type}",
            route.id
        )
    });
    answer.schema
}

fn media_type(answer: &Response) -> &str {
    let media_type = answer.header("content-type").unwrap_or_default();
    media_type.split(';').next().unwrap_or_default()
}

fn check(document: &Value, route: &Route, answer: &Response) {
    let media_type = media_type(answer);
    let Some(schema) = schema(route, answer.status, media_type) else {
        return;
    };
    let mut whole = document.clone();
    whole["$ref"] = Value::from(format!("#/components/schemas/{}", schema.name()));
    let validator = jsonschema::draft202012::new(&whole).unwrap();
    let value = answer.json();
    let faults: Vec<String> = validator
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert!(faults.is_empty(), "{:?}: {faults:?} in {value}", route.id);
}

/// What no single request shows: it takes a caller without rights, much to send, time, compaction,
/// an earlier request, a fault, or another method.
const NOT_SHOWN: [u16; 12] = [401, 403, 405, 408, 410, 413, 414, 422, 429, 431, 500, 503];

/// The samples, a principal among them, and the token of an admin.
fn guarded_samples() -> (Sandbox, String) {
    let sandbox = Sandbox::with_samples();
    let admin = sandbox.post("/v1/principals", r#"{"name":"root","grants":["ADMIN"]}"#);
    let token = admin.json()["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let keeper = Request::new("POST", "/v1/principals")
        .content("application/json", samples::MAP_KEEPER)
        .header("Authorization", &bearer);
    assert_eq!(sandbox.send(&keeper).status, 201);
    (sandbox, bearer)
}

#[test]
fn every_answer_that_an_example_can_show_is_shown() {
    for route in ROUTES {
        let shown: BTreeSet<u16> = route.examples.iter().map(|one| one.status).collect();
        let told = route.answers.iter().map(|answer| answer.status);
        let told: BTreeSet<u16> = told.chain(openapi::refused(route)).collect();
        let missing: Vec<u16> = told
            .difference(&shown)
            .copied()
            .filter(|status| !NOT_SHOWN.contains(status))
            .collect();
        assert!(
            missing.is_empty(),
            "{:?}: no example of {missing:?}",
            route.id
        );
    }
}

#[test]
fn every_example_is_answered_as_the_document_says() {
    let served = Sandbox::new().get("/openapi.json").json();
    assert_eq!(served, openapi::document());
    let matcher = Matcher::new();
    for route in ROUTES {
        let mut types = BTreeSet::new();
        for example in route.examples {
            let path = example.target.split('?').next().unwrap();
            let found = matcher.find(route.method, path);
            assert!(matches!(found, Match::Found { route: own, .. } if own.id == route.id));
            let (sandbox, bearer) = guarded_samples();
            let answer = sandbox.send(&request(route, example).header("Authorization", &bearer));
            assert_eq!(
                answer.status, example.status,
                "{}: {answer:?}",
                example.title
            );
            assert!(answer.header("x-request-id").is_some());
            check(&served, route, &answer);
            types.insert(media_type(&answer).to_owned());
        }
        for answer in route.answers {
            let shown = types.contains(answer.media_type.unwrap_or_default());
            assert!(
                shown,
                "{:?}: no example of {:?}",
                route.id, answer.media_type
            );
        }
    }
}

#[test]
fn reads_of_the_book_say_which_revision_they_saw() {
    let sandbox = Sandbox::with_samples();
    for route in ROUTES
        .iter()
        .filter(|route| route.path.starts_with("/v1/components"))
    {
        for example in route
            .examples
            .iter()
            .filter(|example| example.status == 200)
        {
            if example.content.is_some() || route.method.as_str() != "GET" {
                continue;
            }
            let answer = sandbox.send(&request(route, example));
            let expected = if example.target.contains("at=2") {
                "2"
            } else {
                "4"
            };
            assert_eq!(
                answer.header("deedbook-revision"),
                Some(expected),
                "{}",
                example.target
            );
        }
    }
}

#[test]
fn the_page_of_routes_needs_nothing_from_elsewhere() {
    let page = Sandbox::new().get("/docs");
    let text = page.text();
    for route in ROUTES {
        assert!(text.contains(route.path), "{}", route.path);
    }
    for foreign in ["<script", "https://", "src=", "@import"] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    assert!(page.header("content-security-policy").is_some());
}
