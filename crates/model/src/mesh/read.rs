//! From a document to a draft: every fault at once.

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::fields::{VERSION_MEMBER, computed_of, defaults_of, object_of};
use super::{MeshKey, MeshKind, SCHEMA_VERSION, SCHEMA_VERSIONS};
use crate::document::{self, Key, Node, Syntax, Value, shorten};
use crate::issue::{Issue, IssueKind, Severity, push_segment};
use crate::judge::nearest::nearest;
use crate::judge::shape::{Object, Shape};
use crate::judge::{Judge, Place, Profile, present, settle};
use crate::schema::{Readable, SchemaVersion};
use crate::shard::{HashRange, KeyRange};

/// Most bytes of a record's data as JSON.
const MAX_DATA_BYTES: usize = 256 * 1024;

/// How a document is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadOptions<'a> {
    /// What the document is said to be: it may leave its own name out, and may give no other.
    pub key: Option<&'a MeshKey>,
    /// An unknown member is an error instead of a warning.
    pub strict: bool,
}

/// A valid record, before the rules have seen it.
#[derive(Clone, Debug)]
pub struct Draft {
    key: MeshKey,
    data: Map<String, Json>,
    annotations: Map<String, Json>,
    warnings: Vec<Issue>,
}

impl Draft {
    /// What it names.
    #[must_use]
    pub fn key(&self) -> &MeshKey {
        &self.key
    }

    /// The record's data, defaults written out, unknown members kept.
    #[must_use]
    pub fn data(&self) -> &Map<String, Json> {
        &self.data
    }

    /// Text by name, free for users.
    #[must_use]
    pub fn annotations(&self) -> &Map<String, Json> {
        &self.annotations
    }

    /// The version that the document states, else the current one. A later minor than
    /// [`SCHEMA_VERSION`] may demand what wasn't judged here.
    #[must_use]
    pub fn schema_version(&self) -> SchemaVersion {
        let stated = self.data.get(VERSION_MEMBER).and_then(Json::as_str);
        let stated = stated.and_then(|text| text.parse().ok());
        stated.unwrap_or(SCHEMA_VERSION)
    }

    /// What somebody should look at.
    #[must_use]
    pub fn warnings(&self) -> &[Issue] {
        &self.warnings
    }

    /// The same, out of a text in which so many lines come before it: warnings name lines of that.
    #[must_use]
    pub fn after_lines(mut self, before: u32) -> Draft {
        for warning in &mut self.warnings {
            warning.line = warning.line.map(|line| line.saturating_add(before));
        }
        self
    }

    /// Its data, annotations and warnings.
    #[must_use]
    pub fn into_parts(self) -> (Map<String, Json>, Map<String, Json>, Vec<Issue>) {
        (self.data, self.annotations, self.warnings)
    }
}

/// Reads and judges a document: the members of a record's data with `annotations` beside them, or
/// a whole record as it is shown.
///
/// # Errors
/// Every fault, in the order of the document; what is missing comes last. Of a document whose
/// `schemaVersion` has another major, that alone.
pub fn read(
    kind: MeshKind,
    bytes: &[u8],
    syntax: Syntax,
    options: ReadOptions<'_>,
) -> Result<Draft, Vec<Issue>> {
    read_node(kind, &document::parse(bytes, syntax)?, options)
}

