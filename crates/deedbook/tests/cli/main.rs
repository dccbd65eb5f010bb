//! The command line as its users see it: the real binary in folders of its own.

mod add;
mod change;
mod compat;
mod errors;
mod lists;
mod program;
mod sandbox;
mod scenarios;
mod whole_book;
