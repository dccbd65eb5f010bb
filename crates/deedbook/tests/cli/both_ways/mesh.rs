//! Command lines of namespaces, nodes, services, endpoints and shards: the same for each.

use crate::sandbox::Sandbox;

/// A kind, and records of it to work with.
struct Kind {
    name: &'static str,
    /// One that is there and changed once.
    key: &'static str,
    /// One that isn't there.
    absent: &'static str,
    /// What an absent one needs at least.
    needed: &'static str,
    /// A change of the one that is there.
    change: &'static str,
    /// A change that isn't valid.
    bad: &'static str,
    /// A filter that some fit.
    filter: &'static str,
}

const KINDS: [Kind; 5] = [
    Kind {
        name: "namespace",
        key: "edge",
        absent: "void",
        needed: "--description x",
        change: "--strategy ring --label a=b",
        bad: "--strategy rnig",
        filter: "--search EDG",
    },
    Kind {
        name: "node",
        key: "edge/n1",
        absent: "edge/n9",
        needed: "--weight 0.5",
        change: "--weight 3 --unset zone",
        bad: "--weight -1",
        filter: "-n EDGE --zone Z1",
    },
    Kind {
        name: "service",
        key: "edge/api",
        absent: "edge/ghost",
        needed: "--label a=b",
        change: "--description better --annotation a=b",
        bad: "--patch bad.json",
        filter: "-n edge --search P",
    },
    Kind {
        name: "endpoint",
        key: "edge/api/a",
        absent: "edge/api/z",
        needed: "--uri grpc://10.0.0.9:1",
        change: "--weight 0.5",
        bad: "--uri grpc://user:secret@10.0.0.9:1",
        filter: "-n edge --service api --node n1",
    },
    Kind {
        name: "shard",
        key: "edge/s-01",
        absent: "edge/s-99",
        needed: "--owner n1 --keys m..t",
        change: "--status paused",
        bad: "--strategy rnig",
        filter: "-n edge --owner N1 --status active,draining",
    },
];

/// Lines that read, with the command that each is of.
const READS: &str = "
    ls: {kind} ls
    ls: {kind} ls -o json
    ls: {kind} ls -o yaml
    ls: {kind} ls -o jsonl
    ls: {kind} ls {filter}
    ls: {kind} ls --limit 1
    ls: {kind} ls --limit 1 -o json
    ls: mesh {kind}s list --all -o json
    ls: mesh {kind}s list --page-size 1 --json
    ls: {kind} ls --cursor nonsense
    ls: {kind} ls --at 20 -o json
    ls: {kind} ls --at 2001-01-01T00:00:00Z
    get: {kind} get {key}
    get: {kind} get {key} -o json
    get: mesh {kind}s get {key} -o yaml
    get: {kind} get {absent}
    get: {kind} get {absent} -o json
    get: {kind} get {key} --at 3
    get: {kind} get {key} --at 2001-01-01T00:00:00Z
    get: {kind} get a/b/c/d
    history: {kind} history {key}
    history: {kind} history {key} -o json
    history: {kind} history {key} --since 20 -o jsonl
    history: {kind} history {key} --limit 1
    history: {kind} history {absent}
    why: {kind} why {key}
    why: {kind} why {key} -o json
    why: mesh {kind}s why {key} --field namespace -o json
    why: {kind} why {key} --field colour
    why: {kind} why {key} --at 20
    why: {kind} why {absent}
    diff: {kind} diff {key}
    diff: {kind} diff {key} -o json
    diff: {kind} diff {key} --since 3
    diff: {kind} diff --since 12 -o json
    diff: {kind} diff {absent} --since 12
    diff: {kind} diff {key} --since 900
    diff: mesh {kind}s diff --from-version 13 --to-version 20 --json
    watch: {kind} watch --after 0 --once
    watch: {kind} watch {key} --after 0 --once -o jsonl
    watch: {kind} watch --after 0 --limit 1
";

/// Lines that write, of each kind: each has a server of its own, so that there are few.
const FEW_WRITES: &str = "
    add: {kind} add {absent} {needed}
    add: {kind} add {key} {needed}
    add: {kind} add {kind}.json --replace -o json
    set: {kind} set {key} {change}
    set: {kind} set {key} {bad} -o json
    rm: {kind} rm {key}
    rm: {kind} rm {key} --force -o json
    rm: {kind} rm {absent}
