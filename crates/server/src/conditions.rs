//! Conditional requests: what the caller has seen of a record.

use deedbook_api::problem::Problem;
use deedbook_book::View;
use deedbook_model::code::Code;
use deedbook_model::issue::IssueKind;
use deedbook_model::{Generation, Revision};
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use http::header;

use crate::call::Call;
use crate::refuse;

/// Which record a write is meant for, and at which generation.
pub(crate) struct Target {
    pub(crate) key: ComponentKey,
    pub(crate) expected: Option<Generation>,
    /// Whether the generation follows from `If-Match`.
    by_etag: bool,
}

impl Target {
    /// The target of a request. `If-Match` names the revision of a record's last change; that record
    /// had one generation at it, which is what the rules compare.
    pub(crate) fn of(call: &Call) -> Result<Target, Problem> {
        let key = call.component_key()?;
        let expected = call.query.number("expectedGeneration").map(Generation);
        let Some(wanted) = call.header("if-match")? else {
            return Ok(Target {
                key,
                expected,
                by_etag: false,
            });
        };
        let wanted = Etags::read("if-match", wanted)?;
        let view = call.server.book.view();
        let found = view.lookup(&key.name, key.spec.as_ref());
        let found = found.map_err(|error| refuse::lookup(&error))?;
        if !wanted.strongly_match(found.record.revision) {
            return Err(stale(&view, found.record.revision, found.record.generation));
        }
        Ok(Target {
            key: ComponentKey {
                name: NameOrUuid::Uuid(found.facts.uuid),
                spec: None,
            },
            by_etag: expected.is_none(),
            expected: expected.or(Some(found.record.generation)),
        })
    }

    /// A refusal because somebody was faster is, to one who sent `If-Match`, a failed precondition.
    pub(crate) fn refusal(&self, problem: Problem) -> Problem {
        let conflict = IssueKind::RevisionConflict.as_str();
        if self.by_etag && problem.errors.iter().any(|error| error.kind == conflict) {
            return problem.with_code(Code::PreconditionFailed);
        }
        problem
    }
}

fn stale(view: &View, revision: Revision, generation: Generation) -> Problem {
    let detail = format!(
        "the record's last change is revision {revision} (generation {generation}), which \
         If-Match doesn't name; the book is at {}",
        view.head().revision
    );
    Problem::new(Code::PreconditionFailed, detail).with_hint(Code::PreconditionFailed.advice())
}

/// Whether the caller has the record as it is already.
pub(crate) fn is_known(call: &Call, revision: Revision) -> Result<bool, Problem> {
    if !call.headers.contains_key(header::IF_NONE_MATCH) {
        return Ok(false);
    }
    let known = call.header("if-none-match")?.unwrap_or_default();
    Ok(Etags::read("if-none-match", known)?.weakly_match(revision))
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

    /// Only strong tags count where something is changed.
    fn strongly_match(&self, revision: Revision) -> bool {
        self.matches(revision, |is_weak| !is_weak)
    }

    fn weakly_match(&self, revision: Revision) -> bool {
        self.matches(revision, |_| true)
    }

    fn matches(&self, revision: Revision, counts: impl Fn(bool) -> bool) -> bool {
        match self {
            Etags::Any => true,
            Etags::These(tags) => tags
                .iter()
                .any(|(is_weak, tag)| counts(*is_weak) && tag.parse() == Ok(revision.0)),
        }
    }
}
