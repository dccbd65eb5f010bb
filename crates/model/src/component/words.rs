//! The words a component's fields choose from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is none of an enumeration's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is none of {}", .allowed.join(", "))]
pub struct UnknownWord {
    /// What was given.
    pub text: String,
    /// The words there are.
    pub allowed: &'static [&'static str],
}

/// An enumeration whose values are words of the document.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $all:ident, { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        pub(crate) const $all: &[&str] = &[$($word),*];

        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every value, in the order of the specification.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in documents.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(UnknownWord { text: text.to_owned(), allowed: $all }),
                }
            }
        }
    };
}

words! {
    /// What a component is.
    MetaType, META_TYPES, {
        /// Judges other things.
        Validator = "validator",
        /// Does one thing on demand.
        Tool = "tool",
        /// A test case.
        Test = "test",
        /// A unit of work for a queue.
        Task = "task",
        /// Something that answers at an address.
        Service = "service",
        /// An agent.
        Agent = "agent",
        /// A data or learned model.
        Model = "model",
        /// A schema.
        Schema = "schema",
        /// An extension of something else.
        Plugin = "plugin",
        /// A node of a graph of work.
        Node = "node",
        /// Runs other components.
        Runtime = "runtime",
        /// A command-line program.
        CliTool = "cli_tool",
        /// Data for tests.
        Fixture = "fixture",
        /// A built file.
        Artifact = "artifact",
        /// A chain of components.
        Pipeline = "pipeline",
        /// A project.
        Project = "project",
        /// A list of what to skip.
        IgnoreConfig = "ignore_config",
    }
}

words! {
    /// Where a component is in its life.
    Lifecycle, LIFECYCLES, {
        /// Not yet for use.
        Draft = "draft",
        /// In use.
        Active = "active",
        /// Still there, something else should be used.
        Deprecated = "deprecated",
        /// Only a state: found by an exact version alone.
        Archived = "archived",
    }
}

words! {
    /// What kind of test a test is.
    TestType, TEST_TYPES, {
        /// Of one piece.
        Unit = "unit",
        /// Of several together.
        Integration = "integration",
        /// Of everything.
        EndToEnd = "e2e",
        /// In production, on a few.
        Canary = "canary",
        /// Of a fault that came once.
        Regression = "regression",
    }
}

words! {
    /// What a test should yield.
    ExpectedResult, EXPECTED_RESULTS, {
        /// Success.
        Pass = "pass",
        /// Failure.
        Fail = "fail",
        /// Nothing.
        Skip = "skip",
    }
}

words! {
    /// How a component is run.
    ExecutionMode, EXECUTION_MODES, {
        /// The caller waits.
        Sync = "sync",
        /// The caller doesn't.
        Async = "async",
        /// Many at once.
        Batched = "batched",
        /// Piece by piece.
        Streaming = "streaming",
    }
}

pub(crate) const FORMAT_HINTS: &[&str] = &[
    "json",
    "yaml",
    "text",
    "binary",
    "stream",
    "file_path",
    "directory_path",
];
pub(crate) const BINDINGS: &[&str] = &[
    "injection",
    "runtime_lookup",
    "environment_variable",
    "implicit",
    "compile_time",
    "config_file",
];
pub(crate) const CI_TIERS: &[&str] = &["mock", "integration", "external"];
pub(crate) const DATA_CLASSIFICATIONS: &[&str] =
    &["public", "internal", "confidential", "restricted"];
pub(crate) const LOG_LEVELS: &[&str] = &[
    "trace", "debug", "info", "warn", "error", "critical", "none",
];
pub(crate) const LOG_FORMATS: &[&str] = &["json", "text", "key-value", "markdown", "yaml", "csv"];
pub(crate) const TOOL_LANGUAGES: &[&str] = &[
    "python",
    "javascript",
    "typescript",
    "bash",
    "shell",
    "yaml",
    "json",
];
/// What a dependency entry may be.
pub(crate) const DEPENDENCY_KINDS: &[&str] = &["component", "external"];
