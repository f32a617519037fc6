//! Names of variants in the words of the scripts.

/// The name of a variant as the scripts write it: `SoldOut` is `sold_out`.
pub(crate) fn word(variant: impl std::fmt::Debug) -> String {
    let mut word = String::new();
    for character in format!("{variant:?}").chars() {
        if character.is_ascii_uppercase() && !word.is_empty() {
            word.push('_');
        }
        word.push(character.to_ascii_lowercase());
    }
    word
}
