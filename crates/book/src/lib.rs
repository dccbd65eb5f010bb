//! A running Deedbook to embed: components, their history and who changed them, in one folder.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use deedbook_book::{Book, Event, OpenOptions, Position, WatchOptions};
//! use deedbook_model::component::{Component, MetaType};
//! use deedbook_rules::components::{ComponentKey, Query};
//! use deedbook_rules::{Command, Write};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! // Open: makes the book if there is none.
//! let book = Book::open(folder.path(), &OpenOptions::default())?;
//!
//! // Register. When `execute` returns, it is on disk.
//! let uuid = "3f0c9a52-6f0e-4b7a-9a43-0d5a3c1b7e11".parse()?;
//! let draft = Component::builder("header_check", "1.0.0", MetaType::Validator)
//!     .uuid(uuid)
//!     .tag("pre-commit")
//!     .build()
//!     .map_err(|issues| format!("{issues:?}"))?;
//! let register = Write::Register { draft: Arc::new(draft), require_dependencies: false };
//! let receipt = book.execute(Command::of("ada", register))?;
//! assert!(!receipt.outcomes[0].unchanged);
//!
//! // Look up. A view is one revision; reading it blocks nobody.
//! let view = book.view();
//! let key = ComponentKey::parse("header_check@^1")?;
//! assert_eq!(view.lookup(&key.name, key.spec.as_ref())?.facts.uuid(), uuid);
//! let tagged = Query { tags: vec!["pre-commit".into()], ..Query::default() };
//! assert_eq!(view.search(&tagged, 20, None)?.items.len(), 1);
//!
//! // Watch: history first, then live.
//! let after = Some(Position::START);
//! let mut watch = book.watch(WatchOptions { after, ..WatchOptions::default() })?;
//! let Event::Change(first) = watch.next(Duration::from_secs(1))? else { panic!() };
//! assert_eq!((first.kind.as_str(), first.revision.0), ("book", 1));
//! let Event::Change(second) = watch.next(Duration::from_secs(1))? else { panic!() };
//! assert_eq!((&*second.key, &*second.command.actor), (&*uuid.to_string(), "ada"));
//!
//! book.close()?;
//! # Ok(())
//! # }
//! ```
//!
//! | module | does |
//! |---|---|
//! | `book` | opens, closes, and is what callers hold |
//! | `sequencer` | the one writer |
//! | `load` | folds a log to a state, checking every byte |
//! | `shared`, `view`, `published`, `watch`, `position` | what readers see |
//! | `past_records` | what a record was before a change that is read from the log |
//! | `history`, `removed` | the past: changes, who set a field, states at a revision, what is gone |
//! | `repeat` | the answer of a command that was done before |
//! | `snapshots`, `backup`, `restore`, `verify` | keeping, moving and proving it |
//! | `projector` | ordinary SQL tables for people and their tools |

mod backup;
mod backup_check;
mod book;
mod clock;
mod error;
mod history;
mod load;
mod meant;
pub mod metrics;
mod past_records;
mod pipeline;
mod position;
mod projector;
mod published;
mod removed;
mod repeat;
mod restore;
mod sequencer;
mod shared;
mod snapshots;
mod verify;
mod view;
mod watch;

pub use backup_check::BackupCheck;
pub use book::{Book, BookStats, OpenOptions};
pub use clock::{Clock, ManualClock, SystemClock, draw_token};
pub use error::BookError;
pub use history::{At, ChangeQuery, Why};
pub use meant::Meant;
pub use past_records::BeforeChanges;
pub use position::{NotAPosition, Position};
pub use projector::{PROJECTION_FILE, ProjectionStatus, projected_revision};
pub use published::{Form, WatchedChange};
pub use removed::RemovedComponent;
pub use restore::restore;
pub use sequencer::Receipt;
pub use verify::{AuditHead, Broken, Verification, verify, verify_folder};
pub use view::View;
pub use watch::{
    BELOW_FLOOR, ChangeFilter, DEFAULT_MAX_LAG, Event, MaySee, Step, Watch, WatchError,
    WatchOptions,
};
