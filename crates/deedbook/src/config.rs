//! Configuration: flags over `DEEDBOOK_*` over `deedbook.toml` over defaults.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use deedbook_api::client::ServerUrl;
use deedbook_rules::sharding::Sharding;
use serde::Deserialize;
use toml::Spanned;

use crate::error::Failure;
use crate::grammar::Global;
use crate::grammar::values::{ColorChoice, Format};

/// Name of the configuration file, looked for in the current folder and its parents.
pub(crate) const FILE_NAME: &str = "deedbook.toml";

/// What the names of variables begin with.
const PREFIX: &str = "DEEDBOOK_";

/// All variables that are read.
const VARIABLES: [&str; 10] = [
    "DEEDBOOK_URL",
    "DEEDBOOK_TOKEN",
    "DEEDBOOK_TOKEN_FILE",
    "DEEDBOOK_CA_FILE",
    "DEEDBOOK_DATA",
    "DEEDBOOK_OUTPUT",
    "DEEDBOOK_COLOR",
    "DEEDBOOK_ACTOR",
    "DEEDBOOK_WAIT_SECONDS",
    "DEEDBOOK_PROJECTION",
];

/// How long a writing command waits for another writer unless told otherwise.
const DEFAULT_WAIT: Duration = Duration::from_secs(5);

/// Everything that can be configured.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Folder of the book; `None`: `.deedbook` here or in a parent.
    pub(crate) data: Setting<Option<PathBuf>>,
    /// The server that has the book, instead of a folder.
    pub(crate) url: Setting<Option<ServerUrl>>,
    /// File with the token for it.
    pub(crate) token_file: Setting<Option<PathBuf>>,
    /// File with the certificates of authorities that vouch for it; `None`: the system's.
    pub(crate) ca_file: Setting<Option<PathBuf>>,
    /// How results are printed.
    pub(crate) output: Setting<Format>,
    /// When output is coloured.
    pub(crate) color: Setting<ColorChoice>,
    /// Who makes changes; `None`: the operating system's user.
    pub(crate) actor: Setting<Option<String>>,
    /// How long a writing command waits for another writer.
    pub(crate) wait: Setting<Duration>,
    /// Whether changes are also written to the SQL tables.
    pub(crate) projection: Setting<bool>,
    /// Namespaces, nodes and shards that a server makes where they are missing.
    pub(crate) sharding: Setting<Sharding>,
}

/// A value and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Setting<T> {
    /// The value.
    pub(crate) value: T,
    /// Where it came from.
    pub(crate) source: Source,
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A flag of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// The configuration file, at that line.
    File(PathBuf, usize),
    /// Nobody said anything.
    Default,
}

impl Source {
    /// What is nearer to the command wins.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Source::Flag(_) => 3,
            Source::Variable(_) => 2,
            Source::File(..) => 1,
            Source::Default => 0,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => f.write_str(flag),
            Source::Variable(name) => f.write_str(name),
            Source::File(path, line) => write!(f, "{}:{line}", path.display()),
            Source::Default => f.write_str("default"),
        }
    }
}

/// `deedbook.toml`.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    data: Option<Spanned<PathBuf>>,
    url: Option<Spanned<String>>,
    token_file: Option<Spanned<PathBuf>>,
    ca_file: Option<Spanned<PathBuf>>,
    output: Option<Spanned<String>>,
    color: Option<Spanned<String>>,
    actor: Option<Spanned<String>>,
    wait_seconds: Option<Spanned<u64>>,
    projection: Option<Spanned<bool>>,
    sharding: Option<Spanned<Sharding>>,
}

/// A configuration file and its text, for line numbers.
struct Loaded {
    path: PathBuf,
    text: String,
    file: File,
}

impl Config {
    /// Reads the configuration.
    pub(crate) fn load(global: &Global) -> Result<Config, Failure> {
        let loaded = Loaded::find()?;
        let mut config = Config::of_flags(global);
        config.take_variables()?;
        if let Some(loaded) = loaded {
            config.take_file(&loaded)?;
        }
        Ok(config)
    }

