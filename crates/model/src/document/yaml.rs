//! YAML 1.2 from a parser's events: one document, no merge keys, aliases expanded under limits.

use std::collections::HashMap;

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, Tag};

use crate::issue::{Issue, IssueKind, push_segment};

use super::budget::{Budget, check_depth, too_large};
use super::node::{Key, Node, Value, duplicate_key, first_repeated};
use super::scalar;

/// Reads one YAML document; `first_line` is the line of the file that `text` starts on.
pub(super) fn parse(text: &str, first_line: u32) -> Result<Node, Issue> {
    parse_within(text, first_line, &mut Budget::new())
}

/// The same for one of several texts that share a budget.
pub(super) fn parse_within(
    text: &str,
    first_line: u32,
    budget: &mut Budget,
) -> Result<Node, Issue> {
    let mut builder = Builder {
        budget,
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        documents: 0,
    };
    let mut parser = Parser::new_from_str(text);
    let mut tabs = Tabs { text, last_line: 0 };
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| scan_error(&error, first_line))?;
        let line = file_line(span.start.line(), first_line);
        if builder.is_block() && tabs.indent(&event, &span) {
            return Err(syntax("a tab as indentation", line).with_hint("indent with spaces"));
        }
        builder.event(event, line).map_err(|issue| {
            if issue.line.is_none() {
                issue.at_line(line)
            } else {
                issue
            }
        })?;
    }
    builder
        .root
        .ok_or_else(|| syntax("the text holds no YAML document", Some(first_line)))
}

fn file_line(line: usize, first_line: u32) -> Option<u32> {
    let offset = u32::try_from(line).ok()?.checked_sub(1)?;
    first_line.checked_add(offset)
}

fn syntax(message: impl Into<String>, line: Option<u32>) -> Issue {
    Issue::error(IssueKind::Syntax, "", message).at_line(line)
}

fn scan_error(error: &ScanError, first_line: u32) -> Issue {
    let line = file_line(error.marker().line(), first_line);
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_large("the nesting", "32 levels").at_line(line);
    }
    syntax(format!("not YAML: {}", error.info()), line).with_hint(
        "indent with spaces, quote texts that hold `: ` or start with a special character",
    )
}

/// Finds tabs where only spaces indent; the parser lets some through.
struct Tabs<'a> {
    text: &'a str,
    /// Only the first event of a line has nothing but indentation before it.
    last_line: usize,
}

impl Tabs<'_> {
    fn indent(&mut self, event: &Event<'_>, span: &Span) -> bool {
        let Some(range) = span.byte_range().filter(|_| event.is_node()) else {
            return false;
        };
        if let Event::Scalar(_, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, ..) = event {
            let scalar = self.text.get(range.clone()).unwrap_or_default();
            let continued = scalar.split('\n').skip(1);
            if continued
                .into_iter()
                .any(|line| line.starts_with('\t') && !line.trim().is_empty())
            {
                return true;
            }
        }
        if span.start.line() == self.last_line {
            return false;
        }
        self.last_line = span.start.line();
        let start = range.start.saturating_sub(span.start.col());
        let before = self.text.get(start..range.start).unwrap_or_default();
        let mut indentation = before
            .bytes()
            .take_while(|byte| matches!(byte, b' ' | b'\t'));
        indentation.any(|byte| byte == b'\t')
    }
}

/// A list or object whose end hasn't come yet.
struct Open {
    contents: Contents,
    flow: bool,
    line: Option<u32>,
    anchor: usize,
}

impl Open {
    fn new(contents: Contents, style: StructureStyle, anchor: usize, line: Option<u32>) -> Self {
        Self {
            contents,
            flow: style == StructureStyle::Flow,
            line,
            anchor,
        }
    }
}

enum Contents {
    List(Vec<Node>),
    Object(Vec<(Key, Node)>, Option<Key>),
}

/// What an alias stands for, and what expanding it costs.
struct Anchored {
    node: Node,
    key: Option<String>,
    cost: Cost,
}

#[derive(Clone, Copy, Default)]
struct Cost {
    nodes: usize,
    bytes: usize,
    height: usize,
}

