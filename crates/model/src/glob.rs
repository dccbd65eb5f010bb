//! Patterns for names: `*`, `?`, `[a-c]`, `{one,two}`; `*` stops at a `/`, `**` doesn't.

/// As deep as the library follows braces.
const MAX_BRACES: usize = 10;

/// A text that is no pattern, with what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAGlob(pub &'static str);

/// Whether a pattern fits a name.
#[must_use]
pub fn matches(glob: &str, name: &str) -> bool {
    glob_match::glob_match(glob, name)
}

/// Refuses what never ends or is nested too deep: the library that matches takes it as a pattern
/// that fits little or nothing.
///
/// # Errors
/// [`NotAGlob`] says what is wrong.
pub fn check(glob: &str) -> Result<(), NotAGlob> {
    let mut rest = glob.trim_start_matches('!').chars();
    let mut braces: usize = 0;
    while let Some(c) = rest.next() {
        let fault = match c {
            '\\' => rest.next().is_none().then_some("it ends in a `\\`"),
            '[' => (!skip_class(&mut rest)).then_some("a `[` is never closed"),
            '{' => {
                braces += 1;
                (braces > MAX_BRACES).then_some("more than ten `{` inside each other")
            }
            '}' => {
                // One that closes nothing is a letter like any other.
                braces = braces.saturating_sub(1);
                None
            }
            _ => None,
        };
        fault.map_or(Ok(()), |why| Err(NotAGlob(why)))?;
    }
    if braces > 0 {
        return Err(NotAGlob("a `{` is never closed"));
    }
    Ok(())
}

/// Goes past the `]` that closes a class; `false` when there is none. A `]` right at the beginning
/// is a member of the class.
fn skip_class(rest: &mut std::str::Chars<'_>) -> bool {
    if rest.as_str().starts_with(['^', '!']) {
        rest.next();
    }
    let mut first = true;
    while let Some(c) = rest.next() {
        match c {
            ']' if !first => return true,
            '\\' if rest.next().is_none() => return false,
            _ => first = false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_no_pattern() {
        let deep = "{".repeat(11) + &"}".repeat(11);
        for glob in [
            "[", "a[b", "[]", "[^]", "[\\]", "{a,b", "{{a}", "a\\", &deep,
        ] {
            assert!(check(glob).is_err(), "{glob}");
        }
    }

    #[test]
    fn a_pattern_that_something_fits_is_taken() {
        for (glob, name) in [
            ("", ""),
            ("doc_*", "doc_gate"),
            ("?[a-c]", "xb"),
            ("[]]", "]"),
            ("[!]]", "a"),
            ("[^a]", "b"),
            ("{a,b{c,d}}", "bd"),
            ("a}", "a}"),
            ("\\[", "["),
            ("!a", "b"),
        ] {
            assert_eq!(check(glob), Ok(()), "{glob}");
            assert!(matches(glob, name), "{glob} {name}");
        }
    }
}
