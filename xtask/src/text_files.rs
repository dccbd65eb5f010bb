//! The text files of the repository, as a reader of a checkout sees them.

use std::fs;
use std::io;
use std::path::Path;

/// Folders of build output and of the tools' own records.
const SKIPPED: [&str; 3] = [".git", ".deedbook", "target"];

/// One text file.
pub(crate) struct TextFile {
    /// Its path from the repository's root, with `/`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

/// All files that are UTF-8, by path. Links are not followed.
pub(crate) fn read_all(repository: &Path) -> io::Result<Vec<TextFile>> {
    let mut files = Vec::new();
    read_folder(repository, "", &mut files)?;
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<TextFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            read_folder(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file()
            && let Ok(text) = String::from_utf8(fs::read(entry.path())?)
        {
            files.push(TextFile { path, text });
        }
    }
    Ok(())
}