";

/// The others, of two kinds: what the book treats the most differently.
const WRITES: &str = "
    add: {kind} add {absent} {needed} -o json -m why --ticket T-1
    add: {kind} add {absent} {needed} --dry-run
    add: {kind} add {absent} {needed} --dry-run -o json
    add: {kind} add {absent} {needed} --if-generation 7
    add: {kind} add {key} {needed} -o json
    add: {kind} add {key} {needed} --replace
    add: {kind} add {kind}.json
    add: {kind} add {kind}.json --replace
    add: {kind} add -f {kind}s.yaml
    add: {kind} add -f {kind}s.yaml -o json
    add: {kind} add -f {kind}s.yaml -o jsonl
    add: {kind} add nowhere.yaml
    set: {kind} set {key} {change} -o json --ticket T-2
    set: {kind} set {key} {change} --dry-run -o json
    set: {kind} set {key} {change} --if-generation 9
    set: {kind} set {key} {bad}
    set: {kind} set {absent} {change}
    rm: {kind} rm {key} -o json
    rm: {kind} rm {key} --force
    rm: {kind} rm {key} --force --dry-run -o json
    rm: {kind} rm {key} --if-generation 9
";

/// Lines of shards alone that read.
const SHARD_READS: &str = "
    plan: shard plan edge
    plan: mesh shards plan -n edge -o json
    plan: shard plan edge --strategy ring --max-moves 1 -o json
    plan: shard plan edge --at 20 -o json
    plan: shard plan edge --strategy rnig
    plan: shard plan edge --strategy rnig -o json
    plan: shard plan spare
    plan: shard plan spare -o json
    plan: shard plan nowhere
    locate: shard locate edge a
    locate: shard locate -n edge --base64 YQ== -o json
    locate: shard locate edge z
    locate: shard locate edge z -o json
    locate: shard locate nowhere a
    locate: shard locate edge a --at 3
    map: shard map edge
    map: shard map edge --since 24 -o json
    map: shard map edge --plan plan.json -o svg
    map: shard map edge --at 23
    map: shard map spare
    map: shard map nowhere
    map: shard map spare --plan plan.json
    simulate: shard simulate edge --node n1,n2:2
    simulate: mesh shards simulate -n edge --node n9:1:eu --strategy ring -o json
    simulate: shard simulate edge --node n1:x
    simulate: shard simulate edge --node n1 --strategy rnig -o json
    simulate: shard simulate nowhere --node n1
";

/// Lines of shards alone that write.
const SHARD_WRITES: &str = "
    apply: shard apply plan.json
    apply: mesh shards apply plan.json -o json --ticket T-4 -m rebalance
    apply: shard apply plan.json --dry-run
    apply: shard apply plan.json --dry-run -o json
    apply: shard apply stale.json
    apply: shard apply stale.json -o json
    apply: shard apply node.json
    undo: shard undo 27
    undo: shard undo 27 -o json --ticket T-5
    undo: mesh shards undo 27 -n edge --dry-run
    undo: shard undo 27 -n spare
    undo: shard undo 12
    undo: shard undo 900
    undo: shard undo 900 -n edge -o json
    transfer: shard transfer edge/s-01 n2
    transfer: mesh shards transfer -n edge s-01 n2 -o json --ticket T-3
    transfer: shard transfer edge/s-01 n2 --if-generation 9
    transfer: shard transfer edge/s-99 n2
";

