//! Removing a component.

use deedbook_api::problem::Problem;
use deedbook_rules::Write;

use crate::answer::Answer;
use crate::authorship::Authorship;
use crate::call::Call;
use crate::conditions::Target;
use crate::routes::batch::written;
use crate::write::{perform, refused};

pub(in crate::routes) async fn remove(call: &Call) -> Result<Answer, Problem> {
    let target = Target::of(call)?;
    let write = Write::Remove {
        key: target.key,
        expected: target.expected,
    };
    let command = Authorship::of(call, b"")?.command(vec![write]);
    let dry_run = call.query.flag("dryRun");
    let receipt = perform(&call.server, command, dry_run).await;
    let receipt = receipt.map_err(|error| refused(error, |_| String::new()))?;
    written(call, &receipt, dry_run)
}
