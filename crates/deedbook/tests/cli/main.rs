//! The command line as its users see it: the real binary in folders of its own.
//!
//! `cfg(test)` tells the lints that helpers are tests as well.

#[cfg(test)]
mod add;
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod bench;
#[cfg(test)]
mod both_ways;
#[cfg(test)]
mod change;
#[cfg(test)]
mod compat;
#[cfg(test)]
mod compat_shards;
#[cfg(test)]
mod declared;
#[cfg(test)]
mod errors;
#[cfg(test)]
mod kill;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod load;
#[cfg(test)]
mod mesh;
#[cfg(test)]
mod mesh_files;
#[cfg(test)]
mod omnirelay;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod pasted;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod principals;
#[cfg(test)]
mod program;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod server;
#[cfg(test)]
mod server_kill;
#[cfg(test)]
mod serving;
#[path = "../../../model/tests/vectors/mod.rs"]
#[expect(dead_code, reason = "some are of other tests")]
mod vectors;
#[cfg(test)]
mod whole_book;
