//! One request on its way: its route, parameters and head, checked.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use deedbook_api::problem::Problem;
use deedbook_api::query::{Query, percent_decode};
use deedbook_api::route::Route;
use deedbook_model::version_spec::VersionSpec;
use deedbook_rules::components::{ComponentKey, NameOrUuid};
use http::{HeaderMap, HeaderValue, Uri};

use crate::access::Caller;
use crate::server::Server;

/// A request that may go on.
pub(crate) struct Call {
    pub(crate) server: Arc<Server>,
    pub(crate) route: &'static Route,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// Where in the path the key is.
    pub(crate) key: Option<Range<usize>>,
    pub(crate) query: Query<'static>,
    pub(crate) request_id: HeaderValue,
    pub(crate) caller: Caller,
}

impl Call {
    /// The path's key.
    pub(crate) fn key_text(&self) -> Result<Cow<'_, str>, Problem> {
        let range = self.key.clone().unwrap_or_default();
        let key = self.uri.path().get(range).unwrap_or_default();
        percent_decode(key).ok_or_else(|| Problem::parameter("key", "isn't percent-encoded UTF-8"))
    }

    /// The component that the path's key and `versionSpec` mean.
    pub(crate) fn component_key(&self) -> Result<ComponentKey, Problem> {
        let name = NameOrUuid::of(&self.key_text()?);
        let spec = self.query.text("versionSpec").map(read_spec).transpose()?;
        Ok(ComponentKey { name, spec })
    }

    /// A header's text.
    pub(crate) fn header(&self, name: &'static str) -> Result<Option<&str>, Problem> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Problem::parameter(name, "is given twice"));
        }
        let text = value.to_str();
        text.map(Some)
            .map_err(|_| Problem::parameter(name, "isn't plain text; percent-encode it"))
    }

    /// A header's text, which is percent-encoded UTF-8.
    pub(crate) fn decoded_header(&self, name: &'static str) -> Result<Option<String>, Problem> {
        let Some(text) = self.header(name)? else {
            return Ok(None);
        };
        let decoded = percent_decode(text)
            .ok_or_else(|| Problem::parameter(name, "isn't percent-encoded UTF-8"))?;
        Ok(Some(decoded.into_owned()))
    }
}

/// A version spec out of a parameter or member.
pub(crate) fn read_spec(text: &str) -> Result<VersionSpec, Problem> {
    VersionSpec::parse(text).map_err(|error| {
        Problem::parameter("versionSpec", error.to_string())
            .with_hint("such as `1.2.3`, `^1.2`, `>=1.1,<2` or `latest`")
    })
}
