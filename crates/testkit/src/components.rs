//! Component documents drawn from a few names, versions and tags, so that random ones meet.

use std::sync::Arc;

use deedbook_model::component::{Draft, ReadOptions, read_node};
use deedbook_model::document::Node;
use deedbook_rules::Write;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Families, each with its type and namespace.
pub const FAMILIES: [(&str, &str, Option<&str>); 6] = [
    ("alpha", "tool", Some("org.deed.alpha")),
    ("alpha_two", "validator", Some("org.deed")),
    ("beta", "test", Some("lab.beta")),
    ("gamma", "service", None),
    ("delta", "tool", Some("org.other.alpha")),
    ("omega", "task", None),
];

/// Versions, in no order.
pub const VERSIONS: [&str; 7] = [
    "1.0.0",
    "0.1.0",
    "1.2.3",
    "2.0.0-rc.1",
    "2.0.0",
    "0.2.0+build.7",
    "1.2.3-alpha.2",
];

/// Tags.
pub const TAGS: [&str; 5] = ["pre-commit", "Text", "text", "a:b/c", "x.1"];

/// Offered capabilities.
pub const CAPABILITIES: [&str; 3] = ["read", "write all", "größe"];

/// Descriptions, with letters whose lower case is longer, shorter, or depends on its neighbours.
pub const DESCRIPTIONS: [&str; 5] = [
    "Maps Byte offsets",
    "ΣΊΣΥΦΟΣ rolls the stone",
    "İstanbul and Straße, ﬀ",
    "日本語 の text",
    "K is Kelvin; Å is Ångström",
];

/// What a dependency asks of its target's version.
pub const SPECS: [&str; 5] = ["*", "^1", ">=0.1, <2", "2.0.0", "latest"];

/// A component as a few numbers choose it.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// Its family, from [`FAMILIES`].
    pub family: usize,
    /// Its version, from [`VERSIONS`].
    pub version: usize,
    /// Tells several of one name and version apart: they are in conflict.
    pub variant: u8,
    /// Another type than its family has: a conflict.
    pub other_type: bool,
    /// Whether it begins as a draft.
    pub is_draft: bool,
    /// Its tags.
    pub tags: Vec<usize>,
    /// What it offers.
    pub capability: Option<usize>,
    /// What it does.
    pub description: Option<usize>,
    /// What it needs.
    pub needs: Vec<Need>,
}

/// A dependency as a few numbers choose it.
#[derive(Clone, Debug)]
pub struct Need {
    /// By name, uuid or path, or something outside.
    pub how: u8,
    /// The family needed.
    pub family: usize,
    /// The version, where one is named by uuid.
    pub version: usize,
    /// Which versions would do.
    pub spec: usize,
    /// Whether the component can do without.
    pub optional: bool,
}

