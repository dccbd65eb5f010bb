//! Which server a command goes to, and what it shows there.

mod tokens;

use std::env;
use std::path::Path;

use deedbook_api::client::{Client, ClientOptions, Endpoint, Secret, ServerUrl};

use crate::config::{Config, Source};
use crate::data_folder;
use crate::error::Failure;
use crate::files::Input;
use crate::socket;
use crate::source::Remote;

pub(crate) use tokens::{forget, keep};

/// What may hold a token.
const TOKEN: &str = "DEEDBOOK_TOKEN";

/// The server that was named, or the one that holds the book.
pub(crate) fn find(config: &Config) -> Result<Option<Remote>, Failure> {
    match named(config) {
        Some(url) => connect(url, config, None).map(Some),
        None => Ok(holder(config)),
    }
}

/// The server that was named, unless a folder was named nearer to the command.
pub(crate) fn named(config: &Config) -> Option<&ServerUrl> {
    let url = config.url.value.as_ref()?;
    let is_nearer = config.url.source.rank() >= config.data.source.rank();
    is_nearer.then_some(url)
}

/// Refuses a server for a command that works on a folder.
pub(crate) fn refuse(config: &Config, command: &str) -> Result<(), Failure> {
    if matches!(config.url.source, Source::Flag(_)) {
        let message = format!("`{command}` works on a folder, not on a server: leave --url out");
        return Err(Failure::Usage(message));
    }
    Ok(())
}

/// A client of a server, with that token or the one that is known.
pub(crate) fn connect(
    url: &ServerUrl,
    config: &Config,
    token: Option<Secret>,
) -> Result<Remote, Failure> {
    let token = match token {
        Some(token) => Some(token),
        None => token_for(url, config)?,
    };
    let mut options = ClientOptions::new(Endpoint::Url(url.clone()));
    options.token = token;
    options.patience = config.wait.value;
    options.authorities = config.ca_file.value.clone();
    Ok(Remote::new(Client::new(options)))
}

/// The token for a server: the one that this command was given, or the one that is kept.
pub(crate) fn token_for(url: &ServerUrl, config: &Config) -> Result<Option<Secret>, Failure> {
    match given_token(config)? {
        Some(token) => Ok(Some(token)),
        None => tokens::kept(url),
    }
}

/// The token that this command was given.
pub(crate) fn given_token(config: &Config) -> Result<Option<Secret>, Failure> {
    let file = config.token_file.value.as_deref();
    let is_flag = matches!(config.token_file.source, Source::Flag(_));
    if let Some(file) = file.filter(|_| is_flag) {
        return read(file).map(Some);
    }
    if let Some(text) = env::var_os(TOKEN).filter(|text| !text.is_empty()) {
        let token = text.to_str().and_then(|text| Secret::read(text).ok());
        let broken = || Failure::Config(format!("{TOKEN} isn't a token"));
        return token.ok_or_else(broken).map(Some);
    }
    file.map(read).transpose()
}

/// A token out of a file, `-` for stdin.
pub(crate) fn read(file: &Path) -> Result<Secret, Failure> {
    let input = Input::of(file);
    let text = input.read()?;
    let text = String::from_utf8_lossy(&text.bytes).into_owned();
    Secret::read(&text).map_err(|error| Failure::Invalid(format!("{} {error}", input.label())))
}

/// The server that holds the book of this command. One that was killed left a socket that nobody
/// listens on; then there is none.
fn holder(config: &Config) -> Option<Remote> {
    let folder = data_folder::to_read(config).ok()?;
    let socket = socket::to_find(&folder)?;
    let mut options = ClientOptions::new(Endpoint::Socket(socket));
    options.patience = config.wait.value;
    let mut client = Client::new(options);
    client.connect().ok()?;
    Some(Remote::new(client))
}
