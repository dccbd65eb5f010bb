//! `serve` and what it is told.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use deedbook_api::client::ServerUrl;
use deedbook_server::Level;

/// Serve the book over HTTP, until SIGTERM or SIGINT
///
/// Makes the book if there is none. The first line on stdout says where it listens, once requests
/// are welcome; the log goes to stderr.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook serve
  deedbook serve --load examples/ --listen 127.0.0.1:0
  curl -s http://127.0.0.1:8080/v1/components
  deedbook serve --listen 0.0.0.0:8443 --tls-certificate cert.pem --tls-key key.pem")]
pub(crate) struct Serve {
    /// Where to listen; port 0 lets the operating system choose one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// Fill a book without components from this folder, all documents or none
    #[arg(long, value_name = "DIR")]
    pub(crate) load: Option<PathBuf>,
    /// How long a read waits for the revision that it asks for with `atLeast`
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(0..=3600)
    )]
    pub(crate) wait: u64,
    /// Threads that answer requests; the book's writer has one of its own
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u8).range(1..=64)
    )]
    pub(crate) threads: u8,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    #[command(flatten)]
    pub(crate) jwt: JwtArgs,
    /// How many hours a request's idempotency key is remembered
    #[arg(
        long,
        value_name = "HOURS",
        default_value_t = 24,
        value_parser = clap::value_parser!(u32).range(1..=720)
    )]
    pub(crate) remember_hours: u32,
    /// How many idempotency keys are remembered at most
    #[arg(long, value_name = "N", default_value_t = 250_000)]
    pub(crate) remember_keys: u32,
    /// What the log says: info tells what was changed and refused, debug every request
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: LogLevel,
    /// How the log is written
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub(crate) log_format: LogFormat,
    /// Send a span for each request to this collector of traces: OTLP over HTTP, at `/v1/traces`
    #[arg(long, value_name = "URL")]
    pub(crate) otlp_endpoint: Option<ServerUrl>,
}

/// Encrypted connections.
#[derive(Args, Clone, Debug)]
pub(crate) struct TlsArgs {
    /// Encrypt connections with this certificate and those between it and its authority (PEM);
    /// read again when it changes
    #[arg(long = "tls-certificate", value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<PathBuf>,
    /// The certificate's private key (PEM)
    #[arg(
        long = "tls-key",
        id = "key",
        value_name = "FILE",
        requires = "certificate"
    )]
    pub(crate) key: Option<PathBuf>,
}

/// Signed tokens.
#[derive(Args, Clone, Debug)]
pub(crate) struct JwtArgs {
    /// Take signed tokens (RS256, ES256, EdDSA) of this issuer, the claim `iss`; nobody gets in
    /// without a credential then
    #[arg(long = "jwt-issuer", value_name = "NAME", requires_all = ["audience", "keys"])]
    pub(crate) issuer: Option<String>,
    /// For whom they must be, the claim `aud`
    #[arg(
        long = "jwt-audience",
        id = "audience",
        value_name = "NAME",
        requires = "issuer"
    )]
    pub(crate) audience: Option<String>,
    /// The issuer's keys, a JSON Web Key Set; read again when it changes
    #[arg(
        long = "jwt-keys",
        id = "keys",
        value_name = "FILE",
        requires = "issuer"
    )]
    pub(crate) keys: Option<PathBuf>,
    /// The claim that says what the bearer may do: a list of capabilities, or words in one text
    #[arg(
        long = "jwt-claim",
        value_name = "NAME",
        default_value = "capabilities"
    )]
    pub(crate) claim: String,
}

/// How much a server's log says.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogLevel {
    /// What went wrong
    Error,
    /// And what somebody should look at
    Warn,
    /// And what was changed and refused
    Info,
    /// And every request
    Debug,
}

impl From<LogLevel> for Level {
    fn from(level: LogLevel) -> Level {
        match level {
            LogLevel::Error => Level::Error,
            LogLevel::Warn => Level::Warn,
            LogLevel::Info => Level::Info,
            LogLevel::Debug => Level::Debug,
        }
    }
}

/// How a server's log is written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

impl From<LogFormat> for deedbook_server::LogFormat {
    fn from(format: LogFormat) -> deedbook_server::LogFormat {
        match format {
            LogFormat::Human => deedbook_server::LogFormat::Human,
            LogFormat::Json => deedbook_server::LogFormat::Json,
        }
    }
}