    /// What the flags alone say.
    pub(crate) fn of_flags(global: &Global) -> Config {
        Config {
            data: Setting::of_flag("--data", global.data.clone().map(Some), None),
            url: Setting::of_flag("--url", global.url.clone().map(Some), None),
            token_file: Setting::of_flag("--token-file", global.token_file.clone().map(Some), None),
            ca_file: Setting::of_flag("--ca-file", global.ca_file.clone().map(Some), None),
            output: match global.json {
                true => Setting::of_flag("--json", Some(Format::Json), Format::Human),
                false => Setting::of_flag("--output", global.output, Format::Human),
            },
            color: Setting::of_flag("--color", global.color, ColorChoice::Auto),
            actor: Setting::of_flag("--actor", None, None),
            wait: Setting::of_flag("", None, DEFAULT_WAIT),
            projection: Setting::of_flag("", None, true),
            sharding: Setting::of_flag("", None, Sharding::default()),
        }
    }

    fn take_variables(&mut self) -> Result<(), Failure> {
        refuse_unknown_variables()?;
        self.data
            .variable("DEEDBOOK_DATA", |text| Ok(Some(PathBuf::from(text))))?;
        self.url.variable("DEEDBOOK_URL", server_url)?;
        let path = |text: &str| Ok(Some(PathBuf::from(text)));
        self.token_file.variable("DEEDBOOK_TOKEN_FILE", path)?;
        self.ca_file.variable("DEEDBOOK_CA_FILE", path)?;
        self.output.variable("DEEDBOOK_OUTPUT", format)?;
        self.color.variable("DEEDBOOK_COLOR", color)?;
        self.actor
            .variable("DEEDBOOK_ACTOR", |text| Ok(Some(text.to_owned())))?;
        self.wait.variable("DEEDBOOK_WAIT_SECONDS", |text| {
            let seconds = text
                .parse()
                .map_err(|_| "expected a number of seconds".to_owned())?;
            Ok(Duration::from_secs(seconds))
        })?;
        self.projection
            .variable("DEEDBOOK_PROJECTION", |text| match text {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err("expected true or false".to_owned()),
            })
    }

    fn take_file(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let file = &loaded.file;
        let folder = loaded.path.parent().unwrap_or(Path::new("."));
        self.data
            .file(loaded, &file.data, |path| Ok(Some(folder.join(path))))?;
        self.url.file(loaded, &file.url, |text| server_url(text))?;
        let path = |path: &PathBuf| Ok(Some(folder.join(path)));
        self.token_file.file(loaded, &file.token_file, path)?;
        self.ca_file.file(loaded, &file.ca_file, path)?;
        self.output
            .file(loaded, &file.output, |text| format(text))?;
        self.color.file(loaded, &file.color, |text| color(text))?;
        self.actor
            .file(loaded, &file.actor, |text| Ok(Some(text.clone())))?;
        let seconds = |seconds: &u64| Ok(Duration::from_secs(*seconds));
        self.wait.file(loaded, &file.wait_seconds, seconds)?;
        self.projection
            .file(loaded, &file.projection, |on| Ok(*on))?;
        self.sharding
            .file(loaded, &file.sharding, |declared| Ok(declared.clone()))
    }
}

impl<T> Setting<T> {
    fn of_flag(flag: &'static str, given: Option<T>, default: T) -> Setting<T> {
        match given {
            Some(value) => Setting {
                value,
                source: Source::Flag(flag),
            },
            None => Setting {
                value: default,
                source: Source::Default,
            },
        }
    }

