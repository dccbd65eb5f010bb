//! What nobody means well with, tried on every route: a problem that the route's documentation
//! names, never a fault.

use deedbook_api::openapi;
use deedbook_api::problem;
use deedbook_api::route::{Form, Method, Parameter, Place, Route, RouteId};
use deedbook_api::routes::ROUTES;
use deedbook_api::samples;
use deedbook_model::shard::control::parameters::Need;
use deedbook_testkit::http::{Request, Response};

use crate::sandbox::Sandbox;

/// A target of the route that is answered but for what a test puts into it.
fn target(route: &Route) -> String {
    let path = match route.id {
        id if id.mesh_kind().is_some() => {
            let mut done = route.examples.iter().filter(|one| one.status < 300);
            done.next()
                .unwrap()
                .target
                .split('?')
                .next()
                .unwrap()
                .to_owned()
        }
        _ => route.path.replace("{key}", "geo_index"),
    };
    let required = route
        .parameters()
        .filter(|parameter| parameter.required && parameter.place == Place::Query);
    let query: Vec<String> = required
        .map(|parameter| match parameter.form {
            Form::Word(words) => format!("{}={}", parameter.name, words[0]),
            _ => format!("{}=2", parameter.name),
        })
        .collect();
    format!("{path}?{}", query.join("&"))
}

/// A request that claims what the route needs.
fn request(route: &Route, target: &str) -> Request {
    let request = Request::new(route.method.as_str(), target);
    let needed = |parameter: &&Parameter| parameter.place == Place::Header && parameter.required;
    let needed = route.parameters().filter(needed);
    needed.fold(request, |request, parameter| {
        assert_eq!(parameter.name, Need::HEADER);
        request.header(parameter.name, "mesh.operate")
    })
}

/// Refused, as documented, and as a problem.
fn refused(route: &Route, answer: &Response, tried: &str) {
    let status = answer.status;
    let case = format!("{:?}: {tried}: {answer:?}", route.id);
    assert!((400..500).contains(&status), "{case}");
    assert!(openapi::refused(route).contains(&status), "{case}");
    let is_control = matches!(route.id, RouteId::Control(_));
    match answer.header("content-type") {
        Some("application/json") if is_control => {
            assert!(answer.json()["error"].is_string(), "{case}");
        }
        None if is_control && status == 403 => assert!(answer.body.is_empty(), "{case}"),
        Some(problem::MEDIA_TYPE) if is_control => {
            assert!(answer.json()["code"].is_string(), "{case}");
        }
        media_type => {
            assert_eq!(media_type, Some(problem::MEDIA_TYPE), "{case}");
            assert!(!answer.code().is_empty(), "{case}");
        }
    }
}

#[test]
fn foreign_hosts_and_origins_are_refused_on_every_route() {
    let sandbox = Sandbox::with_all_samples();
    for route in ROUTES {
        for (name, value) in [
            ("Host", "example.org"),
            ("Host", "127.0.0.1.example.org"),
            ("Origin", "https://example.org"),
            ("Origin", "null"),
        ] {
            let answer = sandbox.send(&request(route, &target(route)).header(name, value));
            refused(route, &answer, value);
            assert_eq!(answer.code(), "denied", "{:?}", route.id);
        }
    }
    assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
}