struct Builder<'a> {
    budget: &'a mut Budget,
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    root: Option<Node>,
    documents: usize,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, line: Option<u32>) -> Result<(), Issue> {
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err(syntax("a second YAML document", line)
                        .with_hint("put each component into a file of its own"));
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), line)
            }
            Event::SequenceStart(style, anchor, tag) => {
                let contents = Contents::List(Vec::new());
                self.start(Open::new(contents, style, anchor, line), tag.as_deref())
            }
            Event::MappingStart(style, anchor, tag) => {
                let contents = Contents::Object(Vec::new(), None);
                self.start(Open::new(contents, style, anchor, line), tag.as_deref())
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => self.alias(anchor, line),
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        line: Option<u32>,
    ) -> Result<(), Issue> {
        let value = scalar::resolve(text, style, tag).map_err(|message| syntax(message, line))?;
        let plain = style == ScalarStyle::Plain && tag.is_none();
        let mut node = Node::new(value, line);
        if plain && node.as_text().is_none() {
            node.source = Some(text.into());
        }
        if anchor != 0 {
            let anchored = Anchored {
                key: Some(text.to_owned()),
                cost: cost(&node),
                node: node.clone(),
            };
            self.anchors.insert(anchor, anchored);
        }
        if self.expects_key() {
            if plain && text == "<<" {
                return Err(syntax("a merge key, which YAML 1.2 doesn't have", line)
                    .with_hint("write the members out"));
            }
            return self.key(text, line);
        }
        self.budget.spend(1, text.len())?;
        self.place(node);
        Ok(())
    }

    fn start(&mut self, open: Open, tag: Option<&Tag>) -> Result<(), Issue> {
        let core = match open.contents {
            Contents::List(_) => "seq",
            Contents::Object(..) => "map",
        };
        if let Some(tag) = tag.filter(|tag| tag.core_suffix() != Some(core)) {
            let message = format!(
                "the tag `{}` isn't of the core schema",
                super::shorten(&tag.original())
            );
            return Err(syntax(message, open.line));
        }
        if self.expects_key() {
            return Err(syntax(
                "a list or object as the name of a member",
                open.line,
            ));
        }
        self.budget.spend(1, 0)?;
        check_depth(self.open.len() + 1)?;
        self.open.push(open);
        Ok(())
    }

    fn end(&mut self) -> Result<(), Issue> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.contents {
            Contents::List(items) => Value::List(items),
            Contents::Object(members, _) => {
                if let Some((key, _)) = first_repeated(&members).and_then(|at| members.get(at)) {
                    return Err(duplicate_key(&self.pointer(), key));
                }
                Value::Object(members)
            }
        };
        let node = Node::new(value, open.line);
        if open.anchor != 0 {
            let anchored = Anchored {
                key: None,
                cost: cost(&node),
                node: node.clone(),
            };
            self.anchors.insert(open.anchor, anchored);
        }
        self.place(node);
        Ok(())
    }

    fn alias(&mut self, anchor: usize, line: Option<u32>) -> Result<(), Issue> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err(syntax("an alias inside of what it stands for", line));
        };
        if self.expects_key() {
            return match anchored.key.clone() {
                Some(text) => self.key(&text, line),
                None => Err(syntax("a list or object as the name of a member", line)),
            };
        }
        // Paid for before it is copied, or a few lines could ask for gigabytes.
        let cost = anchored.cost;
        self.budget.spend(cost.nodes, cost.bytes)?;
        check_depth(self.open.len() + cost.height)?;
        let mut node = anchored.node.clone();
        node.line = line;
        self.place(node);
        Ok(())
    }

    /// Whether indentation means something here.
    fn is_block(&self) -> bool {
        self.open.last().is_none_or(|open| !open.flow)
    }

    fn expects_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                contents: Contents::Object(_, None),
                ..
            })
        )
    }

    fn key(&mut self, text: &str, line: Option<u32>) -> Result<(), Issue> {
        self.budget.spend(0, text.len())?;
        if let Some(Open {
            contents: Contents::Object(_, key),
            ..
        }) = self.open.last_mut()
        {
            *key = Some(Key::new(text.to_owned(), line));
        }
        Ok(())
    }

    fn place(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.contents) {
            None => self.root = Some(node),
            Some(Contents::List(items)) => items.push(node),
            Some(Contents::Object(members, key)) => {
                if let Some(key) = key.take() {
                    members.push((key, node));
                }
            }
        }
    }

    /// Where the list or object just closed stands.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for open in &self.open {
            match &open.contents {
                Contents::List(items) => push_segment(&mut pointer, &items.len().to_string()),
                Contents::Object(_, Some(key)) => push_segment(&mut pointer, &key.text),
                Contents::Object(_, None) => {}
            }
        }
        pointer
    }
}

fn cost(node: &Node) -> Cost {
    let own = |bytes, height| Cost {
        nodes: 1,
        bytes,
        height,
    };
    match &node.value {
        Value::Text(text) => own(text.len(), 0),
        Value::List(items) => items
            .iter()
            .map(cost)
            .fold(own(0, 1), |sum, inner| sum.and(inner, 0)),
        Value::Object(members) => members
            .iter()
            .map(|(key, inner)| (cost(inner), key.text.len()))
            .fold(own(0, 1), |sum, (inner, name)| sum.and(inner, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Unrepresentable(_) => own(0, 0),
    }
}

impl Cost {
    /// The cost with one more value inside, under a name of so many bytes.
    fn and(self, inner: Self, name: usize) -> Self {
        Self {
            nodes: self.nodes + inner.nodes,
            bytes: self.bytes + inner.bytes + name,
            height: self.height.max(inner.height + 1),
        }
    }
}
