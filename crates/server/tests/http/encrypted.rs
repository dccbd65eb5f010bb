//! Encrypted connections, and certificates that change.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use deedbook_book::Book;
use deedbook_server::{Options, StartError, TlsError, TlsFiles, start};
use deedbook_testkit::wait;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::sandbox::{Sandbox, options};

fn sample(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/http/certificates");
    folder.join(name)
}

/// A certificate and key in a folder of their own.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        let files = Files(tempfile::tempdir().unwrap());
        files.put("one", 1);
        files
    }

    fn paths(&self) -> TlsFiles {
        TlsFiles {
            certificate: self.0.path().join("cert.pem"),
            key: self.0.path().join("key.pem"),
        }
    }

    /// Puts another certificate there, written at that second.
    fn put(&self, name: &str, second: u64) {
        let TlsFiles { certificate, key } = self.paths();
        for (from, to) in [
            (sample(&format!("{name}.pem")), certificate),
            (sample(&format!("{name}.key.pem")), key),
        ] {
            fs::copy(from, &to).unwrap();
            let file = fs::File::options().write(true).open(&to).unwrap();
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            file.set_modified(time).unwrap();
        }
    }
}

fn encrypted(files: &Files) -> Sandbox {
    let options = Options {
        tls: Some(files.paths()),
        reload: Duration::from_millis(5),
        ..options()
    };
    Sandbox::of(Book::in_memory().unwrap(), options)
}

/// One encrypted request: the answer, the server's certificate, and what was agreed on.
fn get(address: SocketAddr, target: &str) -> (String, CertificateDer<'static>, ProtocolVersion) {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(&fs::read(sample("authority.pem")).unwrap());
    roots.add(authority.unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    let mut stream = StreamOwned::new(connection, socket);
    let request = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // The end of the answer is told by its length.
    let _ = stream.read_to_end(&mut answer);
    let certificate = stream.conn.peer_certificates().unwrap()[0].clone();
    let version = stream.conn.protocol_version().unwrap();
    (
        String::from_utf8(answer).unwrap(),
        certificate.into_owned(),
        version,
    )
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(&fs::read(sample(&format!("{name}.pem"))).unwrap()).unwrap()
}

#[test]
fn a_changed_certificate_is_shown_to_the_next_who_come() {
    let files = Files::new();
    let sandbox = encrypted(&files);
    let address = sandbox.running.address();
    assert_eq!(sandbox.running.url(), format!("https://{address}"));
    let (answer, shown, version) = get(address, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(version, ProtocolVersion::TLSv1_3);
    assert!(shown == certificate("one"));
    files.put("two", 2);
    wait::until("the new certificate is shown", || {
        get(address, "/readyz").1 == certificate("two")
    });
    // Half a change, and rubbish, leave what was.
    fs::copy(sample("one.pem"), files.paths().certificate).unwrap();
    fs::write(files.paths().key, "nothing").unwrap();
    let (answer, shown, _) = get(address, "/readyz");
    assert!(answer.starts_with("HTTP/1.1 200 ") && shown == certificate("two"));
    files.put("one", 3);
    wait::until("the first is shown again", || {
        get(address, "/readyz").1 == certificate("one")
    });
}

#[test]
fn who_does_not_encrypt_is_hung_up_on() {
    let files = Files::new();
    let sandbox = encrypted(&files);
    let mut plain = sandbox.client();
    plain.write(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let mut answer = Vec::new();
    plain.read_all(&mut answer);
    assert!(!answer.starts_with(b"HTTP"));
    assert!(
        get(sandbox.running.address(), "/livez")
            .0
            .starts_with("HTTP/1.1 200")
    );
}

#[test]
fn files_that_are_of_no_use_are_named_at_the_start() {
    let files = Files::new();
    let begin = |tls: TlsFiles| {
        let options = Options {
            tls: Some(tls),
            ..options()
        };
        start(Book::in_memory().unwrap(), options).err()
    };
    let TlsFiles { certificate, key } = files.paths();
    let gone = TlsFiles {
        certificate: files.0.path().join("gone.pem"),
        key: key.clone(),
    };
    assert!(matches!(
        begin(gone),
        Some(StartError::Tls(TlsError::Read { .. }))
    ));
    let swapped = TlsFiles {
        certificate: key.clone(),
        key: certificate.clone(),
    };
    assert!(matches!(
        begin(swapped),
        Some(StartError::Tls(TlsError::Missing { .. }))
    ));
    fs::copy(sample("two.key.pem"), &key).unwrap();
    let unlike = TlsFiles { certificate, key };
    assert!(matches!(
        begin(unlike),
        Some(StartError::Tls(TlsError::Unusable(_)))
    ));
}
