//! Pages for people, and the OpenAPI document: made once, when the server starts.

use std::fmt::Write as _;

use bytes::Bytes;
use deedbook_api::openapi;
use deedbook_api::route::{Place, Route};
use deedbook_api::routes::ROUTES;

use crate::answer::Answer;
use http::{HeaderName, HeaderValue};

/// Pages that are the same for everybody.
pub(crate) struct Pages {
    openapi: Bytes,
    docs: Bytes,
    welcome: Bytes,
}

const WELCOME: &str = concat!(
    "Deedbook ",
    env!("CARGO_PKG_VERSION"),
    ": what exists in a system, who added it, what needs it, how it looked.

  GET  /v1/components              list and search
  GET  /v1/components/{uuid|name}  one component, perhaps with ?versionSpec=^1.2 or ?at=1234
  POST /v1/components              register a JSON or YAML document
  GET  /v1/changes                 who changed what, when and why
  GET  /v1/head                    where the book stands

  /docs          every route, with examples to paste
  /openapi.json  the same for programs
  /readyz        whether requests are welcome
"
);

/// Nothing from elsewhere, no script; the style stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

impl Pages {
    pub(crate) fn new() -> Pages {
        let document = serde_json::to_vec(&openapi::document());
        Pages {
            // Texts, numbers and maps of them can't fail to encode.
            openapi: document.unwrap_or_default().into(),
            docs: docs().into(),
            welcome: Bytes::from_static(WELCOME.as_bytes()),
        }
    }

    pub(crate) fn openapi(&self) -> Answer {
        Answer::json_text(self.openapi.clone())
    }

    pub(crate) fn docs(&self) -> Answer {
        let policy = HeaderName::from_static("content-security-policy");
        Answer {
            header: Some((policy, HeaderValue::from_static(POLICY))),
            ..Answer::of("text/html; charset=utf-8", self.docs.clone())
        }
    }

    pub(crate) fn welcome(&self) -> Answer {
        Answer::of("text/plain; charset=utf-8", self.welcome.clone())
    }
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;\
padding:0 1rem;color:#1c2330;background:#fff}h1{margin-bottom:0}h2{font-size:1rem;margin:0}\
summary{cursor:pointer;padding:.45rem .2rem}details{border-bottom:1px solid #d8dee8}\
summary h2{display:inline;font-weight:400}b.m{display:inline-block;width:4.6rem;font:600 .85rem \
ui-monospace,monospace;color:#0b5c8a}code,pre{font:.85rem/1.45 ui-monospace,monospace}\
pre{background:#f3f5f9;padding:.6rem;overflow-x:auto;white-space:pre-wrap;word-break:break-all}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;\
padding:.2rem .6rem .2rem 0;border-top:1px solid #eceff4}.in{color:#667}section{padding:0 .2rem 1rem}\
@media(prefers-color-scheme:dark){body{color:#dde3ee;background:#12161d}pre{background:#1b212b}\
b.m{color:#6cc2f0}details,td,th{border-color:#2b3340}.in{color:#99a}}";

/// The route table as a page.
fn docs() -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Deedbook API</title><style>{STYLE}</style></head><body><h1>Deedbook API</h1>\
         <p>Version {}. For programs: <a href=\"/openapi.json\">openapi.json</a>. Refusals are \
         <code>application/problem+json</code> with a stable <code>code</code>.</p>",
        env!("CARGO_PKG_VERSION")
    );
    for route in ROUTES {
        put_route(&mut page, route);
    }
    page.push_str("</body></html>\n");
    page
}

fn put_route(page: &mut String, route: &Route) {
    let method = route.method.as_str();
    // Writing to a text can't fail.
    let _ = write!(
        page,
        "<details><summary><b class=\"m\">{method}</b><h2><code>{}</code></h2> {}</summary>\
         <section><p>{}</p>",
        escaped(route.path),
        escaped(route.summary),
        escaped(&openapi::who(route.decision))
    );
    put_parameters(page, route);
    page.push_str("<table><tr><th>Answer</th><th></th><th></th></tr>");
    for answer in route.answers {
        let _ = write!(
            page,
            "<tr><td>{}</td><td><code>{}</code></td><td>{}</td></tr>",
            answer.status,
            answer.media_type.unwrap_or_default(),
            escaped(answer.description)
        );
    }
    let refused = openapi::refused(route)
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>();
    let _ = write!(
        page,
        "<tr><td>{}</td><td><code>application/problem+json</code></td><td>Refused.</td></tr></table>",
        refused.join(", ")
    );
    for example in route.examples {
        let mut command = format!("curl -s -X {method}");
        for (name, value) in example.headers {
            let _ = write!(command, " -H '{name}: {value}'");
        }
        if let Some((media_type, text)) = example.content {
            let text = text.replace('\'', "'\\''");
            let _ = write!(
                command,
                " -H 'Content-Type: {media_type}' --data-binary '{text}'"
            );
        }
        let _ = write!(command, " 'http://127.0.0.1:8080{}'", example.target);
        let _ = write!(
            page,
            "<p>{} <span class=\"in\">answers {}</span></p><pre>{}</pre>",
            escaped(example.title),
            example.status,
            escaped(&command)
        );
    }
    page.push_str("</section></details>");
}

fn put_parameters(page: &mut String, route: &Route) {
    if route.parameters().next().is_none() {
        return;
    }
    page.push_str("<table><tr><th>Parameter</th><th>in</th><th></th></tr>");
    for parameter in route.parameters() {
        let needed = if parameter.required || parameter.place == Place::Path {
            ""
        } else {
            "?"
        };
        let _ = write!(
            page,
            "<tr><td><code>{}{needed}</code></td><td class=\"in\">{}</td><td>{}</td></tr>",
            escaped(parameter.name),
            parameter.place.as_str(),
            escaped(parameter.description)
        );
    }
    page.push_str("</table>");
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
