//! What every command has at hand: configuration, output, and the book.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use deedbook_book::{At, Book, Clock, OpenOptions, SystemClock, View};
use deedbook_model::Timestamp;

use crate::config::Config;
use crate::data_folder;
use crate::error::Failure;
use crate::grammar::Global;
use crate::grammar::arguments::AtArgs;
use crate::grammar::values::Moment;
use crate::output::Output;

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
        Context {
            config,
            output,
            parents: None,
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

    /// The state that a read looks at.
    pub(crate) fn view(&mut self, at: &AtArgs) -> Result<Arc<View>, Failure> {
        let book = self.open_to_read()?;
        view_at(&book, at.at)
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
