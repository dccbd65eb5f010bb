//! The text forms of an entrypoint.

/// Splits `type://target`, `type@target` or a bare target, whose type comes from its extension.
pub(crate) fn split(text: &str) -> (&str, &str) {
    for separator in ["://", "@"] {
        if let Some((kind, target)) = text.split_once(separator)
            && kind.len() <= 32
            && is_type(kind)
        {
            return (kind, target);
        }
    }
    (type_of(text), text)
}

/// `[a-z][a-z0-9_+-]*`
pub(crate) fn is_type(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'+' | b'-')
        })
}

fn type_of(target: &str) -> &'static str {
    match target.rsplit_once('.').map(|(_, extension)| extension) {
        Some("py") => "python",
        Some("js") => "javascript",
        Some("ts") => "typescript",
        Some("sh") => "cli",
        Some("yaml" | "yml") => "yaml",
        Some("json") => "json",
        Some("md") => "markdown",
        _ => "file",
    }
}
