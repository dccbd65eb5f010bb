//! From a document to a draft: all issues at once, in document order.

use semver::Version;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::document::{self, Key, Node, Syntax, Value};
use crate::issue::{Issue, IssueKind};
use crate::schema::METADATA_VERSION;

use super::dependency::DependencyRef;
use super::draft::Draft;
use super::fields::{FIELDS, LEGACY_FIELDS, field_named, field_names};
use super::hash::hash_of_members;
use super::legacy::{self, is_placeholder};
use super::limits;
use super::stored_text::StoredText;
use crate::judge::Profile;
use crate::judge::form::MetadataVersion;
use crate::judge::nearest::nearest;
use crate::judge::shape::{Field, Shape};
use crate::judge::{Judge, present, settle};

/// How a document is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// An unknown member is an error instead of a warning.
    pub strict: bool,
    /// The given hash isn't compared: for a document that was changed after it was hashed.
    pub ignore_hash: bool,
    /// The document comes from a peer or a cache: a newer minor version is taken, with a
    /// warning. Such a draft is for reading only.
    pub from_peer: bool,
}

/// What came of reading a document.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The document, if there is no error.
    pub draft: Option<Draft>,
    /// Errors and warnings, in document order; what is missing comes last.
    pub issues: Vec<Issue>,
    /// The uuid as far as legible.
    pub uuid: Option<String>,
    /// The name as far as legible.
    pub name: Option<String>,
    /// The version as far as legible.
    pub version: Option<String>,
}

impl Reading {
    /// The issues that refuse the document.
    pub fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues.iter().filter(|issue| issue.is_error())
    }

    fn refused(issues: Vec<Issue>) -> Self {
        Self {
            draft: None,
            issues,
            uuid: None,
            name: None,
            version: None,
        }
    }
}

/// Reads and judges a document.
pub fn read(bytes: &[u8], syntax: Syntax, options: &ReadOptions) -> Reading {
    match document::parse(bytes, syntax) {
        Ok(node) => judge(node, options),
        Err(issues) => Reading::refused(issues),
    }
}

/// Judges a document that is a tree already.
pub fn read_node(node: Node, options: &ReadOptions) -> Reading {
    judge(node, options)
}

fn judge(node: Node, options: &ReadOptions) -> Reading {
    let Value::Object(mut members) = node.value else {
        let message = format!(
            "a document must be an object, but is {}",
            node.value.kind_name()
        );
        let issue = Issue::error(IssueKind::WrongType, "", message)
            .with_hint("write `name: value` lines or a JSON object")
            .at_line(node.line);
        return Reading::refused(vec![issue]);
    };
    settle_fields(&mut members);
    let profile = profile(&members, options);
    let mut reader = Reader {
        judge: Judge::new(profile),
        profile,
        options,
        document: Map::new(),
        legacy: Map::new(),
        dependencies: Vec::new(),
        unknown: 0,
    };
    reader.check_hash(&members);
    if profile == Profile::Legacy {
        reader.legacy = legacy::rewrite(&mut members, &mut reader.judge);
    }
    reader.members(&members);
    reader.cross_checks(&members);
    reader.finish(&members)
}

fn settle_fields(members: &mut [(Key, Node)]) {
    for (key, node) in members {
        if let Some(field) = field_named(&key.text) {
            settle(node, &field.shape);
        }
    }
}

/// The tree with text where the fields have text: what a JSON Schema is for.
#[cfg(test)]
pub(super) fn settled(node: &Node) -> Node {
    let mut node = node.clone();
    if let Value::Object(members) = &mut node.value {
        settle_fields(members);
    }
    node
}

fn profile(members: &[(Key, Node)], options: &ReadOptions) -> Profile {
    let given = find(members, "metadata_version").map(|(_, _, node)| node);
    let version = given.and_then(Node::as_text).map(MetadataVersion::of);
    match (given, version) {
        (None, _) | (_, Some(MetadataVersion::Older)) => Profile::Legacy,
        (_, Some(MetadataVersion::NewerMinor)) if options.from_peer => Profile::Newer,
        _ => Profile::Current,
    }
}

/// A member that isn't null, with its index.
pub(super) fn find<'a>(
    members: &'a [(Key, Node)],
    name: &str,
) -> Option<(usize, &'a Key, &'a Node)> {
    members
        .iter()
        .enumerate()
        .find(|(_, (key, node))| key.text == name && node.value != Value::Null)
        .map(|(index, (key, node))| (index, key, node))
}

/// A document on its way to a draft.
pub(super) struct Reader<'a> {
    pub(super) judge: Judge,
    pub(super) profile: Profile,
    options: &'a ReadOptions,
    /// The stored forms of what was valid.
    pub(super) document: Map<String, Json>,
    /// Originals that 0.3 has no place for.
    legacy: Map<String, Json>,
    /// The entries of `dependencies`, `None` where one isn't valid.
    pub(super) dependencies: Vec<Option<DependencyRef>>,
    /// How many members weren't known.
    unknown: usize,
}

/// After so many unknown members nobody was just mistyping.
const MOST_GUESSES: usize = 32;

