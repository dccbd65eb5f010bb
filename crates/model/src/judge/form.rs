//! Forms of text: what fits, what is stored for it, and what to tell whoever got it wrong.
//!
//! Each form has its rule twice, as code for the judge and as a pattern for the JSON Schema;
//! a test holds the two against each other.

use semver::Version;
use serde_json::{Value, json};

use crate::component::dependency::Requirement;
use crate::component::entrypoint;
use crate::component::time::{self, NotATime};
use crate::document::shorten;
use crate::issue::IssueKind;
use crate::mesh::{SCHEMA_VERSION, SCHEMA_VERSIONS};
use crate::schema::{METADATA_VERSION, Readable, SchemaVersion};
use crate::version_spec::VersionSpec;

use super::Profile;
use super::nearest::nearest;

/// What form a text must have.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// Any text.
    Free,
    /// `0.3.x`, or an older version that is read.
    MetadataVersion,
    /// The version of a record of the mesh, or a later minor.
    MeshVersion,
    /// A uuid other than the nil and the max one; lower case when stored.
    Uuid,
    /// The name of a component.
    Name,
    /// SemVer 2.0.0.
    Version,
    /// Dotted words, perhaps behind a scheme.
    Namespace,
    /// RFC 3339; UTC when stored.
    Time,
    /// 64 hexadecimal digits.
    Hash,
    /// 40 hexadecimal digits.
    CommitHash,
    /// Three numbers.
    ThreeNumbers,
    /// The text form of an entrypoint; an object when stored.
    Entrypoint,
    /// The word before an entrypoint's target.
    EntrypointType,
    /// A tag.
    Tag,
    /// Which versions of a dependency will do.
    VersionSpec,
    /// A dependency as text: a URI, or anything else for what is outside.
    Requirement,
    /// A uuid, or a name with an optional `@` and version_spec.
    Successor,
    /// The id of a namespace, node, service, endpoint or shard.
    Id,
    /// The id of a namespace, in which `|` would end it where cursors join ids.
    NamespaceId,
    /// The address of an endpoint.
    Uri,
    /// Bytes in Base64, standard alphabet, padded.
    Base64,
    /// An unsigned number of 64 bits in decimal digits: JSON numbers of that size aren't exact.
    Unsigned,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// One of these words or, as nobody checks, any other.
    Advice(&'static [&'static str]),
}

/// What is wrong with a text.
#[derive(Debug)]
pub(crate) struct Fault {
    pub kind: IssueKind,
    pub message: String,
    pub hint: String,
}

const UUID_HINT: &str =
    "write it as 8-4-4-4-12 hexadecimal digits, such as 3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11";
const NAME_HINT: &str =
    "use letters, digits, `_`, `.` and `-`, starting with a letter, a digit or `_`";
const TIME_HINT: &str = "write it with date, time and offset, such as 2026-01-31T12:00:00Z";
const SPEC_HINT: &str =
    "write a version (1.2.3), a range (^1.2, ~1.2, >=1.1 <2, 1.x), `*` or `latest`";

