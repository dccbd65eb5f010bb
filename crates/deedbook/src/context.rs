//! What every command has at hand: configuration, output, and the book.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deedbook_api::client::Endpoint;
use deedbook_book::{At, Book, Clock, OpenOptions, SystemClock, View};
use deedbook_model::Timestamp;

use crate::config::Config;
use crate::data_folder;
use crate::error::Failure;
use crate::grammar::Global;
use crate::grammar::values::Moment;
use crate::output::Output;
use crate::server;
use crate::source::{Remote, Source};

/// One run of the program.
pub(crate) struct Context {
    /// Configuration.
    pub(crate) config: Config,
    /// Where results and errors go.
    pub(crate) output: Output,
    /// The folder of the book that was written to, where it is a parent's.
    parents: Option<PathBuf>,
}

impl Context {
    /// The context of a command line.
    pub(crate) fn new(config: Config, global: &Global) -> Context {
        let mut output = Output::new(config.output.value, config.color.value);
        output.quiet = global.quiet;
        output.verbose = global.verbose;
        output.data = global.data.clone();
        output.url = global.url.clone();
        Context {
            config,
            output,
            parents: None,
        }
    }

    /// The server that commands go to: the one that was named, or the one that holds the book.
    pub(crate) fn remote(&mut self) -> Result<Option<Remote>, Failure> {
        let found = server::find(&self.config)?;
        if let Some(remote) = &found {
            let place = remote.endpoint().to_string();
            self.output.detail(|| format!("asking {place}"));
        }
        Ok(found)
    }

    /// The same for a write: whoever wrote to the book of a parent folder is told.
    pub(crate) fn remote_to_write(&mut self) -> Result<Option<Remote>, Failure> {
        let found = self.remote()?;
        if let Some(Endpoint::Socket(_)) = found.as_ref().map(Remote::endpoint) {
            self.parents = data_folder::of_parent(&self.config);
        }
        Ok(found)
    }

    /// Where a read gets its data.
    pub(crate) fn source_to_read(&mut self) -> Result<Source, Failure> {
        match self.remote()? {
            Some(remote) => Ok(Source::Remote(Box::new(remote))),
            None => Ok(Source::Local(self.open_to_read()?)),
        }
    }

    /// Where a write to what is there goes. A dry run only reads.
    pub(crate) fn source_to_change(&mut self, dry_run: bool) -> Result<Source, Failure> {
        let remote = if dry_run {
            self.remote()?
        } else {
            self.remote_to_write()?
        };
        match remote {
            Some(remote) => Ok(Source::Remote(Box::new(remote))),
            None if dry_run => Ok(Source::Local(self.open_to_read()?)),
            None => Ok(Source::Local(self.open_existing()?)),
        }
    }

    /// Where a write goes for which a book is made if there is none.
    pub(crate) fn source_to_write(&mut self) -> Result<Source, Failure> {
        match self.remote_to_write()? {
            Some(remote) => Ok(Source::Remote(Box::new(remote))),
            None => Ok(Source::Local(self.open_to_write()?)),
        }
    }

    /// The same; a dry run makes no book, and looks at an empty one where there is none.
    pub(crate) fn source_to_try_or_write(&mut self, dry_run: bool) -> Result<Source, Failure> {
        if !dry_run {
            return self.source_to_write();
        }
        match self.source_to_read() {
            Err(Failure::NoBook(_)) => Ok(Source::Local(Book::in_memory()?)),
            found => found,
        }
    }

    /// Opens the book to read it: takes no lock, and makes no book.
    pub(crate) fn open_to_read(&mut self) -> Result<Book, Failure> {
        let folder = data_folder::to_read(&self.config)?;
        let begin = Stopwatch::start();
        let book = Book::open_read_only(&folder)?;
        self.output.detail(|| {
            let head = book.view().head();
            format!(
                "reading {} at {head}, opened in {:?}",
                folder.display(),
                begin.time()
            )
        });
        // Nothing of it has to be closed, and the process ends soon: taking a large state apart
        // would be a tenth of the whole.
        std::mem::forget(book.clone());
        Ok(book)
    }

    /// Opens the book to write to it; makes it if there is none.
    pub(crate) fn open_to_write(&mut self) -> Result<Book, Failure> {
        let begin = Stopwatch::start();
        let opener = self.opener();
        let book = opener.to_write()?;
        self.output.detail(|| {
            let (folder, head) = (opener.folder.display(), book.view().head());
            format!("writing {folder} at {head}, opened in {:?}", begin.time())
        });
        Ok(book)
    }

    /// Opens a book that must be there to write to it.
    pub(crate) fn open_existing(&mut self) -> Result<Book, Failure> {
        data_folder::to_read(&self.config)?;
        self.opener().existing()
    }

    /// Tells whoever wrote to the book of a parent folder that it was that one.
    pub(crate) fn tell_parents(&mut self) {
        if let Some(folder) = self.parents.take() {
            let folder = folder.display();
            let note = format!("hint: this went to the book in {folder}; --data names another");
            self.output.note(&note);
        }
    }

    /// What opens the book to write to it, on any thread.
    pub(crate) fn opener(&mut self) -> Opener {
        self.parents = data_folder::of_parent(&self.config);
        Opener {
            folder: data_folder::to_write(&self.config),
            options: OpenOptions {
                create: true,
                wait: self.config.wait.value,
                projection: self.config.projection.value,
                ..OpenOptions::default()
            },
        }
    }
}

/// Opens a book to write to it.
pub(crate) struct Opener {
    pub(crate) folder: PathBuf,
    options: OpenOptions,
}

impl Opener {
    /// Opens the book; makes it if there is none.
    pub(crate) fn to_write(&self) -> Result<Book, Failure> {
        Ok(Book::open(&self.folder, &self.options)?)
    }

    /// Opens the book that must be there.
    pub(crate) fn existing(mut self) -> Result<Book, Failure> {
        self.options.create = false;
        self.to_write()
    }
}

/// The state at a moment; the newest without one.
pub(crate) fn view_at(book: &Book, moment: Option<Moment>) -> Result<Arc<View>, Failure> {
    Ok(match moment.map(|moment| moment.seen_at(now())) {
        None => book.view(),
        Some(Moment::Revision(revision)) => book.view_at(At::Revision(revision))?,
        Some(Moment::Time(time)) => book.view_at(At::Time(time))?,
        Some(Moment::Ago(_)) => book.view(),
    })
}

/// The computer's time.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

/// What `--verbose` tells about how long things took.
struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(
        clippy::disallowed_methods,
        reason = "the shell tells people how long it took"
    )]
    fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the shell tells people how long it took"
    )]
    fn time(&self) -> Duration {
        self.0.elapsed()
    }
}
