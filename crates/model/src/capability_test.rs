use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn grants(texts: &[&str]) -> Grants {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn tool(name: &str) -> Resource<'_> {
    Resource::Component {
        meta_type: "tool",
        name,
    }
}

use Capability::{Admin, MeshOperate, MeshRead, RegistryRead, RegistryWrite};

#[test]
fn both_spellings_are_read_and_one_is_printed() {
    for capability in Capability::ALL {
        for spelling in [capability.as_str(), capability.dotted()] {
            let grant: Grant = spelling.parse().unwrap();
            assert_eq!(grant, Grant::of_all(capability));
            assert_eq!(grant.to_string(), capability.as_str());
        }
    }
    let grant: Grant = "registry.write:tools/geo_*".parse().unwrap();
    assert_eq!(grant.to_string(), "REGISTRY_WRITE:tools/geo_*");
    let all = grants(&[
        "MESH_READ:larkpost.*",
        "REGISTRY_READ",
        "MESH_READ:larkpost.*",
    ]);
    let json = serde_json::to_string(&all).unwrap();
    assert_eq!(json, r#"["MESH_READ:larkpost.*","REGISTRY_READ"]"#);
    assert_eq!(serde_json::from_str::<Grants>(&json).unwrap(), all);
}

#[test]
fn what_is_no_grant_is_refused_with_what_would_be_one() {
    for (text, message) in [
        ("", "no capability ``; there are REGISTRY_READ"),
        ("Registry_Read", "no capability `Registry_Read`"),
        ("REGISTRY_READ ", "no capability `REGISTRY_READ `"),
        ("ADMIN:tools/*", "ADMIN is for everything"),
        ("REGISTRY_READ:", "1 to 256 visible"),
        ("REGISTRY_READ:tools/ä", "1 to 256 visible"),
        ("REGISTRY_READ:tools/[a", "a `[` is never closed"),
        ("REGISTRY_READ:geo_*", "as in `tools/geo_*`"),
    ] {
        let error = text.parse::<Grant>().unwrap_err().to_string();
        assert!(error.contains(message), "{text}: {error}");
    }
    let long = format!("REGISTRY_READ:tools/{}", "a".repeat(251));
    assert_eq!(long.parse::<Grant>(), Err(NotAGrant::Length));
    assert!(long[..long.len() - 1].parse::<Grant>().is_ok());
}

#[test]
fn only_what_is_granted_is_allowed() {
    let some = grants(&["REGISTRY_READ:tools/geo_*", "MESH_READ:larkpost.*"]);
    assert!(some.allows(RegistryRead, tool("geo_index")));
    assert!(!some.allows(RegistryRead, tool("parcel_api")));
    let other_type = Resource::Component {
        meta_type: "test",
        name: "geo_index",
    };
    assert!(!some.allows(RegistryRead, other_type));
    assert!(!some.allows(RegistryWrite, tool("geo_index")));
    assert!(some.allows(MeshRead, Resource::Namespace("larkpost.tools")));
    assert!(!some.allows(MeshRead, Resource::Namespace("other")));
    assert!(!some.allows(MeshRead, Resource::Book));
    assert!(some.holds(MeshRead) && !some.holds(MeshOperate));
    assert!(!Grants::default().allows(RegistryRead, tool("geo_index")));
}

#[test]
fn writing_does_not_include_reading() {
    let writer = grants(&["REGISTRY_WRITE"]);
    assert!(writer.allows(RegistryWrite, tool("x")));
    assert!(!writer.allows(RegistryRead, tool("x")) && !writer.holds(RegistryRead));
}

#[test]
fn admin_includes_all_and_nothing_else_includes_admin() {
    let everything_else: Grants = Capability::ALL
        .into_iter()
        .filter(|capability| *capability != Admin)
        .map(Grant::of_all)
        .collect();
    for resource in [tool("x"), Resource::Namespace("x"), Resource::Book] {
        for capability in Capability::ALL {
            assert!(Rights::all().allows(capability, resource));
        }
        assert!(!everything_else.allows(Admin, resource));
    }
}

#[test]
fn a_lone_star_is_everything() {
    for text in ["REGISTRY_READ:*", "REGISTRY_READ:**"] {
        let all = grants(&[text]);
        assert!(all.allows(RegistryRead, tool("x")) && all.allows(RegistryRead, Resource::Book));
    }
}

#[test]
fn a_refusal_says_what_was_missing_and_for_what() {
    let rights = Rights::of(grants(&["REGISTRY_WRITE:tools/*"]));
    let denied = rights.demand(RegistryRead, tool("geo_index")).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "REGISTRY_READ is missing for tools/geo_index"
    );
    let denied = rights.demand(RegistryWrite, Resource::Book).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "REGISTRY_WRITE is missing for the whole book"
    );
    let narrowed = rights.narrow(grants(&["REGISTRY_READ"]));
    let denied = narrowed.demand(RegistryWrite, tool("x")).unwrap_err();
    assert_eq!(
        denied.to_string(),
        "REGISTRY_WRITE is missing for tools/x: the credential has it, but the request claims less"
    );
}

fn any_grants() -> impl Strategy<Value = Grants> {
    let texts = vec![
        "ADMIN",
        "REGISTRY_READ",
        "REGISTRY_READ:tools/*",
        "REGISTRY_READ:*/a*",
        "REGISTRY_READ:!tools/ab",
        "REGISTRY_WRITE:{tools,tests}/b",
        "MESH_READ:a*",
        "MESH_OPERATE",
    ];
    vec(select(texts), 0..4).prop_map(|texts| grants(&texts))
}

fn resources() -> Vec<Resource<'static>> {
    let mut all = vec![Resource::Book];
    for name in ["a", "ab", "b"] {
        all.push(Resource::Namespace(name));
        for meta_type in ["tool", "test"] {
            all.push(Resource::Component { meta_type, name });
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_claim_only_narrows(granted in any_grants(), claimed in vec(any_grants(), 0..3)) {
        let plain = Rights::of(granted.clone());
        let narrowed = claimed.iter().cloned().fold(plain, Rights::narrow);
        for capability in Capability::ALL {
            for resource in resources() {
                let allowed = narrowed.allows(capability, resource);
                let wanted = granted.allows(capability, resource)
                    && claimed.iter().all(|claim| claim.allows(capability, resource));
                prop_assert_eq!(allowed, wanted);
                prop_assert_eq!(narrowed.demand(capability, resource).is_ok(), allowed);
                prop_assert!(!allowed || narrowed.holds(capability));
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back(granted in any_grants()) {
        let texts: Vec<String> = granted.iter().map(ToString::to_string).collect();
        let again: Grants = texts.iter().map(|text| text.parse().unwrap()).collect();
        prop_assert_eq!(again, granted);
    }
}
