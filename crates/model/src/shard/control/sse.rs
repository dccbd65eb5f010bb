//! The event stream of a watch.

use super::json::{JsonMode, ToJson};
use super::shapes::{DiffEntry, StreamError};
use crate::text::push_integer;

/// What a stream begins with: how many milliseconds a client waits before it comes back.
pub const PREAMBLE: &str = "retry: 2000\n\n";

/// A comment, for those between who close what is silent.
pub const KEEP_ALIVE: &str = ": keep-alive\n\n";

/// Appends a change; its position is the id that a client comes back with.
pub fn push_diff_frame(out: &mut String, entry: &DiffEntry) {
    out.push_str("id: ");
    push_integer(out, entry.position);
    push_event(out, "\nevent: shard.diff\ndata: ", entry);
}

/// Appends why the stream ends; without an id, so that a client comes back where it was.
pub fn push_error_frame(out: &mut String, error: &StreamError) {
    push_event(out, "event: shard.error\ndata: ", error);
}

fn push_event(out: &mut String, head: &str, body: &impl ToJson) {
    out.push_str(head);
    body.write_json(JsonMode::ControlPlane, out);
    out.push_str("\n\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shard::control::FromJson;

    #[test]
    fn an_error_has_no_id_and_one_line_of_data() {
        let error = StreamError {
            code: "shards.control.stream.failure".to_owned(),
            message: "the log\nis away".to_owned(),
            metadata: vec![("stage".to_owned(), "read".to_owned())],
        };
        let mut frame = String::new();
        push_error_frame(&mut frame, &error);
        let data = concat!(
            r#"{"code":"shards.control.stream.failure","message":"the log\nis away","#,
            r#""metadata":{"stage":"read"}}"#
        );
        assert_eq!(frame, format!("event: shard.error\ndata: {data}\n\n"));
        let read = StreamError::from_json(data.as_bytes(), JsonMode::ControlPlane).unwrap();
        assert_eq!(read, error);
    }
}
