//! Registering, updating and removing components.

use std::sync::Arc;

use deedbook_model::component::{Draft, Lifecycle, ReadOptions, read_node, same_content};
use deedbook_model::document::Node;
use deedbook_model::issue::{Issue, IssueKind, Severity};
use deedbook_model::{Capability, Envelope, Kind, Resource, Timestamp, Verb};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::{Content, Outcome, Work, internal, issue, patch};
use crate::command::Expected;
use crate::components::{ComponentFacts, ComponentKey, LookupError, NameOrUuid, Unresolved};
use crate::dependency_graph::cycle_through;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::state::State;
use crate::visible::may_see;

impl Work<'_> {
    pub(super) fn register(
        &mut self,
        draft: &Draft,
        require_dependencies: bool,
    ) -> Result<Outcome, Refusal> {
        self.demand_write(draft.meta_type().as_str(), draft.name())?;
        let key = draft.uuid().to_string();
        if let Some(known) = self.state.record(&Kind::COMPONENT, &key).cloned() {
            return self.register_again(&known, draft);
        }
        let conflicts = conflicts_of(self.state, draft);
        if !conflicts.is_empty() {
            return Err(Refusal::of(0, conflicts));
        }
        let mut warnings = draft.warnings().to_vec();
        let record = self.put_component(&key, Verb::REGISTERED, draft, None)?;
        warnings.extend(self.check_dependencies(&record, require_dependencies)?);
        Ok(Outcome {
            record,
            created: true,
            unchanged: false,
            warnings,
        })
    }

    fn register_again(&self, known: &Arc<Record>, draft: &Draft) -> Result<Outcome, Refusal> {
        let document = envelope_of(known)?.as_ref().map(document_of).transpose()?;
        let message = match document {
            None => "this uuid was removed; a uuid never returns".to_owned(),
            Some(document) if same_content(&document, draft) => {
                return Ok(Outcome {
                    record: known.clone(),
                    created: false,
                    unchanged: true,
                    warnings: draft.warnings().to_vec(),
                });
            }
            // What another component is called is told to whoever may read it.
            Some(_) => match known.component().filter(|_| may_see(self.rights, known)) {
                Some(facts) => format!("this uuid is {}, with other content", facts.title()),
                None => "this uuid is taken, with other content".to_owned(),
            },
        };
        let mut conflict = issue(IssueKind::Conflict, "/uuid", Some("MD009"), message);
        conflict.hint = Some("a new version is a new component: give it a fresh uuid".to_owned());
        Err(Refusal::of(0, vec![conflict]))
    }

    pub(super) fn update(
        &mut self,
        key: &ComponentKey,
        patch: &Value,
        expected: Option<&Expected>,
    ) -> Result<Outcome, Refusal> {
        let before = self.find(key, expected)?;
        let Some(envelope) = envelope_of(&before)? else {
            return Err(internal("what was found is gone".to_owned()));
        };
        let document = document_of(&envelope)?;
        let created_at = envelope.created_at;
        let (merged, mut issues) = patch::merge(&document, patch, &envelope);
        let reading = read_node(Node::from(&merged), &ReadOptions::default());
        issues.extend(
            reading
                .issues
                .into_iter()
                .filter(|i| i.severity == Severity::Error),
        );
        let Some(draft) = reading.draft.filter(|_| issues.is_empty()) else {
            return Err(Refusal::of(0, issues));
        };
        let from = before.component().map(|facts| facts.lifecycle);
        if let Some(issue) = from.and_then(|from| refused_transition(from, draft.lifecycle())) {
            return Err(Refusal::of(0, vec![issue]));
        }
        let mut warnings = draft.warnings().to_vec();
        if same_content(&document, &draft) {
            return Ok(Outcome {
                record: before,
                created: false,
                unchanged: true,
                warnings,
            });
        }
        let verb = match draft.lifecycle() {
            to if from == Some(to) => Verb::UPDATED,
            Lifecycle::Deprecated => Verb::DEPRECATED,
            Lifecycle::Archived => Verb::ARCHIVED,
            _ => Verb::UPDATED,
        };
        let record = self.put_component(&before.key, verb, &draft, Some(created_at))?;
        warnings.extend(self.check_dependencies(&record, false)?);
        Ok(Outcome {
            record,
            created: false,
            unchanged: false,
            warnings,
        })
    }

    pub(super) fn remove(
        &mut self,
        key: &ComponentKey,
        expected: Option<&Expected>,
    ) -> Result<Outcome, Refusal> {
        let before = self.find(key, expected)?;
        let warnings = self.broken_by_removal(&before);
        let record = self.take_out(before);
        Ok(Outcome {
            record,
            created: false,
            unchanged: false,
            warnings,
        })
    }

    /// The component that a write means, at the generation that it expects.
    fn find(
        &self,
        key: &ComponentKey,
        expected: Option<&Expected>,
    ) -> Result<Arc<Record>, Refusal> {
        let found = match self.state.lookup(&key.name, key.spec.as_ref()) {
            Ok(found) => found,
            Err(error) => {
                // The refusal lists the versions that there are.
                if let Some(other) = self.state.versions(&key.name).first() {
                    self.demand_write_to(key, other)?;
                }
                return Err(Refusal::of(0, vec![not_found(&error)]));
            }
        };
        self.demand_write_to(key, found.record)?;
        let title = found.facts.title();
        let record = found.record;
        super::check_expected(&title, Some(record), expected)?;
        Ok(record.clone())
    }

    fn demand_write(&self, meta_type: &str, name: &str) -> Result<(), Refusal> {
        let component = Resource::Component { meta_type, name };
        self.demand(Capability::RegistryWrite, component)
    }

    /// The same of the record that a key means. What else it is called is told to whoever may read
    /// it.
    fn demand_write_to(&self, key: &ComponentKey, record: &Record) -> Result<(), Refusal> {
        let Some(facts) = record.component() else {
            return self.demand(Capability::RegistryWrite, Resource::Book);
        };
        let demanded = self.demand_write(facts.meta_type(), facts.name());
        if demanded.is_ok() || may_see(self.rights, record) {
            return demanded;
        }
        let message = format!(
            "{} is missing for `{}`",
            Capability::RegistryWrite,
            key.name
        );
        let denied = issue(IssueKind::Denied, "", None, message);
        Err(Refusal::of(0, vec![denied]))
    }

    fn put_component(
        &mut self,
        key: &str,
        verb: Verb,
        draft: &Draft,
        created_at: Option<Timestamp>,
    ) -> Result<Arc<Record>, Refusal> {
        let now = self.now.to_document_text();
        let stored = draft.finish(&now, &now);
        let failed = |error: serde_json::Error| internal(error.to_string());
        let annotations = draft.canonical_member("annotations").unwrap_or("{}");
        let annotations: &RawValue = serde_json::from_str(annotations).map_err(failed)?;
        let data: &RawValue = serde_json::from_slice(&stored.bytes).map_err(failed)?;
        let content = Content {
            checksum: &stored.hash,
            created_at,
            annotations,
            data,
        };
        self.put(Kind::COMPONENT, key, verb, &content)
    }

    /// Warnings for dependencies that lead nowhere, after the component was put.
    fn check_dependencies(&self, record: &Record, require: bool) -> Result<Vec<Issue>, Refusal> {
        let Some(facts) = record.component() else {
            return Err(internal(
                "a component that its own release can't read".to_owned(),
            ));
        };
        if let Some(cycle) = cycle_through(self.state, facts) {
            let titles = self.titles_of(facts, &cycle.between);
            let pointer = format!("/dependencies/{}", cycle.dependency);
            let message = format!("closes a cycle: {}", titles.join(" → "));
            let refused = issue(IssueKind::DependencyCycle, &pointer, Some("RG006"), message);
            return Err(Refusal {
                cycle: Some(titles),
                ..Refusal::of(0, vec![refused])
            });
        }
        let missing = missing_dependencies(self.state, facts, require);
        if require && !missing.is_empty() {
            return Err(Refusal::of(0, missing));
        }
        Ok(missing)
    }

    /// A way from a component back to it. Others on it that may not be read have no title.
    fn titles_of(&self, own: &ComponentFacts, between: &[Arc<Record>]) -> Vec<String> {
        let own = std::iter::once(own.title());
        let between = between.iter().filter_map(|record| {
            let title = record.component()?.title();
            Some(match may_see(self.rights, record) {
                true => title,
                false => "…".to_owned(),
            })
        });
        own.clone().chain(between).chain(own).collect()
    }

    /// Those that would lose a dependency they can't do without, as far as they may be read.
    fn broken_by_removal(&self, record: &Record) -> Vec<Issue> {
        let needed = |facts: &&ComponentFacts| self.state.components.may_be_needed(facts);
        let Some(facts) = record.component().filter(needed) else {
            return Vec::new();
        };
        let sees = |record: &Record| may_see(self.rights, record);
        let dependents = self.state.dependents_seen(facts.uuid(), 1, sees);
        let broken = dependents.into_iter().filter(|dependent| dependent.breaks);
        broken
            .map(|dependent| Issue {
                severity: Severity::Warning,
                ..issue(
                    IssueKind::MissingDependency,
                    "",
                    Some("RG007"),
                    format!("{}@{} depends on it", dependent.name, dependent.version),
                )
            })
            .collect()
    }
}

