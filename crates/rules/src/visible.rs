//! What a reader may see: one answer for lists, graphs, history, changes and watches.
//!
//! | kind | seen with |
//! |---|---|
//! | component | `REGISTRY_READ` for `<type>s/<name>` |
//! | component of which nobody here can tell type and name | `REGISTRY_READ` for everything |
//! | namespace, node, service, endpoint, shard | `MESH_READ` for its namespace |
//! | principal, the book's own record, kinds of a later release | `ADMIN` |
//!
//! What was removed is seen by whoever could see it before.

use std::borrow::Cow;

use deedbook_model::mesh::MeshKind;
use deedbook_model::{Capability, Change, Kind, Resource, Rights};
use serde::Deserialize;

use crate::mesh::Name;
use crate::record::Record;

/// Whether a reader may see a record of the state. A removed component's stored form before it
/// comes from the log: see [`may_see_stored`].
#[must_use]
pub fn may_see(rights: &Rights, record: &Record) -> bool {
    match record.component() {
        Some(facts) => sees_component(rights, facts.meta_type(), facts.name()),
        None => {
            sees_kind(rights, &record.kind) || sees_namespace(rights, &record.kind, &record.key)
        }
    }
}

/// The same of a record by its key and its stored form; `None`: nobody can tell what it was.
#[must_use]
pub fn may_see_stored(rights: &Rights, kind: &Kind, key: &str, stored: Option<&[u8]>) -> bool {
    // Most readers may see all of a kind, or nothing: then nothing is read.
    if sees_kind(rights, kind) || sees_namespace(rights, kind, key) {
        return true;
    }
    if *kind != Kind::COMPONENT || !rights.holds(Capability::RegistryRead) {
        return false;
    }
    let title = stored.and_then(Title::read);
    title.is_some_and(|title| sees_component(rights, &title.meta_type, &title.name))
}

/// Whether a reader may see a change. `before` is asked, for a removal alone, for the stored form of
/// the record at [`Change::previous`]; `None` when the log doesn't have it any more.
#[must_use]
pub fn may_see_change<B: AsRef<[u8]>>(
    rights: &Rights,
    change: &Change,
    before: impl FnOnce() -> Option<B>,
) -> bool {
    match &change.record {
        Some(stored) => may_see_stored(rights, &change.kind, &change.key, Some(stored)),
        None if sees_kind(rights, &change.kind) => true,
        None => {
            let before = before();
            let before = before.as_ref().map(AsRef::as_ref);
            may_see_stored(rights, &change.kind, &change.key, before)
        }
    }
}

fn sees_component(rights: &Rights, meta_type: &str, name: &str) -> bool {
    rights.allows(
        Capability::RegistryRead,
        Resource::Component { meta_type, name },
    )
}

/// Whether a reader may see every record of a kind.
fn sees_kind(rights: &Rights, kind: &Kind) -> bool {
    let needed = if *kind == Kind::COMPONENT {
        Capability::RegistryRead
    } else if MeshKind::of(kind).is_some() {
        Capability::MeshRead
    } else {
        Capability::Admin
    };
    rights.allows(needed, Resource::Book)
}

/// Whether a reader may see what is in the namespace that the key of a record of the mesh names.
fn sees_namespace(rights: &Rights, kind: &Kind, key: &str) -> bool {
    if !rights.holds(Capability::MeshRead) {
        return false;
    }
    Name::of(kind, key).is_some_and(|name| {
        let namespace = Resource::Namespace(&name.namespace);
        rights.allows(Capability::MeshRead, namespace)
    })
}