impl Form {
    /// The stored value of a text in this form.
    pub(crate) fn normalise(self, text: &str, profile: Profile) -> Result<Value, Fault> {
        let kept = || Value::from(text);
        let form = |good: bool, what: &str, hint: &str| {
            if good {
                Ok(kept())
            } else {
                Err(malformed(text, what, hint))
            }
        };
        match self {
            Self::Free | Self::Advice(_) => Ok(kept()),
            Self::MetadataVersion => metadata_version(text, profile),
            Self::MeshVersion => mesh_version(text).map(|()| kept()),
            Self::Uuid => uuid(text),
            Self::Name => form(is_name(text), "a component's name", NAME_HINT),
            Self::Version => version(text),
            Self::Namespace => form(
                is_namespace(text),
                "a namespace",
                "write words of letters, digits, `_` and `-` with dots between them, such as samples.tools",
            ),
            Self::Time => instant(text, profile),
            Self::Hash => hash(text, profile),
            Self::CommitHash => form(
                is_hex(text, 40),
                "a commit hash",
                "write its 40 hexadecimal digits",
            ),
            Self::ThreeNumbers => form(
                is_numbers(text),
                "a version of three numbers",
                "write it as three numbers, such as 1.1.0",
            ),
            Self::Entrypoint => entrypoint_object(text),
            Self::EntrypointType => form(
                entrypoint::is_type(text),
                "an entrypoint's type",
                "start with a lower-case letter, then lower-case letters, digits, `_`, `+` or `-`",
            ),
            Self::Tag => form(
                is_tag(text),
                "a tag",
                "start with a letter or digit, then letters, digits and `_ . : / -`",
            ),
            Self::VersionSpec => version_spec(text).map(|()| kept()),
            Self::Requirement => requirement(text).map(|()| kept()),
            Self::Successor => successor(text).map(|()| kept()),
            Self::Id => id(text).map(|()| kept()),
            Self::NamespaceId => namespace_id(text).map(|()| kept()),
            Self::Uri => uri(text).map(|()| kept()),
            Self::Base64 => form(
                is_base64(text),
                "Base64",
                "write it in the standard alphabet, padded with `=`",
            ),
            Self::Unsigned => form(
                text.parse::<u64>()
                    .is_ok_and(|number| number.to_string() == text),
                "an unsigned number of 64 bits",
                "write decimal digits without leading zeros, such as \"9223372036854775808\"",
            ),
            Self::Choice(words) => choice(text, words, profile).map(|()| kept()),
        }
    }
}

fn malformed(text: &str, what: &str, hint: &str) -> Fault {
    Fault {
        kind: IssueKind::InvalidFormat,
        message: format!("`{}` isn't {what}", shorten(text)),
        hint: hint.to_owned(),
    }
}

fn metadata_version(text: &str, profile: Profile) -> Result<Value, Fault> {
    match MetadataVersion::of(text) {
        MetadataVersion::Current => Ok(Value::from(METADATA_VERSION.to_string())),
        MetadataVersion::Older if profile == Profile::Legacy => {
            Ok(Value::from(METADATA_VERSION.to_string()))
        }
        MetadataVersion::NewerMinor if profile == Profile::Newer => Ok(Value::from(text)),
        MetadataVersion::Older | MetadataVersion::NewerMinor | MetadataVersion::Other => {
            Err(Fault {
                kind: IssueKind::UnsupportedVersion,
                message: format!("metadata of version `{}` isn't read here", shorten(text)),
                hint: format!("versions 0.1, 0.2 and 0.3.x are read; write {METADATA_VERSION}"),
            })
        }
        MetadataVersion::Malformed => Err(malformed(
            text,
            "a metadata version",
            &format!("write {METADATA_VERSION}"),
        )),
    }
}

fn mesh_version(text: &str) -> Result<(), Fault> {
    let Ok(version) = text.parse::<SchemaVersion>() else {
        let hint = format!("write three numbers, such as {SCHEMA_VERSION}, or leave it out");
        return Err(malformed(text, "a schema version", &hint));
    };
    match SCHEMA_VERSIONS.readability(version) {
        Readable::Full | Readable::ReadOnly => Ok(()),
        Readable::Refused => Err(Fault {
            kind: IssueKind::UnsupportedVersion,
            message: format!("a record of version {version} isn't read here"),
            hint: format!(
                "{SCHEMA_VERSIONS} is read, and so are later minors of {}; write {SCHEMA_VERSION}",
                SCHEMA_VERSION.major
            ),
        }),
    }
}

/// What a metadata_version text asks of the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetadataVersion {
    /// 0.3.x.
    Current,
    /// 0.1, 0.2 or a patch of them.
    Older,
    /// A higher minor of major 0.
    NewerMinor,
    /// Another version.
    Other,
    /// No version at all.
    Malformed,
}

