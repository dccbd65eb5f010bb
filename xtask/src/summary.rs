//! Running all steps, and the table at the end.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::step::Step;

struct Outcome<'a> {
    step: &'a Step,
    passed: bool,
    took: Duration,
}

/// Runs every step, also after one has failed, so that one run names all there is to mend.
pub(crate) fn run(steps: &[Step]) -> ExitCode {
    let repository = repository();
    let outcomes: Vec<Outcome<'_>> = steps.iter().map(|step| timed(step, &repository)).collect();
    print!("{}", table(&outcomes));
    if outcomes.iter().all(|outcome| outcome.passed) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn repository() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step took is what the table shows"
)]
fn timed<'a>(step: &'a Step, repository: &Path) -> Outcome<'a> {
    println!("\n── {} ──", step.name);
    let start = Instant::now();
    let passed = step.run(repository);
    Outcome {
        step,
        passed,
        took: start.elapsed(),
    }
}

fn table(outcomes: &[Outcome<'_>]) -> String {
    let mut text = format!("\n{:<24}{:<8}{:>8}\n", "step", "result", "time");
    for outcome in outcomes {
        let result = if outcome.passed { "ok" } else { "FAILED" };
        let seconds = outcome.took.as_secs_f64();
        text += &format!("{:<24}{result:<8}{seconds:>6.1} s\n", outcome.step.name);
    }
    for failed in outcomes.iter().filter(|outcome| !outcome.passed) {
        text += &format!("\nto mend {}: {}\n", failed.step.name, failed.step.mend);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::Action;

    fn outcome(step: &Step, passed: bool) -> Outcome<'_> {
        Outcome {
            step,
            passed,
            took: Duration::from_millis(1_250),
        }
    }

    #[test]
    fn the_table_names_what_failed_and_how_to_mend_it() {
        let step = Step {
            name: "format",
            action: Action::cargo(&["fmt"]),
            mend: "cargo xtask fix",
        };
        assert_eq!(
            table(&[outcome(&step, true), outcome(&step, false)]),
            "\nstep                    result      time\n\
             format                  ok         1.2 s\n\
             format                  FAILED     1.2 s\n\
             \nto mend format: cargo xtask fix\n"
        );
    }
}
