//! What a form says of where its sender is written to.

use domain::contact::Contact;

use crate::call::{Call, invalid_fields};
use crate::language::Language;
use crate::problem::Problem;

/// The fields `email` and `name` of the form; an empty one says nothing. Letters are in the
/// language of the page, if there is anything else to note.
///
/// # Errors
///
/// 422 when a field is not what it should be, 415 when the body is no form.
pub fn of_form(call: &Call) -> Result<Contact, Problem> {
    let field = |name: &str| {
        let text = call.form_field(name)?.map(|text| text.trim().to_owned());
        Ok::<_, Problem>(text.filter(|text| !text.is_empty()))
    };
    let (email, name) = (field("email")?, field("name")?);
    let says_anything = email.is_some() || name.is_some();
    let locale = says_anything.then(|| Language::of(call).tag().to_owned());
    Contact::read(email, name, locale).map_err(|problems| invalid_fields(&problems))
}
