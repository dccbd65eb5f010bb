//! The socket by which a command finds the server that holds its book.
//!
//! It is in the book's folder, or, where that path is too long for a socket, in the runtime folder;
//! a file in the book's folder then names it.

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::Failure;

/// Name of the socket in the book's folder.
const SOCKET: &str = "server.sock";

/// Name of the file that names a socket elsewhere.
const NAMED: &str = "server.sock.path";

/// Longest path of a socket; the system's limit is 107 bytes, on others 103.
const LONGEST: usize = 100;

/// Where the server of that book is to listen.
pub(crate) fn to_make(folder: &Path) -> Result<PathBuf, Failure> {
    let reading = |error| Failure::reading(folder, error);
    let folder = fs::canonicalize(folder).map_err(reading)?;
    let beside = folder.join(SOCKET);
    let named = folder.join(NAMED);
    if beside.as_os_str().len() <= LONGEST {
        // Left by a server that saw the folder under a longer path.
        let _ = fs::remove_file(&named);
        return Ok(beside);
    }
    let runtime = runtime_folder()?;
    let path = runtime.join(format!("{}.sock", uuid::Uuid::new_v4().simple()));
    if let Some(before) = named_socket(&folder) {
        let _ = fs::remove_file(before);
    }
    let text = format!("{}\n{}\n", path.display(), folder.display());
    fs::write(&named, text).map_err(|error| Failure::writing(&named, error))?;
    Ok(path)
}

/// Where a server of that book would listen.
pub(crate) fn to_find(folder: &Path) -> Option<PathBuf> {
    let beside = folder.join(SOCKET);
    if beside.exists() {
        let short = beside.as_os_str().len() <= LONGEST;
        return if short {
            Some(beside)
        } else {
            fs::canonicalize(beside).ok()
        };
    }
    named_socket(&fs::canonicalize(folder).ok()?)
}

/// The socket that the folder's file names. A copy of a folder names the original's server, so the
/// file also says which folder it is about.
fn named_socket(folder: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(folder.join(NAMED)).ok()?;
    let (path, of) = text.trim_end().split_once('\n')?;
    (Path::new(of) == folder).then(|| PathBuf::from(path))
}

/// A folder for sockets that only this user can open.
fn runtime_folder() -> Result<PathBuf, Failure> {
    let given = env::var_os("XDG_RUNTIME_DIR").filter(|folder| !folder.is_empty());
    let user = rustix::process::geteuid().as_raw();
    let folder = match given {
        Some(folder) => PathBuf::from(folder).join("deedbook"),
        None => env::temp_dir().join(format!("deedbook-{user}")),
    };
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Failure::writing(&folder, error));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(&folder).map_err(|error| Failure::reading(&folder, error))?;
    if !found.is_dir() || found.uid() != user || found.mode() & 0o077 != 0 {
        let error = io::Error::new(io::ErrorKind::PermissionDenied, "others may use it");
        return Err(Failure::writing(&folder, error));
    }
    Ok(folder)
}
