//! `config show`: each value and where it came from.

use std::path::PathBuf;

use deedbook_rules::sharding::Sharding;
use serde::Serialize;

use crate::config::{Config, Source, user_name};
use crate::context::Context;
use crate::data_folder;
use crate::error::Failure;
use crate::grammar::values::Format;
use crate::output::human::count;
use crate::output::table::Table;

#[derive(Serialize)]
struct Entry {
    key: &'static str,
    value: String,
    source: String,
}

#[derive(Serialize)]
struct Entries {
    items: Vec<Entry>,
}

/// Shows the configuration.
pub(crate) fn show(context: &mut Context) -> Result<(), Failure> {
    let items = entries(&context.config);
    match context.output.format {
        Format::Human => {
            let mut table = Table::new(&["KEY", "VALUE", "SOURCE"]);
            for entry in items {
                table.row([entry.key.to_owned(), entry.value, entry.source]);
            }
            context.output.text(&table.render())
        }
        Format::Jsonl => {
            for entry in &items {
                context.output.value(entry)?;
            }
            Ok(())
        }
        _ => context.output.value(&Entries { items }),
    }
}

fn entries(config: &Config) -> Vec<Entry> {
    let data = match (config.data.value.clone(), data_folder::to_read(config)) {
        (Some(folder), _) | (None, Ok(folder)) => folder.display().to_string(),
        (None, Err(_)) => format!("{} (not there yet)", data_folder::FOLDER_NAME),
    };
    let actor = config.actor.value.clone().unwrap_or_else(user_name);
    let wait = config.wait.value.as_secs().to_string();
    vec![
        entry("data", data, &config.data.source),
        entry("url", text_of(&config.url.value), &config.url.source),
        entry(
            "token_file",
            path_of(&config.token_file.value),
            &config.token_file.source,
        ),
        entry(
            "ca_file",
            path_of(&config.ca_file.value),
            &config.ca_file.source,
        ),
        entry(
            "output",
            config.output.value.to_string(),
            &config.output.source,
        ),
        entry(
            "color",
            config.color.value.as_str().to_owned(),
            &config.color.source,
        ),
        entry("actor", actor, &config.actor.source),
        entry("wait_seconds", wait, &config.wait.source),
        entry(
            "projection",
            config.projection.value.to_string(),
            &config.projection.source,
        ),
        entry(
            "sharding",
            declared(&config.sharding.value),
            &config.sharding.source,
        ),
    ]
}

/// How much is declared.
fn declared(sharding: &Sharding) -> String {
    let namespaces = &sharding.namespaces;
    if namespaces.is_empty() {
        return String::new();
    }
    let nodes: usize = namespaces.iter().map(|one| one.nodes.len()).sum();
    let shards: usize = namespaces.iter().map(|one| one.shards.len()).sum();
    let counts = [
        count(namespaces.len(), "namespace"),
        count(nodes, "node"),
        count(shards, "shard"),
    ];
    counts.join(", ")
}

fn text_of(value: &Option<impl ToString>) -> String {
    value.as_ref().map_or(String::new(), ToString::to_string)
}

fn path_of(value: &Option<PathBuf>) -> String {
    value
        .as_ref()
        .map_or(String::new(), |path| path.display().to_string())
}

fn entry(key: &'static str, value: String, source: &Source) -> Entry {
    Entry {
        key,
        value,
        source: source.to_string(),
    }
}
