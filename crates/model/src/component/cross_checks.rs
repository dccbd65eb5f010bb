//! What only several members together can get wrong.

use semver::Version;
use serde_json::Value as Json;
use uuid::Uuid;

use crate::document::{Key, Node, Value};
use crate::issue::{Issue, IssueKind};
use crate::schema::METADATA_VERSION;

use super::dependency::DependencyRef;
use super::fields::{ALIASES, FIELDS, field_named};
use super::read::{Reader, find};
use crate::judge::Profile;
use crate::judge::shape::Shape;
use crate::judge::{Judge, NOWHERE};

impl Reader<'_> {
    /// All of them; to be called when every member was judged.
    pub(super) fn cross_checks(&mut self, members: &[(Key, Node)]) {
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