impl Reader<'_> {
    /// Compares a given hash with that of the tree as it was written.
    fn check_hash(&mut self, members: &[(Key, Node)]) {
        let Some((index, _, node)) = find(members, "hash") else {
            return;
        };
        let Some(given) = node.as_text() else {
            return;
        };
        let place = (index, 0);
        if is_placeholder(given, self.profile) {
            let issue = Issue::warning(
                IssueKind::PlaceholderHash,
                "/hash",
                "the hash is a placeholder and counts as absent",
            );
            let issue = issue.with_hint("leave the hash out, it is computed");
            self.judge.report(place, issue.at_line(node.line));
            return;
        }
        let hashed = given.len() == 64 && self.profile != Profile::Legacy;
        if !hashed || self.options.ignore_hash || !given.bytes().all(|b| b.is_ascii_hexdigit()) {
            return;
        }
        let Some(source) = source_tree(members) else {
            return;
        };
        let actual = hash_of_members(source);
        if !actual.eq_ignore_ascii_case(given) {
            let issue = Issue::error(
                IssueKind::HashMismatch,
                "/hash",
                format!("the document was changed after it was hashed: its hash is {actual}"),
            );
            let issue = issue.with_hint("leave the hash out, or make it that of the document");
            self.judge.report(place, issue.at_line(node.line));
        }
    }

    fn members(&mut self, members: &[(Key, Node)]) {
        for (index, (key, node)) in members.iter().enumerate() {
            if node.value == Value::Null {
                continue;
            }
            let legacy_only =
                self.profile == Profile::Legacy && LEGACY_FIELDS.contains(&key.text.as_str());
            if legacy_only {
                let value = self.judge.member(index, key, node, &Shape::Any);
                self.legacy
                    .extend(value.map(|value| (key.text.clone(), value)));
            } else if let Some(field) = field_named(&key.text) {
                self.known(index, key, node, field, members);
            } else {
                self.unknown(index, key, node);
            }
        }
    }

    fn known(
        &mut self,
        index: usize,
        key: &Key,
        node: &Node,
        field: &'static Field,
        members: &[(Key, Node)],
    ) {
        let place = (index, 0);
        if key.text != field.name
            && let Some((_, _, other)) = find(members, field.name)
        {
            if other.to_json() != node.to_json() {
                let pointer = format!("/{}", key.written());
                let message = format!("`{}` and `{}` say different things", key.text, field.name);
                let issue = Issue::error(IssueKind::Conflict, pointer, message)
                    .with_hint(format!("keep `{}`", field.name));
                self.judge.report(place, issue.at_line(node.line));
            }
            return;
        }
        if field.name == "hash"
            && node
                .as_text()
                .is_some_and(|given| is_placeholder(given, self.profile))
        {
            return;
        }
        if let Some(value) = self.judge.member(index, key, node, &field.shape) {
            self.document.insert(field.name.to_owned(), value);
        }
    }

    fn unknown(&mut self, index: usize, key: &Key, node: &Node) {
        let value = self.judge.member(index, key, node, &Shape::Any);
        self.document
            .extend(value.map(|value| (key.text.clone(), value)));
        let mut pointer = String::new();
        crate::issue::push_segment(&mut pointer, key.written());
        let message = format!(
            "`{}` is no field of version 0.3; it is kept",
            document::shorten(&key.text)
        );
        let issue = if self.options.strict {
            Issue::error(IssueKind::UnknownField, pointer, message)
        } else {
            Issue::warning(IssueKind::UnknownField, pointer, message)
        };
        self.unknown += 1;
        let meant = if self.unknown <= MOST_GUESSES {
            nearest(&key.text, &field_names())
        } else {
            None
        };
        let hint = match meant {
            Some(name) => {
                format!("did you mean `{name}`? what is your own goes into `x_extensions`")
            }
            None => "what is your own goes into `x_extensions`".to_owned(),
        };
        self.judge
            .report((index, 0), issue.with_hint(hint).at_line(key.line));
    }

    fn finish(mut self, members: &[(Key, Node)]) -> Reading {
        let legible = |name: &str| {
            let stored = self.document.get(name).and_then(Json::as_str);
            let written = || find(members, name).and_then(|(_, _, node)| node.as_text());
            stored.or_else(written).map(str::to_owned)
        };
        let (uuid, name, version) = (legible("uuid"), legible("name"), legible("version"));
        let judge = std::mem::replace(&mut self.judge, Judge::new(self.profile));
        let mut issues = judge.into_issues();
        let mut draft = None;
        if !issues.iter().any(Issue::is_error) {
            draft = self.draft(&issues);
        }
        let within_limits = draft
            .as_ref()
            .map_or(Ok(()), |d| limits::check(&d.document));
        if let Err(issue) = within_limits {
            draft = None;
            issues.push(issue);
        }
        Reading {
            draft,
            issues,
            uuid,
            name,
            version,
        }
    }

    fn draft(self, warnings: &[Issue]) -> Option<Draft> {
        let mut document = self.document;
        for name in ["hash", "registered_at", "revision"] {
            document.remove(name);
        }
        if self.profile == Profile::Legacy {
            legacy::keep(&mut document, self.legacy);
            legacy::state_reason(&mut document);
        }
        let version = METADATA_VERSION.to_string();
        document
            .entry("metadata_version")
            .or_insert(Json::from(version));
        document.entry("meta_type").or_insert(Json::from("tool"));
        for field in FIELDS {
            if let Some(value) = field.default.value() {
                document.entry(field.name).or_insert(value);
            }
        }
        let text = |name: &str| document.get(name).and_then(Json::as_str);
        Some(Draft {
            uuid: Uuid::try_parse(text("uuid")?).ok()?,
            version: Version::parse(text("version")?).ok()?,
            meta_type: text("meta_type")?.parse().ok()?,
            lifecycle: text("lifecycle")?.parse().ok()?,
            dependencies: self.dependencies.into_iter().flatten().collect(),
            warnings: warnings.to_vec(),
            text: StoredText::of(&document),
            document,
        })
    }
}

/// The document as it was written, for its hash; `None` if it has no canonical form.
fn source_tree(members: &[(Key, Node)]) -> Option<Map<String, Json>> {
    present(members)
        .map(|(key, node)| Some((key.text.clone(), node.to_json()?)))
        .collect()
}
