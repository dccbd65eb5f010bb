//! The graph as a picture that stands alone: no script, no font, nothing loaded from elsewhere.

mod legend;
mod style;
pub(crate) mod text;

use std::collections::HashMap;

use deedbook_model::component::Lifecycle;
use uuid::Uuid;

use super::ghosts::{Ghost, Ghosts};
use super::layout::{Layout, Line, Place, Point, Route, Run, Size, lay_out};
use super::{DependencyGraph, Node};
use legend::Legend;
use style::{STYLE, hue};
use text::{escape, shorten, width};

const MARGIN: f64 = 22.0;
const BOX_HEIGHT: f64 = 46.0;
const BOX_PADDING: f64 = 19.0;
const MIN_BOX_WIDTH: f64 = 112.0;
const NAME_LETTERS: usize = 30;
const ABOUT_LETTERS: usize = 36;
const SPEC_LETTERS: usize = 16;
const NAME_SIZE: f64 = 13.0;
const ABOUT_SIZE: f64 = 11.0;
const SPEC_SIZE: f64 = 10.5;
const SPEC_PADDING: f64 = 6.0;
const CORNER: f64 = 8.0;
/// A line ends this far before its box; the tip of the arrow fills it.
const TIP: f64 = 6.0;

impl DependencyGraph {
    /// The graph as SVG, from left to right, at ease on light and dark pages. `with_missing` also
    /// draws what leads to no component. The same graph always gives the same bytes.
    #[must_use]
    pub fn to_svg(&self, with_missing: bool) -> String {
        Picture::of(self, with_missing).draw()
    }
}

/// A dependency to draw.
struct Need<'a> {
    from: usize,
    to: usize,
    version_spec: Option<&'a str>,
    optional: bool,
}

struct Picture<'a> {
    graph: &'a DependencyGraph,
    ghosts: Vec<Ghost<'a>>,
    needs: Vec<Need<'a>>,
}

impl<'a> Picture<'a> {
    fn of(graph: &'a DependencyGraph, with_missing: bool) -> Picture<'a> {
        let nodes = graph.nodes.iter().enumerate();
        let places: HashMap<Uuid, usize> = nodes.map(|(place, node)| (node.uuid, place)).collect();
        let mut needs: Vec<Need<'a>> = Vec::with_capacity(graph.edges.len());
        for edge in &graph.edges {
            if let (Some(from), Some(to)) = (places.get(&edge.from), places.get(&edge.to)) {
                needs.push(Need {
                    from: *from,
                    to: *to,
                    version_spec: edge.version_spec.as_deref().filter(|spec| !spec.is_empty()),
                    optional: edge.optional,
                });
            }
        }
        let mut ghosts = Vec::new();
        if with_missing {
            let met = Ghosts::of(graph);
            for (missing, ghost) in met.lines() {
                if let Some(from) = places.get(&missing.from) {
                    needs.push(Need {
                        from: *from,
                        to: graph.nodes.len() + ghost,
                        version_spec: missing
                            .version_spec
                            .as_deref()
                            .filter(|spec| !spec.is_empty()),
                        optional: missing.optional,
                    });
                }
            }
            ghosts = met.into_all();
        }
        Picture {
            graph,
            ghosts,
            needs,
        }
    }

    fn draw(&self) -> String {
        let layout = self.lay_out();
        let legend = Legend::of(self.graph, !self.ghosts.is_empty(), self.has_optional());
        let body_width = layout.width.max(legend.width());
        let (total_width, total_height) = (
            body_width + 2.0 * MARGIN,
            layout.height + legend.height() + 3.0 * MARGIN,
        );
        let mut svg = self.opening(total_width, total_height);
        svg += &format!("<g transform=\"translate({MARGIN} {MARGIN})\">\n");
        for (need, route) in self.needs.iter().zip(&layout.routes) {
            self.draw_line(need, route, &mut svg);
        }
        for (need, route) in self.needs.iter().zip(&layout.routes) {
            draw_spec(need, route, &mut svg);
        }
        let (components, ghosts) = layout
            .places
            .split_at_checked(self.graph.nodes.len())
            .unwrap_or_default();
        for (node, place) in self.graph.nodes.iter().zip(components) {
            draw_component(node, node.uuid == self.graph.root, *place, &mut svg);
        }
        for (ghost, place) in self.ghosts.iter().zip(ghosts) {
            draw_ghost(ghost, *place, &mut svg);
        }
        legend.draw(layout.height + MARGIN, &mut svg);
        svg + "</g>\n</svg>\n"
    }

    fn lay_out(&self) -> Layout {
        let nodes = self.graph.nodes.iter().map(|node| {
            let name = shorten(&node.name, NAME_LETTERS);
            box_size(&name, &about(node))
        });
        let ghosts = self.ghosts.iter().map(|ghost| {
            let name = shorten(ghost.target, NAME_LETTERS);
            box_size(&name, ghost.words())
        });
        let boxes: Vec<Size> = nodes.chain(ghosts).collect();
        let lines: Vec<Line> = self
            .needs
            .iter()
            .map(|need| Line {
                from: need.from,
                to: need.to,
                label_width: need.version_spec.map_or(0.0, spec_width),
            })
            .collect();
        lay_out(&boxes, &lines)
    }

    fn has_optional(&self) -> bool {
        self.needs.iter().any(|need| need.optional)
    }

    /// Ids hold the root's uuid, so that several pictures fit into one page.
    fn opening(&self, width: f64, height: f64) -> String {
        let root = self.graph.root;
        let mut nodes = self.graph.nodes.iter();
        let title = nodes
            .find(|node| node.uuid == root)
            .map_or_else(|| root.to_string(), Node::title);
        let title = escape(&format!("Dependency graph of {title}"));
        let figures = escape(&legend::figures(self.graph));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"deedbook-graph\" role=\"img\" \
             aria-label=\"{title}\" width=\"{width:.0}\" height=\"{height:.0}\" \
             viewBox=\"0 0 {width:.0} {height:.0}\">\n\
             <title>{title}</title>\n<desc>{figures}</desc>\n<style>\n{STYLE}</style>\n\
             <defs><marker id=\"tip-{root}\" class=\"tip\" viewBox=\"0 0 9 8\" refX=\"3\" refY=\"4\" \
             markerWidth=\"9\" markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
             <path d=\"M0 0L9 4L0 8L2 4Z\"/></marker></defs>\n"
        )
    }

