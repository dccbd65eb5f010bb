//! The first start where others can reach it: an admin's token in a file, and where that is.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use deedbook_book::{Book, draw_token};
use deedbook_model::capability::Grant;
use deedbook_model::{Capability, Token};
use deedbook_rules::{Command, NewToken, Write};

use crate::error::Failure;

/// The file, in the book's folder.
const FILE_NAME: &str = "admin-token";

/// The principal whose token it is.
const NAME: &str = "admin";

/// Makes an admin whose token only the file's owner can read. The file comes first: a token that
/// nobody has would shut everybody out.
pub(super) fn make(book: &Book, folder: &Path, actor: &str) -> Result<PathBuf, Failure> {
    let token = draw_token()?;
    let path = folder.join(FILE_NAME);
    write(&path, &token).map_err(|source| Failure::File {
        path: path.clone(),
        action: "write",
        source,
    })?;
    let write = Write::CreatePrincipal {
        name: NAME.to_owned(),
        grants: [Grant::of_all(Capability::Admin)].into_iter().collect(),
        token: NewToken {
            hash: token.hash(),
            expires_at: None,
        },
    };
    let command = Command {
        reason: Some("first start where others can reach it".to_owned()),
        ..Command::of(actor, write)
    };
    if let Err(error) = book.execute(command) {
        // It is nobody's.
        let _ = fs::remove_file(&path);
        return Err(error.into());
    }
    Ok(path)
}

/// What a start that was cut off left there was nobody's token.
fn write(path: &Path, token: &Token) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    writeln!(file, "{}", token.reveal())?;
    file.sync_all()
}
