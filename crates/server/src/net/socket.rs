//! The Unix socket by which programs of the same user find the server that holds a book.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::process::{geteuid, umask};
use tokio::net::{UnixListener, UnixStream};

use crate::start::StartError;

/// A socket that nobody else may open. Dropping it removes its file.
pub(crate) struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Socket {
    /// Makes the socket; one that a killed server left there is replaced. Whoever calls holds the
    /// book, so no other server listens on it.
    pub(crate) fn make(path: &Path) -> Result<Socket, StartError> {
        let failed = |source| StartError::Socket {
            path: path.to_owned(),
            source,
        };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        // Closed to others from its first moment on: mode 0600.
        let before = umask(Mode::from_raw_mode(0o177));
        let listener = UnixListener::bind(path);
        umask(before);
        Ok(Socket {
            listener: listener.map_err(failed)?,
            path: path.to_owned(),
        })
    }

    /// The next connection; `None` if it is another user's.
    pub(crate) async fn accept(&self) -> io::Result<Option<UnixStream>> {
        let (stream, _) = self.listener.accept().await?;
        let peer = stream.peer_cred()?.uid();
        let is_own = peer == geteuid().as_raw() || peer == 0;
        Ok(is_own.then_some(stream))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // If it stays, the next server replaces it and nobody else minds.
        let _ = fs::remove_file(&self.path);
    }
}