    fn name_of(&self, place: usize) -> String {
        match self.graph.nodes.get(place) {
            Some(node) => node.title(),
            None => self
                .ghosts
                .get(place - self.graph.nodes.len())
                .map_or_else(String::new, |ghost| ghost.target.to_owned()),
        }
    }

    fn draw_line(&self, need: &Need<'_>, route: &Route, svg: &mut String) {
        let class = if need.optional {
            "line optional"
        } else {
            "line"
        };
        let mut tooltip = format!(
            "{} needs {}",
            self.name_of(need.from),
            self.name_of(need.to)
        );
        if let Some(spec) = need.version_spec {
            tooltip += &format!(" ({spec})");
        }
        if need.optional {
            tooltip += ", optional";
        }
        *svg += &format!(
            "<g class=\"{class}\"><title>{}</title><path d=\"{}\" marker-end=\"url(#tip-{})\"/></g>\n",
            escape(&tooltip),
            path(&route.runs),
            self.graph.root,
        );
    }
}

/// Level pieces joined by curves that begin and end level.
fn path(runs: &[Run]) -> String {
    let mut path = String::new();
    let mut last: Option<Point> = None;
    for (place, run) in runs.iter().enumerate() {
        let is_end = place + 1 == runs.len();
        let from = if is_end { run.from - TIP } else { run.from };
        let to = if is_end { from } else { run.to };
        match last {
            None => path += &format!("M{:.1} {:.1}", from, run.y),
            Some(point) if (point.y - run.y).abs() < 0.05 => path += &format!("H{from:.1}"),
            Some(point) => {
                let bow = (from - point.x) * 0.5;
                path += &format!(
                    "C{:.1} {:.1} {:.1} {:.1} {:.1} {:.1}",
                    point.x + bow,
                    point.y,
                    from - bow,
                    run.y,
                    from,
                    run.y
                );
            }
        }
        if to > from {
            path += &format!("H{to:.1}");
        }
        last = Some(Point { x: to, y: run.y });
    }
    path
}

