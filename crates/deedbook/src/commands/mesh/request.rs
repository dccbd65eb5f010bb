//! Reading JSON that others made: each member by its name, with the pointer of what isn't what it
//! should be.

use deedbook_model::document::json_kind_name;
use deedbook_model::issue::{Issue, IssueKind};
use serde_json::{Map, Value};

/// An object and where it stands.
pub(super) struct Object<'a> {
    members: &'a Map<String, Value>,
    pointer: String,
}

/// What is wrong with a value.
fn wrong(pointer: &str, wanted: &str, found: &Value) -> Issue {
    let found = json_kind_name(found);
    Issue::error(
        IssueKind::WrongType,
        pointer,
        format!("must be {wanted}, but is {found}"),
    )
}

impl<'a> Object<'a> {
    /// A value that should be an object.
    pub(super) fn of(value: &'a Value, pointer: &str) -> Result<Object<'a>, Issue> {
        let members = value.as_object();
        let members = members.ok_or_else(|| wrong(pointer, "an object", value))?;
        let pointer = pointer.to_owned();
        Ok(Object { members, pointer })
    }

    /// A member that is there and isn't null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Where a member stands.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    fn wrong(&self, name: &str, wanted: &str, found: &Value) -> Issue {
        wrong(&self.at(name), wanted, found)
    }

    /// A text, if there is one.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, Issue> {
        let text = |value: &'a Value| {
            value
                .as_str()
                .ok_or_else(|| self.wrong(name, "text", value))
        };
        self.get(name).map(text).transpose()
    }

    /// A text that has to be there.
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, Issue> {
        match (self.text(name)?, self.members.get(name)) {
            (Some(text), _) => Ok(text),
            (None, Some(null)) => Err(self.wrong(name, "text", null)),
            (None, None) => {
                let message = format!("`{name}` is missing");
                Err(Issue::error(
                    IssueKind::MissingField,
                    self.at(name),
                    message,
                ))
            }
        }
    }

    /// A list of objects, if there is one.
    pub(super) fn list(&self, name: &str) -> Result<Option<Vec<Object<'a>>>, Issue> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let items = value.as_array();
        let items = items.ok_or_else(|| self.wrong(name, "a list", value))?;
        let items = items.iter().enumerate();
        let items =
            items.map(|(place, item)| Object::of(item, &format!("{}/{place}", self.at(name))));
        items.collect::<Result<_, _>>().map(Some)
    }

    /// A number: its bits as 16 hex digits in the member beside it win over its digits.
    pub(super) fn number(&self, name: &str, bits: &str) -> Result<Option<f64>, Issue> {
        if let Some(text) = self.text(bits)? {
            let is_whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u64::from_str_radix(text, 16).ok().filter(|_| is_whole);
            let number = number.ok_or_else(|| {
                let message = "isn't the bits of a number: 16 hex digits";
                Issue::error(IssueKind::InvalidFormat, self.at(bits), message)
            })?;
            return Ok(Some(f64::from_bits(number)));
        }
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        // Some writers quote numbers.
        let number = value
            .as_f64()
            .or_else(|| value.as_str()?.trim().parse().ok());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(name, "a number", value))
    }
}
