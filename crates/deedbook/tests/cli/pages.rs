//! What the pages tell people to paste works, and prints what they say.

use std::collections::BTreeSet;

use deedbook_api::grpc::code_of;
use deedbook_api::problem::status_of;
use deedbook_model::code::Code;

use crate::pasted::{Shell, blocks, must_print, read, repository};
use crate::sandbox::Sandbox;

#[test]
fn the_tour_of_the_readme_works_as_it_stands() {
    let mut shell = Shell::new();
    let mut printed = String::new();
    let mut pasted = 0;
    for block in blocks("README.md") {
        let text = block.text.as_str();
        match block.language.as_str() {
            "sh" if text.starts_with("cargo ") => {}
            "sh" if text.starts_with("target/debug/deedbook serve") => {
                printed = format!("listening: {}\n", shell.serve(text).url());
                printed = printed.replace(&shell.address(), "127.0.0.1:8080");
            }
            "sh" => {
                pasted += 1;
                printed = shell.run(text);
            }
            "text" => must_print(text, &printed),
            // The library's example is a test of its own.
            "rust" => {}
            other => panic!("a block of {other}"),
        }
    }
    assert!(pasted > 10, "{pasted}");
    shell.stop();
}

/// The public key of RFC 8037, appendix A.2.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"EdDSA","kid":"one",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// What the commands of the page find in their folder.
fn prepare(shell: &mut Shell) {
    let certificates = repository().join("crates/server/tests/http/certificates");
    for (from, to) in [
        ("authority.pem", "authority.pem"),
        ("one.pem", "cert.pem"),
        ("one.key.pem", "key.pem"),
    ] {
        std::fs::copy(certificates.join(from), shell.sandbox.path(to)).unwrap();
    }
    shell.sandbox.write("keys.json", KEYS);
    shell
        .sandbox
        .ok(&["registry", "add", "examples", "--quiet"]);
}

#[test]
fn the_commands_of_operations_work_as_they_stand() {
    let mut shell = Shell::new();
    prepare(&mut shell);
    shell.export("PATH", "\"$PWD/target/debug:$PATH\"");
    let (mut servers, mut is_encrypted) = (0, false);
    let mut pasted = 0;
    for block in blocks("docs/OPERATIONS.md") {
        let text = block.text.as_str();
        if block.language != "sh" {
            continue;
        }
        if text.starts_with("deedbook serve") {
            shell.serve(text);
            is_encrypted = text.contains("--tls");
            servers += 1;
            continue;
        }
        // The section on TLS has a server of its own.
        if text.contains("http://") && is_encrypted {
            shell.serve("deedbook serve");
            is_encrypted = false;
        }
        shell.run(text);
        pasted += 1;
        // Whoever makes the first principal has to show who he is from then on.
        if text.contains("token create root") {
            let token = shell.sandbox.ok(&["token", "rotate", "root", "--quiet"]);
            shell.export("TOKEN", token.trim());
        }
    }
    shell.stop();
    assert!(servers >= 3 && pasted >= 8, "{servers}, {pasted}");
}

#[test]
fn operations_lists_every_code() {
    let mut rows = vec![
        "| code | HTTP | gRPC | exit | means | do |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    rows.extend(Code::ALL.into_iter().map(|code| {
        format!(
            "| `{}` | {} | `{:?}` | {} | {} | {} |",
            code.as_str(),
            status_of(code),
            code_of(code),
            code.exit_status(),
            code.meaning(),
            code.advice()
        )
    }));
    let table = rows.join("\n");
    let page = read("docs/OPERATIONS.md");
    assert!(page.contains(&table), "docs/OPERATIONS.md needs:\n{table}");
}

#[test]
fn operations_lists_every_metric_and_no_other() {
    let shell = &mut Shell::new();
    // Nobody takes traces there; that they are sent is counted all the same.
    let serving = shell.serve("deedbook serve --otlp-endpoint http://127.0.0.1:1");
    let metrics = serving.get("/metrics", None);
    let given: BTreeSet<&str> = metrics
        .text()
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let page = read("docs/OPERATIONS.md");
    let told: BTreeSet<&str> = page
        .split('`')
        .filter_map(|word| word.split('{').next())
        .filter(|word| word.starts_with("deedbook_") && *word != "deedbook_")
        .collect();
    assert_eq!(told, given);
    shell.stop();
}

#[test]
fn operations_lists_every_setting() {
    let page = read("docs/OPERATIONS.md");
    let shown = Sandbox::new().ok(&["config", "show"]);
    let keys = shown
        .lines()
        .skip(1)
        .filter_map(|line| line.split(' ').next());
    for key in keys {
        let variable = format!("`DEEDBOOK_{}`", key.to_uppercase());
        // What is a table in the file has no variable.
        let variable = Some(variable).filter(|_| key != "sharding");
        for word in [Some(format!("`{key}`")), variable].into_iter().flatten() {
            assert!(
                page.contains(&word),
                "docs/OPERATIONS.md doesn't have {word}"
            );
        }
    }
}
