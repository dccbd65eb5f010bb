//! What a caller may do: what its request claims in `x-mesh-scope`, and of that what its credential
//! allows.
//!
//! | claimed | counts when the credential has |
//! |---|---|
//! | `mesh.read` | `MESH_READ` or `MESH_OPERATE` for the namespace |
//! | `mesh.operate` | `MESH_OPERATE` for the namespace |

use deedbook_api::problem::{ControlRefusal, Problem};
use deedbook_api::route::{ControlRoute, Route, RouteId};
use deedbook_model::code::Code;
use deedbook_model::shard::control::parameters::{Need, Scopes};
use deedbook_model::{Capability, Resource, Rights};
use http::HeaderMap;

/// What a route of the control plane needs; `None`: it is another.
fn need_of(route: &Route) -> Option<Need> {
    match route.id {
        RouteId::Control(ControlRoute::List | ControlRoute::Watch) => Some(Need::Read),
        RouteId::Control(ControlRoute::Diff | ControlRoute::Simulate) => Some(Need::Operate),
        _ => None,
    }
}

fn scopes_of(headers: &HeaderMap) -> Scopes {
    let given = headers.get_all(Need::HEADER).into_iter();
    Scopes::of(given.filter_map(|value| value.to_str().ok()))
}

/// Refuses a request to the control plane that doesn't claim what it needs, or whose credential gives
/// nothing of what it claims: an empty list would say that there are no shards.
pub(crate) fn check(route: &Route, headers: &HeaderMap, rights: &Rights) -> Result<(), Problem> {
    let Some(need) = need_of(route) else {
        return Ok(());
    };
    if !scopes_of(headers).meet(need) {
        let scopes = need.scopes().join("` or `");
        let detail = format!("{} has no `{scopes}`", Need::HEADER);
        return Err(Problem::new(Code::Denied, detail).with_control(ControlRefusal::Scope));
    }
    let reach = Reach::of(route, headers);
    let wanted = reach.capabilities();
    if wanted.iter().any(|one| rights.holds(*one)) {
        return Ok(());
    }
    let wanted: Vec<&str> = wanted.iter().map(|one| one.as_str()).collect();
    let detail = format!(
        "{} is missing, which what {} claims takes",
        wanted.join(" or "),
        Need::HEADER
    );
    Err(Problem::new(Code::Denied, detail))
}

/// Which capabilities open a namespace to a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    read: bool,
    operate: bool,
}

impl Reach {
    /// Of a request that was let in.
    pub(crate) fn of(route: &Route, headers: &HeaderMap) -> Reach {
        let claimed = scopes_of(headers);
        Reach {
            read: claimed.read && need_of(route) == Some(Need::Read),
            operate: claimed.operate,
        }
    }

    /// Each of which opens it. What may be read is what may be operated, too.
    fn capabilities(self) -> &'static [Capability] {
        match (self.read, self.operate) {
            (true, _) => &[Capability::MeshRead, Capability::MeshOperate],
            (false, true) => &[Capability::MeshOperate],
            (false, false) => &[],
        }
    }

    fn opens(self, rights: &Rights, resource: Resource<'_>) -> bool {
        let mut wanted = self.capabilities().iter();
        wanted.any(|capability| rights.allows(*capability, resource))
    }

    /// Whether whoever has these rights may see what is in that namespace.
    pub(crate) fn covers(self, rights: &Rights, namespace: &str) -> bool {
        self.opens(rights, Resource::Namespace(namespace))
    }

    /// Whether that is so of every namespace.
    pub(crate) fn covers_all(self, rights: &Rights) -> bool {
        self.opens(rights, Resource::Book)
    }
}
