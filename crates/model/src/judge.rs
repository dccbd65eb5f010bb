//! Walks a value along its shape: every fault becomes an issue, every good value its stored form.

pub(crate) mod form;
pub(crate) mod nearest;
mod pattern;
pub(crate) mod schema;
pub(crate) mod shape;

use serde_json::{Map, Number, Value as Json};

use crate::document::{Key, Node, Unrepresentable, Value, unsigned_zero};
use crate::issue::{Issue, IssueKind, push_segment};

use self::shape::{Shape, Text};

/// Which rules a document is read by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Metadata 0.1 and 0.2, rewritten to what they would be in 0.3.
    Legacy,
    /// Those of this release.
    Current,
    /// Those of this release, although a later minor wrote it.
    Newer,
}

/// Where in the document an issue belongs: the top-level member, then the entry of its list.
pub(crate) type Place = (usize, usize);

/// The place of what the document doesn't hold.
pub(crate) const NOWHERE: Place = (usize::MAX, 0);

/// All pointers of one document together; a long name above thousands of faults could
/// otherwise ask for gigabytes.
const MAX_POINTER_BYTES: usize = 4 * 1024 * 1024;

/// Collects the issues of one document.
pub(crate) struct Judge {
    profile: Profile,
    pointer: String,
    depth: usize,
    place: Place,
    issues: Vec<(Place, Issue)>,
    pointer_bytes: usize,
}

impl Judge {
    pub(crate) fn new(profile: Profile) -> Self {
        Self {
            profile,
            pointer: String::new(),
            depth: 0,
            place: NOWHERE,
            issues: Vec::new(),
            pointer_bytes: 0,
        }
    }

    /// Adds an issue, as long as there is room. Warnings alone never fill it: each belongs to
    /// another member.
    pub(crate) fn report(&mut self, place: Place, issue: Issue) {
        self.pointer_bytes += issue.pointer.len();
        if self.pointer_bytes <= MAX_POINTER_BYTES {
            self.issues.push((place, issue));
        }
    }

    /// All issues in document order.
    pub(crate) fn into_issues(mut self) -> Vec<Issue> {
        self.issues.sort_by_key(|(place, _)| *place);
        self.issues.into_iter().map(|(_, issue)| issue).collect()
    }

    /// Judges the top-level member at `index`.
    pub(crate) fn member(
        &mut self,
        index: usize,
        key: &Key,
        node: &Node,
        shape: &Shape,
    ) -> Option<Json> {
        self.member_below((index, 0), "", key, node, shape)
    }

    /// Judges a member of the object at a pointer.
    pub(crate) fn member_below(
        &mut self,
        place: Place,
        pointer: &str,
        key: &Key,
        node: &Node,
        shape: &Shape,
    ) -> Option<Json> {
        self.place = place;
        self.pointer.push_str(pointer);
        let judged = self.below(key.written(), |judge| judge.check(node, shape));
        self.pointer.clear();
        judged
    }

    /// The stored form of a value; `None` if something in it was faulty.
    pub(crate) fn check(&mut self, node: &Node, shape: &Shape) -> Option<Json> {
        match (shape, &node.value) {
            (Shape::Double, Value::Number(number)) => Some(Json::Number(number.clone())),
            (Shape::Double, Value::Unrepresentable(Unrepresentable::TooLarge(nearest)))
                if nearest.is_finite() =>
            {
                Number::from_f64(*nearest).map(Json::Number)
            }
            (_, Value::Unrepresentable(why)) => self.unrepresentable(node, *why),
            (Shape::Any, _) => self.anything(node),
            (Shape::AsWritten, _) => self.as_written(node),
            (Shape::Bool, Value::Bool(flag)) => Some(Json::Bool(*flag)),
            (Shape::Number { min, max }, Value::Number(number)) => {
                let inside = number.as_f64().is_some_and(|n| (*min..=*max).contains(&n));
                self.bounded(node, number, inside, &format!("from {min} to {max}"))
            }
            (Shape::Integer { min }, Value::Number(number)) => {
                match unsigned_zero(number).as_i64() {
                    Some(integer) => {
                        self.bounded(node, number, integer >= *min, &format!("from {min}"))
                    }
                    None => self.wrong_type(node, shape),
                }
            }
            (Shape::Text(rule) | Shape::TextOr { text: rule, .. }, Value::Text(text)) => {
                self.text(node, text, rule)
            }
            (Shape::List { of, max }, Value::List(items)) => self.list(node, items, of, *max),
            (Shape::Map(map), Value::Object(members)) => self.map(node, members, map),
            (Shape::Object(object), Value::Object(members)) => self.object(node, members, object),
            (Shape::TextOr { object, .. }, Value::Object(_)) => self.check(node, object),
            (Shape::ByMember { .. }, Value::Object(_)) => self.check(node, by_member(shape, node)),
            _ => self.wrong_type(node, shape),
        }
    }

