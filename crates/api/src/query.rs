//! Reading a query by a route's parameters: what isn't in the table can't be asked for.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::problem::Problem;
use crate::route::{Form, Parameter, Place, Route};

/// The parameters of one request's query, checked against its route.
#[derive(Clone, Debug, Default)]
pub struct Query<'a> {
    values: Vec<(&'static str, Cow<'a, str>)>,
}

/// Most parameters of one query.
const MOST: usize = 256;

impl<'a> Query<'a> {
    /// Reads the text after the `?`.
    ///
    /// # Errors
    /// A problem that names the parameter: unknown, given twice, missing, or not what it must be.
    pub fn read(route: &Route, text: Option<&'a str>) -> Result<Query<'a>, Problem> {
        let mut query = Query::default();
        let pairs = text.unwrap_or_default().split('&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)
                .ok_or_else(|| Problem::parameter(name, "isn't percent-encoded UTF-8"))?;
            let parameter = route
                .parameter(Place::Query, &name)
                .ok_or_else(|| unknown(route, &name))?;
            let value = decode(value)
                .ok_or_else(|| Problem::parameter(&name, "isn't percent-encoded UTF-8"))?;
            query.take(parameter, value)?;
        }
        let mut needed = route
            .parameters()
            .filter(|parameter| parameter.required && parameter.place == Place::Query);
        match needed.find(|parameter| query.text(parameter.name).is_none()) {
            Some(missing) => {
                Err(Problem::parameter(missing.name, "is missing").with_hint(missing.description))
            }
            None => Ok(query),
        }
    }

    fn take(&mut self, parameter: &'static Parameter, value: Cow<'a, str>) -> Result<(), Problem> {
        let several = matches!(parameter.form, Form::Texts(_) | Form::Words(_));
        if !several && self.text(parameter.name).is_some() {
            return Err(Problem::parameter(parameter.name, "is given twice"));
        }
        if self.values.len() == MOST {
            return Err(Problem::parameter(
                parameter.name,
                "there are too many parameters",
            ));
        }
        check(parameter.form, &value).map_err(|message| {
            Problem::parameter(parameter.name, message).with_hint(parameter.description)
        })?;
        self.values.push((parameter.name, value));
        Ok(())
    }

    /// The text of a parameter; the first of several.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts(name).next()
    }

    /// All texts of a parameter.
    pub fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self.values.iter().filter(move |(own, _)| *own == name);
        named.map(|(_, value)| &**value)
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    /// The number of a parameter.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// The same parameters, on their own.
    #[must_use]
    pub fn into_owned(self) -> Query<'static> {
        let owned = self
            .values
            .into_iter()
            .map(|(name, value)| (name, Cow::Owned(value.into_owned())));
        Query {
            values: owned.collect(),
        }
    }
}

fn unknown(route: &Route, name: &str) -> Problem {
    let known: Vec<&str> = route
        .parameters()
        .filter(|parameter| parameter.place == Place::Query)
        .map(|parameter| parameter.name)
        .collect();
    let hint = if known.is_empty() {
        "it takes none".to_owned()
    } else {
        format!("it takes {}", known.join(", "))
    };
    Problem::parameter(name, "isn't a parameter of this route").with_hint(hint)
}

fn check(form: Form, value: &str) -> Result<(), String> {
    match form {
        Form::Text(most) | Form::Texts(most) => {
            if value.len() > most {
                return Err(format!("is longer than {most} bytes"));
            }
            Ok(())
        }
        Form::Flag => one_of(&["true", "false"], value),
        Form::Word(words) | Form::Words(words) => one_of(words, value),
        Form::Number(least, most) => {
            let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| value.parse::<u64>().ok()).flatten();
            match number.filter(|number| (least..=most).contains(number)) {
                Some(_) => Ok(()),
                None => Err(format!("must be a whole number, {least} to {most}")),
            }
        }
    }
}

fn one_of(words: &[&str], value: &str) -> Result<(), String> {
    if words.contains(&value) {
        return Ok(());
    }
    Err(format!("must be one of {}", words.join(", ")))
}

/// Text out of a query: percent-encoded UTF-8, `+` for a space. `None` when it isn't that.
fn decode(text: &str) -> Option<Cow<'_, str>> {
    if text.contains('+') {
        return Some(Cow::Owned(
            percent_decode(&text.replace('+', " "))?.into_owned(),
        ));
    }
    percent_decode(text)
}

/// Percent-encoded UTF-8 as text. `None` for a lone `%` and for bytes that aren't UTF-8.
#[must_use]
pub fn percent_decode(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('%') {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let mut byte = 0;
        for digit in digits {
            byte = byte * 16 + char::from(*digit).to_digit(16)?;
        }
        bytes.push(u8::try_from(byte).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

/// Text as it may stand in a path, a query or a header: all but letters, digits, `-`, `.`, `_` and
/// `~` is percent-encoded.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a text can't fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::RouteId;
    use crate::routes::ROUTES;

    fn list(text: &str) -> Result<Query<'_>, Problem> {
        let route = ROUTES
            .iter()
            .find(|route| route.id == RouteId::ListComponents);
        Query::read(route.unwrap(), Some(text))
    }

    #[test]
    fn values_are_decoded_and_may_repeat_where_the_table_says_so() {
        let query = list("tag=a&tag=b%2Fc&text=two+words&latestOnly=true&limit=5&").unwrap();
        assert_eq!(query.texts("tag").collect::<Vec<_>>(), ["a", "b/c"]);
        assert_eq!(query.text("text"), Some("two words"));
        assert!(query.flag("latestOnly"));
        assert_eq!(query.number("limit"), Some(5));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, parameter) in [
            ("limits=5", "limits"),
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=+5", "limit"),
            ("limit=5&limit=6", "limit"),
            ("latestOnly=yes", "latestOnly"),
            ("lifecycle=stable", "lifecycle"),
            ("text=%zz", "text"),
            ("text=%ff", "text"),
            ("text=%e", "text"),
        ] {
            let problem = list(text).unwrap_err();
            assert_eq!(problem.status, 400);
            assert_eq!(
                problem.errors[0].parameter.as_deref(),
                Some(parameter),
                "{text}"
            );
        }
    }
}
