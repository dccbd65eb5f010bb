//! The three scenarios of the registry milestone, through both names of the binary.

use crate::sandbox::{Sandbox, document};

fn both() -> [Sandbox; 2] {
    [Sandbox::new(), Sandbox::linked("omnibase")]
}

const VALIDATOR: &str = "metadata_version: \"0.3.0\"\n\
    uuid: 6f1f7d2c-6a57-4c0e-9d36-0f6a3f0d8a01\n\
    name: header_check\n\
    version: 1.0.0\n\
    meta_type: validator\n\
    tags: [canary]\n";

#[test]
fn compat_register_new_validator() {
    for sandbox in both() {
        sandbox.write("validator.yml", VALIDATOR);
        let out = sandbox.ok(&["registry", "add", "validator.yml"]);
        assert_eq!(
            out,
            "registered: true\nuuid: 6f1f7d2c-6a57-4c0e-9d36-0f6a3f0d8a01\nname: header_check\n\
             version: 1.0.0\nunchanged: false\n"
        );
        let got = sandbox.ok(&["registry", "get", "6f1f7d2c-6a57-4c0e-9d36-0f6a3f0d8a01"]);
        assert!(got.starts_with("header_check@1.0.0\n"), "{got}");
        let listed = sandbox.ok(&["registry", "ls", "--tag", "canary"]);
        assert!(listed.contains("header_check"), "{listed}");
    }
}

#[test]
fn compat_reject_invalid_metadata_without_uuid() {
    for sandbox in both() {
        sandbox.write(
            "bad.yml",
            "metadata_version: \"0.3.0\"\nname: a\nversion: 1.0.0\nmeta_type: tool\n",
        );
        let ran = sandbox.fails(2, &["registry", "add", "bad.yml"]);
        let first = ran.stderr.lines().next().unwrap();
        assert_eq!(
            first,
            "MetadataValidationError: /uuid `uuid` is missing [SC003]"
        );
        assert_eq!(ran.stdout, "");
        assert!(
            !sandbox.path(".deedbook").exists(),
            "a refused document makes no book"
        );
        sandbox.fails(2, &["validate", "metadata", "bad.yml"]);
    }
}

#[test]
fn compat_dependency_graph_is_a_dag_with_its_root() {
    let sandbox = Sandbox::new();
    let depends_on = |name: &str, number: u32, others: &[u32]| {
        let mut text = document(name, "1.0.0", number);
        text.push_str("dependencies:\n");
        for other in others {
            text.push_str(&format!("  - uuid: 00000000-0000-4000-8000-{other:012x}\n"));
        }
        text
    };
    sandbox.write("all/1.yaml", &document("text_split", "1.0.0", 1));
    sandbox.write("all/2.yaml", &depends_on("md_lint", 2, &[1]));
    sandbox.write("all/3.yaml", &depends_on("doc_gate", 3, &[1, 2]));
    sandbox.ok(&["registry", "add", "all", "--quiet"]);
    let graph = sandbox.json(&["registry", "graph", "doc_gate"]);
    let root = graph["root"].as_str().unwrap();
    assert!(
        graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|node| node["uuid"] == root)
    );
    assert_eq!(graph["order"].as_array().unwrap().last().unwrap(), root);
    let ran = sandbox.fails(3, &["registry", "graph", "abc-123"]);
    assert!(
        ran.stderr.starts_with("ComponentNotFoundError: "),
        "{}",
        ran.stderr
    );
}

#[test]
fn compat_other_link_takes_its_own_commands_only() {
    let sandbox = Sandbox::linked("omnibase");
    for refused in [
        &["registry", "rm", "a", "-m", "b"][..],
        &["registry", "search"],
        &["audit", "verify"],
        &["graph", "a"],
        &["component", "ls"],
    ] {
        sandbox.fails(64, refused);
    }
    sandbox.write("validator.yml", VALIDATOR);
    sandbox.ok(&["validate", "metadata", "validator.yml"]);
    assert!(sandbox.ok(&["--help"]).contains("omnibase"));
}
