//! Who may ask the reference's routes for what: the header narrows, the credential gives.

use deedbook_api::samples;
use deedbook_model::mesh::MeshKind;
use deedbook_testkit::event_stream::EventStream;
use deedbook_testkit::http::{Request, Response};

use crate::control::{DIFF, LIST, SIMULATE, WATCH, put_all};
use crate::identity::{create, guarded_with_mesh, with};
use crate::sandbox::Sandbox;

const SHARD: &str = r#"{"ownerNodeId":"node-a"}"#;

/// Namespaces `parcels` and `mail`, and callers of every kind.
fn sandbox() -> Sandbox {
    let sandbox = guarded_with_mesh();
    put_all(&sandbox.book, MeshKind::Shard, [("mail/m", SHARD)]);
    for (name, grants) in [
        ("mail-reader", &["MESH_READ:mail"][..]),
        ("mail-operator", &["MESH_OPERATE:mail"]),
        ("both", &["MESH_READ:parcels", "MESH_OPERATE:mail"]),
    ] {
        sandbox.book.execute(create(name, grants, None)).unwrap();
    }
    sandbox
}

fn ask(sandbox: &Sandbox, who: &str, scope: &str, target: &str) -> Response {
    let request = Request::new("GET", target).header("x-mesh-scope", scope);
    sandbox.send(&with(who, request))
}

/// The namespaces of what somebody sees in a list, and in a watch.
fn seen(sandbox: &Sandbox, who: &str, scope: &str) -> Vec<String> {
    let listed = ask(sandbox, who, scope, LIST).json();
    let listed: Vec<String> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shard| shard["namespace"].as_str().unwrap().to_owned())
        .collect();
    let target = format!("{WATCH}?once=true");
    let request = with(
        who,
        Request::new("GET", &target).header("x-mesh-scope", scope),
    );
    let mut stream = EventStream::open(sandbox.client(), &request);
    let mut watched = Vec::new();
    while let Some(event) = stream.next_event() {
        let namespace = &event.data["current"]["namespace"];
        watched.push(namespace.as_str().unwrap().to_owned());
    }
    watched.sort();
    assert_eq!(watched, listed, "{who} {scope}");
    listed
}

#[test]
fn s15_the_header_narrows_what_the_credential_gives() {
    let sandbox = sandbox();
    for (who, scope, namespaces) in [
        ("admin", "mesh.read", &["mail", "parcels"][..]),
        ("admin", "mesh.operate", &["mail", "parcels"]),
        ("viewer", "mesh.read", &["parcels"]),
        ("mail-reader", "mesh.read mesh.operate", &["mail"]),
        ("mail-operator", "mesh.operate", &["mail"]),
        ("both", "mesh.read,mesh.operate", &["mail", "parcels"]),
        ("mail-operator", "mesh.read", &["mail"]),
        ("both", "mesh.read", &["mail", "parcels"]),
        ("both", "mesh.operate", &["mail"]),
    ] {
        assert_eq!(seen(&sandbox, who, scope), namespaces, "{who} {scope}");
    }
    // What it claims it doesn't have, and what it has it doesn't claim: that isn't an empty book.
    for target in [LIST, WATCH] {
        let refused = ask(&sandbox, "viewer", "mesh.operate", target);
        assert_eq!(refused.status, 403, "{target}");
        let detail = refused.json()["detail"].to_string();
        assert!(detail.contains("MESH_OPERATE is missing"), "{detail}");
    }
    for (who, namespaces) in [
        ("admin", &["parcels", "mail"][..]),
        ("mail-operator", &["mail"]),
        ("both", &["mail"]),
    ] {
        let diff = ask(&sandbox, who, "mesh.read mesh.operate", DIFF).json();
        let items = diff["items"].as_array().unwrap().iter();
        let found: Vec<&str> = items
            .map(|item| item["current"]["namespace"].as_str().unwrap())
            .collect();
        assert_eq!(found, namespaces, "{who}");
        assert_eq!(diff["lastPosition"], sandbox.book.view().head().revision.0);
    }
}

#[test]
fn s15_who_may_not_is_refused_before_anything_else_is_looked_at() {
    let sandbox = sandbox();
    let tried = |who: &str, scope: &str, content: &str| {
        let request = Request::new("POST", SIMULATE)
            .header("x-mesh-scope", scope)
            .content("text/plain", content);
        sandbox.send(&with(who, request))
    };
    // No content is read: it has another type and isn't JSON.
    assert_eq!(tried("none", "mesh.operate", "{").status, 401);
    assert_eq!(tried("wrong", "mesh.operate", "{").status, 401);
    let viewer = tried("viewer", "mesh.operate", "{");
    assert_eq!((viewer.status, viewer.code().as_str()), (403, "denied"));
    let unclaimed = tried("operator", "mesh.read", "{");
    assert_eq!((unclaimed.status, unclaimed.body.len()), (403, 0));
    assert_eq!(tried("operator", "mesh.operate", "{").status, 415);
    for route in [LIST, DIFF, WATCH] {
        let bad = format!("{route}?status=bogus");
        let unclaimed = sandbox.send(&with("admin", Request::new("GET", &bad)));
        assert_eq!(
            (unclaimed.status, unclaimed.body.len()),
            (403, 0),
            "{route}"
        );
        assert_eq!(
            ask(&sandbox, "none", "mesh.operate", &bad).status,
            401,
            "{route}"
        );
        assert_eq!(
            ask(&sandbox, "reader", "mesh.operate", &bad).status,
            403,
            "{route}"
        );
    }
}

#[test]
fn a_placement_is_tried_only_by_who_may_operate_the_namespace() {
    let sandbox = sandbox();
    let tried = |who: &str| {
        let request = Request::new("POST", SIMULATE)
            .header("x-mesh-scope", "mesh.operate")
            .content("application/json", samples::SIMULATION);
        sandbox.send(&with(who, request))
    };
    assert_eq!(tried("operator").status, 200);
    for who in ["mail-operator", "both", "operator-elsewhere"] {
        let refused = tried(who);
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (403, "denied"),
            "{who}"
        );
        let detail = refused.json()["detail"].to_string();
        assert!(
            detail.contains("MESH_OPERATE") && detail.contains("parcels"),
            "{detail}"
        );
    }
    // Whether there is such a namespace is nobody else's business.
    let request = Request::new("POST", SIMULATE)
        .header("x-mesh-scope", "mesh.operate")
        .content(
            "application/json",
            r#"{"namespace":"none","nodes":[{"nodeId":"a"}]}"#,
        );
    assert_eq!(sandbox.send(&with("mail-operator", request)).status, 403);
}

#[test]
fn a_list_that_others_see_differently_is_fetched_again_after_their_rights_changed() {
    let sandbox = sandbox();
    let before = ask(&sandbox, "viewer", "mesh.read", LIST);
    let tag = before.header("etag").unwrap().to_owned();
    let again = |tag: &str| {
        let request = Request::new("GET", LIST)
            .header("x-mesh-scope", "mesh.read")
            .header("If-None-Match", tag);
        sandbox.send(&with("viewer", request))
    };
    assert_eq!(again(&tag).status, 304);
    let wider = Request::new("PATCH", "/v1/principals/viewer")
        .content("application/json", r#"{"grants":["MESH_READ"]}"#);
    assert_eq!(sandbox.send(&with("admin", wider)).status, 200);
    let after = again(&tag);
    assert_eq!(after.status, 200);
    assert_eq!(after.json()["items"].as_array().unwrap().len(), 2);
}
