//! Batches as a later release would write them: with fields that this one doesn't know.

use bytes::Bytes;
use deedbook_model::{Chain, StoredBatch};

/// Where the header's length stands in a batch, and where the header begins.
const LENGTH_AT: usize = 36;
const HEADER_AT: usize = 40;

/// Number of the field that nobody knows yet.
const UNKNOWN_FIELD: u64 = 1000;

/// The batch with a field more in its header, in each command and in each change.
///
/// # Panics
/// For bytes that are no batch.
#[must_use]
pub fn with_unknown_fields(stored: &StoredBatch) -> StoredBatch {
    let chain = Chain(stored.bytes[4..LENGTH_AT].try_into().unwrap());
    let length = u32::from_le_bytes(stored.bytes[LENGTH_AT..HEADER_AT].try_into().unwrap());
    let bodies_at = HEADER_AT + usize::try_from(length).unwrap();
    // Commands are field 8 of the header, changes field 6 of a command.
    let header = extended(&stored.bytes[HEADER_AT..bodies_at], &[8, 6]);
    let mut bytes = stored.bytes[..LENGTH_AT].to_vec();
    bytes.extend(u32::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(&header);
    bytes.extend(&stored.bytes[bodies_at..]);
    StoredBatch {
        chain: chain.over(&header),
        bytes: Bytes::from(bytes),
        ..stored.clone()
    }
}

/// A Protobuf message with the unknown field at its end; the same in every message of the field
/// `path` begins with.
fn extended(mut message: &[u8], path: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    while !message.is_empty() {
        let tag = take_varint(&mut message);
        put_varint(&mut out, tag);
        match tag & 7 {
            0 => put_varint(&mut out, take_varint(&mut message)),
            2 => {
                let length = usize::try_from(take_varint(&mut message)).unwrap();
                let (inner, rest) = message.split_at(length);
                message = rest;
                match path {
                    [number, deeper @ ..] if tag >> 3 == *number => {
                        put_bytes(&mut out, &extended(inner, deeper));
                    }
                    _ => put_bytes(&mut out, inner),
                }
            }
            other => panic!("wire type {other} isn't in a header"),
        }
    }
    put_varint(&mut out, UNKNOWN_FIELD << 3 | 2);
    put_bytes(&mut out, "from a later release".as_bytes());
    out
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, u64::try_from(bytes.len()).unwrap());
    out.extend(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
        number >>= 7;
    }
    out.push(u8::try_from(number).unwrap());
}

fn take_varint(message: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = message.split_first().unwrap();
        *message = rest;
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            return number;
        }
    }
}
