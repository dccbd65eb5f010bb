//! deedbook
fn main() {}
