//! What the fuzz targets do with an input. A finding is a panic.
//!
//! The binaries under `fuzz/` feed them random inputs; `tests/corpora.rs` feeds them every file
//! below `fuzz/corpus`, so that an input that was a finding once is tried with each build.

#![expect(
    clippy::panic,
    reason = "a target reports what it finds by a panic with the facts"
)]

pub mod batch_decoder;
pub mod blocks;
pub mod documents;
pub mod merge_patches;
mod reading;
mod samples;
pub mod version_specs;

use std::borrow::Cow;

/// A target: takes any bytes, and panics if something about them doesn't hold.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, also that of its corpus' folder.
    pub name: &'static str,
    /// Tries one input.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target {
        name: "documents",
        run: documents::run,
    },
    Target {
        name: "blocks",
        run: blocks::run,
    },
    Target {
        name: "version_specs",
        run: version_specs::run,
    },
    Target {
        name: "merge_patches",
        run: merge_patches::run,
    },
    Target {
        name: "batch_decoder",
        run: batch_decoder::run,
    },
];

/// The last byte of an input that stands for its text over and over. UTF-8 never has it.
const OVER_AND_OVER: u8 = 0xff;
/// How large such an input gets: the most that a document may have.
const LARGEST: usize = 256 * 1024;

/// The document that an input stands for. One that ends in [`OVER_AND_OVER`] is repeated up to the
/// largest size, so that a small input shows whether time grows faster than size.
fn document(input: &[u8]) -> Cow<'_, [u8]> {
    match input.split_last() {
        Some((&OVER_AND_OVER, text)) if !text.is_empty() => {
            Cow::Owned(text.repeat(LARGEST / text.len()))
        }
        _ => Cow::Borrowed(input),
    }
}
