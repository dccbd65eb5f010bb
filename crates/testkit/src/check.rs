//! Property tests that print their seed.

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Tries `test` on `cases` random values. `DEEDTEST_CASES` sets another number, `DEEDTEST_SEED`
/// replays a run.
///
/// # Panics
/// When the test fails for a value; the message has the smallest such value that was found, the
/// seed, and how to replay it.
pub fn for_all<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let seed = seed();
    println!("seed {seed:016x}");
    let config = Config {
        cases: number("DEEDTEST_CASES").unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let outcome = TestRunner::new_with_rng(config, rng).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(error) = outcome {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("this test");
        panic!("{error}\nreplay: DEEDTEST_SEED={seed:016x} cargo test {name}");
    }
}

/// Small random numbers from a seed, where a whole strategy would be too much.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice from the seed of [`seed`], printed.
    #[must_use]
    pub fn new() -> Dice {
        let seed = seed();
        println!("seed {seed:016x} (DEEDTEST_SEED)");
        Dice(seed)
    }

    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

impl Default for Dice {
    fn default() -> Self {
        Dice::new()
    }
}

/// The seed of this run: `DEEDTEST_SEED`, or a fresh one.
#[must_use]
pub fn seed() -> u64 {
    use std::hash::BuildHasher;
    match std::env::var("DEEDTEST_SEED") {
        Ok(text) => u64::from_str_radix(&text, 16).expect("DEEDTEST_SEED is a hex number"),
        Err(_) => std::hash::RandomState::new().hash_one(0),
    }
}

/// A number that the environment sets.
#[must_use]
pub fn number<N: std::str::FromStr>(name: &str) -> Option<N> {
    std::env::var(name).ok()?.parse().ok()
}
