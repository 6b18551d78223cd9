//! What the collections say about tenants: all of them know tenants, or none does, and then all belong to the same one.

use super::declared::Declarations;
use super::problems::Problems;

/// Whose a deletion is, and who may see it, is one rule of the whole deployment.
pub(super) fn check<'a>(declarations: &Declarations<'a>, problems: &mut Problems<'a>) {
    let mut sound = declarations.sound.values();
    let fixed = sound.find_map(|declared| {
        let tenant = declared.collection.tenant.fixed()?;
        Some((&declared.collection.name, tenant))
    });
    let Some((first, tenant)) = fixed else {
        return;
    };
    for declared in declarations.sound.values() {
        let message = match declared.collection.tenant.fixed() {
            Some(its) if its == tenant => continue,
            Some(its) => format!(
                "is \"{its}\", but that of {first} is \"{tenant}\"; write the same one, or deploy a second stack"
            ),
            None => format!(
                "names the tenant by an attribute, but {first} belongs to \"{tenant}\" whatever its rows say; write `{{ fixed = \"{tenant}\" }}` in both, or deploy a second stack"
            ),
        };
        problems.add(declared.section.place_of("tenant"), message);
    }
}
