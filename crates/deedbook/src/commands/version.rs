//! `version match` and `schema satisfies`: which versions a spec admits.

use deedbook_model::version_spec::VersionSpec;
use semver::Version;
use serde::Serialize;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::Satisfies;
use crate::grammar::values::Format;

#[derive(Serialize)]
struct Matches<'a> {
    spec: &'a str,
    matches: Vec<String>,
}

/// Prints the versions that satisfy a spec, highest first; ends with 1 if none does.
pub(crate) fn satisfies(args: &Satisfies, context: &mut Context) -> Result<(), Failure> {
    let spec = VersionSpec::parse(&args.spec)?;
    let mut versions = args
        .versions
        .iter()
        .map(|text| parse(text))
        .collect::<Result<Vec<_>, _>>()?;
    versions.sort_by(|one, two| two.cmp_precedence(one).then_with(|| two.cmp(one)));
    let chosen: Vec<String> = if spec.is_latest() {
        spec.select(versions.iter())
            .into_iter()
            .map(ToString::to_string)
            .collect()
    } else {
        let admitted = versions.iter().filter(|version| spec.matches(version));
        admitted.map(ToString::to_string).collect()
    };
    let none = chosen.is_empty();
    match context.output.format {
        Format::Human => {
            for version in &chosen {
                context.output.line(version)?;
            }
        }
        Format::Jsonl => {
            for version in &chosen {
                context.output.value(version)?;
            }
        }
        _ => context.output.value(&Matches {
            spec: &args.spec,
            matches: chosen,
        })?,
    }
    if none {
        Err(Failure::Status(1))
    } else {
        Ok(())
    }
}

fn parse(text: &str) -> Result<Version, Failure> {
    Version::parse(text)
        .map_err(|error| Failure::Invalid(format!("`{text}` is no semantic version: {error}")))
}