/// What a component is called, read without the rest of it.
#[derive(Deserialize)]
struct Title<'a> {
    #[serde(borrow)]
    meta_type: Cow<'a, str>,
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl<'a> Title<'a> {
    fn read(stored: &'a [u8]) -> Option<Title<'a>> {
        #[derive(Deserialize)]
        struct Stored<'a> {
            #[serde(borrow)]
            data: Title<'a>,
        }
        Some(serde_json::from_slice::<Stored<'_>>(stored).ok()?.data)
    }
}

#[cfg(test)]
mod tests {
    use deedbook_model::{Grants, TokenHash};
    use serde_json::json;

    use super::*;
    use crate::sample_test::{Sample, id, register, remove};
    use crate::{NewToken, Write};

    fn rights(texts: &[&str]) -> Rights {
        let grants: Grants = texts.iter().map(|text| text.parse().unwrap()).collect();
        Rights::of(grants)
    }

    fn principal() -> Write {
        Write::CreatePrincipal {
            name: "ada".to_owned(),
            grants: Grants::default(),
            token: NewToken {
                hash: TokenHash([7; 32]),
                expires_at: None,
            },
        }
    }

    /// Titles of the changes that a reader sees.
    fn seen(rights: &Rights, sample: &Sample, changes: &[Change]) -> Vec<String> {
        let stored_at = |change: &Change| {
            let previous = change.previous?;
            let earlier = changes.iter().find(|other| other.revision == previous)?;
            earlier.record.clone()
        };
        let visible = changes
            .iter()
            .filter(|change| may_see_change(rights, change, || stored_at(change)));
        visible
            .map(|change| {
                let record = sample.state.record(&change.kind, &change.key).unwrap();
                if change.revision == record.revision {
                    let live = record.is_live();
                    assert!(!live || may_see(rights, record), "{change:?}");
                }
                format!("{} {}", change.verb, change.revision)
            })
            .collect()
    }

    #[test]
    fn each_reader_sees_what_was_granted() {
        let mut sample = Sample::new();
        let mut changes = Vec::new();
        for write in [
            register("geo_index@1.0.0", json!({})),
            register("geo_index@1.1.0", json!({})),
            register("parcel@1.0.0", json!({"meta_type": "test"})),
            principal(),
            remove(&id("geo_index@1.0.0").to_string()),
            remove("parcel"),
        ] {
            changes.extend(sample.done(vec![write]).changes);
        }
        let all = seen(&Rights::all(), &sample, &changes);
        assert_eq!(all.len(), 6);
        let no_principals = [
            "registered 2",
            "registered 3",
            "registered 4",
            "removed 6",
            "removed 7",
        ];
        for readers in [&["REGISTRY_READ"][..], &["REGISTRY_READ:{tools,tests}/*"]] {
            assert_eq!(seen(&rights(readers), &sample, &changes), no_principals);
        }
        let tools = ["registered 2", "registered 3", "removed 6"];
        assert_eq!(
            seen(&rights(&["REGISTRY_READ:tools/*"]), &sample, &changes),
            tools
        );
        for blind in [
            &[][..],
            &["REGISTRY_WRITE", "MESH_READ"],
            &["REGISTRY_READ:tools/x"],
        ] {
            assert!(seen(&rights(blind), &sample, &changes).is_empty());
        }
        let claimed: Grants = ["REGISTRY_READ:tests/*".parse().unwrap()]
            .into_iter()
            .collect();
        let narrowed = Rights::all().narrow(claimed);
        let tests = ["registered 4", "removed 7"];
        assert_eq!(seen(&narrowed, &sample, &changes), tests);
    }

    #[test]
    fn what_nobody_can_tell_needs_the_whole_kind() {
        let (component, moon) = (Kind::COMPONENT, Kind::named("moon_phase"));
        for stored in [None, Some(&b"{}"[..]), Some(b"\xff")] {
            let sees = |texts: &[&str], kind| may_see_stored(&rights(texts), kind, "k", stored);
            assert!(sees(&["REGISTRY_READ"], &component));
            assert!(!sees(&["REGISTRY_READ:*/*"], &component));
            assert!(sees(&["ADMIN"], &moon) && sees(&["ADMIN"], &Kind::BOOK));
            assert!(!sees(&["REGISTRY_READ"], &moon) && !sees(&["REGISTRY_READ"], &Kind::BOOK));
        }
    }

    #[test]
    fn a_record_of_another_kind_is_no_component_whatever_it_says() {
        let stored: &[u8] = br#"{"data":{"meta_type":"tool","name":"geo_index"}}"#;
        let tools = rights(&["REGISTRY_READ:tools/*"]);
        assert!(may_see_stored(&tools, &Kind::COMPONENT, "k", Some(stored)));
        for kind in [Kind::PRINCIPAL, Kind::BOOK, Kind::named("moon_phase")] {
            assert!(!may_see_stored(&tools, &kind, "k", Some(stored)), "{kind}");
        }
    }

    #[test]
    fn a_part_of_the_mesh_is_seen_by_readers_of_its_namespace() {
        let shard = |reader: &str, key| may_see_stored(&rights(&[reader]), &Kind::SHARD, key, None);
        assert!(shard("MESH_READ", "orders/s-1"));
        assert!(shard("MESH_READ:ord*", "orders/s-1"));
        assert!(!shard("MESH_READ:ord*", "pay/orders"));
        assert!(!shard("MESH_OPERATE", "orders/s-1"));
        assert!(!shard("REGISTRY_READ", "orders/s-1"));
    }

    #[test]
    fn the_log_is_asked_only_where_it_matters() {
        let mut sample = Sample::with(vec![register("a@1.0.0", json!({}))]);
        let removed = sample.done(vec![remove("a")]).changes;
        let unasked = || -> Option<Vec<u8>> { panic!("nobody needs it") };
        assert!(may_see_change(&Rights::all(), &removed[0], unasked));
        assert!(may_see_change(
            &rights(&["REGISTRY_READ"]),
            &removed[0],
            unasked
        ));
    }
}
