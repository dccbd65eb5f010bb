//! The OpenAPI 3.1 document, made from the route table.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::problem::{MEDIA_TYPE, status_of};
use crate::route::{
    Answer, Content, Decision, Form, Parameter, Place, Resource, Route, RouteId, Schema,
};
use crate::routes::ROUTES;
use crate::schemas::{self, reference};

/// The document of this release.
#[must_use]
pub fn document() -> Value {
    let mut paths = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = path {
            methods.insert(route.method.as_str().to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Deedbook",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "What exists in a system, who added it, what needs it, how it looked.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": {TOKEN: {
                "type": "http",
                "scheme": "bearer",
                "description": "Needed once the book has principals, or the server takes signed tokens.",
            }},
        },
    })
}

/// The security scheme's name.
const TOKEN: &str = "token";

fn operation(route: &Route) -> Value {
    let mut operation = json!({
        "operationId": route.id.as_str(),
        "summary": route.summary,
        "description": who(route.decision),
        "security": security(route.decision),
        "tags": [tag(route)],
        "parameters": route.parameters().map(parameter).collect::<Vec<_>>(),
        "responses": responses(route),
    });
    if let (Some(content), Value::Object(members)) = (&route.content, &mut operation) {
        members.insert("requestBody".to_owned(), request_body(route, content));
    }
    operation
}

fn security(decision: Decision) -> Value {
    match decision {
        Decision::Public => json!([]),
        Decision::AnyCredential | Decision::Needs(..) | Decision::NeedsOne(_) => {
            json!([{TOKEN: []}])
        }
    }
}

fn tag(route: &Route) -> &'static str {
    match () {
        () if route.path.starts_with("/v1/components") => "components",
        () if route.id.mesh_kind().is_some() => "mesh",
        () if matches!(route.id, RouteId::Control(_)) => "control plane",
        () if route.path.starts_with("/v1/") => "book",
        () => "server",
    }
}

/// Who may call a route, as a sentence.
#[must_use]
pub fn who(decision: Decision) -> String {
    match decision {
        Decision::Public => "Needs no credential.".to_owned(),
        Decision::AnyCredential => "Needs any credential, once the book has principals.".to_owned(),
        Decision::NeedsOne(capabilities) => {
            let names: Vec<&str> = capabilities.iter().map(|one| one.as_str()).collect();
            let names = names.join("` or `");
            format!("Needs `{names}`, for whatever the request is about.")
        }
        Decision::Needs(capability, resource) => {
            let what = match resource {
                Resource::Component => "the component",
                Resource::NamedComponents => "each component that is named",
                Resource::FoundComponents => "what is found; the rest is left out",
                Resource::Namespace => "the namespace",
                Resource::FoundNamespaces => {
                    "the namespaces of what is found; the rest is left out"
                }
                Resource::Book => "the book",
            };
            format!("Needs `{}` for {what}.", capability.as_str())
        }
    }
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": parameter.place.as_str(),
        "required": parameter.required || parameter.place == Place::Path,
        "description": parameter.description,
        "schema": form(parameter.form),
    })
}

fn form(form: Form) -> Value {
    match form {
        Form::Text(most) => json!({"type": "string", "maxLength": most}),
        Form::Texts(most) => {
            json!({"type": "array", "items": {"type": "string", "maxLength": most}})
        }
        Form::Flag => json!({"type": "boolean"}),
        Form::Number(least, u64::MAX) => json!({"type": "integer", "minimum": least}),
        Form::Number(least, most) => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Form::Word(words) => json!({"type": "string", "enum": words}),
        Form::Words(words) => {
            json!({"type": "array", "items": {"type": "string", "enum": words}})
        }
    }
}

