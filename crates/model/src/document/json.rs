//! JSON as RFC 8259 has it, with lines, limits and no repeated names.

use crate::issue::{Issue, IssueKind, push_segment};

use super::budget::{Budget, check_depth};
use super::node::{Key, Node, Value, duplicate_key, first_repeated};

/// Reads one JSON text.
pub(super) fn parse(text: &str) -> Result<Node, Issue> {
    let mut reader = Reader {
        text,
        position: 0,
        line: 1,
        depth: 0,
        pointer: String::new(),
        budget: Budget::new(),
    };
    reader.skip_space();
    let node = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected("the end of the text")),
    }
}

struct Reader<'a> {
    text: &'a str,
    position: usize,
    line: u32,
    depth: usize,
    pointer: String,
    budget: Budget,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Node, Issue> {
        let line = Some(self.line);
        self.budget
            .spend(1, 0)
            .map_err(|issue| issue.at_line(line))?;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::list)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node::new(value, line))
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Issue>) -> Result<Value, Issue> {
        self.depth += 1;
        check_depth(self.depth).map_err(|issue| issue.at_line(Some(self.line)))?;
        self.position += 1;
        self.skip_space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Value, Issue> {
        let mut members = Vec::new();
        if self.take(b'}') {
            return Ok(Value::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("a member name in double quotes"));
            }
            let line = Some(self.line);
            let key = Key::new(self.string()?, line);
            self.skip_space();
            if !self.take(b':') {
                return Err(self.unexpected("`:`"));
            }
            let outer = self.pointer.len();
            push_segment(&mut self.pointer, &key.text);
            let node = self.item()?;
            self.pointer.truncate(outer);
            members.push((key, node));
            if self.take(b',') {
                self.skip_space();
            } else if self.take(b'}') {
                break;
            } else {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
        match first_repeated(&members).and_then(|index| members.get(index)) {
            Some((key, _)) => Err(duplicate_key(&self.pointer, key)),
            None => Ok(Value::Object(members)),
        }
    }

    fn list(&mut self) -> Result<Value, Issue> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Ok(Value::List(items));
        }
        loop {
            let outer = self.pointer.len();
            push_segment(&mut self.pointer, &items.len().to_string());
            items.push(self.item()?);
            self.pointer.truncate(outer);
            if self.take(b']') {
                return Ok(Value::List(items));
            }
            if !self.take(b',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn item(&mut self) -> Result<Node, Issue> {
        self.skip_space();
        let node = self.value()?;
        self.skip_space();
        Ok(node)
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Issue> {
        if !self.rest().starts_with(word) {
            return Err(self.unexpected("a value"));
        }
        self.position += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Issue> {
        let start = self.position;
        self.take(b'-');
        if !self.take(b'0') {
            self.digits()?;
        }
        let mut integer = true;
        if self.take(b'.') {
            integer = false;
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            integer = false;
            let _sign = self.take(b'+') || self.take(b'-');
            self.digits()?;
        }
        let text = self.text.get(start..self.position).unwrap_or_default();
        Ok(if integer {
            Value::of_integer(text)
        } else {
            text.parse().map_or(Value::Null, Value::of_float)
        })
    }

    fn digits(&mut self) -> Result<(), Issue> {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.position += digits;
        if digits == 0 {
            return Err(self.unexpected("a digit"));
        }
        Ok(())
    }

    fn string(&mut self) -> Result<String, Issue> {
        self.position += 1;
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let plain = rest
                .bytes()
                .take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .count();
            text.push_str(rest.get(..plain).unwrap_or_default());
            self.position += plain;
            match self.peek() {
                Some(b'"') => {
                    self.position += 1;
                    return Ok(text);
                }
                Some(b'\\') => text.push(self.escape()?),
                Some(_) => {
                    return Err(self.fault("an unescaped control character in a text"));
                }
                None => return Err(self.fault("a text without its closing quote")),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Issue> {
        self.position += 1;
        let escaped = self.peek();
        self.position += 1;
        Ok(match escaped {
            Some(c @ (b'"' | b'\\' | b'/')) => char::from(c),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.fault("an unknown escape in a text")),
        })
    }

    /// What follows `\u`: one unit, or a surrogate pair as `XXXX\uXXXX`.
    fn unicode(&mut self) -> Result<char, Issue> {
        let first = self.hex()?;
        let code = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.position += 2;
            let second = self.hex()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.fault("half a surrogate pair in a text"));
            }
            0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
        } else {
            first
        };
        char::from_u32(code).ok_or_else(|| self.fault("half a surrogate pair in a text"))
    }

    fn hex(&mut self) -> Result<u32, Issue> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        self.position += 4;
        unit.ok_or_else(|| self.fault("`\\u` without four hexadecimal digits"))
    }

    fn skip_space(&mut self) {
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => self.line = self.line.saturating_add(1),
                b' ' | b'\t' | b'\r' => {}
                _ => break,
            }
            self.position += 1;
        }
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        if found {
            self.position += 1;
        }
        found
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.position).copied()
    }

    fn rest(&self) -> &str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn unexpected(&self, wanted: &str) -> Issue {
        match self.rest().chars().next() {
            Some(found) => self.fault(&format!("{found:?} where {wanted} was expected")),
            None => self.fault(&format!("the text ends where {wanted} was expected")),
        }
    }

    fn fault(&self, message: &str) -> Issue {
        Issue::error(IssueKind::Syntax, "", message)
            .with_hint("the text must be JSON: no comments, no trailing commas, double quotes")
            .at_line(Some(self.line))
    }
}
