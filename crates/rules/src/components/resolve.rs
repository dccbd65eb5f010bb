//! Which component a dependency means.

use std::collections::BTreeSet;

use deedbook_model::component::{DependencyRef, DependencyTarget};

use super::index::{Term, reversed};
use super::lookup::{Found, LookupError, NameOrUuid};
use crate::state::State;

/// Why a dependency leads to no component of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unresolved {
    /// Nothing has that name, path or uuid.
    NotFound,
    /// It exists, but no version fits.
    NoMatchingVersion,
    /// The path fits several families.
    Ambiguous,
    /// A requirement on something outside the book; never resolved.
    External,
}

impl From<LookupError> for Unresolved {
    fn from(error: LookupError) -> Self {
        match error {
            LookupError::Unknown { .. } => Unresolved::NotFound,
            LookupError::NoVersion { .. } => Unresolved::NoMatchingVersion,
        }
    }
}

impl State {
    /// The component that a dependency means now.
    ///
    /// # Errors
    /// [`Unresolved`] says why there is none.
    pub fn resolve(&self, dependency: &DependencyRef) -> Result<Found<'_>, Unresolved> {
        let spec = dependency
            .version_spec()
            .map_err(|_| Unresolved::NoMatchingVersion)?;
        let spec = spec.as_ref();
        match &dependency.target {
            DependencyTarget::External { .. } => Err(Unresolved::External),
            DependencyTarget::Uuid(uuid) => Ok(self.lookup(&NameOrUuid::Uuid(*uuid), spec)?),
            DependencyTarget::Name(name) => {
                Ok(self.lookup(&NameOrUuid::Name(name.to_string()), spec)?)
            }
            DependencyTarget::Path { path, .. } => {
                let family = self.family_of_path(path)?;
                Ok(self.lookup(&NameOrUuid::Name(family), spec)?)
            }
        }
    }

    /// The family that a path means: the first of these that hits exactly one: namespace equal;
    /// namespace ending with `.` and the path; name equal; name equal to the last dotted word.
    fn family_of_path(&self, path: &str) -> Result<String, Unresolved> {
        let (whole, suffix) = (reversed(path), reversed(&format!(".{path}")));
        let by_name = |name: &str| -> BTreeSet<String> {
            let family = self.components.family(name);
            family.map(|_| name.to_owned()).into_iter().collect()
        };
        let rules: [&dyn Fn() -> BTreeSet<String>; 4] = [
            &|| {
                self.families_with(
                    &Term::ReversedNamespace(whole.clone()),
                    |term| matches!(term, Term::ReversedNamespace(namespace) if *namespace == whole),
                )
            },
            &|| {
                self.families_with(&Term::ReversedNamespace(suffix.clone()), |term| {
                matches!(term, Term::ReversedNamespace(namespace) if namespace.starts_with(&*suffix))
            })
            },
            &|| by_name(path),
            &|| by_name(path.rsplit('.').next().unwrap_or(path)),
        ];
        let mut missed = Unresolved::NotFound;
        for rule in rules {
            let mut families = rule();
            match families.len() {
                0 => {}
                1 => return families.pop_first().ok_or(missed),
                _ => missed = Unresolved::Ambiguous,
            }
        }
        Err(missed)
    }

    fn families_with(&self, from: &Term, fits: impl Fn(&Term) -> bool) -> BTreeSet<String> {
        let mut families = BTreeSet::new();
        for (_, listed) in self
            .components
            .terms_from(from)
            .take_while(|(term, _)| fits(term))
        {
            for one in listed.iter_after(None) {
                if !families.contains(&*one.name) {
                    families.insert(one.name.to_string());
                }
                if families.len() > 1 {
                    return families;
                }
            }
        }
        families
    }
}
