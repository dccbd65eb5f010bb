//! What a book promises, on random histories, with faults, and beside other processes.

mod closing;
mod scratch;
