//! What the command line `mesh shards` takes, asks and prints.

mod address;
mod options;
mod output;

pub use address::{AddressError, DEFAULT_ADDRESS, Query, Route, address};
pub use options::{OptionError, nodes, statuses};
pub use output::{diff_text, json_text, list_text, simulate_text};
