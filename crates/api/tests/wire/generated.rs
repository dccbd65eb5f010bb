//! The generated code is what the `.proto` files give. `DEEDBOOK_GENERATE=1` writes it.

use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;

/// Messages that are read out of the JSON of the HTTP routes.
const READ_FROM_JSON: [&str; 20] = [
    "Record",
    "Change",
    "Issue",
    "ValidateResponse",
    "ListResponse",
    "ListVersionsResponse",
    "ListHistoryResponse",
    "ListDependentsResponse",
    "Dependent",
    "GetDiffResponse",
    "Difference",
    "Progress",
    "ListRecordsResponse",
    "ListRecordHistoryResponse",
    "GetRecordDiffResponse",
    "GetPlanResponse",
    "ShardMove",
    "ShardStay",
    "ApplyPlanResponse",
    "LocateKeyResponse",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The Rust code and the descriptor set.
fn generate() -> (Vec<u8>, Vec<u8>) {
    let protos = root().join("proto");
    let files =
        ["record", "components", "mesh", "watch"].map(|name| format!("deedbook/v1/{name}.proto"));
    let descriptors = protox::compile(files, [&protos]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut builder = tonic_prost_build::configure()
        .build_transport(false)
        .btree_map(".")
        .out_dir(folder.path());
    for message in READ_FROM_JSON {
        builder = builder.type_attribute(
            format!("deedbook.v1.{message}"),
            "#[derive(serde::Deserialize)] #[serde(rename_all = \"camelCase\", default)]",
        );
    }
    let raw = "#[serde(deserialize_with = \"crate::json_text::any\")]";
    let raw_or_absent = "#[serde(deserialize_with = \"crate::json_text::present\")]";
    builder
        .field_attribute("deedbook.v1.Record.data", raw)
        .field_attribute("deedbook.v1.Difference.before", raw_or_absent)
        .field_attribute("deedbook.v1.Difference.after", raw_or_absent)
        .compile_fds(descriptors.clone())
        .unwrap();
    let code = fs::read(folder.path().join("deedbook.v1.rs")).unwrap();
    (code, descriptors.encode_to_vec())
}

/// The package of the reference's shard control plane.
const CONTROL: &str = "omnirelay.mesh.control.v1";

/// Its services and descriptors; its messages are those of the model.
fn generate_control() -> (Vec<u8>, Vec<u8>) {
    let file = "omnirelay/mesh/control/v1/shard_control.proto";
    let descriptors = protox::compile([file], [&root().join("proto")]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let messages = "::deedbook_model::shard::control::wire";
    tonic_prost_build::configure()
        .build_transport(false)
        .extern_path(format!(".{CONTROL}"), messages)
        .out_dir(folder.path())
        .compile_fds(descriptors.clone())
        .unwrap();
    let code = fs::read(folder.path().join(format!("{CONTROL}.rs"))).unwrap();
    (code, descriptors.encode_to_vec())
}

#[test]
fn generated_code_is_what_the_proto_files_give() {
    let (code, descriptors) = generate();
    let (control, control_descriptors) = generate_control();
    for (name, made) in [
        ("deedbook.v1.rs", code),
        ("deedbook.v1.bin", descriptors),
        ("omnirelay.mesh.control.v1.rs", control),
        ("omnirelay.mesh.control.v1.bin", control_descriptors),
    ] {
        let path = root().join("crates/api/src/generated").join(name);
        if std::env::var_os("DEEDBOOK_GENERATE").is_some() {
            fs::write(&path, &made).unwrap();
        }
        let same = fs::read(&path).is_ok_and(|kept| kept == made);
        assert!(
            same,
            "{name} isn't what the .proto files give; DEEDBOOK_GENERATE=1 with this test writes it"
        );
    }
}

/// What a linter of the field demands: names, comments, and a request and response of its own for
/// each call.
#[test]
fn the_proto_files_follow_the_rules_of_the_field() {
    let folder = root().join("proto/deedbook/v1");
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        assert!(
            text.starts_with("syntax = \"proto3\";\n\npackage deedbook.v1;\n"),
            "{path:?}"
        );
        for (number, pair) in lines.windows(2).enumerate() {
            let [before, line] = pair else { continue };
            let words: Vec<&str> = line.split_whitespace().collect();
            let declares = matches!(
                words.first(),
                Some(&("message" | "enum" | "service" | "rpc" | "oneof"))
            ) || line.contains(" = ") && line.ends_with(';') && words[0] != "syntax";
            assert!(
                !declares || before.starts_with("//"),
                "{path:?}:{}: no comment above `{line}`",
                number + 2
            );
            if let [_, call, ..] = words[..]
                && words[0] == "rpc"
            {
                let name = call.split('(').next().unwrap();
                let wanted = format!("rpc {name}({name}Request) returns (");
                let response = line.trim_start_matches(&wanted);
                let own = [format!("{name}Response"), format!("stream {name}Response")];
                let written = ["Register", "Update", "Deprecate", "Archive", "Remove"];
                let shared = written.contains(&name) && response == "WriteResponse);";
                assert!(
                    shared || own.iter().any(|own| response == format!("{own});")),
                    "{path:?}: {line}"
                );
            }
        }
    }
}
