//! A backup brings a whole book back, or none.

use std::path::Path;

use deedbook_book::{At, Book, BookError, restore};
use deedbook_log::{Access, ArtifactId, Log, MemoryLog, SqliteLog};
use deedbook_model::Revision;
use deedbook_rules::Parent;
use deedbook_testkit::check::{Dice, for_all};
use deedbook_testkit::faulty_log::flipped;
use deedbook_testkit::history::{Past, plans};
use proptest::prelude::*;

use crate::compare::{assert_same, book_on};
use crate::scratch;

fn backup_of(book: &Book) -> Vec<u8> {
    let mut bytes = Vec::new();
    book.backup(&mut bytes).unwrap();
    bytes
}

#[test]
fn revisions_and_chain_stay_and_a_new_lineage_names_the_old() {
    for_all(40, &(plans(5), any::<u16>()), |(plan, before)| {
        let past = Past::of(&plan);
        past.log.put_artifact(&"a picture".into()).unwrap();
        let book = book_on(past.log.clone());
        let before = Revision(u64::from(before) % (past.head.revision.0 + 1));
        let floor = book.compact(before).unwrap();
        let anchor = book.audit_head();
        let folder = scratch::folder();
        let target = folder.path().join("deep/er/book");
        let restored = restore(&target, "ada", &mut &backup_of(&book)[..]).unwrap();

        for revision in (floor.0..=past.head.revision.0).map(Revision) {
            let view = restored.view_at(At::Revision(revision)).unwrap();
            assert_same(&view, past.state_at(revision));
        }
        assert_eq!(
            restored
                .view_at(At::Revision(past.head.revision))
                .unwrap()
                .head(),
            past.head
        );
        let view = restored.view();
        assert_eq!(view.head().revision, past.head.revision.next());
        let parent = view.book().unwrap().parent.clone().unwrap();
        assert_eq!(parent, Parent::at(book.view().lineage(), past.head));
        assert_ne!(view.lineage(), book.view().lineage());
        let last = &restored
            .history(&view, &deedbook_model::Kind::BOOK, "book", 1)
            .unwrap()[0];
        assert_eq!(
            (last.verb.as_str(), &*last.command.actor),
            ("imported", "ada")
        );
        let checked = restored.verify(Some(&anchor)).unwrap();
        assert!(checked.ok, "{:?}", checked.broken);
        restored.close().unwrap();
        let log = SqliteLog::open(&target, Access::Read).unwrap();
        let id = ArtifactId::of(b"a picture");
        assert_eq!(log.artifact(id).unwrap().unwrap(), "a picture");
    });
}

#[test]
fn a_damaged_backup_is_refused_and_leaves_nothing() {
    let mut dice = Dice::new();
    let log = MemoryLog::default();
    log.put_artifact(&"a picture of some length".into())
        .unwrap();
    let book = book_on(log);
    for number in 0..4 {
        let write = deedbook_testkit::components::numbered(number);
        book.execute(deedbook_rules::Command::of("ada", write))
            .unwrap();
    }
    book.compact(Revision(2)).unwrap();
    let whole = backup_of(&book);
    let folder = scratch::folder();
    let target = folder.path().join("book");
    let full = std::env::var("DEEDTEST_SWEEP").is_ok_and(|sweep| sweep == "full");
    let stride = if full { 1 } else { 40 + dice.below(20) };
    let length = u64::try_from(whole.len()).unwrap();
    let mut at = dice.below(stride);
    while at < length {
        let place = usize::try_from(at).unwrap();
        let bits = 1 << dice.below(8);
        assert_refused(
            &target,
            &flipped(&whole, place, bits),
            &format!("{bits} at {at}"),
        );
        assert_refused(&target, &whole[..place], &format!("cut at {at}"));
        at += stride;
    }
    assert_refused(
        &target,
        &[&whole[..], b"more"].concat(),
        "with more behind it",
    );
    assert_refused(&target, b"", "empty");
    restore(&target, "ada", &mut &whole[..]).unwrap();
}

#[track_caller]
fn assert_refused(target: &Path, backup: &[u8], how: &str) {
    let parent = target.parent().unwrap();
    match restore(target, "ada", &mut &*backup) {
        Ok(_) => panic!("{how}: taken"),
        Err(error) => {
            let code = error.code();
            assert_eq!(
                code,
                deedbook_model::code::Code::Integrity,
                "{how}: {error}"
            );
        }
    }
    let left = std::fs::read_dir(parent).unwrap().count();
    assert_eq!(left, 0, "{how}: something is left");
}

#[test]
fn a_book_is_never_restored_over() {
    let folder = scratch::folder();
    let book = Book::in_memory().unwrap();
    let backup = backup_of(&book);
    // An empty folder is no book.
    let target = folder.path().join("book");
    std::fs::create_dir(&target).unwrap();
    restore(&target, "ada", &mut &backup[..])
        .unwrap()
        .close()
        .unwrap();
    let before = scratch::files_in(&target);
    let refused = restore(&target, "ada", &mut &backup[..]).map(|_| ());
    assert!(matches!(refused, Err(BookError::Exists(_))), "{refused:?}");
    assert_eq!(scratch::files_in(&target), before);
}

#[test]
fn a_book_without_a_change_gives_no_backup_to_restore() {
    let folder = scratch::folder();
    let mut empty = Vec::new();
    empty.extend(b"DEEDBAK1");
    let digest = *blake3::hash(b"DEEDBAK1").as_bytes();
    empty.push(9);
    empty.extend(32u64.to_le_bytes());
    empty.extend(digest);
    assert_refused(&folder.path().join("book"), &empty, "without a book");
}