    /// Takes a variable's value, unless a flag said something. An empty one counts as absent.
    fn variable(
        &mut self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<(), Failure> {
        let given = env::var_os(name).filter(|text| !text.is_empty());
        let Some(text) = given.filter(|_| self.source == Source::Default) else {
            return Ok(());
        };
        let text = text
            .into_string()
            .map_err(|_| Failure::Config(format!("{name} isn't UTF-8")))?;
        self.value = read(&text).map_err(|why| Failure::Config(format!("{name}: {why}")))?;
        self.source = Source::Variable(name);
        Ok(())
    }

    /// Takes a file's value, unless something stronger was said; it must be right all the same.
    fn file<F>(
        &mut self,
        loaded: &Loaded,
        given: &Option<Spanned<F>>,
        read: impl Fn(&F) -> Result<T, String>,
    ) -> Result<(), Failure> {
        let Some(given) = given else {
            return Ok(());
        };
        let line = loaded.line_of(given.span().start);
        let value = read(given.get_ref())
            .map_err(|why| Failure::Config(format!("{}:{line}: {why}", loaded.path.display())))?;
        if self.source == Source::Default {
            self.value = value;
            self.source = Source::File(loaded.path.clone(), line);
        }
        Ok(())
    }
}

impl Loaded {
    /// The configuration file of this folder or the nearest parent that has one.
    fn find() -> Result<Option<Loaded>, Failure> {
        let Ok(here) = env::current_dir() else {
            return Ok(None);
        };
        for folder in here.ancestors() {
            let path = folder.join(FILE_NAME);
            match fs::read_to_string(&path) {
                Ok(text) => return Loaded::parse(path, text).map(Some),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Failure::reading(&path, error)),
            }
        }
        Ok(None)
    }

    fn parse(path: PathBuf, text: String) -> Result<Loaded, Failure> {
        match toml::from_str(&text) {
            Ok(file) => Ok(Loaded { path, text, file }),
            Err(error) => {
                let start = error.span().map_or(0, |span| span.start);
                let line = line_of(&text, start);
                let why = error.message().replace('\n', " ");
                Err(Failure::Config(format!("{}:{line}: {why}", path.display())))
            }
        }
    }

    fn line_of(&self, byte: usize) -> usize {
        line_of(&self.text, byte)
    }
}

/// A misspelt setting must not go unheard.
fn refuse_unknown_variables() -> Result<(), Failure> {
    let set = env::vars_os().filter(|(_, value)| !value.is_empty());
    let mut names = set.map(|(name, _)| name.to_string_lossy().into_owned());
    let is_unknown =
        |name: &str| name.starts_with(PREFIX) && !VARIABLES.contains(&name) && !is_link(name);
    let unknown = names.find(|name| is_unknown(name));
    unknown.map_or(Ok(()), |name| {
        let known = VARIABLES.join(", ");
        let message = format!("the variable {name} is unknown; there are {known}");
        Err(Failure::Config(message))
    })
}

/// Whether Kubernetes or Docker set it, in each container beside a service whose name begins with
/// `deedbook`: `DEEDBOOK_PORT_8080_TCP_ADDR`, `DEEDBOOK_WEB_SERVICE_HOST`.
fn is_link(name: &str) -> bool {
    let words: Vec<&str> = name.split('_').skip(1).collect();
    words.contains(&"PORT")
        || words.ends_with(&["SERVICE", "HOST"])
        || words == ["NAME"]
        || words.first() == Some(&"ENV")
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes()
        .take(byte)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

fn server_url(text: &str) -> Result<Option<ServerUrl>, String> {
    let url = text.parse::<ServerUrl>();
    url.map(Some).map_err(|error| error.to_string())
}

fn format(text: &str) -> Result<Format, String> {
    Format::plain(text).ok_or_else(|| "expected human, json, yaml or jsonl".to_owned())
}

fn color(text: &str) -> Result<ColorChoice, String> {
    <ColorChoice as clap::ValueEnum>::from_str(text, false)
        .map_err(|_| "expected auto, always or never".to_owned())
}

/// The name of the operating system's user.
pub(crate) fn user_name() -> String {
    let id = rustix::process::getuid().as_raw();
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then(|| name.to_owned())
    });
    known
        .or_else(|| env::var("USER").ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| format!("uid-{id}"))
}
