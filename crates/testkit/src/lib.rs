//! Parts for the tests of Deedbook.
//!
//! | module | holds |
//! |---|---|
//! | [`fuzz`] | what the fuzz targets do with an input |

pub mod fuzz;
