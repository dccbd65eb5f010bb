//! Building a component in code: whatever is set, the result went through the reader.

use serde_json::Value;
use uuid::Uuid;

use crate::document::Node;
use crate::issue::{Issue, IssueKind};
use crate::schema::METADATA_VERSION;

use super::draft::Draft;
use super::read::{ReadOptions, read_node};
use super::types::{Component, Dependency, DependencyEntry, Entrypoint};
use super::words::{Lifecycle, MetaType};

/// Collects a component's members; [`Self::build`] judges them.
///
/// ```
/// use deedbook_model::component::{Component, MetaType};
///
/// let draft = Component::builder("line_index", "1.2.0", MetaType::Tool)
///     .uuid("5ce4ec81-2027-448f-8f28-436b4e8d1fda".parse().unwrap())
///     .description("Maps byte offsets to line numbers.")
///     .tag("text")
///     .depends_on("text_split", "^0.3")
///     .build()
///     .unwrap();
/// assert_eq!(draft.name(), "line_index");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ComponentBuilder {
    component: Component,
}

impl ComponentBuilder {
    pub(super) fn new(name: String, version: String, meta_type: MetaType) -> Self {
        let metadata_version = METADATA_VERSION.to_string();
        Self {
            component: Component::new(metadata_version, String::new(), name, version, meta_type),
        }
    }

    /// The uuid of this version; the caller makes it, as nothing here is random.
    pub fn uuid(mut self, uuid: Uuid) -> Self {
        self.component.uuid = uuid.to_string();
        self
    }

    /// The namespace.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.component.namespace = Some(namespace.into());
        self
    }

    /// Where the component is in its life.
    pub fn lifecycle(mut self, lifecycle: Lifecycle) -> Self {
        self.component.lifecycle = Some(lifecycle);
        self
    }

    /// What the component does.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.component.description = Some(description.into());
        self
    }

    /// What is run, by which kind of runner.
    pub fn entrypoint(mut self, kind: impl Into<String>, target: impl Into<String>) -> Self {
        self.component.entrypoint = Some(Entrypoint::new(kind.into(), target.into()));
        self
    }

    /// One more tag.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.component.tags.get_or_insert_default().push(tag.into());
        self
    }

    /// One more offered capability.
    pub fn capability(mut self, capability: impl Into<String>) -> Self {
        let capabilities = self.component.capabilities.get_or_insert_default();
        capabilities.push(capability.into());
        self
    }

    /// One more family that is needed, in the versions of a version_spec.
    pub fn depends_on(self, name: impl Into<String>, version_spec: impl Into<String>) -> Self {
        let dependency = Dependency {
            name: Some(name.into()),
            version_spec: Some(version_spec.into()),
            ..Dependency::default()
        };
        self.dependency(DependencyEntry::Object(Box::new(dependency)))
    }

    /// One more dependency.
    pub fn dependency(mut self, entry: DependencyEntry) -> Self {
        self.component
            .dependencies
            .get_or_insert_default()
            .push(entry);
        self
    }

    /// One more annotation.
    pub fn annotation(mut self, key: impl Into<String>, text: impl Into<String>) -> Self {
        let annotations = self.component.annotations.get_or_insert_default();
        annotations.insert(key.into(), Value::from(text.into()));
        self
    }

    /// One more member of `spec`.
    pub fn spec(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let spec = self.component.spec.get_or_insert_default();
        spec.insert(name.into(), value.into());
        self
    }

    /// Any other member, by hand.
    pub fn with(mut self, change: impl FnOnce(&mut Component)) -> Self {
        change(&mut self.component);
        self
    }

    /// The valid component.
    ///
    /// # Errors
    ///
    /// Every issue the reader has with it, at the pointers of the document it would be.
    pub fn build(self) -> Result<Draft, Vec<Issue>> {
        let mut document = serde_json::to_value(self.component).map_err(|error| {
            // A float that isn't finite, or two members of one name.
            vec![Issue::error(IssueKind::InvalidValue, "", error.to_string())]
        })?;
        if let Some(members) = document.as_object_mut()
            && members.get("uuid").and_then(Value::as_str) == Some("")
        {
            members.remove("uuid");
        }
        let reading = read_node(Node::from(&document), &ReadOptions::default());
        reading.draft.ok_or(reading.issues)
    }
}
