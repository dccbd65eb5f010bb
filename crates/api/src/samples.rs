//! The documents that the examples of the route table speak of: a small parcel service.

/// What the book of the examples holds, in the order of registration. Their revisions are 2, 3
/// and 4: the book's own record is 1.
pub const REGISTERED: [&str; 3] = [TILE_READER, GEO_INDEX, ROUTE_PLANNER];

/// A tool that needs nothing.
pub const TILE_READER: &str = r#"{"metadata_version":"0.3.0","uuid":"6f1b0c52-0d0e-4b7a-9a43-0d5a3c1b7e01","name":"tile_reader","version":"0.9.4","meta_type":"tool","namespace":"larkpost.tools.tile_reader","description":"Reads map tiles.","tags":["maps"]}"#;

/// A tool that needs the first.
pub const GEO_INDEX: &str = r#"{"metadata_version":"0.3.0","uuid":"6f1b0c52-0d0e-4b7a-9a43-0d5a3c1b7e02","name":"geo_index","version":"1.1.0","meta_type":"tool","namespace":"larkpost.tools.geo_index","description":"Nearest street for a point.","tags":["maps","search"],"dependencies":[{"name":"tile_reader","version_spec":"^0.9"}]}"#;

/// The same name and version with another uuid.
pub const GEO_INDEX_AGAIN: &str = r#"{"metadata_version":"0.3.0","uuid":"6f1b0c52-0d0e-4b7a-9a43-0d5a3c1b7e04","name":"geo_index","version":"1.1.0","meta_type":"tool"}"#;

/// A principal of the book of the examples, after the components.
pub const MAP_KEEPER: &str = r#"{"name":"map-keeper","grants":["REGISTRY_READ:tools/geo_*"]}"#;

/// A service that needs the second.
pub const ROUTE_PLANNER: &str = r#"{"metadata_version":"0.3.0","uuid":"6f1b0c52-0d0e-4b7a-9a43-0d5a3c1b7e03","name":"route_planner","version":"2.1.3","meta_type":"service","description":"Plans a courier's day.","tags":["maps","stable"],"dependencies":[{"name":"geo_index","version_spec":"^1"}]}"#;

/// What runs where in the book of the examples, made by one command after the components: kind,
/// key and document of each. Their revisions are 5 to 12.
pub const MESH: [(&str, &str, &str); 8] = [
    ("namespaces", "parcels", NAMESPACE),
    ("namespaces", "returns", NAMESPACE),
    ("nodes", "parcels/depot-1", NODE),
    ("nodes", "parcels/depot-2", NODE),
    ("services", "parcels/tracking", SERVICE),
    ("services", "parcels/labels", SERVICE),
    ("endpoints", "parcels/tracking/a", ENDPOINT),
    ("shards", "parcels/p-01", SHARD),
];

/// The newest revision of the book of the examples.
pub const HEAD: u64 = 12;

/// A namespace.
pub const NAMESPACE: &str = r#"{"strategyId":"ring","description":"What is on its way."}"#;

/// A node.
pub const NODE: &str = r#"{"weight":2,"region":"eu","zone":"north","labels":{"rack":"r7"}}"#;

/// A service.
pub const SERVICE: &str = r#"{"description":"Says where a parcel is."}"#;

/// An endpoint.
pub const ENDPOINT: &str = r#"{"uri":"grpc://10.0.0.7:8443","nodeId":"depot-1","zone":"north"}"#;

/// A shard.
pub const SHARD: &str = r#"{"ownerNodeId":"depot-1","localityHint":"eu/north","hashRange":{"start":"0","end":"9223372036854775808"}}"#;

/// Nodes to try the placement of a namespace's shards with.
pub const SIMULATION: &str = r#"{"namespace":"parcels","strategyId":"locality","nodes":[{"nodeId":"depot-1","region":"eu","zone":"south"},{"nodeId":"depot-2","weight":2,"region":"eu","zone":"north"}]}"#;