fn box_size(name: &str, about: &str) -> Size {
    let text = width(name, NAME_SIZE, true).max(width(about, ABOUT_SIZE, false));
    Size {
        width: (text + 2.0 * BOX_PADDING).max(MIN_BOX_WIDTH).ceil(),
        height: BOX_HEIGHT,
    }
}

/// The second line of a box.
fn about(node: &Node) -> String {
    let version = shorten(&node.version, ABOUT_LETTERS / 2);
    let mut about = format!(
        "{version} · {}",
        shorten(&node.meta_type, ABOUT_LETTERS / 2)
    );
    if node.lifecycle != Lifecycle::Active {
        about += &format!(" · {}", node.lifecycle.as_str());
    }
    about
}

fn spec_width(spec: &str) -> f64 {
    width(&shorten(spec, SPEC_LETTERS), SPEC_SIZE, false) + 2.0 * SPEC_PADDING
}

fn draw_spec(need: &Need<'_>, route: &Route, svg: &mut String) {
    let Some(spec) = need.version_spec.filter(|_| !route.runs.is_empty()) else {
        return;
    };
    let (width, height) = (spec_width(spec), 15.0);
    let Point { x, y } = route.label;
    *svg += &format!(
        "<g><title>{}</title><rect class=\"card\" x=\"{:.1}\" y=\"{:.1}\" width=\"{width:.1}\" \
         height=\"{height}\" rx=\"4\"/><text class=\"spec\" x=\"{x:.1}\" y=\"{:.1}\" \
         text-anchor=\"middle\">{}</text></g>\n",
        escape(spec),
        x - width / 2.0,
        y - height / 2.0,
        y + 3.6,
        escape(&shorten(spec, SPEC_LETTERS)),
    );
}

fn draw_component(node: &Node, is_root: bool, place: Place, svg: &mut String) {
    let root = if is_root { " root" } else { "" };
    *svg += &format!(
        "<g class=\"{}{root}\"><title>{}</title>",
        node.lifecycle.as_str(),
        escape(&format!("{}\n{}", node.title(), about(node))),
    );
    let hue = hue(&node.meta_type);
    if is_root {
        *svg += &rectangle(&format!("halo {hue}"), place, 3.5);
    }
    *svg += &rectangle("card", place, 0.0);
    *svg += &rectangle(&format!("tint {hue}"), place, 0.0);
    let Point { x, y } = place.corner;
    *svg += &format!(
        "<rect class=\"bar {hue}\" x=\"{:.1}\" y=\"{:.1}\" width=\"3.5\" height=\"{:.1}\" rx=\"1.75\"/>",
        x + 7.5,
        y + 9.0,
        place.height - 18.0,
    );
    *svg += &two_lines(place, &shorten(&node.name, NAME_LETTERS), &about(node));
    *svg += "</g>\n";
}

fn draw_ghost(ghost: &Ghost<'_>, place: Place, svg: &mut String) {
    *svg += &format!(
        "<g class=\"ghost\"><title>{}</title>",
        escape(&format!("{}: {}", ghost.target, ghost.words())),
    );
    *svg += &rectangle("card", place, 0.0);
    *svg += &rectangle("tint", place, 0.0);
    *svg += &two_lines(place, &shorten(ghost.target, NAME_LETTERS), ghost.words());
    *svg += "</g>\n";
}

fn rectangle(class: &str, place: Place, outset: f64) -> String {
    format!(
        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{}\"/>",
        place.corner.x - outset,
        place.corner.y - outset,
        place.width + 2.0 * outset,
        place.height + 2.0 * outset,
        CORNER + outset,
    )
}

fn two_lines(place: Place, name: &str, about: &str) -> String {
    let Point { x, y } = place.corner;
    let (x, first, second) = (x + BOX_PADDING, y + 20.0, y + 35.5);
    format!(
        "<text class=\"name\" x=\"{x:.1}\" y=\"{first:.1}\">{}</text>\
         <text class=\"about state\" x=\"{x:.1}\" y=\"{second:.1}\">{}</text>",
        escape(name),
        escape(about),
    )
}

#[cfg(test)]
#[path = "svg_test.rs"]
mod tests;
