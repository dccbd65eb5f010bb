//! `GET /control/shards/watch`: changes of shards as they come.

use deedbook_api::problem::Problem;

use crate::answer::Answer;
use crate::call::Call;
use crate::watch::control_stream;

pub(in crate::routes) async fn watch(call: Call) -> Result<Answer, Problem> {
    let watching = control_stream::begin(&call).await?;
    Ok(control_stream::answer(watching))
}
