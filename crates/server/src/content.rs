//! Reading what a request holds: of a type that the route takes, in UTF-8, within its limits.

use bytes::{Bytes, BytesMut};
use deedbook_api::problem::Problem;
use deedbook_api::route::Content;
use deedbook_model::code::Code;
use http::{HeaderMap, header};
use http_body::Body as _;
use hyper::body::Incoming;

use crate::call::Call;

/// What a request holds.
pub(crate) struct Received {
    /// Its media type, as the route table writes it; `None`: nothing was sent.
    pub(crate) media_type: Option<&'static str>,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// Where content comes from.
pub(crate) enum Source {
    /// It is still to arrive.
    Incoming(Incoming),
    /// It came in a message, and is of a type that the route takes.
    Given(Option<Received>),
}

/// Reads a request's content.
pub(crate) async fn read(call: &Call, source: Source) -> Result<Received, Problem> {
    let mut incoming = match source {
        Source::Incoming(incoming) => incoming,
        Source::Given(received) => return given(call, received),
    };
    let Some(content) = &call.route.content else {
        return Ok(Received {
            media_type: None,
            bytes: Bytes::new(),
        });
    };
    let announced = incoming.size_hint();
    if announced.exact() == Some(0) && !content.required {
        return Ok(Received {
            media_type: None,
            bytes: Bytes::new(),
        });
    }
    let media_type = media_type(content, &call.headers)?;
    refuse_encoding(&call.headers)?;
    if announced.lower() > u64::try_from(content.max_bytes).unwrap_or(u64::MAX) {
        return Err(too_large(content));
    }
    let limit = call.server.options.limits.request_time;
    let bytes = match tokio::time::timeout(limit, collect(&mut incoming, content)).await {
        Ok(bytes) => bytes?,
        Err(_) => {
            let detail = format!("the request's content didn't arrive within {limit:?}");
            return Err(Problem::new(Code::Timeout, detail).with_hint(Code::Timeout.advice()));
        }
    };
    Ok(Received {
        media_type: Some(media_type),
        bytes,
    })
}

fn given(call: &Call, received: Option<Received>) -> Result<Received, Problem> {
    let received = received.unwrap_or(Received {
        media_type: None,
        bytes: Bytes::new(),
    });
    match &call.route.content {
        Some(content) if received.bytes.len() > content.max_bytes => Err(too_large(content)),
        _ => Ok(received),
    }
}

/// Most content is one part, which isn't copied.
async fn collect(incoming: &mut Incoming, content: &Content) -> Result<Bytes, Problem> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(part) = next_part(incoming).await? {
        if all.len() + first.len() + part.len() > content.max_bytes {
            return Err(too_large(content));
        }
        if first.is_empty() && all.is_empty() {
            first = part;
            continue;
        }
        all.extend_from_slice(&std::mem::take(&mut first));
        all.extend_from_slice(&part);
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

async fn next_part(incoming: &mut Incoming) -> Result<Option<Bytes>, Problem> {
    loop {
        let frame =
            std::future::poll_fn(|context| std::pin::Pin::new(&mut *incoming).poll_frame(context));
        match frame.await {
            None => return Ok(None),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(part) if !part.is_empty() => return Ok(Some(part)),
                // Trailers say nothing here.
                Ok(_) | Err(_) => {}
            },
            Some(Err(_)) => {
                let detail = "the request's content broke off or isn't well-formed";
                return Err(Problem::new(Code::Invalid, detail));
            }
        }
    }
}

fn too_large(content: &Content) -> Problem {
    let most = content.max_bytes;
    let detail = format!("the request's content has more than {most} bytes");
    Problem::new(Code::TooLarge, detail).with_hint(Code::TooLarge.advice())
}

/// The media type of the request's content, if the route takes it.
fn media_type(content: &Content, headers: &HeaderMap) -> Result<&'static str, Problem> {
    let given = headers.get(header::CONTENT_TYPE);
    let Some(given) = given else {
        return Err(not_taken(content, "the request has no Content-Type"));
    };
    let text = given.to_str().unwrap_or_default();
    let known = |essence: &str| {
        let mut types = content.media_types.iter().copied();
        types.find(|known| known.eq_ignore_ascii_case(essence) || is_alias(known, essence))
    };
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let media_type = known(essence)
        .ok_or_else(|| not_taken(content, &format!("`{}` isn't taken here", shown(essence))))?;
    for parameter in parts {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let value = value.trim().trim_matches('"');
        if name.trim().eq_ignore_ascii_case("charset") && !value.eq_ignore_ascii_case("utf-8") {
            let detail = format!("charset `{}` isn't taken, only UTF-8", shown(value));
            return Err(not_taken(content, &detail));
        }
    }
    Ok(media_type)
}

/// YAML had no registered name for long.
fn is_alias(known: &str, given: &str) -> bool {
    const YAML: [&str; 3] = ["application/x-yaml", "text/yaml", "text/x-yaml"];
    known == "application/yaml" && YAML.iter().any(|alias| alias.eq_ignore_ascii_case(given))
}

fn refuse_encoding(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(coding) = headers.get(header::CONTENT_ENCODING) else {
        return Ok(());
    };
    if coding.as_bytes().eq_ignore_ascii_case(b"identity") {
        return Ok(());
    }
    let detail = "compressed requests aren't taken; leave Content-Encoding out";
    Err(Problem::new(Code::BadMediaType, detail))
}

fn not_taken(content: &Content, detail: &str) -> Problem {
    let types = content.media_types.join(" or ");
    Problem::new(Code::BadMediaType, detail)
        .with_hint(format!("send {types} and say so in Content-Type"))
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
