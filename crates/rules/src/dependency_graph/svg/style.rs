//! Colours and borders.
//!
//! The page behind the picture may be light or dark, whatever the reader's system prefers: text
//! stands on cards of its own, lines are of a grey between, hues are of middle brightness. Each
//! variable comes after a plain value, for programs that don't know variables.

/// The style sheet; all of it below `.deedbook-graph`, since the picture may be put into a page.
pub(super) const STYLE: &str = "\
.deedbook-graph{--card:#fff;--ink:#1d2430;--soft:#5d6878;--line:#8b95a5;--amber:#9a6508;\
font-family:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue','DejaVu Sans',Arial,sans-serif}
@media (prefers-color-scheme:dark){.deedbook-graph{--card:#191f29;--ink:#e9edf3;--soft:#9ba7b8;--line:#76818f;--amber:#e3b25c}}
.deedbook-graph text{fill:#1d2430;fill:var(--ink)}
.deedbook-graph .card{fill:#fff;fill:var(--card)}
.deedbook-graph .name{font-size:13px;font-weight:650}
.deedbook-graph .about{font-size:11px;fill:#5d6878;fill:var(--soft)}
.deedbook-graph .spec{font-size:10.5px;fill:#5d6878;fill:var(--soft)}
.deedbook-graph .tint{stroke-width:1.3;fill-opacity:.1;stroke-opacity:.75}
.deedbook-graph .halo{fill-opacity:0;stroke-width:4;stroke-opacity:.3}
.deedbook-graph .bar{stroke-width:0}
.deedbook-graph .line path{fill:none;stroke:#8b95a5;stroke:var(--line);stroke-width:1.4}
.deedbook-graph .line.optional path{stroke-dasharray:5 4}
.deedbook-graph .line:hover path{stroke-width:2.6}
.deedbook-graph .tip{fill:#8b95a5;fill:var(--line)}
.deedbook-graph .blue{fill:#4a8fe0;stroke:#4a8fe0}
.deedbook-graph .teal{fill:#26a097;stroke:#26a097}
.deedbook-graph .violet{fill:#9879d6;stroke:#9879d6}
.deedbook-graph .rose{fill:#d56a97;stroke:#d56a97}
.deedbook-graph .green{fill:#74a44c;stroke:#74a44c}
.deedbook-graph .slate{fill:#8592a6;stroke:#8592a6}
.deedbook-graph .root .tint{stroke-width:2;stroke-opacity:1;fill-opacity:.17}
.deedbook-graph .deprecated .tint{stroke:#d9962b;stroke-dasharray:6 4;stroke-width:1.8;stroke-opacity:1}
.deedbook-graph .deprecated .state{fill:#9a6508;fill:var(--amber)}
.deedbook-graph .draft .tint{stroke-dasharray:.1 4.4;stroke-linecap:round;stroke-width:2.2;stroke-opacity:1}
.deedbook-graph .archived .tint{stroke:#8b95a5;fill:#8b95a5}
.deedbook-graph .archived .bar{opacity:.45}
.deedbook-graph .archived .name{fill:#5d6878;fill:var(--soft)}
.deedbook-graph .ghost .tint{fill:#8b95a5;stroke:#8b95a5;fill-opacity:.06;stroke-dasharray:3 3}
.deedbook-graph .ghost text{font-style:italic;fill:#5d6878;fill:var(--soft)}
.deedbook-graph .ghost .name{font-weight:500}
";

/// The hue of a type: few, so that they can be told apart at a glance.
pub(super) fn hue(meta_type: &str) -> &'static str {
    match meta_type {
        "service" | "node" | "runtime" => "blue",
        "tool" | "cli_tool" | "plugin" => "teal",
        "validator" => "violet",
        "test" | "fixture" => "rose",
        "task" | "pipeline" | "agent" | "project" => "green",
        _ => "slate",
    }
}
