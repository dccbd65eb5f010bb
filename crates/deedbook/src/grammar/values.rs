//! Values of options: output forms, colour, moments.

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use deedbook_model::time::seconds_of;
use deedbook_model::{Revision, Timestamp};

/// How a result is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people; the default.
    Human,
    /// One JSON value.
    Json,
    /// One YAML document.
    Yaml,
    /// JSON, one value a line.
    Jsonl,
    /// Graphviz.
    Dot,
    /// A Mermaid diagram.
    Mermaid,
    /// A picture.
    Svg,
    /// Protobuf, as gRPC has it.
    Protobuf,
}

impl Format {
    const PLAIN: [Format; 4] = [Format::Human, Format::Json, Format::Yaml, Format::Jsonl];
    const GRAPH: [Format; 6] = [
        Format::Human,
        Format::Json,
        Format::Yaml,
        Format::Dot,
        Format::Mermaid,
        Format::Svg,
    ];

    const MAP: [Format; 4] = [Format::Human, Format::Json, Format::Yaml, Format::Svg];
    const EXPORT: [Format; 3] = [Format::Json, Format::Jsonl, Format::Protobuf];

    /// The word on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Json => "json",
            Format::Yaml => "yaml",
            Format::Jsonl => "jsonl",
            Format::Dot => "dot",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
            Format::Protobuf => "protobuf",
        }
    }

    /// One of the forms that commands generally have.
    pub(crate) fn plain(text: &str) -> Option<Format> {
        Format::PLAIN
            .into_iter()
            .find(|format| format.as_str() == text)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The forms that commands generally have.
pub(crate) fn plain_formats() -> impl TypedValueParser<Value = Format> {
    one_of(&Format::PLAIN)
}

/// The forms of a graph.
pub(crate) fn graph_formats() -> impl TypedValueParser<Value = Format> {
    one_of(&Format::GRAPH)
}

/// The forms of a map.
pub(crate) fn map_formats() -> impl TypedValueParser<Value = Format> {
    one_of(&Format::MAP)
}

/// The forms of an export.
pub(crate) fn export_formats() -> impl TypedValueParser<Value = Format> {
    one_of(&Format::EXPORT)
}

fn one_of(formats: &'static [Format]) -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(formats.iter().map(|format| format.as_str())).map(|text| {
        let chosen = formats.iter().find(|format| format.as_str() == text);
        chosen.copied().unwrap_or(Format::Human)
    })
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// The word on the command line.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            ColorChoice::Auto => "auto",
            ColorChoice::Always => "always",
            ColorChoice::Never => "never",
        }
    }
}

/// A point in the history of a book: a revision, a time, or so long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// As of that revision.
    Revision(Revision),
    /// As of that time.
    Time(Timestamp),
    /// As of so many seconds before now.
    Ago(i64),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            let revision = text
                .parse()
                .map_err(|_| "too large for a revision".to_owned())?;
            return Ok(Moment::Revision(Revision(revision)));
        }
        if let Some(ago) = text.strip_prefix('-') {
            return seconds_of(ago)
                .map(Moment::Ago)
                .ok_or_else(|| EXPECTED.to_owned());
        }
        text.parse()
            .map(Moment::Time)
            .map_err(|_| EXPECTED.to_owned())
    }
}

const EXPECTED: &str =
    "expected a revision (1234), a time (2026-01-05T09:00:00Z) or so long ago (-30m, -2h, -7d)";

impl Moment {
    /// The point in history, seen from `now`.
    pub(crate) fn seen_at(self, now: Timestamp) -> Moment {
        match self {
            Moment::Ago(seconds) => Moment::Time(now.plus_seconds(-seconds)),
            other => other,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moment::Revision(revision) => write!(f, "revision {revision}"),
            Moment::Time(time) => time.fmt(f),
            Moment::Ago(seconds) => write!(f, "{seconds} s ago"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_revisions_times_or_ages() {
        assert_eq!("12".parse(), Ok(Moment::Revision(Revision(12))));
        assert_eq!("-30m".parse(), Ok(Moment::Ago(1800)));
        assert_eq!("-7d".parse(), Ok(Moment::Ago(604_800)));
        let time = "2026-01-05T09:00:00Z".parse().unwrap();
        assert_eq!("2026-01-05T09:00:00Z".parse(), Ok(Moment::Time(time)));
        assert_eq!(
            Moment::Ago(60).seen_at(time).to_string(),
            "2026-01-05T08:59:00Z"
        );
    }

    #[test]
    fn anything_else_is_no_moment() {
        for bad in [
            "",
            "-",
            "-m",
            "-3",
            "--3m",
            "-3y",
            "3m",
            "yesterday",
            "99999999999999999999",
        ] {
            assert!(bad.parse::<Moment>().is_err(), "{bad}");
        }
    }
}
