//! Checking a document; nothing is stored.

use deedbook_api::problem::Problem;
use deedbook_api::shapes::ValidationShape;
use deedbook_model::component::{ReadOptions, read};

use super::components::register::syntax;
use crate::answer::Answer;
use crate::call::Call;
use crate::content::Received;

pub(super) async fn validate(call: Call, received: Received) -> Result<Answer, Problem> {
    let length = received.bytes.len();
    let options = ReadOptions {
        strict: call.query.flag("strict"),
        ..ReadOptions::default()
    };
    let judge = move || {
        let reading = read(&received.bytes, syntax(&received), &options);
        Answer::json(&ValidationShape {
            valid: reading.draft.is_some(),
            uuid: reading.uuid,
            name: reading.name,
            version: reading.version,
            issues: reading.issues,
        })
    };
    call.server.slow.run_sized(length, judge).await
}
