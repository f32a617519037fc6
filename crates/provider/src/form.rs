//! `application/x-www-form-urlencoded`, the form of every request to the provider.

/// Writes the pairs as a form.
pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_become_another_field() {
        let form = encode(&[("amount", "5000"), ("metadata[booking_id]", "a&amount=1 é")]);
        assert_eq!(form, "amount=5000&metadata%5Bbooking_id%5D=a%26amount%3D1+%C3%A9");
        assert_eq!(encode(&[]), "");
    }
}