fn request_body(route: &Route, content: &Content) -> Value {
    let mut by_type = Map::new();
    for media_type in content.media_types {
        let mut media = json!({"schema": reference(content.schema)});
        let examples = route.examples.iter().filter_map(|example| {
            let (own, text) = example.content?;
            let value = match serde_json::from_str(text) {
                Ok(value) => value,
                Err(_) => Value::from(text),
            };
            (own == *media_type && example.status < 300)
                .then(|| (example.title.to_owned(), json!({"value": value})))
        });
        let examples: Map<String, Value> = examples.collect();
        if let (Value::Object(members), false) = (&mut media, examples.is_empty()) {
            members.insert("examples".to_owned(), Value::Object(examples));
        }
        by_type.insert((*media_type).to_owned(), media);
    }
    json!({"required": content.required, "content": by_type})
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for answer in route.answers {
        let response = responses.entry(answer.status.to_string()).or_insert_with(
            || json!({"description": answer.description, "headers": headers(route)}),
        );
        if let Some(media_type) = answer.media_type
            && let Some(content) = content_of(response)
        {
            content.insert(media_type.to_owned(), media(answer));
        }
    }
    for status in refused(route) {
        let response = responses
            .entry(status.to_string())
            .or_insert_with(|| json!({"description": "Refused; see `code` and `errors`."}));
        let schema = json!({"schema": reference(problem_schema(route))});
        if let Some(content) = content_of(response) {
            content.insert(MEDIA_TYPE.to_owned(), schema);
        }
    }
    Value::Object(responses)
}

/// The content of a response by media type.
fn content_of(response: &mut Value) -> Option<&mut Map<String, Value>> {
    let content = response.as_object_mut()?.entry("content");
    content.or_insert_with(|| json!({})).as_object_mut()
}

/// What the problems of a route look like.
#[must_use]
pub fn problem_schema(route: &Route) -> Schema {
    match route.id {
        RouteId::Control(_) => Schema::ControlProblem,
        _ => Schema::Problem,
    }
}

/// What is refused before a request is read: another method, a long target, a large head.
const UNREAD: [u16; 3] = [405, 414, 431];

/// The statuses with which a route refuses.
#[must_use]
pub fn refused(route: &Route) -> BTreeSet<u16> {
    let codes = Route::ALWAYS_REFUSED.iter().chain(route.refusals);
    let statuses = codes.map(|code| status_of(*code));
    statuses.chain(UNREAD).collect()
}

fn media(answer: &Answer) -> Value {
    match answer.schema {
        Some(schema) => json!({"schema": reference(schema)}),
        None => json!({}),
    }
}

fn headers(route: &Route) -> Value {
    let mut headers = json!({"X-Request-Id": {
        "description": "The request's own id, if it had a well-formed one, or a new one.",
        "schema": {"type": "string"},
    }});
    if let (true, Value::Object(members)) = (route.path.starts_with("/v1/"), &mut headers) {
        members.insert(
            "Deedbook-Revision".to_owned(),
            json!({"description": "The revision that was seen.", "schema": {"type": "integer"}}),
        );
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_has_an_example_and_a_name_of_its_own() {
        let names: BTreeSet<&str> = ROUTES.iter().map(|route| route.id.as_str()).collect();
        assert_eq!(names.len(), ROUTES.len());
        for route in ROUTES {
            let answered = |status| {
                let told = route.answers.iter().any(|answer| answer.status == status);
                told || refused(route).contains(&status)
            };
            assert!(!route.examples.is_empty(), "{:?}", route.id);
            for example in route.examples {
                assert!(answered(example.status), "{}", example.title);
            }
        }
    }

    #[test]
    fn schemas_are_schemas_and_refer_to_what_is_there() {
        let document = document();
        for schema in crate::route::Schema::all() {
            let mut whole = document.clone();
            whole["$ref"] = Value::from(format!("#/components/schemas/{}", schema.name()));
            jsonschema::draft202012::new(&whole).unwrap();
        }
    }

    #[test]
    fn examples_fit_their_schemas() {
        let document = document();
        for route in ROUTES {
            let Some(content) = route.content else {
                continue;
            };
            let mut whole = document.clone();
            whole["$ref"] = reference(content.schema)["$ref"].clone();
            let validator = jsonschema::draft202012::new(&whole).unwrap();
            for example in route.examples.iter().filter(|example| example.status < 300) {
                let Some(text) = example.content.map(|(_, text)| text) else {
                    continue;
                };
                let Ok(value) = serde_json::from_str(text) else {
                    continue;
                };
                // What `validate` shows is a document with faults.
                if route.id == crate::route::RouteId::Validate {
                    continue;
                }
                let faults: Vec<String> = validator
                    .iter_errors(&value)
                    .map(|e| e.to_string())
                    .collect();
                assert!(faults.is_empty(), "{}: {faults:?}", example.title);
            }
        }
    }
}