impl MetadataVersion {
    pub(crate) fn of(text: &str) -> Self {
        let parts: Vec<&str> = text.splitn(4, '.').collect();
        if !(2..=3).contains(&parts.len()) || !parts.iter().all(|part| is_plain_number(part)) {
            return Self::Malformed;
        }
        match parts.as_slice() {
            ["0", "1" | "2", ..] => Self::Older,
            ["0", "3", _] => Self::Current,
            ["0", minor, _] if *minor != "0" => Self::NewerMinor,
            _ => Self::Other,
        }
    }
}

/// Longest id, in bytes.
const MAX_ID_BYTES: usize = 512;

fn id(text: &str) -> Result<(), Fault> {
    let hint = format!("write 1 to {MAX_ID_BYTES} bytes without control characters");
    let fault = |kind, message: String| Fault {
        kind,
        message,
        hint: hint.clone(),
    };
    if text.trim().is_empty() {
        return Err(fault(IssueKind::OutOfRange, "is blank".to_owned()));
    }
    if text.len() > MAX_ID_BYTES {
        let message = format!("has {} bytes", text.len());
        return Err(fault(IssueKind::OutOfRange, message));
    }
    // Those that turn the direction of text make an id look like another.
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if let Some(control) = text.chars().find(|c| c.is_control() || turns(*c)) {
        let message = format!("has the control character U+{:04X}", u32::from(control));
        return Err(fault(IssueKind::InvalidFormat, message));
    }
    Ok(())
}

fn namespace_id(text: &str) -> Result<(), Fault> {
    id(text)?;
    if text.contains('|') {
        return Err(malformed(
            text,
            "a namespace",
            "leave out `|`: cursors join a namespace and an id with it",
        ));
    }
    Ok(())
}

fn uri(text: &str) -> Result<(), Fault> {
    let refuse = |what: &str, hint: &str| {
        // The text isn't repeated: it may hold a secret.
        Err(Fault {
            kind: IssueKind::InvalidFormat,
            message: format!("isn't an address: {what}"),
            hint: hint.to_owned(),
        })
    };
    const FORM: &str = "write scheme, host and port, such as https://10.0.0.7:8443";
    let Some((scheme, rest)) = text.split_once("://") else {
        return refuse("it has no scheme", FORM);
    };
    if !is_uri_scheme(scheme) {
        return refuse("its scheme isn't one", FORM);
    }
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return refuse("it has white space", FORM);
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return refuse(
            "it names a user",
            "leave user and password out: whoever may read the record would see them",
        );
    }
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((address, port)) if address.parse::<std::net::Ipv6Addr>().is_ok() => {
            (address, port.strip_prefix(':'))
        }
        Some(_) => return refuse("its host isn't an address of IPv6", FORM),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let is_host_character =
        |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '%' | ':');
    if host.is_empty() || !host.chars().all(is_host_character) {
        return refuse("its host isn't one", FORM);
    }
    let is_port = |port: &str| is_digits(port) && port.parse::<u16>().is_ok_and(|port| port > 0);
    match port {
        Some(port) if is_port(port) => Ok(()),
        Some(_) => refuse("its port isn't a number from 1 to 65535", FORM),
        None => refuse("it has no port", FORM),
    }
}

/// RFC 3986, 3.1.
fn is_uri_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// RFC 4648, 4.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

fn is_plain_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

fn is_numbers(text: &str) -> bool {
    text.split('.').count() == 3 && text.split('.').all(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether the text has the form of a uuid, whichever it is.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn uuid(text: &str) -> Result<Value, Fault> {
    if !is_uuid(text) {
        return Err(malformed(text, "a uuid", UUID_HINT));
    }
    let digits = |wanted: &[u8]| {
        text.bytes()
            .all(|byte| byte == b'-' || wanted.contains(&byte))
    };
    if digits(b"0") || digits(b"fF") {
        return Err(Fault {
            kind: IssueKind::InvalidValue,
            message: format!("`{text}` stands for no component"),
            hint: "make a random uuid (version 4)".to_owned(),
        });
    }
    Ok(Value::from(text.to_ascii_lowercase()))
}

pub(crate) fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    bytes.next().is_some_and(word) && bytes.all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_tag(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric())
        && bytes.all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':' | b'/' | b'-')
        })
}