    fn anything(&mut self, node: &Node) -> Option<Json> {
        Some(match &node.value {
            Value::Unrepresentable(why) => return self.unrepresentable(node, *why),
            Value::Null => Json::Null,
            Value::Bool(flag) => Json::Bool(*flag),
            Value::Number(number) => Json::Number(unsigned_zero(number)),
            Value::Text(text) => Json::String(text.clone()),
            Value::List(items) => return self.list(node, items, &Shape::Any, usize::MAX),
            Value::Object(members) => return self.object(node, members, &ANYTHING_GOES),
        })
    }

    fn as_written(&mut self, node: &Node) -> Option<Json> {
        match &node.value {
            Value::Number(number) => Some(Json::Number(number.clone())),
            Value::List(items) => self.list(node, items, &Shape::AsWritten, usize::MAX),
            Value::Object(members) => {
                let mut values = Map::new();
                for (key, value) in members {
                    let judged = self.below(key.written(), |judge| judge.as_written(value));
                    values.extend(judged.map(|judged| (key.text.clone(), judged)));
                }
                (values.len() == members.len()).then_some(Json::Object(values))
            }
            _ => self.anything(node),
        }
    }

    fn text(&mut self, node: &Node, text: &str, rule: &Text) -> Option<Json> {
        // Counting is only worth it where the bytes don't settle it.
        let chars = if text.len() > rule.max {
            text.chars().count()
        } else {
            text.len()
        };
        if text.len() < rule.min || chars > rule.max {
            let message = if text.is_empty() {
                "is empty".to_owned()
            } else {
                format!("has {chars} characters")
            };
            let hint = format!("write {} to {} characters", rule.min, rule.max);
            return self.fault(node, IssueKind::OutOfRange, message, hint);
        }
        match rule.form.normalise(text, self.profile) {
            Ok(value) => Some(value),
            Err(fault) => self.fault(node, fault.kind, fault.message, fault.hint),
        }
    }

    fn bounded(
        &mut self,
        node: &Node,
        number: &serde_json::Number,
        inside: bool,
        bounds: &str,
    ) -> Option<Json> {
        let number = unsigned_zero(number);
        if inside {
            return Some(Json::Number(number));
        }
        let hint = format!("write a number {bounds}");
        self.fault(
            node,
            IssueKind::OutOfRange,
            format!("{number} is out of range"),
            hint,
        )
    }

    fn list(&mut self, node: &Node, items: &[Node], of: &Shape, max: usize) -> Option<Json> {
        if items.len() > max {
            let message = format!("has {} entries", items.len());
            return self.fault(
                node,
                IssueKind::OutOfRange,
                message,
                format!("at most {max} are allowed"),
            );
        }
        let mut values = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            if self.depth == 1 {
                self.place.1 = index;
            }
            let value = self.below(&index.to_string(), |judge| judge.check(item, of));
            values.extend(value);
        }
        (values.len() == items.len()).then_some(Json::Array(values))
    }

    fn map(&mut self, node: &Node, members: &[(Key, Node)], map: &shape::Map) -> Option<Json> {
        let mut values = Map::new();
        let mut good = true;
        let mut bytes = 0usize;
        for (key, value) in present(members) {
            bytes += key.text.len() + value.as_text().map_or(0, str::len);
            let chars = key.text.chars().count();
            let judged = self.below(key.written(), |judge| {
                if chars > map.max_key_chars {
                    let hint = format!("use at most {}", map.max_key_chars);
                    let message = format!("its name has {chars} characters");
                    return judge.fault(value, IssueKind::OutOfRange, message, hint);
                }
                judge.check(value, &map.of)
            });
            good &= judged.is_some();
            values.extend(judged.map(|judged| (key.text.clone(), judged)));
        }
        if bytes > map.max_bytes {
            let message = format!("holds {bytes} bytes of names and texts");
            let hint = format!("at most {} are allowed", map.max_bytes);
            return self.fault(node, IssueKind::OutOfRange, message, hint);
        }
        good.then_some(Json::Object(values))
    }

    fn object(
        &mut self,
        node: &Node,
        members: &[(Key, Node)],
        object: &shape::Object,
    ) -> Option<Json> {
        let mut values = Map::new();
        let mut good = true;
        for (key, value) in present(members) {
            let known = object.members.iter().find(|member| member.name == key.text);
            let shape = known.map_or(&Shape::Any, |member| &member.shape);
            let judged = self.below(key.written(), |judge| judge.check(value, shape));
            good &= judged.is_some();
            values.extend(judged.map(|judged| (key.text.clone(), judged)));
        }
        let has = |name: &str| present(members).any(|(key, _)| key.text == name);
        for member in object.members.iter().filter(|member| member.required) {
            if !has(member.name) {
                self.missing(node, member.name, &format!("add `{}`", member.name));
                good = false;
            }
        }
        if let Some(first) = object.one_of.first()
            && !object.one_of.iter().any(|name| has(name))
        {
            let hint = format!("add `{}`", object.one_of.join("` or `"));
            self.missing(node, first, &hint);
            good = false;
        }
        good.then_some(Json::Object(values))
    }

    fn missing(&mut self, node: &Node, name: &str, hint: &str) {
        self.below(name, |judge| {
            let message = format!("`{name}` is missing");
            judge.fault::<Json>(node, IssueKind::MissingField, message, hint.to_owned());
        });
    }

    fn unrepresentable(&mut self, node: &Node, why: Unrepresentable) -> Option<Json> {
        let (kind, message) = match why {
            Unrepresentable::NotFinite => (IssueKind::InvalidValue, "JSON has no such number"),
            Unrepresentable::TooLarge(_) => (
                IssueKind::OutOfRange,
                "the number is too large to be kept exactly",
            ),
        };
        let hint =
            "write an integer within ±9007199254740991, a finite fraction, or text in quotes";
        self.fault(node, kind, message.to_owned(), hint.to_owned())
    }

    fn wrong_type(&mut self, node: &Node, shape: &Shape) -> Option<Json> {
        let (wanted, hint) = wanted(shape);
        let message = format!("must be {wanted}, but is {}", node.value.kind_name());
        self.fault(node, IssueKind::WrongType, message, hint.to_owned())
    }

    fn fault<T>(
        &mut self,
        node: &Node,
        kind: IssueKind,
        message: String,
        hint: String,
    ) -> Option<T> {
        if self.pointer_bytes <= MAX_POINTER_BYTES {
            let issue = Issue::error(kind, self.pointer.clone(), message)
                .with_hint(hint)
                .at_line(node.line);
            self.report(self.place, issue);
        }
        None
    }

    fn below<T>(&mut self, segment: &str, judge: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.pointer.len();
        push_segment(&mut self.pointer, segment);
        self.depth += 1;
        let judged = judge(self);
        self.depth -= 1;
        self.pointer.truncate(outer);
        judged
    }
}

