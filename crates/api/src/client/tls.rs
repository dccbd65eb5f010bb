//! TLS: the system's authorities, or those of a file.

use std::env;
use std::io;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::url::ServerUrl;

pub(super) type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// How long the two ends may take to agree.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where systems keep the authorities that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// Agrees on keys with a server that proves to be that of the URL.
pub(super) fn agree(
    mut stream: TcpStream,
    url: &ServerUrl,
    authorities: Option<&Path>,
) -> io::Result<TlsStream> {
    let name = ServerName::try_from(url.host().to_owned()).map_err(io::Error::other)?;
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(trusted(authorities)?)
        .with_no_client_auth();
    let mut connection = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(connection, stream))
}

fn trusted(authorities: Option<&Path>) -> io::Result<RootCertStore> {
    let path = authorities.map(Path::to_owned).or_else(system_bundle);
    let path = path.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "this system has no file of authorities that it trusts",
        )
    })?;
    let named = |message: String| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{}: {message}", path.display()),
        )
    };
    let certificates = CertificateDer::pem_file_iter(&path);
    let certificates = certificates.map_err(|error| named(error.to_string()))?;
    let mut store = RootCertStore::empty();
    let (taken, _) = store.add_parsable_certificates(certificates.filter_map(Result::ok));
    if taken == 0 {
        return Err(named("it holds no certificate".to_owned()));
    }
    Ok(store)
}

fn system_bundle() -> Option<PathBuf> {
    let given = env::var_os("SSL_CERT_FILE").filter(|path| !path.is_empty());
    let known = || BUNDLES.iter().map(PathBuf::from).find(|path| path.exists());
    given.map(PathBuf::from).or_else(known)
}
