//! The commands of the link named `omnirelay`, with that tool's requests, output and exit statuses.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use deedbook_api::client::{
    Answer, Client, ClientError, ClientOptions, Endpoint, Request, ServerUrl, Target,
};
use deedbook_api::route::Method;
use deedbook_model::shard::control::cli::{
    self, Query, Route, diff_text, json_text, list_text, nodes, simulate_text, statuses,
};
use deedbook_model::shard::control::{
    Diff, FromJson, JsonMode, ShardList, SimulateRequest, SimulateResponse, ToJson,
};
use serde_json::Value;

use crate::config::Config;
use crate::error::Failure;
use crate::grammar::Global;
use crate::grammar::omnirelay::{self, Common, OmnirelayCommand, OmnirelayMesh, OmnirelayShards};
use crate::output::human;
use crate::server;

/// Bad input, a bad address, a refusal, an answer that isn't one.
const FAILED: u8 = 1;

/// Nothing came in time.
const LATE: u8 = 2;

/// Why there is no answer, and the status.
struct Unanswered(u8, String);

impl From<String> for Unanswered {
    fn from(message: String) -> Unanswered {
        Unanswered(FAILED, message)
    }
}

/// Runs a command line of that tool; its exit status.
pub(crate) fn run(line: omnirelay::Omnirelay) -> u8 {
    let OmnirelayCommand::Mesh(OmnirelayMesh::Shards(command)) = line.command;
    let printed = match command {
        OmnirelayShards::List(args) => list(&args, &line.common),
        OmnirelayShards::Diff(args) => diff(&args, &line.common),
        OmnirelayShards::Simulate(args) => simulate(&args, &line.common),
    };
    match printed {
        Ok(text) => print(&text),
        Err(Unanswered(status, message)) => {
            // A closed stderr is no reason to break.
            let _ = writeln!(io::stderr(), "error: {}", human::one_line(&message));
            status
        }
    }
}

/// Other programs get the bytes; a terminal nothing that it would obey.
fn print(text: &str) -> u8 {
    let mut stdout = io::stdout().lock();
    let shown = match stdout.is_terminal() {
        true => human::tame(text),
        false => text.into(),
    };
    let written = stdout
        .write_all(shown.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => FAILED,
        _ => 0,
    }
}

fn list(args: &omnirelay::List, common: &Common) -> Result<String, Unanswered> {
    let statuses = statuses(args.filter.status.iter().map(String::as_str));
    let statuses = statuses.map_err(|error| error.to_string())?;
    let query = Query {
        cursor: args.cursor.as_deref(),
        page_size: args.page_size,
        ..query(&args.filter, &statuses)
    };
    let list: ShardList = ask(Route::List, &query, None, common)?;
    Ok(shown(&list, list_text, common))
}

fn diff(args: &omnirelay::Diff, common: &Common) -> Result<String, Unanswered> {
    let statuses = statuses(args.filter.status.iter().map(String::as_str));
    let statuses = statuses.map_err(|error| error.to_string())?;
    let query = Query {
        from_version: args.from_version,
        to_version: args.to_version,
        ..query(&args.filter, &statuses)
    };
    let diff: Diff = ask(Route::Diff, &query, None, common)?;
    Ok(shown(&diff, diff_text, common))
}

fn simulate(args: &omnirelay::Simulate, common: &Common) -> Result<String, Unanswered> {
    let is_said = |text: &&String| !text.trim().is_empty();
    let namespace = args.namespace.as_ref().filter(is_said);
    let namespace = namespace.ok_or_else(|| "--namespace is needed".to_owned())?;
    let nodes = nodes(args.node.iter().map(String::as_str));
    let request = SimulateRequest {
        namespace: namespace.clone(),
        strategy_id: args.strategy.clone().filter(|id| !id.trim().is_empty()),
        nodes: nodes.map_err(|error| error.to_string())?,
    };
    let body = request.to_json(JsonMode::ControlPlane).into_bytes();
    let tried: SimulateResponse = ask(Route::Simulate, &Query::default(), Some(body), common)?;
    Ok(shown(&tried, simulate_text, common))
}

