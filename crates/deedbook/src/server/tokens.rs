//! Tokens that `login` keeps: one for each server, in a file that only its user can read.

use std::collections::BTreeMap;
use std::env;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use deedbook_api::client::{Secret, ServerUrl};
use serde::{Deserialize, Serialize};

use crate::error::Failure;

/// Name of the file in the user's configuration folder.
const FILE: &str = "tokens.json";

#[derive(Default, Deserialize, Serialize)]
struct Kept {
    servers: BTreeMap<String, String>,
}

/// The token that is kept for a server.
pub(super) fn kept(url: &ServerUrl) -> Result<Option<Secret>, Failure> {
    let Some(path) = path() else {
        return Ok(None);
    };
    let kept = load(&path)?;
    let token = kept.servers.get(&url.to_string());
    let token = token.map(|token| Secret::read(token));
    token.transpose().map_err(|_| broken(&path))
}

/// Keeps a token for a server; where it is kept now.
pub(crate) fn keep(url: &ServerUrl, token: &Secret) -> Result<PathBuf, Failure> {
    let path = path().ok_or_else(|| {
        Failure::Config("neither XDG_CONFIG_HOME nor HOME says where to keep a token".to_owned())
    })?;
    let mut kept = load(&path)?;
    let token = token.reveal().to_owned();
    kept.servers.insert(url.to_string(), token);
    store(&path, &kept)?;
    Ok(path)
}

/// Forgets the token of a server; whether there was one.
pub(crate) fn forget(url: &ServerUrl) -> Result<bool, Failure> {
    let Some(path) = path() else {
        return Ok(false);
    };
    let mut kept = load(&path)?;
    if kept.servers.remove(&url.to_string()).is_none() {
        return Ok(false);
    }
    store(&path, &kept)?;
    Ok(true)
}

fn path() -> Option<PathBuf> {
    let given = |name| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = given("XDG_CONFIG_HOME").or_else(|| Some(given("HOME")?.join(".config")))?;
    Some(folder.join("deedbook").join(FILE))
}

fn load(path: &Path) -> Result<Kept, Failure> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::default()),
        Err(error) => return Err(Failure::reading(path, error)),
    };
    let mode = fs::metadata(path).map_err(|error| Failure::reading(path, error))?;
    if mode.permissions().mode() & 0o077 != 0 {
        let message = format!(
            "others may read {}: chmod 600 it, or have the tokens in it rotated",
            path.display()
        );
        return Err(Failure::Config(message));
    }
    serde_json::from_slice(&text).map_err(|_| broken(path))
}

/// What is wrong isn't repeated: it may be a secret.
fn broken(path: &Path) -> Failure {
    let path = path.display();
    Failure::Config(format!(
        "{path} isn't what `deedbook login` writes; remove it"
    ))
}

/// Writes beside it and renames, so that it is never half there, nor readable for others.
fn store(path: &Path, kept: &Kept) -> Result<(), Failure> {
    let failed = |error| Failure::writing(path, error);
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(folder).map_err(failed)?;
    }
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    let text = serde_json::to_vec_pretty(kept)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&beside).map_err(failed)?;
    let written = file.write_all(&text).and_then(|()| file.sync_all());
    written.map_err(failed)?;
    fs::rename(&beside, path).map_err(failed)
}
