//! The vocabulary the field tables are written in.
//!
//! A [`Shape`] says what a value may be. The judge walks a document along it, the JSON Schema
//! is printed from it: neither has rules of its own about single values.

use super::form::Form;

/// What a value may be.
pub(crate) enum Shape {
    /// Anything JSON can hold, in canonical form: null members of objects are left out.
    Any,
    /// Anything JSON can hold, its nulls and the signs of its zeros kept.
    AsWritten,
    /// True or false.
    Bool,
    /// A number between two bounds, both included.
    Number { min: f64, max: f64 },
    /// Any double, bit for bit; of a number that is none the nearest.
    Double,
    /// An integer from a lower bound.
    Integer { min: i64 },
    /// Text.
    Text(Text),
    /// A list of one shape.
    List { of: &'static Shape, max: usize },
    /// An object with any names and values of one shape.
    Map(&'static Map),
    /// An object with known members; others are kept.
    Object(&'static Object),
    /// Either text or an object.
    TextOr { text: Text, object: &'static Shape },
    /// One of two objects, by the text of a member.
    ByMember {
        member: &'static str,
        equals: &'static str,
        then: &'static Shape,
        otherwise: &'static Shape,
    },
}

/// Text of a length in characters, in a form.
#[derive(Clone, Copy)]
pub(crate) struct Text {
    pub min: usize,
    pub max: usize,
    pub form: Form,
    /// Whether a YAML plain scalar that looks like something else is taken as its source text.
    pub from_source: bool,
}

/// A map's values and limits.
pub(crate) struct Map {
    pub of: Shape,
    pub max_key_chars: usize,
    /// Names and texts together.
    pub max_bytes: usize,
}

/// An object's known members.
pub(crate) struct Object {
    pub members: &'static [Member],
    /// Of these names at least one must be there; a missing one is reported as the first.
    pub one_of: &'static [&'static str],
}

/// One known member of a nested object.
pub(crate) struct Member {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
}

/// One member of a component.
pub(crate) struct Field {
    pub name: &'static str,
    pub shape: Shape,
    pub mutability: Mutability,
    pub default: Fallback,
    pub required: bool,
}

/// What a stored document gets where a field is absent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fallback {
    Nothing,
    Text(&'static str),
    List,
    Object,
}

/// Who may change a member of a stored component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mutability {
    /// Nobody.
    Immutable,
    /// A patch, once, while it is absent; then as immutable.
    Once,
    /// A patch.
    Mutable,
    /// A patch, by the rules of the lifecycle.
    Lifecycle,
    /// The registry alone; for a patch as immutable.
    Registry,
}

impl Text {
    /// Text from one character up to `max`.
    pub(crate) const fn up_to(max: usize) -> Self {
        Self::new(1, max, Form::Free)
    }

    pub(crate) const fn new(min: usize, max: usize, form: Form) -> Self {
        Self {
            min,
            max,
            form,
            from_source: false,
        }
    }

    /// The same, for a field whose text may look like a number.
    pub(crate) const fn taken_from_source(mut self) -> Self {
        self.from_source = true;
        self
    }
}

impl Fallback {
    pub(crate) fn value(self) -> Option<serde_json::Value> {
        Some(match self {
            Self::Nothing => return None,
            Self::Text(text) => serde_json::Value::from(text),
            Self::List => serde_json::Value::Array(Vec::new()),
            Self::Object => serde_json::Value::Object(serde_json::Map::new()),
        })
    }
}
