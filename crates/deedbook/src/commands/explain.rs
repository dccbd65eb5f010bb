//! `explain`: what an error code means and what to do.

mod shards;

use deedbook_model::code::Code;
use serde::Serialize;
use shards::SHARDS;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::book::Explain;
use crate::grammar::values::Format;
use crate::output::table::Table;

/// One explained word.
#[derive(Clone, Copy, Serialize)]
struct Entry {
    code: &'static str,
    /// The kind of issue that carries the code; absent where nothing else does.
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    /// Exit status of a command that fails so; absent for what is only a warning.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u8>,
    meaning: &'static str,
    advice: &'static str,
}

#[derive(Serialize)]
struct Entries {
    items: Vec<Entry>,
}

/// Kinds of issues: word, status (0: a warning), meaning, advice.
const KINDS: [(&str, u8, &str, &str); 26] = [
    (
        "syntax",
        2,
        "The text is not well-formed JSON or YAML.",
        "Mend the line that is named; YAML is indented with spaces.",
    ),
    (
        "encoding",
        2,
        "The text is not UTF-8.",
        "Save the file as UTF-8.",
    ),
    (
        "limit_exceeded",
        2,
        "The text is larger, deeper or longer than allowed.",
        "Stay within 256 KiB, 32 levels and 20 000 values, aliases expanded.",
    ),
    (
        "duplicate_key",
        2,
        "A member occurs twice in one object.",
        "Keep one of the two.",
    ),
    (
        "missing_block",
        2,
        "A file that should hold a metadata block holds none.",
        "Add the block, or name a file that is a document.",
    ),
    (
        "missing_field",
        2,
        "A required member is absent.",
        "Add it: uuid, name, version and meta_type are always needed.",
    ),
    (
        "wrong_type",
        2,
        "A value is of another type than asked for.",
        "Write a list as a list and text as text; quote what only looks like a number.",
    ),
    (
        "invalid_value",
        2,
        "A value is none of those that are allowed.",
        "Choose one of those that the message lists.",
    ),
    (
        "out_of_range",
        2,
        "A value is too small, too large, too long or too many.",
        "Stay within the limit that the message names.",
    ),
    (
        "invalid_format",
        2,
        "A text does not have the form it needs.",
        "Follow the example in the hint; versions are semantic versions such as 1.0.0.",
    ),
    (
        "unsupported_version",
        2,
        "The document has a metadata_version that this program does not read.",
        "Use a version that `deedbook schema ls` lists, or a later Deedbook.",
    ),
    (
        "hash_mismatch",
        2,
        "The document was changed after its hash was computed.",
        "Leave the hash out; the book computes it.",
    ),
    (
        "lifecycle_rule",
        2,
        "A lifecycle does not lead there, or lacks its reason.",
        "Deprecated needs deprecated_by or deprecated_reason, archived needs archived_reason; archived is final.",
    ),
    (
        "self_dependency",
        2,
        "The component depends on itself.",
        "Drop the entry, or narrow its version_spec to other versions.",
    ),
    (
        "immutable_field",
        2,
        "A patch changes what never changes.",
        "Register a new version instead: `deedbook registry bump FILE minor`.",
    ),
    (
        "conflict",
        4,
        "Something else already has that identity.",
        "Choose another uuid or version; `deedbook registry bump` makes both.",
    ),
    (
        "not_found",
        3,
        "No component has that name, uuid or version.",
        "List what there is with `deedbook registry ls` or `registry versions NAME`.",
    ),
    (
        "dependency_cycle",
        4,
        "The dependencies would lead back to their start.",
        "Drop one dependency of the cycle that is listed.",
    ),
    (
        "revision_conflict",
        4,
        "The record is at another generation than --if-generation expects.",
        "Read the record again and decide on what it says now.",
    ),
    (
        "in_use",
        4,
        "Others point to the record that should be removed.",
        "Move or remove those first, or leave them as they are with --force.",
    ),
    (
        "denied",
        5,
        "The credential lacks the capability that the message names, for what it names.",
        "Ask whoever looks after the book for a token that has it.",
    ),
    (
        "assumed_version",
        0,
        "The document has no metadata_version and was read as 0.1.0.",
        "Add `metadata_version: \"0.3.0\"`.",
    ),
    (
        "legacy_value",
        0,
        "An older word was read as its successor.",
        "Write the successor that the message names.",
    ),
    (
        "placeholder_hash",
        0,
        "The hash is a placeholder and counts as absent.",
        "Leave the hash out; the book computes it.",
    ),
    (
        "unknown_field",
        0,
        "A member is no field of this version; it is kept. With --strict an error (exit 2).",
        "Mend its spelling, or put what is your own into x_extensions.",
    ),
    (
        "missing_dependency",
        0,
        "Nothing in the book answers to a dependency. With --require-dependencies an error (exit 2).",
        "Register it, or demand it with --require-dependencies.",
    ),
];

