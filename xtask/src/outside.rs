//! `cargo xtask outside`: checkers that know nothing of ours.

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs `tools/outside` on the program as it was built last.
pub(crate) fn check(repository: &Path) -> io::Result<Vec<String>> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or(repository.join("target"), PathBuf::from);
    let status = Command::new("python3")
        .args(["-B", "tools/outside/run.py"])
        .arg(target.join("debug/deedbook"))
        .arg(target.join("outside"))
        .current_dir(repository)
        .status()?;
    let failed = format!("tools/outside/run.py ended with {status}");
    Ok((!status.success()).then_some(failed).into_iter().collect())
}
