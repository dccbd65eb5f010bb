//! Keeping tokens for servers.

use clap::Args;
use deedbook_api::client::ServerUrl;

/// Keep a token for a server, so that later commands show it
///
/// The token is read from --token-file, DEEDBOOK_TOKEN or stdin, shown to the server once, and
/// kept in a file that only you can read.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  deedbook login https://deeds.example.org --token-file token.txt
  deedbook token create ci --capability REGISTRY_READ | deedbook login http://127.0.0.1:8080")]
pub(crate) struct Login {
    /// The server (default: --url, DEEDBOOK_URL or `url` in deedbook.toml)
    #[arg(value_name = "URL")]
    pub(crate) server: Option<ServerUrl>,
}

/// Forget the token that is kept for a server
#[derive(Args, Debug)]
pub(crate) struct Logout {
    /// The server (default: --url, DEEDBOOK_URL or `url` in deedbook.toml)
    #[arg(value_name = "URL")]
    pub(crate) server: Option<ServerUrl>,
}