/// Codes of the taxonomy that issues carry, and a kind that explains each. A code of several kinds
/// has a line for each.
const TAXONOMY: [(&str, &str); 30] = [
    ("SC001", "syntax"),
    ("SC001", "duplicate_key"),
    ("SC003", "missing_field"),
    ("SC004", "wrong_type"),
    ("SC005", "invalid_value"),
    ("SC006", "out_of_range"),
    ("SC007", "invalid_format"),
    ("SC007", "immutable_field"),
    ("SC010", "unknown_field"),
    ("MD001", "missing_block"),
    ("MD003", "hash_mismatch"),
    ("MD004", "invalid_value"),
    ("MD004", "invalid_format"),
    ("MD005", "invalid_format"),
    ("MD007", "invalid_format"),
    ("MD008", "invalid_format"),
    ("MD009", "conflict"),
    ("MD010", "unsupported_version"),
    ("LC001", "invalid_value"),
    ("LC003", "lifecycle_rule"),
    ("LC005", "lifecycle_rule"),
    ("LC006", "lifecycle_rule"),
    ("RG001", "not_found"),
    ("RG002", "conflict"),
    ("RG006", "self_dependency"),
    ("RG006", "dependency_cycle"),
    ("RG007", "missing_dependency"),
    ("RG008", "not_found"),
    ("FS005", "limit_exceeded"),
    ("FS009", "encoding"),
];

/// Codes that no kind of issue explains: of files, and of a document at odds with itself, which is
/// a conflict with nothing in the book.
const OTHER_CODES: [(&str, u8, &str, &str); 3] = [
    (
        "SC002",
        2,
        "Two members of a document or patch say different things.",
        "Keep one of the two.",
    ),
    (
        "FS001",
        3,
        "There is no such file.",
        "Check the path; `-` reads stdin.",
    ),
    (
        "FS003",
        5,
        "The file may not be read or written.",
        "Check its permissions and who you are.",
    ),
];

/// Answers that only the command line gives.
const STATUSES: [(&str, u8, &str, &str); 3] = [
    (
        "differences",
        1,
        "There are differences, or nothing matched.",
        "Nothing to mend: `diff` and `version match` answer so.",
    ),
    (
        "partly",
        8,
        "Some files were registered and some refused.",
        "Mend those that are listed and add them again; what is registered stays `unchanged`.",
    ),
    (
        "usage",
        64,
        "The command line is not one that this program takes.",
        "See `deedbook --help`, or --help after the command.",
    ),
];

/// Tells what a code means.
pub(crate) fn explain(args: &Explain, context: &mut Context) -> Result<(), Failure> {
    let found = match &args.code {
        Some(code) => entries_for(code),
        None => all(),
    };
    if found.is_empty() {
        let code = args.code.as_deref().unwrap_or_default();
        let message = format!("no code `{code}`; `deedbook explain` lists them");
        return Err(Failure::NotFound(message));
    }
    match context.output.format {
        Format::Human if args.code.is_some() => {
            for entry in found {
                context.output.text(&page(&entry))?;
            }
            Ok(())
        }
        Format::Human => {
            let mut table = Table::new(&["CODE", "EXIT", "MEANING"]);
            for entry in found {
                let status = entry
                    .status
                    .map_or("0".to_owned(), |status| status.to_string());
                table.row([entry.code.to_owned(), status, entry.meaning.to_owned()]);
            }
            context.output.text(&table.render())
        }
        Format::Jsonl => {
            for entry in &found {
                context.output.value(entry)?;
            }
            Ok(())
        }
        _ => context.output.value(&Entries { items: found }),
    }
}

/// What a code, a kind, an error of the taxonomy or an exit status means.
fn entries_for(code: &str) -> Vec<Entry> {
    if let Ok(status) = code.parse::<u8>() {
        return codes()
            .chain(others())
            .filter(|entry| entry.status == Some(status))
            .collect();
    }
    let is = |entry: &Entry| entry.code.eq_ignore_ascii_case(code);
    all().into_iter().filter(is).collect()
}

fn all() -> Vec<Entry> {
    codes()
        .chain(others())
        .chain(kinds())
        .chain(taxonomy())
        .chain(OTHER_CODES.map(entry))
        .chain(SHARDS.map(entry))
        .collect()
}

