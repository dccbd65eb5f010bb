//! The bodies of refusals, which have serializer settings of their own: little is escaped.

use super::string::{Escaping, push_string};
use crate::text::push_integer;

/// The body for a parameter that can't be read: `{"error":"…"}`.
#[must_use]
pub fn error_body(message: &str) -> String {
    let mut out = String::from("{");
    push_member(&mut out, "error", message);
    out.push('}');
    out
}

/// The body of every other refusal, of type `application/problem+json`.
#[derive(Clone, Copy, Debug)]
pub struct ProblemBody<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, for people.
    pub detail: &'a str,
    /// What went wrong, for programs.
    pub code: &'a str,
    /// What else is said, by name.
    pub metadata: &'a [(&'a str, &'a str)],
}

impl ProblemBody<'_> {
    /// The title of all of them.
    pub const TITLE: &'static str = "Shard control-plane error";

    /// The JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::from("{");
        push_member(&mut out, "type", link(self.status));
        out.push(',');
        push_member(&mut out, "title", Self::TITLE);
        out.push_str(",\"status\":");
        push_integer(&mut out, self.status.into());
        out.push(',');
        push_member(&mut out, "detail", self.detail);
        out.push(',');
        push_member(&mut out, "code", self.code);
        out.push_str(",\"metadata\":{");
        for (at, (name, value)) in self.metadata.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            push_member(&mut out, name, value);
        }
        out.push_str("}}");
        out
    }
}

fn push_member(out: &mut String, name: &str, value: &str) {
    push_string(out, name, Escaping::Relaxed);
    out.push(':');
    push_string(out, value, Escaping::Relaxed);
}

/// Where the standard says what the status means.
fn link(status: u16) -> &'static str {
    match status {
        400 => "https://tools.ietf.org/html/rfc9110#section-15.5.1",
        403 => "https://tools.ietf.org/html/rfc9110#section-15.5.4",
        404 => "https://tools.ietf.org/html/rfc9110#section-15.5.5",
        405 => "https://tools.ietf.org/html/rfc9110#section-15.5.6",
        409 => "https://tools.ietf.org/html/rfc9110#section-15.5.10",
        412 => "https://tools.ietf.org/html/rfc9110#section-15.5.13",
        415 => "https://tools.ietf.org/html/rfc9110#section-15.5.16",
        500 => "https://tools.ietf.org/html/rfc9110#section-15.6.1",
        503 => "https://tools.ietf.org/html/rfc9110#section-15.6.4",
        _ => "about:blank",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_escaped() {
        assert_eq!(
            error_body("no 'größe' <&+>\u{7f}\n\"\\"),
            "{\"error\":\"no 'größe' <&+>\\u007F\\n\\\"\\\\\"}"
        );
    }

    #[test]
    fn members_are_in_order() {
        let body = ProblemBody {
            status: 404,
            detail: "namespace 'a' has no shards",
            code: "shards.control.namespace.missing",
            metadata: &[("namespace", "a"), ("more", "日")],
        };
        assert_eq!(
            body.to_json(),
            concat!(
                r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.5","#,
                r#""title":"Shard control-plane error","status":404,"#,
                r#""detail":"namespace 'a' has no shards","#,
                r#""code":"shards.control.namespace.missing","#,
                r#""metadata":{"namespace":"a","more":"日"}}"#
            )
        );
    }
}
