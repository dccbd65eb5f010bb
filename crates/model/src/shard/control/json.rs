//! The bodies as JSON, byte for byte as the control plane and its command line write them.

mod error_body;
mod read;
mod string;
mod write;

pub use error_body::{ProblemBody, error_body};
pub use read::{FromJson, ReadError};
pub use write::ToJson;

/// Whose JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JsonMode {
    /// The control plane's: a status is a number, and nothing else is read as one.
    ControlPlane,
    /// The command line's: a status is a name; either is read.
    CommandLine,
    /// The command line's, indented by two spaces, and with the `+` of times escaped.
    Indented,
}
