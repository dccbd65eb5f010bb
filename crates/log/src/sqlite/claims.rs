//! Claims: one lock file for each name.

use std::fs::{self, File, TryLockError};

use super::errors;
use super::files::Files;
use super::writer_lock::open_lock;
use crate::error::LogError;
use crate::log::Claim;

struct Claimed {
    _file: File,
}

impl Claim for Claimed {}

pub(crate) fn claim(files: &Files, name: &str) -> Result<Option<Box<dyn Claim>>, LogError> {
    fs::create_dir_all(&files.claims)
        .map_err(|error| errors::io("create", &files.claims, error))?;
    let path = files.claims.join(file_name(name));
    let file = open_lock(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Box::new(Claimed { _file: file }))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(errors::io("write", &path, error)),
    }
}

/// The name itself where every file system takes it, else its digest.
fn file_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if !name.is_empty() && name.len() < 64 && name.chars().all(plain) {
        format!("{name}.lock")
    } else {
        format!("{}.lock", blake3::hash(name.as_bytes()).to_hex())
    }
}
