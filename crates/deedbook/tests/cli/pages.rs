//! What the pages tell people to paste works, and prints what they say.

use crate::pasted::{Shell, blocks, must_print};

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