fn codes() -> impl Iterator<Item = Entry> {
    Code::ALL.into_iter().map(|code| Entry {
        code: code.as_str(),
        kind: None,
        status: Some(code.exit_status()),
        meaning: code.meaning(),
        advice: code.advice(),
    })
}

fn others() -> impl Iterator<Item = Entry> {
    STATUSES.into_iter().map(entry)
}

fn kinds() -> impl Iterator<Item = Entry> {
    let told = |entry: &Entry| Code::ALL.iter().any(|code| code.as_str() == entry.code);
    KINDS
        .into_iter()
        .map(entry)
        .filter(move |entry| !told(entry))
}

fn taxonomy() -> impl Iterator<Item = Entry> {
    TAXONOMY.into_iter().filter_map(|(code, kind)| {
        let found = KINDS.into_iter().find(|(word, ..)| *word == kind)?;
        Some(Entry {
            code,
            kind: Some(kind),
            ..entry(found)
        })
    })
}

fn entry((code, status, meaning, advice): (&'static str, u8, &'static str, &'static str)) -> Entry {
    Entry {
        code,
        kind: None,
        status: (status > 0).then_some(status),
        meaning,
        advice,
    }
}

fn page(entry: &Entry) -> String {
    let status = match entry.status {
        Some(status) => format!("exit status {status}"),
        None => "a warning".to_owned(),
    };
    let kind = entry
        .kind
        .map(|kind| format!(", {kind}"))
        .unwrap_or_default();
    let Entry {
        code,
        meaning,
        advice,
        ..
    } = entry;
    format!("{code}{kind} ({status})\n{meaning}\n{advice}\n")
}

#[cfg(test)]
mod tests {
    use deedbook_model::issue::IssueKind;
    use deedbook_rules::refusal::code_of;

    use super::*;

    const ISSUES: [IssueKind; KINDS.len()] = [
        IssueKind::Syntax,
        IssueKind::Encoding,
        IssueKind::LimitExceeded,
        IssueKind::DuplicateKey,
        IssueKind::MissingBlock,
        IssueKind::MissingField,
        IssueKind::WrongType,
        IssueKind::InvalidValue,
        IssueKind::OutOfRange,
        IssueKind::InvalidFormat,
        IssueKind::UnsupportedVersion,
        IssueKind::HashMismatch,
        IssueKind::LifecycleRule,
        IssueKind::SelfDependency,
        IssueKind::ImmutableField,
        IssueKind::Conflict,
        IssueKind::NotFound,
        IssueKind::DependencyCycle,
        IssueKind::RevisionConflict,
        IssueKind::InUse,
        IssueKind::Denied,
        IssueKind::AssumedVersion,
        IssueKind::LegacyValue,
        IssueKind::PlaceholderHash,
        IssueKind::UnknownField,
        IssueKind::MissingDependency,
    ];

    /// Members at which a kind has a code of its own.
    const POINTERS: [&str; 10] = [
        "",
        "/lifecycle",
        "/uuid",
        "/parent_id",
        "/version",
        "/namespace",
        "/created_at",
        "/deprecated_by",
        "/archived_reason",
        "/type",
    ];

    #[test]
    fn every_code_of_the_taxonomy_is_explained() {
        assert_eq!(taxonomy().count(), TAXONOMY.len());
        for code in Code::ALL {
            assert_eq!(entries_for(code.as_str()).len(), 1, "{}", code.as_str());
        }
        assert_eq!(entries_for("sc003").len(), 1);
        assert!(entries_for("XX999").is_empty());
    }

    #[test]
    fn a_code_of_several_kinds_tells_the_status_of_each() {
        for kind in ISSUES {
            let known = KINDS.iter().find(|(word, ..)| *word == kind.as_str());
            let (_, status, ..) = known.unwrap();
            // What is a warning is refused only where that was asked for.
            assert!(
                [0, code_of(kind).exit_status()].contains(status),
                "{kind:?}"
            );
            for code in POINTERS.iter().filter_map(|pointer| kind.code_at(pointer)) {
                let told = TAXONOMY.contains(&(code, kind.as_str()));
                assert!(told || code == "SC002", "{code} {kind:?}");
            }
        }
        let statuses = |code| -> Vec<Option<u8>> {
            entries_for(code).iter().map(|entry| entry.status).collect()
        };
        assert_eq!(statuses("RG006"), [Some(2), Some(4)]);
        assert_eq!(statuses("SC002"), [Some(2)]);
    }
}