fn query<'a>(
    filter: &'a omnirelay::Filter,
    statuses: &'a [deedbook_model::shard::ShardStatus],
) -> Query<'a> {
    Query {
        namespace: filter.namespace.as_deref(),
        owner: filter.owner.as_deref(),
        search: filter.search.as_deref(),
        statuses,
        ..Query::default()
    }
}

fn shown<T: ToJson>(answer: &T, text: fn(&T) -> String, common: &Common) -> String {
    match common.json {
        true => json_text(answer),
        false => text(answer),
    }
}

/// Asks, once: what is wrong with the question is found before anything is sent.
fn ask<T: FromJson>(
    route: Route,
    query: &Query<'_>,
    body: Option<Vec<u8>>,
    common: &Common,
) -> Result<T, Unanswered> {
    query.check().map_err(|error| error.to_string())?;
    let address = cli::address(&common.url, route, query);
    let address = address.map_err(|error| format!("--url: {error}"))?;
    let (mut client, target) = client(&address)?;
    let request = match body {
        None => Request::get(target),
        Some(body) => Request::new(Method::Post, target).content("application/json", body),
    };
    let request = request.header("x-mesh-scope", route.scope());
    let answer = client.send(&request.within(route.time_limit()));
    let answer = answer.map_err(|error| unanswered(&error))?;
    if !(200..300).contains(&answer.status) {
        return Err(refused(&answer, route).into());
    }
    if answer.body.is_empty() {
        return Err("the answer is empty".to_owned().into());
    }
    let read = T::from_json(&answer.body, JsonMode::CommandLine);
    read.map_err(|error| format!("the answer is {error}").into())
}

/// A client of the server that an address names, and what is asked there.
fn client(address: &str) -> Result<(Client, Target), Unanswered> {
    let begin = address.find("://").map_or(0, |at| at + 3);
    let path = address.get(begin..).and_then(|rest| rest.find('/'));
    let (server, target) = address.split_at(path.map_or(address.len(), |at| begin + at));
    let url: ServerUrl = server.parse().map_err(|error| format!("--url: {error}"))?;
    let config = Config::load(&Global::default()).map_err(told)?;
    let mut options = ClientOptions::new(Endpoint::Url(url.clone()));
    options.token = server::token_for(&url, &config).map_err(told)?;
    options.authorities = config.ca_file.value.clone();
    // That tool asks once.
    options.patience = Duration::ZERO;
    Ok((Client::new(options), Target::new(target)))
}

fn told(failure: Failure) -> Unanswered {
    let lines = failure.lines();
    let message = lines.first().map(human::sentence);
    Unanswered(FAILED, message.unwrap_or_default())
}

fn unanswered(error: &ClientError) -> Unanswered {
    let source = match error {
        ClientError::Connect { source, .. }
        | ClientError::Tls { source, .. }
        | ClientError::Broken { source, .. }
        | ClientError::UnknownOutcome { source, .. } => Some(source.kind()),
        _ => None,
    };
    let is_late = matches!(
        source,
        Some(io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
    );
    let message = match error {
        // It asks only, whatever its method.
        ClientError::UnknownOutcome { place, source } => {
            format!("the connection to {place} broke: {source}")
        }
        error => error.to_string(),
    };
    Unanswered(if is_late { LATE } else { FAILED }, message)
}

/// What a server said, in one line: `detail [code]`, or `error` where it has that shape.
fn refused(answer: &Answer, route: Route) -> String {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = text("code").map_or(String::new(), |code| format!(" [{code}]"));
    let detail = text("detail")
        .or_else(|| text("error"))
        .or_else(|| text("title"));
    let status = answer.status;
    match detail {
        Some(detail) => format!("the server answered {status}: {detail}{code}"),
        None if status == 403 => {
            let scope = route.scope();
            format!("the server answered 403: this needs the scope {scope}")
        }
        None => format!("the server answered {status}{code}"),
    }
}