#[test]
fn bad_content_is_refused_by_every_route_that_takes_some() {
    let sandbox = Sandbox::with_all_samples();
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let deep_value = format!(r#"{{"name":{}1{}}}"#, "[".repeat(5_000), "]".repeat(5_000));
    for route in ROUTES {
        let Some(content) = route.content else {
            continue;
        };
        let json = content.media_types[0];
        let latin = format!("{json}; charset=iso-8859-1");
        let too_long = vec![b' '; content.max_bytes + 1];
        let cases: Vec<(&str, &str, Vec<u8>)> = vec![
            ("deep", json, deep.clone().into()),
            ("a deep value", json, deep_value.clone().into()),
            ("too long", json, too_long),
            ("cut", json, b"{\"name\":\"a".to_vec()),
            ("two values", json, b"{} {}".to_vec()),
            (
                "a member twice",
                json,
                b"{\"name\":\"a\",\"name\":\"b\"}".to_vec(),
            ),
            ("a number", json, b"7".to_vec()),
            ("a huge number", json, b"{\"before\":1e999}".to_vec()),
            ("no UTF-8", json, b"{\"name\":\"\xff\"}".to_vec()),
            ("half a surrogate", json, b"{\"name\":\"\\ud800\"}".to_vec()),
            ("another charset", &latin, b"{}".to_vec()),
            ("another type", "text/html", b"{}".to_vec()),
            ("no type", "", b"{}".to_vec()),
        ];
        for (tried, media_type, bytes) in cases {
            // That is what it looks for.
            if route.id.as_str() == "validate" && !bytes.is_empty() && media_type == json {
                let answer = sandbox.send(&request(route, &target(route)).content(json, bytes));
                if answer.status == 200 {
                    assert_eq!(answer.json()["valid"], false, "{tried}");
                } else {
                    refused(route, &answer, tried);
                }
                continue;
            }
            let answer = sandbox.send(&request(route, &target(route)).content(media_type, bytes));
            refused(route, &answer, tried);
        }
    }
    assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
}

#[test]
fn bad_keys_are_refused_by_every_route_that_takes_one() {
    let sandbox = Sandbox::with_all_samples();
    let long = "a".repeat(1_500);
    for route in ROUTES.iter().filter(|route| route.path.contains('{')) {
        for key in [
            "%zz",
            "%",
            "%ff",
            "%00",
            "..%2f..%2fetc%2fpasswd",
            "%E2%80%AE",
            &long,
        ] {
            // An id of something that is made may be any text without control characters.
            if route.method == Method::Put && key.starts_with("..") {
                continue;
            }
            let target = with_key(route, key);
            let answer = sandbox.send(&with_some_content(route, &target));
            refused(route, &answer, key);
        }
    }
    assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
}

/// What a route shows, with another key in its path.
fn with_key(route: &Route, key: &str) -> String {
    let shown = target(route);
    let (path, query) = shown.split_once('?').unwrap();
    let words = route.path.split('/').zip(path.split('/'));
    let words = words.map(|(word, shown)| if word.starts_with('{') { key } else { shown });
    format!("{}?{query}", words.collect::<Vec<_>>().join("/"))
}

/// What a route's content must be for its parameters to be looked at.
fn with_some_content(route: &Route, target: &str) -> Request {
    let request = request(route, target);
    match route.content {
        Some(content) => {
            let shown = route.examples.iter().find_map(|example| example.content);
            request.content(content.media_types[0], shown.map_or("{}", |(_, text)| text))
        }
        None => request,
    }
}

/// Texts that a parameter of that form isn't.
fn wrong(parameter: &Parameter) -> Vec<String> {
    let texts: &[&str] = match parameter.form {
        Form::Text(_) | Form::Texts(_) => &["%ff", "%zz", "%"],
        Form::Flag => &["maybe", "1", "TRUE", ""],
        Form::Number(..) => &["-1", "1.5", "x", "", "99999999999999999999", "%201"],
        Form::Word(_) | Form::Words(_) => &["neither", "", "%ff"],
    };
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    match parameter.form {
        Form::Text(most) | Form::Texts(most) => texts.push("a".repeat(most + 1)),
        Form::Number(_, most) if most < u64::MAX => texts.push((most + 1).to_string()),
        _ => {}
    }
    texts
}

#[test]
fn bad_parameters_are_refused_by_every_route() {
    let sandbox = Sandbox::with_all_samples();
    let mut client = sandbox.client();
    for route in ROUTES {
        let base = target(route);
        let mut tries = vec!["unheard_of=1".to_owned(), "%ff=1".to_owned()];
        let in_query = |parameter: &&Parameter| parameter.place == Place::Query;
        for parameter in route.parameters().filter(in_query) {
            let name = parameter.name;
            if !matches!(parameter.form, Form::Texts(_) | Form::Words(_)) {
                tries.push(format!("{name}=true&{name}=true"));
            }
            tries.extend(wrong(parameter).iter().map(|text| format!("{name}={text}")));
        }
        for query in tries {
            let name = query.split('=').next().unwrap();
            let own = base
                .split(['?', '&'])
                .any(|pair| pair.starts_with(&format!("{name}=")));
            let target = match (own, base.split_once('?')) {
                (true, Some((path, _))) => format!("{path}?{query}"),
                _ => format!("{base}&{query}"),
            };
            let answer = client.send(&with_some_content(route, &target));
            refused(route, &answer, &query[..query.len().min(80)]);
        }
    }
    assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
}

#[test]
fn bad_headers_are_refused_by_every_route_that_takes_them() {
    let sandbox = Sandbox::with_all_samples();
    for route in ROUTES {
        let in_header = |parameter: &&Parameter| parameter.place == Place::Header;
        for parameter in route.parameters().filter(in_header) {
            let wrong: &[&str] = match parameter.name {
                "If-Match" | "If-None-Match" => &["\"x", "4,,x"],
                "Last-Event-ID" => &["yesterday", "1-2", "%"],
                "Idempotency-Key" => &["", "two words", "\t"],
                _ => &["%ff", "%zz", "%00"],
            };
            let long = "a".repeat(5_000);
            for value in wrong.iter().copied().chain([long.as_str()]) {
                let request = match parameter.required {
                    true => Request::new(route.method.as_str(), &target(route)),
                    false => with_some_content(route, &target(route)),
                };
                let request = request.header(parameter.name, value);
                let answer = sandbox.send(&request);
                let tried = format!("{}: {value:.40}", parameter.name);
                refused(route, &answer, &tried);
            }
        }
    }
    assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
}

#[test]
fn long_targets_large_heads_and_other_methods_are_refused_on_every_route() {
    let sandbox = Sandbox::with_all_samples();
    let mut methods: Vec<&str> = Method::ALL.iter().map(|method| method.as_str()).collect();
    methods.extend(["OPTIONS", "TRACE", "CONNECTED", "get"]);
    for route in ROUTES {
        let long = format!("{}&x={}", target(route), "a".repeat(9_000));
        let answer = sandbox.send(&request(route, &long));
        refused(route, &answer, "a long target");
        assert_eq!(answer.status, 414);
        let many = (0..100).fold(request(route, &target(route)), |request, number| {
            request.header(&format!("x-{number}"), "1")
        });
        assert_eq!(sandbox.send(&many).status, 431);
        assert!(openapi::refused(route).contains(&431));
        for method in &methods {
            let taken = ROUTES.iter().any(|other| {
                let head = *method == "HEAD" && other.method == Method::Get;
                other.path == route.path && (head || other.method.as_str() == *method)
            });
            if !taken {
                let answer = sandbox.send(&Request::new(method, &target(route)));
                refused(route, &answer, method);
                assert_eq!(answer.status, 405);
                assert!(answer.header("allow").is_some());
            }
        }
    }
    assert_eq!(sandbox.book.view().head().revision.0, samples::HEAD);
}
