//! `mesh export`: records of all kinds, of one revision.

use std::sync::Arc;

use deedbook_api::grpc::v1;
use deedbook_model::Revision;
use deedbook_model::mesh::MeshKind;
use deedbook_rules::Record;
use deedbook_rules::components::MAX_LIMIT;
use prost::Message;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::files::Export;
use crate::grammar::values::{Format, Moment};
use crate::output::record;
use crate::source::{MeshAsk, Source};

/// As `ls` prints a list.
#[derive(Serialize)]
struct Listing<'a> {
    items: Vec<&'a RawValue>,
    revision: u64,
}

/// Prints records of all kinds.
pub(super) fn export(args: &Export, context: &mut Context) -> Result<(), Failure> {
    let kinds = match args.kind.as_slice() {
        [] => MeshKind::ALL.to_vec(),
        chosen => {
            let all = MeshKind::ALL.into_iter();
            all.filter(|kind| chosen.contains(kind)).collect()
        }
    };
    let mut source = context.source_to_read()?;
    let (records, revision) = records(&kinds, args.namespace.as_deref(), args.at.at, &mut source)?;
    let output = &mut context.output;
    match output.format {
        Format::Protobuf => output.raw(&protobuf(&records, revision)?),
        Format::Json => {
            let items: Result<Vec<_>, _> = records.iter().map(|one| record::stored(one)).collect();
            output.value(&Listing {
                items: items?,
                revision: revision.0,
            })
        }
        Format::Human | Format::Jsonl => {
            let mut records = records.iter();
            records.try_for_each(|one| output.value_as(Format::Jsonl, record::stored(one)?))
        }
        _ => output.only(&[Format::Json, Format::Jsonl, Format::Protobuf]),
    }
}

/// All records of some kinds, and of a namespace if one is named, at one revision.
pub(super) fn records(
    kinds: &[MeshKind],
    namespace: Option<&str>,
    at: Option<Moment>,
    source: &mut Source,
) -> Result<(Vec<Arc<Record>>, Revision), Failure> {
    let (mut all, mut seen) = (Vec::new(), None);
    for kind in kinds {
        let asked = MeshAsk {
            namespace: match kind {
                MeshKind::Namespace => None,
                _ => namespace.map(str::to_owned),
            },
            ..MeshAsk::default()
        };
        let at = seen.map(Moment::Revision).or(at);
        let mut page = source.mesh_list(*kind, &asked, MAX_LIMIT, None, at)?;
        seen = Some(page.revision);
        loop {
            // Filters ignore case, and a namespace is one whose name is the same.
            let is_meant = |record: &Arc<Record>| is_in(record, *kind, namespace);
            all.extend(page.items.into_iter().filter(is_meant));
            let Some(next) = page.next else { break };
            page = source.mesh_list(*kind, &asked, MAX_LIMIT, Some(&next), None)?;
        }
    }
    Ok((all, seen.unwrap_or(Revision::ZERO)))
}

fn is_in(record: &Record, kind: MeshKind, namespace: Option<&str>) -> bool {
    let key = deedbook_model::mesh::MeshKey::parse(kind, &record.key);
    namespace.is_none_or(|name| key.is_ok_and(|key| key.namespace() == name))
}

/// The answer to `ListRecords` with all of them.
fn protobuf(records: &[Arc<Record>], revision: Revision) -> Result<Vec<u8>, Failure> {
    let message = |record: &Arc<Record>| {
        let envelope = record::envelope(record)?;
        Ok(v1::Record {
            kind: envelope.kind.to_string(),
            key: envelope.key.to_string(),
            generation: envelope.generation.0,
            revision: envelope.revision.0,
            checksum: envelope.checksum.to_string(),
            created_at: envelope.created_at.to_string(),
            updated_at: envelope.updated_at.to_string(),
            annotations: serde_json::from_str(envelope.annotations.get())?,
            data: envelope.data.get().to_owned(),
        })
    };
    let items: Result<Vec<_>, Failure> = records.iter().map(message).collect();
    let list = v1::ListRecordsResponse {
        items: items?,
        next_cursor: None,
        revision: revision.0,
    };
    Ok(list.encode_to_vec())
}