/// A component as it is stored; `None` when it was removed.
fn envelope_of(record: &Record) -> Result<Option<Envelope<'_>>, Refusal> {
    let envelope = record.bytes.as_deref().map(Envelope::read).transpose();
    envelope.map_err(|error| internal(error.to_string()))
}

fn document_of(envelope: &Envelope<'_>) -> Result<Map<String, Value>, Refusal> {
    let document = serde_json::from_str(envelope.data.get());
    document.map_err(|error| internal(error.to_string()))
}

fn conflicts_of(state: &State, draft: &Draft) -> Vec<Issue> {
    let mut conflicts = Vec::new();
    let family = state.versions(&NameOrUuid::Name(draft.name().to_owned()));
    let mut family = family.iter().filter_map(|record| record.component());
    let same_version = family
        .clone()
        .find(|facts| facts.version().cmp_precedence(draft.version()) == std::cmp::Ordering::Equal);
    if let Some(facts) = same_version {
        let message = format!("{} is registered with uuid {}", facts.title(), facts.uuid());
        let mut conflict = issue(IssueKind::Conflict, "/version", Some("RG002"), message);
        conflict.hint =
            Some("choose a higher version; build metadata doesn't tell versions apart".to_owned());
        conflicts.push(conflict);
    }
    let own = draft.meta_type().as_str();
    if let Some(facts) = family.find(|facts| facts.meta_type() != own) {
        let message = format!("{} is a {}, not a {own}", facts.title(), facts.meta_type());
        conflicts.push(issue(
            IssueKind::Conflict,
            "/meta_type",
            Some("RG002"),
            message,
        ));
    }
    conflicts
}