/// Judges a document that is a tree already.
///
/// # Errors
/// Every fault, in the order of the document; what is missing comes last. Of a document whose
/// `schemaVersion` has another major, that alone.
pub fn read_node(
    kind: MeshKind,
    node: &Node,
    options: ReadOptions<'_>,
) -> Result<Draft, Vec<Issue>> {
    let Value::Object(members) = &node.value else {
        let message = format!(
            "a {kind} must be an object, but is {}",
            node.value.kind_name()
        );
        let issue = Issue::error(IssueKind::WrongType, "", message)
            .with_hint("write `name: value` lines or a JSON object")
            .at_line(node.line);
        return Err(vec![issue]);
    };
    let whole = match node.get("data").map(|data| &data.value) {
        Some(Value::Object(data)) if node.get("kind").is_some_and(is_given) => Some(data),
        _ => None,
    };
    let data = whole.unwrap_or(members);
    let stated = stated_version(data);
    let readable = stated.map_or(Readable::Full, |(_, version)| {
        SCHEMA_VERSIONS.readability(version)
    });
    let newer = stated.filter(|_| readable == Readable::ReadOnly);
    let mut reader = Reader::new(kind, options, newer.map(|(_, version)| version));
    if whole.is_some() {
        reader.envelope(members);
        reader.below = "/data";
    }
    match stated.and_then(|(at, _)| Some((at, data.get(at)?))) {
        // In another major any member may mean something else: there is nothing more to say.
        Some((at, (key, node))) if readable == Readable::Refused => {
            reader.known(at, key, node);
        }
        _ => {
            reader.members(data);
            reader.cross_checks(data);
        }
    }
    reader.finish()
}

/// Judges what becomes of some members of a record's data, and what the whole then is with them;
/// the other members were judged when they were written. A null one is taken out.
///
/// `None` where the members have to be judged as one document: what they mean depends on a version,
/// or on whether the document is a whole record.
///
/// # Errors
/// Every fault of those members; what is missing comes last.
pub fn amend(
    key: &MeshKey,
    mut data: Map<String, Json>,
    members: &Map<String, Json>,
) -> Option<Result<Amended, Vec<Issue>>> {
    let of_all = [VERSION_MEMBER, "kind", "data"];
    let is_of_all = |name: &String| of_all.contains(&name.as_str());
    if data.contains_key(VERSION_MEMBER) || members.keys().any(is_of_all) {
        return None;
    }
    for name in members.keys() {
        data.remove(name);
    }
    let members = members.iter().map(|(name, value)| {
        let key = Key {
            text: name.clone(),
            line: None,
            written: None,
        };
        (key, Node::from(value))
    });
    let members: Vec<(Key, Node)> = members.collect();
    let options = ReadOptions {
        key: Some(key),
        strict: false,
    };
    let mut reader = Reader::new(key.kind(), options, None);
    reader.data = data;
    reader.members(&members);
    reader.cross_checks(&members);
    Some(reader.amended())
}

/// A record's data after a change of some members.
#[derive(Clone, Debug)]
pub struct Amended {
    /// The whole data, defaults written out.
    pub data: Map<String, Json>,
    /// The annotations, if they are among the members.
    pub annotations: Map<String, Json>,
    /// What somebody should look at.
    pub warnings: Vec<Issue>,
}

fn is_given(node: &Node) -> bool {
    node.value != Value::Null
}

/// The version that a document states, if it is one, and which member that is.
fn stated_version(data: &[(Key, Node)]) -> Option<(usize, SchemaVersion)> {
    let states =
        |(key, node): &(Key, Node)| key.text == VERSION_MEMBER && node.value != Value::Null;
    let at = data.iter().position(states)?;
    let (_, node) = data.get(at)?;
    Some((at, node.as_text()?.parse().ok()?))
}

struct Reader<'a> {
    kind: MeshKind,
    options: ReadOptions<'a>,
    /// The pointer of the object that has the members.
    below: &'static str,
    /// The version that the document states, if it is later than the current one.
    newer: Option<SchemaVersion>,
    judge: Judge,
    data: Map<String, Json>,
    annotations: Map<String, Json>,
    /// The key that a whole record says it has, and its line.
    keyed: Option<(String, Option<u32>)>,
}

