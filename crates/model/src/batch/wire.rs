//! The header of a batch as Protobuf messages. Numbers are never reused; `docs/FORMAT.md` repeats
//! them.

/// Only what says which format the rest has.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Format {
    #[prost(uint32, tag = "1")]
    pub(super) format: u32,
    #[prost(string, tag = "2")]
    pub(super) since: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Header {
    /// Format of this batch.
    #[prost(uint32, tag = "1")]
    pub(super) format: u32,
    /// Lowest release that reads that format.
    #[prost(string, tag = "2")]
    pub(super) since: String,
    /// Revision of the first change.
    #[prost(uint64, tag = "3")]
    pub(super) first: u64,
    #[prost(bytes = "vec", tag = "4")]
    pub(super) writer: Vec<u8>,
    #[prost(uint64, tag = "5")]
    pub(super) counter: u64,
    /// State root after the batch, 32 bytes.
    #[prost(bytes = "vec", tag = "6")]
    pub(super) root: Vec<u8>,
    /// Live records after the batch.
    #[prost(uint64, tag = "7")]
    pub(super) records: u64,
    #[prost(message, repeated, tag = "8")]
    pub(super) commands: Vec<Command>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Command {
    /// 100 ns ticks since 1970-01-01T00:00:00Z.
    #[prost(sint64, tag = "1")]
    pub(super) time: i64,
    #[prost(string, tag = "2")]
    pub(super) actor: String,
    #[prost(string, tag = "3")]
    pub(super) reason: String,
    #[prost(string, optional, tag = "4")]
    pub(super) ticket: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(super) request_id: Option<String>,
    #[prost(message, repeated, tag = "6")]
    pub(super) changes: Vec<Change>,
    #[prost(message, optional, tag = "7")]
    pub(super) keyed: Option<Keyed>,
}

/// The idempotency key of a command.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Keyed {
    #[prost(string, tag = "1")]
    pub(super) key: String,
    /// Digest of the request, 32 bytes.
    #[prost(bytes = "vec", tag = "2")]
    pub(super) digest: Vec<u8>,
    /// How long the key is remembered; absent: 86,400 seconds.
    #[prost(uint32, optional, tag = "3")]
    pub(super) keep_seconds: Option<u32>,
    /// How many keys are remembered; absent: 250,000.
    #[prost(uint32, optional, tag = "4")]
    pub(super) most: Option<u32>,
    /// Revision of each write's record; empty: the command's own revisions, one each.
    #[prost(uint64, repeated, tag = "5")]
    pub(super) outcomes: Vec<u64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Change {
    #[prost(string, tag = "1")]
    pub(super) kind: String,
    #[prost(string, tag = "2")]
    pub(super) key: String,
    #[prost(string, tag = "3")]
    pub(super) verb: String,
    #[prost(uint64, tag = "4")]
    pub(super) generation: u64,
    /// Revision of the record's change before this one; 0 for its first.
    #[prost(uint64, tag = "5")]
    pub(super) previous: u64,
    /// Bytes of the record after this change; absent: the record is gone.
    #[prost(uint32, optional, tag = "6")]
    pub(super) length: Option<u32>,
    /// BLAKE3(salt ‖ record), 32 bytes; empty when the record is gone.
    #[prost(bytes = "vec", tag = "7")]
    pub(super) digest: Vec<u8>,
}
