use serde_json::json;

use crate::sample_test::{Sample, id, needs, register, update};

/// `name depth breaks` of everybody who depends on it.
fn dependents(sample: &Sample, title: &str, depth: u32) -> Vec<String> {
    let found = sample.state.dependents(id(title), depth);
    let shown = found
        .iter()
        .map(|d| format!("{}@{} {} {}", d.name, d.version, d.depth, d.breaks));
    shown.collect()
}

#[test]
fn those_who_need_it_directly_and_through_others() {
    let sample = Sample::with(vec![
        register("base@1.0.0", json!({})),
        register("low@1.0.0", needs(&["base"])),
        register("mid@1.0.0", needs(&["low"])),
        register("top@1.0.0", needs(&["mid", "base"])),
        register("other@1.0.0", json!({})),
    ]);
    let all = ["low@1.0.0 1 true", "top@1.0.0 1 true", "mid@1.0.0 2 true"];
    assert_eq!(dependents(&sample, "base@1.0.0", 64), all);
    assert_eq!(dependents(&sample, "base@1.0.0", 1), all[..2]);
    assert!(dependents(&sample, "other@1.0.0", 64).is_empty());
    assert!(dependents(&sample, "unknown@1.0.0", 64).is_empty());
    let found = sample.state.dependents(id("base@1.0.0"), 64);
    assert_eq!(
        (found[2].on, found[0].on),
        (id("low@1.0.0"), id("base@1.0.0"))
    );
}

#[test]
fn nobody_breaks_who_can_do_without_or_with_another() {
    let sample = Sample::with(vec![
        register("base@1.0.0", json!({})),
        register("base@1.2.0", json!({})),
        register("any@1.0.0", needs(&["base@^1"])),
        register("exact@1.0.0", needs(&["base@1.2.0"])),
        register(
            "optional@1.0.0",
            json!({
                "dependencies": [{"name": "base", "version_spec": "1.2.0", "optional": true}],
            }),
        ),
        register(
            "by_uuid@1.0.0",
            json!({"dependencies": [{"uuid": id("base@1.2.0")}]}),
        ),
        register("behind@1.0.0", needs(&["any", "exact"])),
        register("soft@1.0.0", needs(&["optional"])),
    ]);
    let found = [
        "any@1.0.0 1 false",
        "by_uuid@1.0.0 1 true",
        "exact@1.0.0 1 true",
        "optional@1.0.0 1 false",
        "behind@1.0.0 2 true",
        "soft@1.0.0 2 false",
    ];
    assert_eq!(dependents(&sample, "base@1.2.0", 64), found);
    // Nothing means the older one.
    assert!(dependents(&sample, "base@1.0.0", 64).is_empty());
}

#[test]
fn archived_ones_do_not_count() {
    let mut sample = Sample::with(vec![
        register("base@1.0.0", json!({"namespace": "org.deed.base"})),
        register(
            "by_path@1.0.0",
            json!({"dependencies": ["tool://org.deed.base"]}),
        ),
        register("user@1.0.0", needs(&["base"])),
    ]);
    let both = ["by_path@1.0.0 1 true", "user@1.0.0 1 true"];
    assert_eq!(dependents(&sample, "base@1.0.0", 64), both);
    let archive = json!({"lifecycle": "archived", "archived_reason": "gone"});
    sample.done(vec![update("user", archive)]);
    assert_eq!(dependents(&sample, "base@1.0.0", 64), both[..1]);
}

#[test]
fn what_a_reader_may_not_see_is_left_out_with_what_is_behind_it() {
    let sample = Sample::with(vec![
        register("base@1.0.0", json!({})),
        register("low@1.0.0", needs(&["base"])),
        register("mid@1.0.0", needs(&["low"])),
        register("top@1.0.0", needs(&["base"])),
    ]);
    let sees = |record: &crate::Record| record.component().unwrap().name() != "low";
    let found = sample.state.dependents_seen(id("base@1.0.0"), 64, sees);
    let names: Vec<&str> = found.iter().map(|dependent| &*dependent.name).collect();
    assert_eq!(names, ["top"]);
}
