//! Conditional requests: what the caller has seen of a record.

use deedbook_api::problem::Problem;
use deedbook_model::{Generation, Revision};
use deedbook_rules::Expected;
use deedbook_rules::components::ComponentKey;
use http::header;

use crate::call::Call;

/// Which record a write is meant for, and what its caller saw of it. The rules compare, after they
/// looked whether the request was done before.
pub(crate) struct Target {
    pub(crate) key: ComponentKey,
    pub(crate) expected: Option<Expected>,
}

impl Target {
    /// The target of a request.
    pub(crate) fn of(call: &Call) -> Result<Target, Problem> {
        Ok(Target {
            key: call.component_key()?,
            expected: expected(call)?,
        })
    }
}

/// What the caller of a write saw of its record.
pub(crate) fn expected(call: &Call) -> Result<Option<Expected>, Problem> {
    let generation = call.query.number("expectedGeneration").map(Generation);
    let (same, other) = (call.header("if-match")?, call.header("if-none-match")?);
    match (same, other, generation) {
        (None, None, generation) => Ok(generation.map(Expected::Generation)),
        (Some(wanted), None, None) => Ok(Some(Etags::read("if-match", wanted)?.strong())),
        (None, Some(known), None) => match Etags::read("if-none-match", known)? {
            Etags::Any => Ok(Some(Expected::Absent)),
            Etags::These(_) => {
                let detail = "of a write is `*`: only if there is no such record";
                Err(Problem::parameter("if-none-match", detail))
            }
        },
        (Some(_), Some(_), _) => {
            let detail = "is one condition, If-None-Match another; give one of them";
            Err(Problem::parameter("if-match", detail))
        }
        (_, _, Some(_)) => {
            let detail = "is one condition, If-Match and If-None-Match are others; give one";
            Err(Problem::parameter("expectedGeneration", detail))
        }
    }
}

/// Whether the caller has the record as it is already.
pub(crate) fn is_known(call: &Call, revision: Revision) -> Result<bool, Problem> {
    if !call.headers.contains_key(header::IF_NONE_MATCH) {
        return Ok(false);
    }
    let known = call.header("if-none-match")?.unwrap_or_default();
    Ok(Etags::read("if-none-match", known)?.weakly_match(revision))
}

/// Whether the caller has what that tag stands for already.
pub(crate) fn knows_tag(call: &Call, tag: &str) -> Result<bool, Problem> {
    let Some(known) = call.header("if-none-match")? else {
        return Ok(false);
    };
    Ok(match Etags::read("if-none-match", known)? {
        Etags::Any => true,
        Etags::These(tags) => tags.iter().any(|(_, own)| *own == tag),
    })
}

/// What stands in `If-Match` or `If-None-Match`.
enum Etags<'a> {
    Any,
    These(Vec<(bool, &'a str)>),
}

impl<'a> Etags<'a> {
    fn read(name: &str, text: &'a str) -> Result<Etags<'a>, Problem> {
        if text.trim() == "*" {
            return Ok(Etags::Any);
        }
        let tags = text.split(',').map(str::trim).map(|tag| {
            let (is_weak, tag) = match tag.strip_prefix("W/") {
                Some(tag) => (true, tag),
                None => (false, tag),
            };
            let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
            (!inner.contains('"')).then_some((is_weak, inner))
        });
        let tags: Option<Vec<_>> = tags.collect();
        tags.map(Etags::These).ok_or_else(|| {
            Problem::parameter(
                name,
                "isn't an ETag in double quotes, several of them, or `*`",
            )
        })
    }

    /// The revisions of strong tags: only those count where something is changed. `*` is content
    /// with any.
    fn strong(&self) -> Expected {
        match self {
            Etags::Any => Expected::Present,
            Etags::These(tags) => {
                let strong = tags.iter().filter(|(is_weak, _)| !is_weak);
                let revisions = strong.filter_map(|(_, tag)| tag.parse().ok().map(Revision));
                Expected::Revisions(revisions.collect())
            }
        }
    }

    fn weakly_match(&self, revision: Revision) -> bool {
        match self {
            Etags::Any => true,
            Etags::These(tags) => tags.iter().any(|(_, tag)| tag.parse() == Ok(revision.0)),
        }
    }
}
