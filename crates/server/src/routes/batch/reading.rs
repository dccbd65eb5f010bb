//! Reading the writes of a batch: which members each has, and what they mean.

use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::shapes::{BatchOp, BatchWrite, batch_ops};
use deedbook_model::code::Code;
use deedbook_model::component::{self, ReadOptions};
use deedbook_model::document::Syntax;
use deedbook_model::issue::Issue;
use deedbook_model::mesh::{self, MeshKey, MeshKind};
use deedbook_model::{Generation, Timestamp};
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use deedbook_rules::{MeshWrite, Write};

use crate::call::read_spec;
use crate::routes::components::update;
use crate::routes::principals::{Drawn, grants};

/// A write that was read.
pub(super) struct Read {
    pub(super) write: Write,
    /// Where in the content the rules' pointers begin.
    pub(super) place: String,
    /// The token that was drawn for it.
    pub(super) drawn: Option<Drawn>,
}

/// What is wrong with a write.
pub(super) enum Faults {
    /// It isn't one: nothing more is looked at.
    Request(Problem),
    /// Something in what it holds.
    Content(Vec<Issue>),
}

impl From<Problem> for Faults {
    fn from(problem: Problem) -> Faults {
        Faults::Request(problem)
    }
}

/// Reads the write that stands at that place.
pub(super) fn read(
    write: &BatchWrite<'_>,
    place: &str,
    options: &ReadOptions,
    now: Timestamp,
) -> Result<Read, Faults> {
    let op = op_of(write)?;
    let inside = |part: &str| format!("{place}{part}");
    let expected = write.expected_generation.map(Generation);
    let (meant, part, drawn) = match (op.kind, op.op) {
        ("component", "register") => (register(write, options), "/document", None),
        ("component", "update") => {
            let patch = update::patch(raw(write.patch));
            let key = component_key(write)?;
            let update = patch.map(|patch| Write::Update {
                key,
                patch,
                expected: expected.map(Into::into),
            });
            (update, "/patch", None)
        }
        ("component", _) => {
            let remove = Write::Remove {
                key: component_key(write)?,
                expected: expected.map(Into::into),
            };
            (Ok(remove), "/key", None)
        }
        ("principal", _) => {
            let (write, drawn) = principal(write, op.op, expected, now)?;
            (write, "", drawn)
        }
        _ => {
            let part = match op.op {
                "put" => "/document",
                "patch" => "/patch",
                _ => "/key",
            };
            let write = of_mesh(write, op, expected, options.strict)?;
            (write.map(Write::Mesh), part, None)
        }
    };
    let place = inside(part);
    match meant {
        Ok(write) => Ok(Read {
            write,
            place,
            drawn,
        }),
        Err(issues) => Err(Faults::Content(
            issues
                .into_iter()
                .map(|issue| Issue {
                    pointer: format!("{place}{}", issue.pointer),
                    ..issue
                })
                .collect(),
        )),
    }
}

