//! `shard locate`: which shard holds a key, and who owns that.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::context::Context;
use crate::error::Failure;
use crate::grammar::mesh::shard::Locate;
use crate::grammar::values::Format;
use crate::output::table::Table;

/// Says which shard holds a key.
pub(super) fn locate(args: &Locate, context: &mut Context) -> Result<(), Failure> {
    let (namespace, key) = match (&args.namespace, args.names.as_slice()) {
        (Some(namespace), [key]) | (None, [namespace, key]) => (namespace, key),
        (Some(_), _) => {
            let message = "with --namespace only the key is an argument";
            return Err(Failure::Usage(message.to_owned()));
        }
        (None, _) => return Err(Failure::Usage("name a namespace and a key".to_owned())),
    };
    let key = match args.base64 {
        false => key.as_bytes().to_vec(),
        true => BASE64_STANDARD
            .decode(key)
            .map_err(|error| Failure::Invalid(format!("the key isn't Base64: {error}")))?,
    };
    let mut source = context.source_to_read()?;
    let found = source.locate(namespace, &key, args.at.at)?;
    if context.output.format != Format::Human {
        return context.output.value(&found);
    }
    let mut table = Table::new(&["SHARD", "OWNER", "STATUS"]);
    let status = found.status.name().to_lowercase();
    table.row([found.shard_id, found.owner_node_id, status]);
    context.output.text(&table.render())
}
