//! Where a list goes on: opaque to its holder.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use deedbook_api::problem::Problem;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::answer::to_json;
use crate::call::Call;

/// What a cursor says, and of which history: another has other changes at the same revisions.
#[derive(Serialize, Deserialize)]
struct Whole<T> {
    l: String,
    #[serde(flatten)]
    says: T,
}

/// What a cursor says, as text.
pub(crate) fn encode(call: &Call, says: &impl Serialize) -> Result<String, Problem> {
    let l = call.server.book.view().lineage().to_owned();
    Ok(BASE64.encode(to_json(&Whole { l, says })?))
}

/// What the request's cursor says, if it has one.
pub(crate) fn read<T: DeserializeOwned>(call: &Call) -> Result<Option<T>, Problem> {
    let Some(text) = call.query.text("cursor") else {
        return Ok(None);
    };
    let bytes = BASE64.decode(text).ok();
    let whole = bytes.and_then(|bytes| serde_json::from_slice::<Whole<T>>(&bytes).ok());
    match whole {
        Some(whole) if whole.l == call.server.book.view().lineage() => Ok(Some(whole.says)),
        Some(_) => Err(Problem::parameter("cursor", "isn't a cursor of this book")),
        None => Err(Problem::parameter("cursor", "not a cursor")),
    }
}
