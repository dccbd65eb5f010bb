use super::*;
use crate::placement::plan::MoveReason;

fn owners(nodes: &[&str], shards: &[(&str, &str)]) -> Owners {
    let about = About {
        weight: 1.0,
        place: None,
        is_draining: false,
    };
    let owned = |(id, owner): &(&str, &str)| ((*id).to_owned(), (*owner).to_owned());
    Owners {
        nodes: nodes
            .iter()
            .map(|id| ((*id).to_owned(), about.clone()))
            .collect(),
        shards: shards.iter().map(owned).collect(),
    }
}

#[test]
fn a_map_of_one_moment_has_bars_alone() {
    let now = owners(&["a", "b"], &[("1", "a"), ("2", "a"), ("3", "gone")]);
    let map = OwnerMap::new("edge", None, &now);
    let expected = "\
edge: 3 shards on 3 nodes
a                   2  ██
b                   0
gone  no such node  1  █
";
    assert_eq!(map.to_text(), expected);
}

#[test]
fn a_comparison_says_what_stays_comes_and_goes() {
    let mut before = owners(
        &["a", "b"],
        &[("1", "a"), ("2", "a"), ("3", "a"), ("old", "b")],
    );
    if let Some(about) = before.nodes.get_mut("a") {
        (about.weight, about.is_draining, about.place) = (0.5, true, Some("z1".to_owned()));
    }
    let moved = |shard_id: &str| Move {
        shard_id: shard_id.to_owned(),
        from: "a".to_owned(),
        to: "b".to_owned(),
        reason: MoveReason::Strategy,
    };
    let mut after = before.after(&[moved("2"), moved("3")]);
    after.shards.remove("old");
    after.shards.insert("new".to_owned(), "a".to_owned());
    let map = OwnerMap::new("edge", Some(&before), &after);
    let expected = "\
edge: 4 shards on 2 nodes, 3 move
a  z1, weight 0.5, draining  3 → 2  █▒··
b                            1 → 2  ▒▒·
█ stays  ▒ comes  · goes
";
    assert_eq!(map.to_text(), expected);
    let fates: Vec<Fate> = map.rows()[1]
        .cells
        .iter()
        .map(|cell| cell.fate.clone())
        .collect();
    let from_a = Fate::Comes(Some("a".to_owned()));
    assert_eq!(fates, [from_a.clone(), from_a, Fate::Goes(None)]);
}

#[test]
fn long_bars_share_one_scale_and_nothing_disappears() {
    let ids: Vec<String> = (0..1000).map(|number| format!("{number:04}")).collect();
    let mut shards: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "a")).collect();
    shards.push(("x", "b"));
    let text = OwnerMap::new("edge", None, &owners(&["a", "b"], &shards)).to_text();
    let bars: Vec<usize> = (text.lines().skip(1))
        .map(|line| line.chars().filter(|c| *c == '█').count())
        .collect();
    assert_eq!(bars, [40, 1]);
}

#[test]
fn names_are_neither_markup_nor_obeyed() {
    let evil = "<script>\u{1b}]0;x\u{7}&\"";
    let now = owners(&[evil], &[("</title>", evil)]);
    let map = OwnerMap::new("e<d>ge", None, &now);
    let (svg, text) = (map.to_svg(), map.to_text());
    for obeyed in ['\u{1b}', '\u{7}'] {
        assert!(!svg.contains(obeyed) && !text.contains(obeyed));
    }
    assert!(
        !svg.contains("<script>") && svg.contains("&lt;/title&gt;"),
        "{svg}"
    );
    assert!(
        svg.contains("<title>e&lt;d&gt;ge: 1 shard on 1 node</title>"),
        "{svg}"
    );
    assert_eq!(svg, map.to_svg());
}
