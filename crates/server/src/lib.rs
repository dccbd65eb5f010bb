//! Deedbook over HTTP.
