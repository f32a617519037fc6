//! `application/x-www-form-urlencoded`, the form of every request to the provider.

use std::fmt::Write as _;

/// Writes the pairs as a form. Everything but unreserved characters (RFC 3986 section 2.3) is
/// encoded, the brackets of `metadata[booking_id]` too.
pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    let mut form = String::new();
    for (name, value) in pairs {
        if !form.is_empty() {
            form.push('&');
        }
        push(&mut form, name);
        form.push('=');
        push(&mut form, value);
    }
    form
}

fn push(form: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            form.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(form, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_become_another_field() {
        let form = encode(&[("amount", "5000"), ("metadata[booking_id]", "a&amount=1 é")]);
        assert_eq!(form, "amount=5000&metadata%5Bbooking_id%5D=a%26amount%3D1%20%C3%A9");
        assert_eq!(encode(&[]), "");
    }
}