/// The uuid of one version of one family.
#[must_use]
pub fn uuid_of(family: usize, version: usize, variant: u8) -> Uuid {
    let number = |part: usize| u8::try_from(part).unwrap();
    let mut bytes = [0; 16];
    bytes[..3].copy_from_slice(&[number(family) + 1, number(version), variant]);
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

impl Sketch {
    /// Its uuid.
    #[must_use]
    pub fn uuid(&self) -> Uuid {
        uuid_of(self.family, self.version, self.variant)
    }

    /// Its document.
    #[must_use]
    pub fn document(&self) -> Value {
        let (name, meta_type, namespace) = FAMILIES[self.family];
        let tags: Vec<&str> = self.tags.iter().map(|tag| TAGS[*tag]).collect();
        let mut document = json!({
            "metadata_version": "0.3.0",
            "uuid": self.uuid(),
            "name": name,
            "version": VERSIONS[self.version],
            "meta_type": if self.other_type { "agent" } else { meta_type },
            "tags": tags,
            "dependencies": self.needs.iter().map(Need::entry).collect::<Vec<_>>(),
        });
        let mut set = |member: &str, value: Option<&str>| {
            if let Some(value) = value {
                document[member] = Value::from(value);
            }
        };
        set("namespace", namespace);
        set("description", self.description.map(|one| DESCRIPTIONS[one]));
        set("lifecycle", self.is_draft.then_some("draft"));
        if let Some(capability) = self.capability {
            document["capabilities"] = json!([CAPABILITIES[capability]]);
        }
        document
    }

    /// The draft of its document; `None` where that isn't valid, as when it needs itself.
    #[must_use]
    pub fn draft(&self) -> Option<Arc<Draft>> {
        draft_of(&self.document())
    }

    /// The write that registers it.
    #[must_use]
    pub fn register(&self) -> Option<Write> {
        Some(Write::Register {
            draft: self.draft()?,
            require_dependencies: false,
        })
    }
}

impl Need {
    /// Its entry in a document.
    #[must_use]
    pub fn entry(&self) -> Value {
        let (name, meta_type, namespace) = FAMILIES[self.family];
        let (spec, optional) = (SPECS[self.spec], self.optional);
        match self.how {
            0..4 => json!({"name": name, "version_spec": spec, "optional": optional}),
            4 => json!({"uuid": uuid_of(self.family, self.version, 0), "optional": optional}),
            5 => json!(format!(
                "{meta_type}://{}@{spec}",
                namespace.unwrap_or(name)
            )),
            6 => json!(format!("{meta_type}://alpha")),
            _ => json!({"name": "python", "kind": "external", "version_spec": ">=3"}),
        }
    }
}

/// The draft of a document; `None` where it isn't valid.
#[must_use]
pub fn draft_of(document: &Value) -> Option<Arc<Draft>> {
    let reading = read_node(Node::from(document), &ReadOptions::default());
    reading.draft.map(Arc::new)
}

/// The write that registers a plain component.
///
/// # Panics
/// For a name or version that isn't valid.
#[must_use]
pub fn plain(name: &str, version: &str, uuid: Uuid, more: Map<String, Value>) -> Write {
    let mut document = json!({
        "metadata_version": "0.3.0",
        "uuid": uuid,
        "name": name,
        "version": version,
        "meta_type": "tool",
    });
    document.as_object_mut().unwrap().extend(more);
    Write::Register {
        draft: draft_of(&document).expect("a valid document"),
        require_dependencies: false,
    }
}

/// The write that registers a plain component whose name and uuid come from a number.
#[must_use]
pub fn numbered(number: u64) -> Write {
    let uuid = uuid_of_number(number);
    plain(&format!("part_{number}"), "1.0.0", uuid, Map::new())
}

/// The uuid that [`numbered`] gives.
#[must_use]
pub fn uuid_of_number(number: u64) -> Uuid {
    let bytes = (u128::from(number) | 0xeeee << 112).to_be_bytes();
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// Random components.
pub fn sketches() -> impl Strategy<Value = Sketch> {
    let choice = (0..FAMILIES.len(), 0..VERSIONS.len());
    let flags = (
        prop::sample::select(vec![0, 0, 0, 0, 0, 1]),
        prop::bool::weighted(0.04),
        prop::bool::weighted(0.15),
    );
    let texts = (
        vec(0..TAGS.len(), 0..3),
        option::of(0..CAPABILITIES.len()),
        option::of(0..DESCRIPTIONS.len()),
    );
    (choice, flags, texts, vec(needs(), 0..3)).prop_map(
        |(
            (family, version),
            (variant, other_type, is_draft),
            (mut tags, capability, description),
            needs,
        )| {
            tags.dedup();
            Sketch {
                family,
                version,
                variant,
                other_type,
                is_draft,
                tags,
                capability,
                description,
                needs,
            }
        },
    )
}

/// Random dependencies.
pub fn needs() -> impl Strategy<Value = Need> {
    let place = (0..8u8, 0..FAMILIES.len(), 0..VERSIONS.len());
    (place, 0..SPECS.len(), any::<bool>()).prop_map(|((how, family, version), spec, optional)| {
        Need {
            how,
            family,
            version,
            spec,
            optional,
        }
    })
}
