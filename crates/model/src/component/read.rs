//! From a document to a draft: all issues at once, in document order.

use semver::Version;
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use crate::document::{self, Key, Node, Syntax, Value};
use crate::issue::{Issue, IssueKind};
use crate::schema::METADATA_VERSION;

use super::Profile;
use super::dependency::DependencyRef;
use super::draft::Draft;
use super::fields::{ALIASES, FIELDS, LEGACY_FIELDS, field_named, field_names};
use super::form::MetadataVersion;
use super::hash::hash_of_members;
use super::judge::{Judge, NOWHERE, present, settle};
use super::legacy::{self, is_placeholder};
use super::nearest::nearest;
use super::shape::{Field, Shape};

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
pub fn read_node(node: &Node, options: &ReadOptions) -> Reading {
    judge(node.clone(), options)
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
fn find<'a>(members: &'a [(Key, Node)], name: &str) -> Option<(usize, &'a Key, &'a Node)> {
    members
        .iter()
        .enumerate()
        .find(|(_, (key, node))| key.text == name && node.value != Value::Null)
        .map(|(index, (key, node))| (index, key, node))
}

struct Reader<'a> {
    judge: Judge,
    profile: Profile,
    options: &'a ReadOptions,
    document: Map<String, Json>,
    /// Originals that 0.3 has no place for.
    legacy: Map<String, Json>,
    /// The entries of `dependencies`, `None` where one isn't valid.
    dependencies: Vec<Option<DependencyRef>>,
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

    fn cross_checks(&mut self, members: &[(Key, Node)]) {
        self.versions(members);
        self.missing(members);
        self.lifecycle(members);
        self.self_dependencies(members);
    }

    /// Says which version was assumed, or that it is newer than this reader.
    fn versions(&mut self, members: &[(Key, Node)]) {
        match find(members, "metadata_version") {
            None => {
                let issue = Issue::warning(
                    IssueKind::AssumedVersion,
                    "/metadata_version",
                    "`metadata_version` is missing; the document was read as 0.1.0",
                );
                let issue =
                    issue.with_hint(format!("add `metadata_version: \"{METADATA_VERSION}\"`"));
                self.judge.report(NOWHERE, issue);
            }
            Some((index, _, node)) if self.profile == Profile::Newer => {
                let issue = Issue::warning(
                    IssueKind::UnsupportedVersion,
                    "/metadata_version",
                    format!(
                        "the document is newer than {METADATA_VERSION}: it can be read, not changed"
                    ),
                );
                self.judge.report((index, 0), issue.at_line(node.line));
            }
            Some(_) => {}
        }
    }

    fn missing(&mut self, members: &[(Key, Node)]) {
        for field in FIELDS.iter().filter(|field| field.required) {
            let alias = ALIASES.iter().find(|(_, name)| *name == field.name);
            let given = find(members, field.name).is_some()
                || alias.is_some_and(|(alias, _)| find(members, alias).is_some());
            let optional = matches!(
                (field.name, self.profile),
                ("metadata_version", _) | ("meta_type", Profile::Legacy)
            );
            if !given && !optional {
                let message = format!("`{}` is missing", field.name);
                let issue =
                    Issue::error(IssueKind::MissingField, format!("/{}", field.name), message);
                self.judge
                    .report(NOWHERE, issue.with_hint(missing_hint(field.name)));
            }
        }
    }

    /// A deprecated or archived component says why.
    fn lifecycle(&mut self, members: &[(Key, Node)]) {
        let state = self.document.get("lifecycle").and_then(Json::as_str);
        let (needs, pointer, hint): (&[&str], _, _) = match state {
            Some("deprecated") => (
                &["deprecated_by", "deprecated_reason"],
                "/deprecated_by",
                "add `deprecated_by` (a uuid or a name) or `deprecated_reason`",
            ),
            Some("archived") => (
                &["archived_reason"],
                "/archived_reason",
                "add `archived_reason`",
            ),
            _ => return,
        };
        if needs.iter().any(|name| find(members, name).is_some()) {
            return;
        }
        let message = format!("an {} component must say why", state.unwrap_or_default())
            .replace("an deprecated", "a deprecated");
        let (place, line) = match find(members, "lifecycle") {
            Some((index, _, node)) => ((index, 0), node.line),
            None => (NOWHERE, None),
        };
        let issue = if self.profile == Profile::Legacy {
            Issue::warning(IssueKind::LifecycleRule, pointer, message)
        } else {
            Issue::error(IssueKind::LifecycleRule, pointer, message)
        };
        self.judge
            .report(place, issue.with_hint(hint).at_line(line));
    }

    fn self_dependencies(&mut self, members: &[(Key, Node)]) {
        let Some((index, _, list)) = find(members, "dependencies") else {
            return;
        };
        let Value::List(items) = &list.value else {
            return;
        };
        let text = |name: &str| self.document.get(name).and_then(Json::as_str);
        // The nil uuid stands for none: no valid entry has it.
        let uuid = text("uuid").and_then(|text| Uuid::try_parse(text).ok());
        let version = text("version").and_then(|text| Version::parse(text).ok());
        let (uuid, name) = (
            uuid.unwrap_or_default(),
            text("name").unwrap_or_default().to_owned(),
        );
        let valid = self.document.get("dependencies").and_then(Json::as_array);
        self.dependencies = match valid {
            Some(valid) => valid.iter().map(DependencyRef::parse).collect(),
            None => items
                .iter()
                .map(|item| valid_entry(item, self.profile))
                .collect(),
        };
        let mut issues = Vec::new();
        for (at, (entry, item)) in self.dependencies.iter().zip(items).enumerate() {
            let leads_back = |entry: &DependencyRef| entry.is_self(uuid, &name, version.as_ref());
            if entry.as_ref().is_some_and(leads_back) {
                let message = "the component depends on itself";
                let pointer = format!("/dependencies/{at}");
                let issue = Issue::error(IssueKind::SelfDependency, pointer, message)
                    .with_hint("drop the entry, or narrow its version_spec to other versions");
                issues.push((at, issue.at_line(item.line)));
            }
        }
        for (at, issue) in issues {
            self.judge.report((index, at), issue);
        }
    }

    fn finish(mut self, members: &[(Key, Node)]) -> Reading {
        let legible = |name: &str| {
            let stored = self.document.get(name).and_then(Json::as_str);
            let written = || find(members, name).and_then(|(_, _, node)| node.as_text());
            stored.or_else(written).map(str::to_owned)
        };
        let (uuid, name, version) = (legible("uuid"), legible("name"), legible("version"));
        let issues = std::mem::replace(&mut self.judge, Judge::new(self.profile)).into_issues();
        let draft = if issues.iter().any(Issue::is_error) {
            None
        } else {
            self.draft(&issues)
        };
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
        for name in ["registered_at", "revision"] {
            document.remove(name);
        }
        if let Some(hash) = document.remove("hash")
            && self.profile == Profile::Legacy
        {
            let mut legacy = self.legacy;
            legacy.entry("hash").or_insert(hash);
            legacy::keep(&mut document, legacy);
        } else {
            legacy::keep(&mut document, self.legacy);
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

/// One valid entry of a list that may hold others.
fn valid_entry(item: &Node, profile: Profile) -> Option<DependencyRef> {
    let Some(Shape::List { of, .. }) = field_named("dependencies").map(|field| &field.shape) else {
        return None;
    };
    DependencyRef::parse(&Judge::new(profile).check(item, of)?)
}

fn missing_hint(name: &str) -> &'static str {
    match name {
        "uuid" => "add `uuid`, a random uuid (version 4)",
        "name" => "add `name`, the name of the component's family",
        "version" => "add `version`, such as 1.0.0",
        _ => "add `meta_type`, such as tool, validator or test",
    }
}
