//! `registry graph`: what a component depends on.

use crate::commands::component::find;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::component::Graph;
use crate::grammar::values::Format;

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
    let view = context.view(&args.at)?;
    let found = find(&args.key.key, &view, context)?;
    let graph = view.dependency_graph(found, args.depth);
    match context.output.format {
        Format::Human => context.output.text(&graph.to_tree()),
        Format::Dot => context.output.text(&graph.to_dot(args.missing)),
        Format::Mermaid => context.output.text(&graph.to_mermaid(args.missing)),
        Format::Svg => context.output.text(&graph.to_svg(args.missing)),
        _ => context.output.value(&graph),
    }
}
