//! `registry graph`: what a component depends on.

use crate::commands::component::{facts, find};
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::Graph;
use crate::grammar::values::Format;
use crate::source::GraphFound;

/// Shows what a component depends on.
pub(crate) fn graph(args: &Graph, context: &mut Context) -> Result<(), Failure> {
    let drawn = matches!(
        context.output.format,
        Format::Dot | Format::Mermaid | Format::Svg
    );
    if args.missing && !drawn {
        let message = "--missing is for -o dot, mermaid and svg; other forms always list them";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut source = context.source_to_read()?;
    let at = args.at.at;
    let seen = find(&args.key.key, &mut source, at, context)?;
    let uuid = facts(&seen.record)?.uuid();
    let form = context.output.format;
    match source.graph(uuid, args.depth, at, form, args.missing)? {
        GraphFound::Text(text) => context.output.text(&text),
        GraphFound::Graph(graph) => context.output.value(&graph),
    }
}
