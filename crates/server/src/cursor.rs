//! Where a list goes on: opaque to its holder.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use deedbook_api::problem::Problem;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::to_json;
use crate::call::Call;

/// What a cursor says, as text.
pub(crate) fn encode(says: &impl Serialize) -> Result<String, Problem> {
    Ok(BASE64.encode(to_json(says)?))
}

/// What the request's cursor says, if it has one.
pub(crate) fn read<T: DeserializeOwned>(call: &Call) -> Result<Option<T>, Problem> {
    let Some(text) = call.query.text("cursor") else {
        return Ok(None);
    };
    let bytes = BASE64.decode(text).ok();
    let says = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    says.map(Some)
        .ok_or_else(|| Problem::parameter("cursor", "not a cursor"))
}
