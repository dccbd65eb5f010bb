//! What a refusal or a warning says of components that its reader may not read: nothing that wasn't
//! asked for by its name.

use serde_json::json;

use super::*;
use crate::components::{ComponentKey, NameOrUuid};
use crate::sample_test::{Sample, at_second, draft, id, key, needs, register, remove, update};

/// Everything that a writer of `tools/own*` is told.
fn told(sample: &Sample, write: Write) -> String {
    let grants = ["REGISTRY_WRITE:tools/own*", "REGISTRY_READ:tools/own*"];
    let grants = grants.map(|grant| grant.parse().unwrap());
    let command = Command {
        rights: Rights::of(grants.into_iter().collect::<deedbook_model::Grants>()),
        ..Command::of("ada", write)
    };
    match decide(&sample.state, &command, at_second(10)) {
        Ok(decision) => format!("{:?}", decision.outcomes[0].warnings),
        Err(refusals) => format!("{refusals:?}"),
    }
}

fn no_version(text: &str) -> ComponentKey {
    key(&format!("{text}@9.9.9"))
}

#[test]
fn a_refused_write_does_not_tell_what_else_a_component_is_called() {
    let hidden = json!({"meta_type": "validator", "description": "theirs"});
    let sample = Sample::with(vec![register("hidden@1.2.3", hidden)]);
    let uuid = id("hidden@1.2.3");
    let by_uuid = [
        update(&uuid.to_string(), json!({"description": "mine"})),
        remove(&uuid.to_string()),
        Write::Register {
            draft: draft(&json!({
                "metadata_version": "0.3.0", "uuid": uuid, "name": "own",
                "version": "1.0.0", "meta_type": "tool",
            })),
            require_dependencies: false,
        },
    ];
    for write in by_uuid {
        let told = told(&sample, write);
        for secret in ["hidden", "1.2.3", "validator"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
    for name in [
        NameOrUuid::Name("hidden".to_owned()),
        NameOrUuid::Uuid(uuid),
    ] {
        let spec = no_version("hidden").spec;
        let told = told(
            &sample,
            Write::Remove {
                key: ComponentKey { name, spec },
                expected: None,
            },
        );
        assert!(told.contains("is missing for"), "{told}");
        for secret in ["1.2.3", "validator"] {
            assert!(!told.contains(secret), "{told}");
        }
    }
}

#[test]
fn what_breaks_without_a_component_is_told_as_far_as_it_may_be_read() {
    let sample = Sample::with(vec![
        register("own@1.0.0", json!({})),
        register("own_user@1.0.0", needs(&["own"])),
        register("hidden@1.2.3", needs(&["own"])),
    ]);
    let told = told(&sample, remove("own"));
    assert!(told.contains("own_user@1.0.0 depends on it"), "{told}");
    assert!(!told.contains("hidden"), "{told}");
}

#[test]
fn a_cycle_leads_through_what_may_not_be_read_without_naming_it() {
    let sample = Sample::with(vec![
        register("hidden@1.2.3", needs(&["own"])),
        register("own_user@1.0.0", needs(&["hidden"])),
    ]);
    let told = told(&sample, register("own@1.0.0", needs(&["own_user"])));
    let way = r#"["own@1.0.0", "own_user@1.0.0", "…", "own@1.0.0"]"#;
    assert!(told.contains(way), "{told}");
    assert!(!told.contains("hidden"), "{told}");
}
