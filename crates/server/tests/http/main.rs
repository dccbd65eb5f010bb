//! A server on a real socket, as its clients see it.
//!
//! `cfg(test)` tells the lints that helpers are tests as well; what other crates' tests share says so
//! by itself.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod components;
#[cfg(test)]
mod control;
#[cfg(test)]
mod control_access;
#[cfg(test)]
mod control_compat;
#[cfg(test)]
mod control_defects;
#[cfg(test)]
mod control_grpc;
#[cfg(test)]
mod control_requests;
#[cfg(test)]
mod control_watch;
#[cfg(test)]
mod encrypted;
#[cfg(test)]
mod ending;
#[cfg(test)]
mod every_credential;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod grpc;
#[cfg(test)]
mod grpc_mesh;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod hostile_routes;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod lists;
#[path = "../../../rules/tests/vectors/mutation.rs"]
mod mutation;
#[cfg(test)]
mod observed;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod race;
#[cfg(test)]
mod sandbox;
#[path = "../../../model/tests/vectors/shapes.rs"]
#[expect(dead_code, reason = "some are of other tests")]
mod shapes;
#[cfg(test)]
mod shard_race;
#[cfg(test)]
mod sights;
#[cfg(test)]
mod signed;
#[cfg(test)]
mod standing;
#[path = "../../../rules/tests/vectors/storable.rs"]
mod storable;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod traced;
#[cfg(test)]
mod untold;
#[path = "../../../model/tests/vectors/mod.rs"]
mod vectors;
#[cfg(test)]
mod watch_faces;
#[cfg(test)]
mod watch_matrix;
#[cfg(test)]
mod watch_oracle;