/// A document that the book of the examples doesn't hold.
pub const HEADER_CHECK: &str = r#"{"metadata_version":"0.3.0","uuid":"3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11","name":"header_check","version":"1.0.0","meta_type":"validator","description":"Says whether a file begins with the licence header.","tags":["pre-commit"]}"#;

/// The same, as YAML.
pub const HEADER_CHECK_YAML: &str = "\
metadata_version: 0.3.0
uuid: 3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11
name: header_check
version: 1.0.0
meta_type: validator
description: Says whether a file begins with the licence header.
tags: [pre-commit]
";

/// Several writes as one command.
pub const BATCH: &str = r#"{"writes":[{"op":"register","kind":"component","document":{"metadata_version":"0.3.0","uuid":"3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e12","name":"geo_index","version":"1.2.0","meta_type":"tool","tags":["maps"]}},{"op":"update","kind":"component","key":"geo_index","versionSpec":"1.1.0","patch":{"lifecycle":"deprecated","deprecated_reason":"1.2.0 is there"},"expectedGeneration":1}]}"#;

/// Several writes of principals: all that may be done to one.
pub const PRINCIPALS_BATCH: &str = r#"{"writes":[{"op":"create","kind":"principal","name":"map-viewer","grants":["REGISTRY_READ:tools/geo_*"],"expires":"90d"},{"op":"create","kind":"principal","name":"map-editor","grants":["REGISTRY_READ"]},{"op":"set","kind":"principal","key":"map-editor","grants":["REGISTRY_READ","REGISTRY_WRITE:tools/geo_*"],"expectedGeneration":1},{"op":"rotate","kind":"principal","key":"map-editor","overlapSeconds":3600},{"op":"revoke","kind":"principal","key":"map-viewer"},{"op":"remove","kind":"principal","key":"map-viewer"}]}"#;

/// A patch that moves a component on in its life.
pub const PATCH: &str =
    r#"{"description":"Nearest street or square for a point.","tags":["maps"]}"#;

/// Several writes of what runs where.
pub const MESH_BATCH: &str = r#"{"writes":[{"op":"patch","kind":"shard","key":"parcels/p-01","patch":{"hashRange":{"end":"4611686018427387904"}},"expectedGeneration":1},{"op":"put","kind":"shard","key":"parcels/p-02","document":{"ownerNodeId":"depot-2","hashRange":{"start":"4611686018427387904","end":"9223372036854775808"}},"expectedGeneration":0},{"op":"remove","kind":"endpoint","key":"parcels/tracking/a"},{"op":"remove","kind":"service","key":"parcels/tracking"}]}"#;

/// A shard's change of hands.
pub const TRANSFER: &str = r#"{"ownerNodeId":"depot-2"}"#;

/// A plan that stands in the book of the examples.
pub const PLAN: &str = r#"{"format":"deedbook-plan/1","namespace":"parcels","strategyId":"ring","moves":[{"shardId":"p-01","from":"depot-1","to":"depot-2","reason":"strategy"}],"stays":[],"fewestMoves":1,"heldBack":0,"restsOn":{"namespace":1,"nodes":{"depot-1":1,"depot-2":1},"everyShard":false,"shards":{"p-01":1}},"digest":"827c319ed14f9e0e3647ca31a3f414b0"}"#;

/// A plan that doesn't stand there: it was made of another state.
pub const STALE_PLAN: &str = r#"{"format":"deedbook-plan/1","namespace":"parcels","strategyId":"ring","moves":[{"shardId":"p-01","from":"depot-2","to":"depot-1","reason":"node draining"}],"stays":[],"fewestMoves":1,"heldBack":0,"restsOn":{"namespace":1,"nodes":{"depot-1":1,"depot-2":2},"everyShard":false,"shards":{"p-01":2}},"digest":"7d3dd90feb86fa10f99d0bff597fa73d"}"#;
