//! Which route a path means. Made once from the table; a look-up allocates nothing.

use crate::route::{Method, Route};
use crate::routes::ROUTES;

/// What a method and a path mean.
#[derive(Clone, Copy, Debug)]
pub enum Match<'p> {
    /// A route.
    Found {
        /// The route.
        route: &'static Route,
        /// What stands for the words in braces, still percent-encoded: a segment for each.
        key: Option<&'p str>,
    },
    /// The path exists, with other methods.
    OtherMethods(&'static ByMethod),
    /// Nothing is there.
    Nothing,
}

/// The routes of one path.
pub type ByMethod = [Option<&'static Route>; Method::ALL.len()];

/// The table as a tree of path segments.
#[derive(Debug)]
pub struct Matcher {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    literals: Vec<(&'static str, Node)>,
    key: Option<Box<Node>>,
    /// By method; leaked once, so that a match can be handed around without the matcher.
    routes: Option<&'static ByMethod>,
}

impl Default for Matcher {
    fn default() -> Self {
        Matcher::new()
    }
}

impl Matcher {
    /// The matcher of [`ROUTES`].
    #[must_use]
    pub fn new() -> Matcher {
        let mut root = Node::default();
        for route in ROUTES {
            root.add(segments(route.path), route);
        }
        Matcher { root }
    }

    /// What a method and a path mean.
    #[must_use]
    pub fn find<'p>(&self, method: Method, path: &'p str) -> Match<'p> {
        let Some((node, key)) = self.root.find(segments(path), None) else {
            return Match::Nothing;
        };
        let key = key.map(|(first, last)| from_to(path, first, last));
        let Some(routes) = node.routes else {
            return Match::Nothing;
        };
        match routes.get(method as usize).copied().flatten() {
            Some(route) => Match::Found { route, key },
            None => Match::OtherMethods(routes),
        }
    }
}

/// The part of a path from one of its segments to another.
fn from_to<'p>(path: &'p str, first: &str, last: &str) -> &'p str {
    let place = |text: &str| text.as_ptr().addr().saturating_sub(path.as_ptr().addr());
    path.get(place(first)..place(last) + last.len())
        .unwrap_or_default()
}

/// The segments after the first slash; of `/` the one that is empty.
fn segments(path: &str) -> std::str::Split<'_, char> {
    path.strip_prefix('/').unwrap_or(path).split('/')
}

impl Node {
    fn add(&mut self, mut path: std::str::Split<'static, char>, route: &'static Route) {
        let Some(segment) = path.next() else {
            let mut routes = self.routes.copied().unwrap_or_default();
            if let Some(place) = routes.get_mut(route.method as usize) {
                *place = Some(route);
            }
            self.routes = Some(Box::leak(Box::new(routes)));
            return;
        };
        if segment.starts_with('{') {
            return self.key.get_or_insert_default().add(path, route);
        }
        let known = self.literals.iter().position(|(word, _)| *word == segment);
        let place = known.unwrap_or_else(|| {
            self.literals.push((segment, Node::default()));
            self.literals.len() - 1
        });
        if let Some((_, node)) = self.literals.get_mut(place) {
            node.add(path, route);
        }
    }

    fn find<'a, 'p>(
        &'a self,
        mut path: std::str::Split<'p, char>,
        key: Option<(&'p str, &'p str)>,
    ) -> Option<(&'a Node, Option<(&'p str, &'p str)>)> {
        let Some(segment) = path.next() else {
            return Some((self, key));
        };
        let literal = self.literals.iter().find(|(word, _)| *word == segment);
        match (literal, &self.key) {
            (Some((_, node)), _) => node.find(path, key),
            (None, Some(node)) if !segment.is_empty() => {
                let first = key.map_or(segment, |(first, _)| first);
                node.find(path, Some((first, segment)))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::RouteId;

    fn find(method: Method, path: &str) -> Option<(RouteId, Option<&str>)> {
        match Matcher::new().find(method, path) {
            Match::Found { route, key } => Some((route.id, key)),
            Match::OtherMethods(_) | Match::Nothing => None,
        }
    }

    #[test]
    fn every_route_is_found_by_its_own_path() {
        for route in ROUTES {
            let of_key = |segment: &&str| segment.starts_with('{');
            let keys: Vec<&str> = route.path.split('/').filter(of_key).collect();
            let keys: Vec<&str> = keys.iter().map(|_| "k%2Fx").collect();
            let segments = route.path.split('/');
            let segments = segments.map(|word| if of_key(&word) { "k%2Fx" } else { word });
            let path = segments.collect::<Vec<_>>().join("/");
            let key = keys.join("/");
            let key = (!key.is_empty()).then_some(&*key);
            assert_eq!(find(route.method, &path), Some((route.id, key)), "{path}");
        }
    }

    #[test]
    fn nothing_else_is_found() {
        for path in [
            "//",
            "/v1",
            "/v1/",
            "/v1/components/",
            "/v1/components/a/b",
            "/livez/",
        ] {
            assert_eq!(find(Method::Get, path), None, "{path}");
        }
        assert!(matches!(
            Matcher::new().find(Method::Delete, "/livez"),
            Match::OtherMethods(_)
        ));
    }
}
