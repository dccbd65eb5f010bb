//! `login` and `logout`: tokens for servers.

use std::io::{self, BufRead, IsTerminal, Write};

use deedbook_api::client::{Request, Secret, ServerUrl, Target};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::config::Config;
use crate::context::Context;
use crate::error::Failure;
use crate::grammar::login::{Login, Logout};
use crate::grammar::values::Format;
use crate::server;

/// Shows a token to a server and keeps it.
pub(crate) fn login(args: &Login, context: &mut Context) -> Result<(), Failure> {
    let url = server_of(args.server.as_ref(), &context.config)?;
    let token = match server::given_token(&context.config)? {
        Some(token) => token,
        None => ask(&url)?,
    };
    let mut remote = server::connect(&url, &context.config, Some(token.clone()))?;
    remote.send(&Request::get(Target::new("/v1/head")))?;
    let path = server::keep(&url, &token)?;
    if !url.is_secure() && !is_loopback(&url) {
        context
            .output
            .note("warning: without TLS everybody on the way can read the token");
    }
    match context.output.format {
        Format::Human => context.output.line(&format!("logged in: {url}"))?,
        _ => context
            .output
            .value(&serde_json::json!({"url": url.to_string(), "loggedIn": true}))?,
    }
    let place = path.display();
    context
        .output
        .detail(|| format!("the token is kept in {place}"));
    Ok(())
}

/// Forgets the token of a server.
pub(crate) fn logout(args: &Logout, context: &mut Context) -> Result<(), Failure> {
    let url = server_of(args.server.as_ref(), &context.config)?;
    if !server::forget(&url)? {
        return Err(Failure::NotFound(format!("no token is kept for {url}")));
    }
    match context.output.format {
        Format::Human => context.output.line(&format!("logged out: {url}")),
        _ => context
            .output
            .value(&serde_json::json!({"url": url.to_string(), "loggedIn": false})),
    }
}

fn server_of(given: Option<&ServerUrl>, config: &Config) -> Result<ServerUrl, Failure> {
    let url = given.or(config.url.value.as_ref()).cloned();
    url.ok_or_else(|| Failure::Usage("which server? `deedbook login URL`".to_owned()))
}

fn is_loopback(url: &ServerUrl) -> bool {
    let address = url.host().parse::<std::net::IpAddr>();
    url.host() == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Reads a token from stdin; a person's typing isn't shown.
fn ask(url: &ServerUrl) -> Result<Secret, Failure> {
    let stdin = io::stdin();
    let mut line = String::new();
    if stdin.is_terminal() {
        let mut stderr = io::stderr();
        let _ = write!(stderr, "Token for {url}: ");
        let _ = stderr.flush();
        let before = tcgetattr(&stdin).map_err(io::Error::from)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&stdin, OptionalActions::Now, &silent).map_err(io::Error::from)?;
        let read = stdin.lock().read_line(&mut line);
        let _ = tcsetattr(&stdin, OptionalActions::Now, &before);
        let _ = writeln!(stderr);
        read?;
    } else {
        stdin.lock().read_line(&mut line)?;
    }
    Secret::read(&line).map_err(|error| Failure::Invalid(format!("stdin {error}")))
}