fn not_found(error: &LookupError) -> Issue {
    let code = match error {
        LookupError::Unknown { .. } => "RG001",
        LookupError::NoVersion { .. } => "RG008",
    };
    issue(IssueKind::NotFound, "", Some(code), error.to_string())
}

fn missing_dependencies(state: &State, facts: &ComponentFacts, require: bool) -> Vec<Issue> {
    let mut missing = Vec::new();
    for (place, dependency) in facts.dependencies.iter().enumerate() {
        let Some(dependency) = dependency else {
            continue;
        };
        let why = match state.resolve(dependency) {
            Ok(_) | Err(Unresolved::External) => continue,
            Err(Unresolved::NotFound) => "nothing in the book has that name",
            Err(Unresolved::NoMatchingVersion) => "no version in the book fits",
            Err(Unresolved::Ambiguous) => "several families fit",
        };
        let message = match dependency.spec_text() {
            Some(spec) => format!("{} {spec}: {why}", dependency.target_text()),
            None => format!("{}: {why}", dependency.target_text()),
        };
        let pointer = format!("/dependencies/{place}");
        missing.push(Issue {
            severity: if require {
                Severity::Error
            } else {
                Severity::Warning
            },
            ..issue(
                IssueKind::MissingDependency,
                &pointer,
                Some("RG007"),
                message,
            )
        });
    }
    missing
}

fn refused_transition(from: Lifecycle, to: Lifecycle) -> Option<Issue> {
    use Lifecycle::{Active, Archived, Deprecated, Draft};
    let allowed: &[Lifecycle] = match from {
        Draft => &[Active, Archived],
        Active => &[Deprecated, Archived],
        Deprecated => &[Active, Archived],
        Archived => &[],
    };
    if from == to || allowed.contains(&to) {
        return None;
    }
    let names: Vec<&str> = allowed.iter().map(|lifecycle| lifecycle.as_str()).collect();
    let message = format!("{} can't become {}", from.as_str(), to.as_str());
    let mut refused = issue(
        IssueKind::LifecycleRule,
        "/lifecycle",
        Some("LC003"),
        message,
    );
    refused.hint = Some(match names.as_slice() {
        [] => "archived is final: register a new version".to_owned(),
        names => format!("from {} it goes to {}", from.as_str(), names.join(" or ")),
    });
    Some(refused)
}
