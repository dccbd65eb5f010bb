use super::*;

/// A strategy from elsewhere, with an answer of its own.
struct Elsewhere(for<'a> fn(&[&'a PlacementNode], usize) -> Vec<&'a PlacementNode>);

impl Strategy for Elsewhere {
    fn id(&self) -> &str {
        "Elsewhere"
    }

    fn place<'a>(
        &self,
        _: &str,
        nodes: &[&'a PlacementNode],
        shards: &[PlacementShard],
        _: &Policy,
    ) -> Vec<&'a PlacementNode> {
        self.0(nodes, shards.len())
    }
}

fn node(id: &str, weight: f64) -> PlacementNode {
    PlacementNode {
        id: id.to_owned(),
        weight,
        region: None,
        zone: None,
    }
}

fn shards(count: usize) -> Vec<PlacementShard> {
    let shard = |number| PlacementShard {
        id: format!("s{number}"),
        locality_hint: None,
    };
    (0..count).map(shard).collect()
}

static FOREIGN: PlacementNode = PlacementNode {
    id: String::new(),
    weight: 1.0,
    region: None,
    zone: None,
};

#[test]
fn a_strategy_that_misplaces_is_refused() {
    let nodes = [node("zero", 0.0), node("a", 1.0), node("b", 1.0)];
    let shards = shards(3);
    let answer = |strategy: Elsewhere| {
        let mut strategies = Strategies::default();
        strategies.register(Arc::new(strategy), false).unwrap();
        let request = PlacementRequest::of("payments", &nodes, &shards);
        let owners = strategies.place("elsewhere", &request);
        owners.map(|owners| owners.iter().map(|node| &*node.id).collect::<String>())
    };
    let told = |strategy| {
        let error = answer(strategy).unwrap_err();
        format!("{}: {error}", error.code())
    };
    let last = Elsewhere(|nodes, count| vec![nodes[nodes.len() - 1]; count]);
    assert_eq!(answer(last).unwrap(), "bbb");
    assert_eq!(
        told(Elsewhere(|nodes, count| vec![nodes[0]; count - 1])),
        "shards.hashing.strategy.misplaced: strategy `Elsewhere` placed 2 of 3 shards"
    );
    assert_eq!(
        told(Elsewhere(|nodes, count| vec![nodes[0]; count + 1])),
        "shards.hashing.strategy.misplaced: strategy `Elsewhere` placed 4 of 3 shards"
    );
    assert_eq!(
        told(Elsewhere(|nodes, _| vec![nodes[0], &FOREIGN, nodes[0]])),
        "shards.hashing.strategy.misplaced: strategy `Elsewhere` placed shard `s1` on node ``, \
         which isn't one it may choose"
    );
}

#[test]
fn a_bound_is_a_finite_number_of_at_least_one() {
    let (nodes, shards) = ([node("a", 1.0), node("b", 3.0)], shards(8));
    let code = |strategy, bound| {
        let request = PlacementRequest {
            policy: Policy { bound },
            ..PlacementRequest::of("payments", &nodes, &shards)
        };
        let owners = Strategies::default().place(strategy, &request);
        owners.map(drop).map_err(|error| error.code())
    };
    for bound in [0.999, 0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for strategy in ["bounded-load", "ring"] {
            let refused = Err("shards.hashing.bound_invalid");
            assert_eq!(code(strategy, bound), refused, "{bound}");
        }
    }
    for bound in [1.0, 1.25, f64::MAX] {
        assert_eq!(code("bounded-load", bound), Ok(()), "{bound}");
    }
}

#[test]
fn the_tightest_bound_gives_each_node_its_part() {
    let (nodes, shards) = (
        [node("a", 0.1), node("b", 0.2), node("c", 0.7)],
        shards(1000),
    );
    let request = PlacementRequest {
        policy: Policy { bound: 1.0 },
        ..PlacementRequest::of("payments", &nodes, &shards)
    };
    let owners = Strategies::default()
        .place("bounded-load", &request)
        .unwrap();
    let count = |id| owners.iter().filter(|node| node.id == id).count();
    assert_eq!(["a", "b", "c"].map(count), [100, 200, 700]);
}

/// 1.1 × 50 × ⅕ is 11, and in doubles a little more.
#[test]
fn a_bound_that_is_a_whole_number_is_that_number() {
    let nodes = ["a", "b", "c", "d", "e"].map(|id| node(id, 1.0));
    let shards = shards(50);
    let request = PlacementRequest {
        policy: Policy { bound: 1.1 },
        ..PlacementRequest::of("payments", &nodes, &shards)
    };
    let owners = Strategies::default()
        .place("bounded-load", &request)
        .unwrap();
    let loads = nodes.each_ref().map(|node| {
        let own = owners.iter().filter(|owner| owner.id == node.id);
        own.count()
    });
    assert_eq!(loads.iter().max(), Some(&11), "{loads:?}");
}

#[test]
fn a_node_or_shard_listed_twice_is_one() {
    let once = [node("a", 1.0), node("b", 1.0)];
    let more = [
        node("b", 0.5),
        node("a", 1.0),
        node("b", 1.0),
        node("a", 1.0),
        node("a", 1.0),
    ];
    let shards = shards(8);
    let again = vec![shards[3].clone(); 8];
    let owners = |nodes: &[PlacementNode], shards: &[PlacementShard]| {
        let request = PlacementRequest {
            policy: Policy { bound: 1.0 },
            ..PlacementRequest::of("payments", nodes, shards)
        };
        let owners = Strategies::default()
            .place("bounded-load", &request)
            .unwrap();
        owners
            .iter()
            .map(|node| node.id.clone())
            .collect::<Vec<_>>()
    };
    let wanted = owners(&once, &shards);
    assert_eq!(wanted.iter().filter(|owner| *owner == "a").count(), 4);
    assert_eq!(owners(&more, &shards), wanted);
    let same = vec![wanted[3].clone(); 8];
    let all = owners(&more, &[&again[..], &shards].concat());
    assert_eq!(all, [same, wanted].concat());
}

/// Who owns what under a policy must not change from release to release.
#[test]
fn bounded_load_answers_as_it_always_did() {
    let weights = [0.5, 1.0, 1.0, 2.0].into_iter().cycle();
    let node = |(number, weight)| node(&format!("node-{number}"), weight);
    let nodes: Vec<_> = (0..40).zip(weights).map(node).collect();
    let shards = shards(1000);
    let mut digest = blake3::Hasher::new();
    for bound in [1.0, 1.1, 1.25, 4.0] {
        let request = PlacementRequest {
            policy: Policy { bound },
            ..PlacementRequest::of("payments", &nodes, &shards)
        };
        let owners = Strategies::default().place("bounded-load", &request);
        for owner in owners.unwrap() {
            digest.update(owner.id.as_bytes()).update(b"\n");
        }
    }
    let digest = digest.finalize().to_hex();
    assert_eq!(digest.get(..32), Some("d8b8cf9be4e773132a9dd97c91cd8cac"));
}