/// What the book of all lines holds beside components.
pub(super) fn prepare(sandbox: &Sandbox) {
    for line in [
        "namespace add edge --description Depots",
        "namespace add spare",
        "node add edge/n1 --zone z1 --weight 2 --label rack=7",
        "node add edge/n2",
        "service add edge/api --description Front",
        "endpoint add edge/api/a --uri grpc://10.0.0.1:443 --node n1",
        "endpoint add edge/api/b --uri grpc://10.0.0.2:443",
        "shard add edge/s-01 --owner n1 --keys ..m --ticket T-0",
        "shard add edge/s-02 --owner n2 --capacity 1.5",
        "shard add edge/s-03 --owner gone --status paused",
        "namespace set edge --strategy ring --actor ada",
        "namespace set edge --unset description",
        "node set edge/n1 --draining",
        "service set edge/api --label tier=gold -m steady",
        "endpoint set edge/api/a --zone z1",
        "shard set edge/s-01 --leader l1",
        "node add edge/n3",
        "node rm edge/n3",
        "shard transfer edge/s-02 n1",
    ] {
        sandbox.ok(&words(line));
    }
    let plan = sandbox.ok(&words("shard plan edge -o json"));
    sandbox.write("stale.json", &plan);
    sandbox.ok(&words("node set edge/n2 --weight 2"));
    let plan = sandbox.ok(&words("shard plan edge -o json"));
    sandbox.write("plan.json", &plan);
    sandbox.write("bad.json", r#"{"labels": {"a": 7}, "description": ["x"]}"#);
    let other = r#"{"kind": "node", "data": {"namespace": "edge", "nodeId": "other"}}"#;
    sandbox.write("other.json", other);
    for kind in &KINDS {
        let got = sandbox.ok(&[kind.name, "get", kind.key, "-o", "json"]);
        sandbox.write(&format!("{}.json", kind.name), &got);
        let good = format!("namespace: edge\n{}", members(kind.name));
        let text = format!("{good}---\nnamespace: edge\nnothing: [7\n---\n{good}odd: 1\n");
        sandbox.write(&format!("{}s.yaml", kind.name), &text);
    }
}

/// What a document of a kind needs beside its namespace.
fn members(kind: &str) -> &'static str {
    match kind {
        "node" => "nodeId: n7\n",
        "service" => "serviceId: svc\n",
        "endpoint" => "serviceId: api\nendpointId: c\nuri: grpc://10.0.0.3:443\n",
        "shard" => "shardId: s-77\nownerNodeId: n1\n",
        _ => "",
    }
}

/// The lines that read.
pub(super) fn reads() -> Vec<Vec<String>> {
    let lines = of_all(READS).into_iter().chain(of_shards(SHARD_READS));
    lines.map(|(_, line)| line).collect()
}

/// The lines that write.
pub(super) fn writes() -> Vec<Vec<String>> {
    let lines = of_all(FEW_WRITES)
        .into_iter()
        .chain(of_shards(SHARD_WRITES));
    let of_two = ["node", "shard"].map(|kind| of(kind, WRITES));
    let lines = lines.chain(of_two.into_iter().flatten());
    lines.map(|(_, line)| line).collect()
}

/// The commands that have lines, by the names of their manual pages.
pub(super) fn commands() -> Vec<String> {
    let of_all = [READS, FEW_WRITES].into_iter().flat_map(of_all);
    let of_shards = [SHARD_READS, SHARD_WRITES].into_iter().flat_map(of_shards);
    let mut names: Vec<String> = of_all.chain(of_shards).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    names
}

fn of_shards(lines: &str) -> Vec<(String, Vec<String>)> {
    parsed(lines, "shard", str::to_owned)
}

/// The page of the command that a plural's page is another spelling of.
pub(super) fn spelled(page: &str) -> Option<String> {
    let (plural, verb) = page.strip_prefix("mesh-")?.split_once('-')?;
    Some(format!("{}-{verb}", plural.strip_suffix('s')?))
}

fn of_all(lines: &str) -> Vec<(String, Vec<String>)> {
    let names = KINDS.iter().map(|kind| kind.name);
    names.flat_map(|kind| of(kind, lines)).collect()
}

/// The lines as they are for a kind.
fn of(kind: &str, lines: &str) -> Vec<(String, Vec<String>)> {
    let kind = KINDS.iter().find(|one| one.name == kind).unwrap();
    parsed(lines, kind.name, |text| {
        text.replace("{kind}", kind.name)
            .replace("{key}", kind.key)
            .replace("{absent}", kind.absent)
            .replace("{needed}", kind.needed)
            .replace("{change}", kind.change)
            .replace("{bad}", kind.bad)
            .replace("{filter}", kind.filter)
    })
}

fn parsed(lines: &str, kind: &str, filled: impl Fn(&str) -> String) -> Vec<(String, Vec<String>)> {
    let lines = lines
        .lines()
        .filter_map(|line| line.trim().split_once(": "));
    lines
        .map(|(verb, line)| {
            let line = filled(line);
            let line = words(&line).into_iter().map(str::to_owned).collect();
            (format!("{kind}-{verb}"), line)
        })
        .collect()
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}