/// An object without known members.
static ANYTHING_GOES: shape::Object = shape::Object {
    members: &[],
    one_of: &[],
};

/// The members that count: those that aren't null.
pub(crate) fn present(members: &[(Key, Node)]) -> impl Iterator<Item = &(Key, Node)> {
    members.iter().filter(|(_, node)| node.value != Value::Null)
}

/// The object a shape by member means for this value.
fn by_member<'a>(shape: &'a Shape, node: &Node) -> &'a Shape {
    let Shape::ByMember {
        member,
        equals,
        then,
        otherwise,
    } = shape
    else {
        return shape;
    };
    match node.get(member).and_then(Node::as_text) {
        Some(text) if text == *equals => then,
        _ => otherwise,
    }
}

/// Puts the source text back where a field is text although YAML took it for something else.
pub(crate) fn settle(node: &mut Node, shape: &Shape) {
    let chosen = match shape {
        Shape::TextOr { object, .. } => object,
        other => other,
    };
    let chosen = by_member(chosen, node);
    match (chosen, &mut node.value) {
        (Shape::Text(text), value) if text.from_source && *value != Value::Null => {
            if let Some(source) = node.source.take() {
                *value = Value::Text(source.into());
            }
        }
        (Shape::List { of, .. }, Value::List(items)) => {
            items.iter_mut().for_each(|item| settle(item, of));
        }
        (Shape::Map(map), Value::Object(members)) => {
            members
                .iter_mut()
                .for_each(|(_, node)| settle(node, &map.of));
        }
        (Shape::Object(object), Value::Object(members)) if !object.members.is_empty() => {
            for (key, node) in members {
                if let Some(member) = object.members.iter().find(|m| m.name == key.text) {
                    settle(node, &member.shape);
                }
            }
        }
        _ => {}
    }
}

fn wanted(shape: &Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Any | Shape::AsWritten => ("anything", "write any value"),
        Shape::Bool => ("a boolean", "write true or false"),
        Shape::Number { .. } | Shape::Double => ("a number", "write a number without quotes"),
        Shape::Integer { .. } => (
            "a whole number",
            "write a number without quotes and fraction",
        ),
        Shape::Text(_) => (
            "text",
            "write text; put what looks like a number into quotes",
        ),
        Shape::List { .. } => (
            "a list",
            "write a list, such as [a, b], even for a single entry",
        ),
        Shape::Map(_) | Shape::Object(_) | Shape::ByMember { .. } => {
            ("an object", "write an object, such as {name: value}")
        }
        Shape::TextOr { .. } => (
            "text or an object",
            "write text, or an object such as {name: value}",
        ),
    }
}