fn is_namespace(text: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    };
    let dotted = match text.split_once("://") {
        Some((scheme, dotted)) if is_scheme(scheme) => dotted,
        Some(_) => return false,
        None => text,
    };
    dotted.split('.').all(word)
}

fn is_scheme(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic())
        && bytes
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'.' | b'-'))
}

fn version(text: &str) -> Result<Value, Fault> {
    match Version::parse(text) {
        Ok(_) => Ok(Value::from(text)),
        Err(error) => Err(Fault {
            kind: IssueKind::InvalidFormat,
            message: format!("`{}` isn't a semantic version: {error}", shorten(text)),
            hint: "write three numbers without leading zeros, such as 1.0.0 or 1.0.0-rc.1"
                .to_owned(),
        }),
    }
}

fn instant(text: &str, profile: Profile) -> Result<Value, Fault> {
    let what = match time::utc(text, profile == Profile::Legacy) {
        Ok(utc) => return Ok(Value::from(utc)),
        Err(NotATime::Form) => "a time",
        Err(NotATime::NoOffset) => "a time with an offset",
        Err(NotATime::NoSuchTime) => "a time that exists",
    };
    Err(malformed(text, what, TIME_HINT))
}

fn hash(text: &str, profile: Profile) -> Result<Value, Fault> {
    // Older hashes were made in ways nobody can repeat: kept, not compared.
    if profile == Profile::Legacy || is_hex(text, 64) {
        return Ok(Value::from(text.to_ascii_lowercase()));
    }
    Err(malformed(
        text,
        "a SHA-256 hash",
        "leave the hash out, it is computed; or write its 64 hexadecimal digits",
    ))
}

fn entrypoint_object(text: &str) -> Result<Value, Fault> {
    let (kind, target) = entrypoint::split(text);
    let chars = target.chars().count();
    if chars == 0 || chars > 1024 {
        return Err(Fault {
            kind: IssueKind::OutOfRange,
            message: format!("the entrypoint's target has {chars} characters"),
            hint: "write 1 to 1024 characters, such as python://main.py".to_owned(),
        });
    }
    Ok(json!({"type": kind, "target": target}))
}

fn version_spec(text: &str) -> Result<(), Fault> {
    let error = match VersionSpec::parse(text) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    Err(Fault {
        kind: error.kind(),
        message: format!("the version_spec `{}` {error}", shorten(text)),
        hint: SPEC_HINT.to_owned(),
    })
}

fn requirement(text: &str) -> Result<(), Fault> {
    match Requirement::parse(text) {
        Requirement::Component {
            spec: Some(spec), ..
        } => version_spec(spec),
        _ => Ok(()),
    }
}

fn successor(text: &str) -> Result<(), Fault> {
    let (name, spec) = match text.split_once('@') {
        Some((name, spec)) => (name, Some(spec)),
        None => (text, None),
    };
    if !is_name(name) || name.len() > 255 {
        return Err(malformed(
            text,
            "a uuid or a name",
            "name the successor by its uuid, or as name or name@version_spec",
        ));
    }
    spec.map_or(Ok(()), version_spec)
}

fn choice(text: &str, words: &[&str], profile: Profile) -> Result<(), Fault> {
    if words.contains(&text) {
        return Ok(());
    }
    let all = words.join(", ");
    Err(Fault {
        kind: IssueKind::InvalidValue,
        message: format!("`{}` isn't one of the allowed values", shorten(text)),
        hint: match nearest(text, words) {
            _ if profile == Profile::Newer => {
                format!("a later version wrote it, which may have more values; known are {all}")
            }
            Some(word) => format!("did you mean `{word}`? allowed are {all}"),
            None => format!("allowed are {all}"),
        },
    })
}
