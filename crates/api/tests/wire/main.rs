//! The wire's definitions and what is made from them.
//!
//! `cfg(test)` tells the lints that helpers are tests as well.

#[cfg(test)]
mod generated;
