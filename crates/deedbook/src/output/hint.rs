//! Hints whose commands can be copied as they stand: they go to the same book.

/// Commands that look at no book.
const WITHOUT_BOOK: [&str; 6] = [
    "--version",
    "explain",
    "registry bump",
    "registry new",
    "serve",
    "login",
];

/// The hint, each of its commands with that option, which says where the book is.
pub(crate) fn with_option(hint: &str, option: &str, value: &str) -> String {
    let value = shell_word(value);
    // What stands between backticks is every second part.
    let parts = hint.split('`').enumerate().map(|(place, part)| {
        let command = part.strip_prefix("deedbook ").filter(|_| place % 2 == 1);
        match command {
            Some(command) if needs_book(command) => format!("{part} {option} {value}"),
            _ => part.to_owned(),
        }
    });
    parts.collect::<Vec<_>>().join("`")
}

fn needs_book(command: &str) -> bool {
    !WITHOUT_BOOK.iter().any(|one| command.starts_with(one))
}

/// A word as a shell takes it.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./@+:".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_get_the_folder_and_other_words_none() {
        let told = |hint| with_option(hint, "--data", "my book's");
        assert_eq!(
            told("look at `x`; run `deedbook doctor --accept-head`"),
            r"look at `x`; run `deedbook doctor --accept-head --data 'my book'\''s'`"
        );
        for hint in [
            "deedbook makes one",
            "see `deedbook explain conflict`",
            "`deedbook registry bump FILE minor` prints it",
        ] {
            assert_eq!(told(hint), hint);
        }
        assert_eq!(shell_word("/srv/a_b-c.1"), "/srv/a_b-c.1");
        assert_eq!(shell_word("$(x)"), "'$(x)'");
    }
}