/// What a write is, if it has the members that it needs and no other.
fn op_of(write: &BatchWrite<'_>) -> Result<&'static BatchOp, Problem> {
    let of_kind = || batch_ops().filter(|one| one.kind == write.kind);
    if of_kind().next().is_none() {
        let mut kinds: Vec<&str> = batch_ops().map(|one| one.kind).collect();
        kinds.dedup();
        let detail = format!(
            "`{}` is no kind of record that can be written; there are {}",
            shortened(&write.kind),
            kinds.join(", ")
        );
        return Err(Problem::new(Code::Invalid, detail));
    }
    let Some(op) = of_kind().find(|one| one.op == write.op) else {
        let known: Vec<&str> = of_kind().map(|one| one.op).collect();
        let detail = format!(
            "`{}` is no op of a {}; there are {}",
            shortened(&write.op),
            write.kind,
            known.join(", ")
        );
        return Err(Problem::new(Code::Invalid, detail));
    };
    let given: Vec<&str> = write.members().collect();
    let lacks = op.needed.iter().any(|name| !given.contains(name));
    let foreign = given
        .iter()
        .find(|name| !op.needed.contains(name) && !op.optional.contains(name));
    if !lacks && foreign.is_none() {
        return Ok(op);
    }
    let mut detail = format!("the op `{}` needs {}", op.op, op.needed.join(" and "));
    if let Some(foreign) = foreign {
        detail.push_str(&format!(", and takes no {foreign}"));
    }
    Err(Problem::new(Code::Invalid, detail))
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

fn raw(content: Option<&serde_json::value::RawValue>) -> &[u8] {
    content.map_or(b"", |content| content.get().as_bytes())
}

fn register(write: &BatchWrite<'_>, options: &ReadOptions) -> Result<Write, Vec<Issue>> {
    let reading = component::read(raw(write.document), Syntax::Json, options);
    let draft = reading.draft.ok_or(reading.issues)?;
    Ok(Write::Register {
        draft: Arc::new(draft),
        require_dependencies: write.require_dependencies.unwrap_or_default(),
    })
}

fn component_key(write: &BatchWrite<'_>) -> Result<ComponentKey, Problem> {
    Ok(ComponentKey {
        name: NameOrUuid::of(write.key.as_deref().unwrap_or_default()),
        spec: write.version_spec.as_deref().map(read_spec).transpose()?,
    })
}

/// A write of what runs where.
fn of_mesh(
    write: &BatchWrite<'_>,
    op: &BatchOp,
    expected: Option<Generation>,
    strict: bool,
) -> Result<Result<MeshWrite, Vec<Issue>>, Problem> {
    let kind = MeshKind::named(op.kind);
    let kind = kind.ok_or_else(|| Problem::new(Code::Internal, "a kind without records"))?;
    let key = MeshKey::parse(kind, write.key.as_deref().unwrap_or_default());
    let key = key.map_err(|error| Problem::new(Code::Invalid, error.to_string()))?;
    let expected = expected.map(Into::into);
    Ok(match op.op {
        "put" => {
            let options = mesh::ReadOptions {
                key: Some(&key),
                strict,
            };
            let draft = mesh::read(kind, raw(write.document), Syntax::Json, options);
            draft.map(|draft| MeshWrite::Put {
                draft: Arc::new(draft),
                expected,
            })
        }
        "patch" => update::patch(raw(write.patch)).map(|patch| MeshWrite::Patch {
            key,
            patch,
            expected,
        }),
        _ => Ok(MeshWrite::Remove {
            key,
            expected,
            force: write.force.unwrap_or_default(),
        }),
    })
}

type Meant = (Result<Write, Vec<Issue>>, Option<Drawn>);

fn principal(
    write: &BatchWrite<'_>,
    op: &str,
    expected: Option<Generation>,
    now: Timestamp,
) -> Result<Meant, Problem> {
    let name = write.key.clone().unwrap_or_default();
    let granted = || grants(write.grants.as_deref().unwrap_or_default());
    let draw = || Drawn::draw(now, write.expires.as_deref());
    Ok(match op {
        "create" => match (granted(), draw()?) {
            (Ok(grants), Ok(drawn)) => {
                let create = Write::CreatePrincipal {
                    name: write.name.clone().unwrap_or_default(),
                    grants,
                    token: drawn.new,
                };
                (Ok(create), Some(drawn))
            }
            (grants, drawn) => {
                let issues = grants.err().into_iter().chain(drawn.err());
                (Err(issues.flatten().collect()), None)
            }
        },
        "set" => {
            let set = granted().map(|grants| Write::SetGrants {
                name,
                grants,
                expected,
            });
            (set, None)
        }
        "rotate" => match draw()? {
            Ok(drawn) => {
                let rotate = Write::RotateToken {
                    name,
                    token: drawn.new,
                    overlap_seconds: write.overlap_seconds.unwrap_or_default(),
                    expected,
                };
                (Ok(rotate), Some(drawn))
            }
            Err(issues) => (Err(issues), None),
        },
        "revoke" => {
            let token = write.token;
            let revoke = Write::RevokeTokens {
                name,
                token,
                expected,
            };
            (Ok(revoke), None)
        }
        _ => (Ok(Write::RemovePrincipal { name, expected }), None),
    })
}
