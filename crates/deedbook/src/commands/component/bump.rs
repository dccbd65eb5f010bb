//! `registry bump`: the next version of a document.

use deedbook_model::component::{Draft, ReadOptions};
use deedbook_model::document::{self, Syntax};
use semver::{BuildMetadata, Prerelease, Version};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::new::print;
use crate::context::Context;
use crate::documents::read_text;
use crate::error::Failure;
use crate::files::{Input, Text};
use crate::grammar::component::{Bump, Part};
use crate::grammar::values::Format;

/// What the book sets, and a signature, which is one of the old content.
const LEFT_OUT: [&str; 6] = [
    "hash",
    "created_at",
    "last_modified_at",
    "registered_at",
    "revision",
    "signature_block",
];

/// Prints the next version of a document, with a fresh uuid, without hash and times.
pub(crate) fn bump(args: &Bump, context: &mut Context) -> Result<(), Failure> {
    context
        .output
        .only(&[Format::Human, Format::Yaml, Format::Json])?;
    let input = Input::of(&args.file);
    let text = input.read()?;
    // The document was perhaps changed since it was hashed: that is why it gets a new version.
    let options = ReadOptions {
        ignore_hash: true,
        ..ReadOptions::default()
    };
    let mut documents = read_text(&input.label(), &text, &options);
    let (Some(document), true) = (documents.pop(), documents.is_empty()) else {
        return Err(Failure::Invalid(format!(
            "{} holds several documents",
            input.label()
        )));
    };
    let draft = document.into_draft()?;
    let version = next(draft.version(), args.part)?;
    let mut members = as_written(&text, &draft);
    members.retain(|name, _| !LEFT_OUT.contains(&name.as_str()));
    members.insert("uuid".to_owned(), Value::from(Uuid::new_v4().to_string()));
    members.insert("version".to_owned(), Value::from(version.to_string()));
    // JSON stays JSON, unless the other form is asked for.
    let human = if text.syntax == Syntax::Json {
        Format::Json
    } else {
        Format::Yaml
    };
    print(&members, human, context)
}

/// The members that the document has, as they are stored: without the defaults that it left out.
fn as_written(text: &Text, draft: &Draft) -> Map<String, Value> {
    let mut members = draft.document().clone();
    let Ok(node) = document::parse(&text.bytes, text.syntax) else {
        return members;
    };
    let source = if node.get("checksum").is_some() {
        node.get("data")
    } else {
        Some(&node)
    };
    let is_default = |value: &Value| match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        other => other == "active",
    };
    members.retain(|name, value| {
        !is_default(value) || source.is_some_and(|source| source.get(name).is_some())
    });
    members
}

/// The next version. A pre-release leads to its own release first, as everywhere.
fn next(version: &Version, part: Part) -> Result<Version, Failure> {
    let Version {
        major,
        minor,
        patch,
        ..
    } = *version;
    let is_pre = !version.pre.is_empty();
    let raised = match part {
        Part::Major if is_pre && (minor, patch) == (0, 0) => Some((major, 0, 0)),
        Part::Major => major.checked_add(1).map(|major| (major, 0, 0)),
        Part::Minor if is_pre && patch == 0 => Some((major, minor, 0)),
        Part::Minor => minor.checked_add(1).map(|minor| (major, minor, 0)),
        Part::Patch if is_pre => Some((major, minor, patch)),
        Part::Patch => patch.checked_add(1).map(|patch| (major, minor, patch)),
    };
    let Some((major, minor, patch)) = raised else {
        return Err(Failure::Invalid(format!(
            "there is no version after {version}"
        )));
    };
    Ok(Version {
        major,
        minor,
        patch,
        pre: Prerelease::EMPTY,
        build: BuildMetadata::EMPTY,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_version_of_a_part() {
        for (version, part, expected) in [
            ("1.2.3", Part::Major, "2.0.0"),
            ("1.2.3+b", Part::Minor, "1.3.0"),
            ("1.2.3", Part::Patch, "1.2.4"),
            ("1.2.3-rc.1", Part::Patch, "1.2.3"),
            ("1.2.3-rc.1", Part::Minor, "1.3.0"),
            ("1.3.0-rc.1", Part::Minor, "1.3.0"),
            ("2.0.0-rc.1", Part::Major, "2.0.0"),
        ] {
            let next = next(&version.parse().unwrap(), part).unwrap();
            assert_eq!(next.to_string(), expected, "{version}");
        }
        let largest = Version::new(u64::MAX, 0, 0);
        assert!(next(&largest, Part::Major).is_err());
    }
}
