//! A server on a real socket, as its clients see it.
//!
//! `cfg(test)` tells the lints that helpers are tests as well.

#[cfg(test)]
mod batches;
#[cfg(test)]
mod components;
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
#[cfg(test)]
mod observed;
#[cfg(test)]
mod placement;
#[cfg(test)]
mod race;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod sights;
#[cfg(test)]
mod signed;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod traced;
#[cfg(test)]
mod untold;
#[cfg(test)]
mod watch_faces;
#[cfg(test)]
mod watch_matrix;
#[cfg(test)]
mod watch_oracle;