impl<'a> Reader<'a> {
    fn new(kind: MeshKind, options: ReadOptions<'a>, newer: Option<SchemaVersion>) -> Reader<'a> {
        Reader {
            kind,
            options,
            below: "",
            newer,
            judge: Judge::new(match newer {
                Some(_) => Profile::Newer,
                None => Profile::Current,
            }),
            data: Map::new(),
            annotations: Map::new(),
            keyed: None,
        }
    }

    /// What is around the data of a whole record. The book writes all but the annotations.
    fn envelope(&mut self, members: &[(Key, Node)]) {
        for (index, (key, node)) in members.iter().enumerate() {
            let place = (index, 0);
            match (key.text.as_str(), node.as_text()) {
                ("kind", _) => self.check_kind(place, "", node),
                ("key", Some(text)) => self.keyed = Some((text.to_owned(), node.line)),
                ("annotations", _) => self.known(index, key, node),
                _ => {}
            }
        }
    }

    /// A document may say what it is, and then has to be that; it isn't part of its data.
    fn check_kind(&mut self, place: Place, below: &str, node: &Node) {
        let message = match node.as_text() {
            Some(kind) if kind == self.kind.as_str() => return,
            Some(kind) => format!("is `{}`, not {}", shorten(kind), self.kind),
            None => format!("is {}, not {}", node.value.kind_name(), self.kind),
        };
        let issue = Issue::error(IssueKind::InvalidValue, format!("{below}/kind"), message)
            .with_hint("leave `kind` out");
        self.judge.report(place, issue.at_line(node.line));
    }

    fn members(&mut self, members: &[(Key, Node)]) {
        for (index, (key, node)) in members.iter().enumerate() {
            if node.value == Value::Null || computed_of(self.kind).contains(&key.text.as_str()) {
                continue;
            }
            match key.text.as_str() {
                "kind" => self.check_kind((index, 0), self.below, node),
                _ => self.known(index, key, node),
            }
        }
        let object = object_of(self.kind);
        for member in object.members.iter().filter(|member| member.required) {
            if self.has(member.name, members) {
                continue;
            }
            match self.given(member.name) {
                // It is judged like one that stands in the document.
                Some(given) => {
                    let key = Key {
                        text: member.name.to_owned(),
                        line: None,
                        written: None,
                    };
                    let node = Node::new(Value::Text(given), None);
                    let judged = self.judge_below(usize::MAX, &key, &node, &member.shape);
                    self.data
                        .extend(judged.map(|value| (member.name.to_owned(), value)));
                }
                None => {
                    let message = format!("`{}` is missing", member.name);
                    let pointer = format!("{}/{}", self.below, member.name);
                    let issue = Issue::error(IssueKind::MissingField, pointer, message)
                        .with_hint(format!("add `{}`", member.name));
                    self.judge.report(crate::judge::NOWHERE, issue);
                }
            }
        }
    }

    /// Whether there is such a member, good or faulty.
    fn has(&self, name: &str, members: &[(Key, Node)]) -> bool {
        self.data.contains_key(name) || present(members).any(|(key, _)| key.text == name)
    }

    /// What the caller says that a part of the key is.
    fn given(&self, member: &str) -> Option<String> {
        let mut names = self.kind.key_members().iter();
        let place = names.position(|name| *name == member)?;
        self.options.key?.parts().get(place).cloned()
    }

    fn known(&mut self, index: usize, key: &Key, node: &Node) {
        let known = object_of(self.kind).members.iter();
        let Some(member) = known.clone().find(|member| member.name == key.text) else {
            return self.unknown(index, key, node);
        };
        let mut node = node.clone();
        settle(&mut node, &member.shape);
        let judged = self.judge_below(index, key, &node, &member.shape);
        let Some(value) = judged else { return };
        if let Some(given) = self.given(member.name)
            && value.as_str() != Some(&given)
        {
            let message = format!("is not `{}`, which the request names", shorten(&given));
            let pointer = format!("{}/{}", self.below, member.name);
            let issue = Issue::error(IssueKind::InvalidValue, pointer, message)
                .with_hint(format!("leave `{}` out", member.name));
            return self.judge.report((index, 0), issue.at_line(node.line));
        }
        if let (Shape::Object(object), Value::Object(members)) = (&member.shape, &node.value) {
            self.unknown_within(index, member.name, members, object);
        }
        if let (VERSION_MEMBER, Some(newer)) = (member.name, self.newer) {
            let message = format!("version {newer} is later than {SCHEMA_VERSION}");
            let pointer = format!("{}/{VERSION_MEMBER}", self.below);
            let issue = Issue::warning(IssueKind::UnsupportedVersion, pointer, message)
                .with_hint("what isn't known here is kept, but not judged");
            self.judge.report((index, 0), issue.at_line(node.line));
        }
        match value {
            Json::Object(texts) if member.name == "annotations" => self.annotations = texts,
            value => {
                self.data.insert(member.name.to_owned(), value);
            }
        }
    }

    /// A later release may know it, so it is kept.
    fn unknown(&mut self, index: usize, key: &Key, node: &Node) {
        let value = self.judge_below(index, key, node, &Shape::AsWritten);
        self.data
            .extend(value.map(|value| (key.text.clone(), value)));
        let whose = self.kind.as_str();
        let severity = self.severity_of_unknown(Severity::Warning);
        let issue = self.unknown_in(key, self.below, whose, object_of(self.kind), severity);
        self.judge.report((index, 0), issue);
    }

    /// A bound of a range under a wrong name would leave the range open, so that is refused; what
    /// else a later version has there is kept.
    fn unknown_within(
        &mut self,
        index: usize,
        whose: &str,
        members: &[(Key, Node)],
        object: &Object,
    ) {
        let below = format!("{}/{whose}", self.below);
        let severity = self.severity_of_unknown(Severity::Error);
        for (key, _) in present(members) {
            if object.members.iter().all(|known| known.name != key.text) {
                let issue = self.unknown_in(key, &below, whose, object, severity);
                self.judge.report((index, 0), issue);
            }
        }
    }

    /// How much an unknown member matters, where it otherwise does that much.
    fn severity_of_unknown(&self, otherwise: Severity) -> Severity {
        match self.newer {
            _ if self.options.strict => Severity::Error,
            Some(_) => Severity::Warning,
            None => otherwise,
        }
    }

    fn unknown_in(
        &self,
        key: &Key,
        below: &str,
        whose: &str,
        object: &Object,
        severity: Severity,
    ) -> Issue {
        let mut pointer = below.to_owned();
        push_segment(&mut pointer, &key.text);
        let mut message = format!("`{}` is no member of a {whose}", shorten(&key.text));
        if self.newer.is_some() {
            message.push_str(&format!(" in version {SCHEMA_VERSION}"));
        }
        let issue = match severity {
            Severity::Error => Issue::error(IssueKind::UnknownField, pointer, message),
            Severity::Warning => {
                message.push_str("; it is kept");
                Issue::warning(IssueKind::UnknownField, pointer, message)
            }
        };
        let names: Vec<&str> = object.members.iter().map(|member| member.name).collect();
        let issue = match nearest(&key.text, &names) {
            _ if self.newer.is_some() => issue.with_hint("a later version wrote it"),
            Some(name) => issue.with_hint(format!("did you mean `{name}`?")),
            None if below != self.below => {
                issue.with_hint(format!("a {whose} has `{}`", names.join("` and `")))
            }
            None => issue.with_hint("what is your own goes into `annotations`"),
        };
        issue.at_line(key.line)
    }

    fn judge_below(&mut self, index: usize, key: &Key, node: &Node, shape: &Shape) -> Option<Json> {
        let place: Place = (index, 0);
        self.judge.member_below(place, self.below, key, node, shape)
    }

    /// The data with what is left out written in, and what somebody should look at.
    fn amended(mut self) -> Result<Amended, Vec<Issue>> {
        for (name, value) in defaults_of(self.kind) {
            if !self.data.contains_key(*name) {
                self.data.insert((*name).to_owned(), (*value).into());
            }
        }
        if let Some(size) = size_beyond(MAX_DATA_BYTES, &self.data) {
            let message = format!("has {size} bytes as it would be stored");
            let issue = Issue::error(IssueKind::LimitExceeded, self.below, message)
                .with_hint(format!("at most {MAX_DATA_BYTES} are allowed"));
            self.judge.report(crate::judge::NOWHERE, issue);
        }
        let mut issues = self.judge.into_issues();
        // A code goes by the member: the same one whether the record is around it or not.
        for issue in &mut issues {
            let member = issue.pointer.strip_prefix(self.below);
            issue.code = issue.kind.code_at(member.unwrap_or(&issue.pointer));
        }
        if issues.iter().any(Issue::is_error) {
            return Err(issues);
        }
        Ok(Amended {
            data: self.data,
            annotations: self.annotations,
            warnings: issues,
        })
    }

    fn finish(mut self) -> Result<Draft, Vec<Issue>> {
        let (kind, keyed) = (self.kind, self.keyed.take());
        let Amended {
            data,
            annotations,
            warnings,
        } = self.amended()?;
        let part = |name: &&str| data.get(*name).and_then(Json::as_str);
        let parts = kind.key_members().iter();
        let parts = parts.map(|name| part(name).unwrap_or_default().to_owned());
        let key = MeshKey::of(kind, parts.collect())
            .map_err(|error| vec![Issue::error(IssueKind::InvalidValue, "", error.to_string())])?;
        if let Some((said, line)) = keyed.filter(|(said, _)| *said != key.to_string()) {
            let message = format!("is `{}`, but the data is of `{key}`", shorten(&said));
            let issue = Issue::error(IssueKind::InvalidValue, "/key", message);
            return Err(vec![issue.with_hint("leave `key` out").at_line(line)]);
        }
        Ok(Draft {
            key,
            data,
            annotations,
            warnings,
        })
    }

    /// What only several members together can get wrong.
    fn cross_checks(&mut self, members: &[(Key, Node)]) {
        if self.kind == MeshKind::Shard {
            self.check_ranges(members);
        }
    }

    /// A shard has keys or hashes, and at least one of them.
    fn check_ranges(&mut self, members: &[(Key, Node)]) {
        let (keys, hashes) = (self.data.get("keyRange"), self.data.get("hashRange"));
        let mut faults = Vec::new();
        if self.has("keyRange", members) && self.has("hashRange", members) {
            let message = "a shard has a range of keys or of hashes, not both".to_owned();
            faults.push(("hashRange", message));
        }
        if let Some(Err(error)) = keys.map(KeyRange::deserialize) {
            faults.push(("keyRange", error.to_string()));
        }
        if let Some(Err(error)) = hashes.map(HashRange::deserialize) {
            faults.push(("hashRange", error.to_string()));
        }
        for (member, message) in faults {
            let hint = "write a `start` and an `end` above it; no end is the end of all";
            self.tell_invalid(member, message, hint);
        }
    }

    fn tell_invalid(&mut self, member: &str, message: String, hint: &str) {
        let pointer = format!("{}/{member}", self.below);
        let issue = Issue::error(IssueKind::InvalidValue, pointer, message).with_hint(hint);
        self.judge.report(crate::judge::NOWHERE, issue);
    }
}

/// How many bytes the data has as JSON, if those are more.
fn size_beyond(most: usize, data: &Map<String, Json>) -> Option<usize> {
    // An escape makes six bytes of one at most.
    fn text(text: &str) -> usize {
        6 * text.len() + "\"\",".len()
    }
    fn at_most(value: &Json) -> usize {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => 32,
            Json::String(string) => text(string),
            Json::Array(items) => items.iter().map(at_most).sum::<usize>() + "[],".len(),
            Json::Object(members) => object(members),
        }
    }
    fn object(members: &Map<String, Json>) -> usize {
        let members = members.iter();
        let members = members.map(|(name, value)| text(name) + at_most(value));
        members.sum::<usize>() + "{},".len()
    }
    if object(data) <= most {
        return None;
    }
    let size = serde_json::to_vec(data).map_or(usize::MAX, |bytes| bytes.len());
    (size > most).then_some(size)
}
