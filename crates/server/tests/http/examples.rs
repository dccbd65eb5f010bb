//! The route table's examples, sent and checked against the OpenAPI document.

use std::collections::BTreeSet;

use deedbook_api::matcher::{Match, Matcher};
use deedbook_api::openapi;
use deedbook_api::problem;
use deedbook_api::route::{ControlRoute, Decision, Example, Method, Route, RouteId, Schema};
use deedbook_api::routes::ROUTES;
use deedbook_api::samples;
use deedbook_model::shard::control::parameters::Need;
use deedbook_testkit::http::{Request, Response};
use serde_json::Value;

use crate::identity::{guarded_with_mesh, with};
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
        return Some(openapi::problem_schema(route));
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
    let sandbox = Sandbox::with_all_samples();
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

/// Reads that are of no one state: what is asked of a watch is where it goes on, and what is
/// counted is counted now.
const OF_NO_STATE: [RouteId; 3] = [
    RouteId::Watch,
    RouteId::Metrics,
    RouteId::Control(ControlRoute::Watch),
];

/// What a read is asked that there is something to read for.
fn read_of(route: &Route) -> String {
    if route.id == RouteId::GetPrincipal {
        return "/v1/principals/reader".to_owned();
    }
    let mut done = route
        .examples
        .iter()
        .filter(|example| example.status == 200);
    let target = done.next().unwrap().target;
    // What is compared ends where nothing else is said.
    target.split("&to=").next().unwrap().to_owned()
}

#[test]
fn every_read_takes_what_says_which_state_it_sees() {
    let sandbox = guarded_with_mesh();
    let head = sandbox.book.view().revision().0;
    let reads = ROUTES.iter().filter(|route| {
        let is_of_the_book = route.decision != Decision::Public;
        route.method == Method::Get && is_of_the_book && !OF_NO_STATE.contains(&route.id)
    });
    let mut count = 0;
    for route in reads {
        count += 1;
        let target = read_of(route);
        let mark = if target.contains('?') { '&' } else { '?' };
        let headers = route.examples[0].headers.iter();
        let ask = |more: &str| {
            let request = Request::new("GET", &format!("{target}{mark}{more}"));
            let claimed = headers.clone().filter(|(name, _)| *name == Need::HEADER);
            let request = claimed.fold(request, |asked, (name, value)| asked.header(name, value));
            sandbox.send(&with("admin", request))
        };
        let refused = |more: &str, status: u16| {
            let answer = ask(more);
            assert_eq!(answer.status, status, "{target} {more}: {answer:?}");
            answer
        };
        let saw = |more: &str, revision: u64| {
            let answer = refused(more, 200);
            let revision = revision.to_string();
            let told = answer.header("deedbook-revision");
            assert_eq!(told, Some(&*revision), "{target} {more}");
        };
        refused("atLeast=soon", 400);
        refused("consistency=eventual", 400);
        refused("sight=clear", 400);
        let late = refused(&format!("atLeast={}", head + 1), 503);
        assert_eq!(late.header("retry-after"), Some("1"), "{target}");
        saw(&format!("atLeast={head}"), head);
        saw("consistency=local", head);
        saw("consistency=strong", head);
        if route.id == RouteId::Backup {
            refused("at=3", 400);
            continue;
        }
        refused("at=yesterday", 400);
        refused(&format!("at={}", head + 1), 400);
        saw(&format!("at={}", head - 1), head - 1);
        saw(&format!("at={}&consistency=strong", head - 1), head - 1);
    }
    assert!(count >= 33, "{count} reads");
}

#[test]
fn what_is_compared_ends_at_one_moment() {
    let sandbox = Sandbox::with_samples();
    for target in ["/v1/diff", "/v1/components/geo_index/diff"] {
        let get = |query: &str| sandbox.get(&format!("{target}?{query}"));
        assert_eq!(get("from=2&at=3").body, get("from=2&to=3").body);
        assert_eq!(get("from=2&at=3&to=4").code(), "invalid");
        // What is compared may have to be waited for.
        assert_eq!(get("from=5&atLeast=5").code(), "unavailable");
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
