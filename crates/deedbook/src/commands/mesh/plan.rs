//! `shard plan`: what would have to move.

use super::offline::plan_offline;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::shard::Plan;

/// Prints a plan.
pub(super) fn plan(args: &Plan, context: &mut Context) -> Result<(), Failure> {
    match &args.request {
        Some(request) => plan_offline(request, args.strategy.as_deref(), context),
        None => Err(Failure::Usage("--offline needs --request FILE".to_owned())),
    }
}
