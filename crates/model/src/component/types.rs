//! A component in types, for code that builds one or reads its members.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::builder::ComponentBuilder;
use super::words::{ExecutionMode, ExpectedResult, Lifecycle, MetaType, TestType};

type Members = Map<String, Value>;
type Texts = Vec<String>;

/// A record of members that must be there, members that may, and all others.
macro_rules! record {
    (
        $(#[$doc:meta])* $name:ident {
            $($(#[$must_doc:meta])* $must:ident $(= $must_word:literal)?: $must_type:ty,)*
            ;
            $($(#[$may_doc:meta])* $may:ident $(= $word:literal)?: $may_type:ty,)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            $($(#[$must_doc])* $(#[serde(rename = $must_word)])? pub $must: $must_type,)*
            $(
                $(#[$may_doc])*
                #[serde(skip_serializing_if = "Option::is_none" $(, rename = $word)?)]
                pub $may: Option<$may_type>,
            )*
            /// Members that aren't known here.
            #[serde(flatten)]
            pub unknown: Members,
        }

        record!(@new $name { $($must: $must_type),* } { $($may),* });
    };
    // What must have nothing has a default instead.
    (@new $name:ident {} { $($may:ident),* }) => {};
    (@new $name:ident { $($must:ident: $must_type:ty),+ } { $($may:ident),* }) => {
        impl $name {
            /// A record with the members it must have.
            pub fn new($($must: $must_type),+) -> Self {
                Self { $($must,)+ $($may: None,)* unknown: Members::new() }
            }
        }
    };
}

record! {
    /// A component document of version 0.3.
    ///
    /// Absent members stay absent, members that aren't known are kept. Texts aren't checked
    /// here: [`Component::builder`] and [`super::read()`] do that.
    Component {
        /// The version of the metadata, `0.3.0`.
        metadata_version: String,
        /// One uuid for one version of one component.
        uuid: String,
        /// The family's name.
        name: String,
        /// SemVer 2.0.0.
        version: String,
        /// What the component is.
        meta_type: MetaType,
        ;
        /// A label: dotted words, perhaps behind a scheme.
        namespace: String,
        /// Where it is in its life; absent is active.
        lifecycle: Lifecycle,
        /// What it does.
        description: String,
        /// Who wrote it.
        author: String,
        /// Who answers for it.
        owner: String,
        /// Whose it is.
        copyright: String,
        /// On which terms it is passed on.
        license: String,
        /// What it wants to be run by.
        runtime_language_hint: String,
        /// Where its state is described.
        state_contract: String,
        /// RFC 3339 with offset.
        created_at: String,
        /// RFC 3339 with offset.
        last_modified_at: String,
        /// The hash of the document.
        hash: String,
        /// What is run.
        entrypoint: Entrypoint,
        /// Words to find it by.
        tags: Texts,
        /// What it offers.
        capabilities: Texts,
        /// What it needs to be allowed.
        capabilities_required: Vec<CapabilityRequirement>,
        /// What it needs.
        dependencies: Vec<DependencyEntry>,
        /// What goes in.
        inputs: Vec<PortEntry>,
        /// What comes out.
        outputs: Vec<PortEntry>,
        /// From 0 to 1.
        trust_score: f64,
        /// Whether running it twice is running it once.
        idempotent: bool,
        /// Its successor: a uuid, or a name with an optional `@` and version_spec.
        deprecated_by: String,
        /// Why it is deprecated.
        deprecated_reason: String,
        /// Why it is archived.
        archived_reason: String,
        /// What it was made from.
        parent_id: String,
        /// For tests: what kind.
        test_type: TestType,
        /// For tests: what should come of it.
        expected_result: ExpectedResult,
        /// For tests: what is tested.
        targets: Vec<DependencyEntry>,
        /// What its kind of component needs to say.
        spec: Members,
        /// Texts by name.
        annotations: Members,
        /// Anything by name.
        x_extensions: Members,
        /// Three numbers.
        protocol_version: String,
        /// Three numbers.
        schema_version: String,
        /// URIs of protocols.
        protocols_supported: Texts,
        /// URIs of what it is based on.
        base_class: Texts,
        /// Environment variables it reads.
        environment: Texts,
        /// Operating systems it runs on.
        os_requirements: Texts,
        /// Processors it runs on.
        architectures: Texts,
        /// Rules it follows.
        compliance_profiles: Texts,
        /// The image it comes in.
        container_image_reference: String,
        /// A signature; nobody checks it here.
        signature_block: SignatureBlock,
        /// How it is tested.
        testing: Testing,
        /// How it handles data.
        data_handling_declaration: DataHandling,
        /// How it logs.
        logging_config: LoggingConfig,
        /// Where its source is.
        source_repository: SourceRepository,
        /// Functions by name.
        tools: std::collections::BTreeMap<String, ToolFunction>,
        /// What limits its execution.
        execution_constraints: Members,
        /// What it is secured by.
        security_context: Members,
        /// How it is called.
        execution_mode: ExecutionMode,
        /// Contracts by name.
        contracts: Members,
        /// Scenarios it was tried in.
        scenarios: Vec<Value>,
        /// What runs the scenarios.
        scenario_test_entrypoint: Value,
        /// The tests it has.
        test_matrix: Vec<TestMatrixRow>,
        /// From 0 to 100.
        test_coverage: f64,
        /// An older way to say that the lifecycle is deprecated.
        deprecated: bool,
    }
}

record! {
    /// What is run: a kind of runner and what it is given.
    Entrypoint {
        /// Such as `python`.
        kind = "type": String,
        /// Such as `main.py`.
        target: String,
        ;
    }
}

record! {
    /// Something a component needs to be allowed.
    CapabilityRequirement {
        /// Such as `file.read`.
        kind = "type": String,
        /// Such as `src/*`.
        resource: String,
        ;
    }
}

record! {
    /// A dependency as an object. A uuid wins over a name.
    #[derive(Default)]
    Dependency {
        ;
        /// The family.
        name: String,
        /// One version of one component.
        uuid: String,
        /// Which versions will do; absent is the latest.
        version_spec: String,
        /// Whether it works without.
        optional: bool,
        /// `component`, or `external` for what no registry holds.
        kind: String,
        /// How the dependency gets to the component.
        binding: String,
        /// The protocol it must speak.
        protocol_required: Value,
        /// What it is for.
        description: String,
    }
}

record! {
    /// Something that goes in or comes out.
    Port {
        /// Its name.
        name: String,
        ;
        /// URI of its schema.
        schema_ref: String,
        /// Whether it must be there.
        required: bool,
        /// Such as `json`.
        format_hint: String,
        /// What it is.
        description: String,
    }
}

record! {
    /// A signature; carried, never checked.
    #[derive(Default)]
    SignatureBlock {
        ;
        /// The signature.
        signature: String,
        /// How it was made.
        algorithm: String,
        /// Who made it.
        signed_by: String,
        /// When it was made.
        issued_at: String,
    }
}

record! {
    /// How a component is tested.
    #[derive(Default)]
    Testing {
        ;
        /// Test cases that stand for the others.
        canonical_test_case_ids: Texts,
        /// Where the tests must run.
        required_ci_tiers: Texts,
        /// From 0 to 100.
        minimum_coverage_percentage: f64,
    }
}

record! {
    /// How a component handles data.
    DataHandling {
        /// Whether some of it is sensitive.
        processes_sensitive_data: bool,
        ;
        /// Where it must stay.
        data_residency_required: Value,
        /// Such as `internal`.
        data_classification: String,
    }
}

record! {
    /// How a component logs.
    #[derive(Default)]
    LoggingConfig {
        ;
        /// Such as `info`.
        level: String,
        /// Such as `json`.
        format: String,
        /// What must be logged.
        audit_events: Texts,
    }
}

record! {
    /// Where a component's source is.
    #[derive(Default)]
    SourceRepository {
        ;
        /// The repository.
        url: String,
        /// 40 hexadecimal digits.
        commit_hash: String,
        /// The folder.
        path: String,
    }
}

record! {
    /// One function of a component.
    #[derive(Default)]
    ToolFunction {
        ;
        /// Such as `function`.
        kind = "type": String,
        /// Such as `python`.
        language: String,
        /// Where it starts in its file.
        line: i64,
        /// What it does.
        description: String,
        /// What goes in.
        inputs: Vec<Value>,
        /// What comes out.
        outputs: Vec<Value>,
        /// Codes of its errors.
        error_codes: Texts,
        /// What it changes.
        side_effects: Texts,
    }
}

record! {
    /// One test of a component.
    #[derive(Default)]
    TestMatrixRow {
        ;
        /// Its id.
        id: String,
        /// What it tries.
        description: String,
        /// Where it runs.
        context: Value,
        /// What should come of it.
        expected_result: String,
        /// Words to find it by.
        tags: Texts,
        /// What it covers.
        covers: Texts,
    }
}

/// A dependency, as text or as an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DependencyEntry {
    /// `type://path[@spec]`, or the words for something outside.
    Text(String),
    /// Member by member.
    Object(Box<Dependency>),
}

/// An input or output, as a name or as an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PortEntry {
    /// Its name alone.
    Name(String),
    /// Member by member.
    Object(Box<Port>),
}

impl Component {
    /// Starts a component; the rest is set on the builder.
    pub fn builder(
        name: impl Into<String>,
        version: impl Into<String>,
        meta_type: MetaType,
    ) -> ComponentBuilder {
        ComponentBuilder::new(name.into(), version.into(), meta_type)
    }
}
