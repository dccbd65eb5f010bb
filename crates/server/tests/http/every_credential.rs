//! Every route with every kind of credential.

use deedbook_api::route::{Decision, Resource, Route};
use deedbook_api::routes::ROUTES;
use deedbook_model::Capability;
use deedbook_testkit::http::Request;

use crate::identity::{CREDENTIALS, MESH_CREDENTIALS, guarded_with_mesh, with};

/// What becomes of a request at the door: it gets in, or that status.
fn expected(decision: Decision, credential: &str) -> Option<u16> {
    let (capabilities, scope): (&[Capability], _) = match (&decision, credential) {
        (Decision::Public, _) => return None,
        (_, "none" | "wrong" | "expired") => return Some(401),
        (Decision::AnyCredential, _) | (_, "admin") => return None,
        (Decision::Needs(capability, scope), _) => (std::slice::from_ref(capability), Some(*scope)),
        (Decision::NeedsOne(capabilities), _) => (capabilities, None),
    };
    let needed = |capability| capabilities.contains(&capability);
    // A list is given, with nothing in it; what a batch is about is judged write by write.
    let is_list = matches!(
        scope,
        None | Some(Resource::FoundComponents | Resource::FoundNamespaces)
    );
    let is_batch = needed(Capability::RegistryWrite) && scope.is_none();
    let gets_in = match credential {
        "reader" => needed(Capability::RegistryRead),
        "writer" => needed(Capability::RegistryWrite),
        "viewer" => needed(Capability::MeshRead),
        "operator" => needed(Capability::MeshOperate) && !is_batch,
        "operator-elsewhere" => {
            let operates = needed(Capability::MeshOperate) && !is_batch;
            (needed(Capability::MeshRead) || operates) && is_list
        }
        _ => needed(Capability::RegistryRead) && is_list,
    };
    (!gets_in).then_some(403)
}

fn request(route: &Route) -> Request {
    let mut done = route.examples.iter().filter(|example| example.status < 300);
    let example = done.next().unwrap_or(&route.examples[0]);
    let mut request = Request::new(route.method.as_str(), example.target);
    for (name, value) in example.headers {
        request = request.header(name, value);
    }
    match example.content {
        Some((media_type, text)) => request.content(media_type, text),
        None => request,
    }
}

#[test]
fn every_route_with_every_kind_of_credential() {
    for route in ROUTES {
        let asked = request(route);
        for (credential, _) in CREDENTIALS.into_iter().chain(MESH_CREDENTIALS) {
            let sandbox = guarded_with_mesh();
            let before = sandbox.book.view().head().revision;
            let answer = sandbox.send(&with(credential, asked.clone()));
            let refused = Some(answer.status).filter(|status| [401, 403, 429].contains(status));
            let title = format!("{:?} as {credential}: {answer:?}", route.id);
            assert_eq!(refused, expected(route.decision, credential), "{title}");
            match refused {
                Some(401) => {
                    assert_eq!(answer.code(), "unauthenticated", "{title}");
                    assert!(answer.header("www-authenticate").is_some(), "{title}");
                }
                Some(_) => {
                    let detail = answer.json()["detail"].to_string();
                    let capabilities: &[Capability] = match &route.decision {
                        Decision::Needs(capability, _) => std::slice::from_ref(capability),
                        Decision::NeedsOne(capabilities) => capabilities,
                        Decision::Public | Decision::AnyCredential => panic!("{title}"),
                    };
                    let is_told = |one: &Capability| detail.contains(one.as_str());
                    assert!(capabilities.iter().any(is_told), "{title}");
                }
                None => continue,
            }
            assert_eq!(sandbox.book.view().head().revision, before, "{title}");
        }
    }
}
