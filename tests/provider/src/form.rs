//! The form of a request: `application/x-www-form-urlencoded`, in the body or in the query.

use std::collections::BTreeMap;

/// Fields by name; `metadata[booking_id]` is a name like any other.
pub(crate) type Form = BTreeMap<String, String>;

/// Reads a form.
///
/// # Errors
///
/// A text that says what is wrong. A field that occurs twice is an error, because no client of ours
/// sends that, except for items of a list, `types[]`: those after the first become `types[1]`,
/// `types[2]`, ….
pub(crate) fn parse(text: &str) -> Result<Form, String> {
    let mut form = Form::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        let name = match name.strip_suffix("[]") {
            Some(list) if form.contains_key(&name) => {
                let next = (1..).find(|number| !form.contains_key(&format!("{list}[{number}]")));
                format!("{list}[{}]", next.unwrap_or(0))
            }
            _ => name,
        };
        if form.insert(name.clone(), value).is_some() {
            return Err(format!("the field {name} occurs twice"));
        }
    }
    Ok(form)
}

fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()].map(|digit| {
                    digit.and_then(|digit| char::from(digit).to_digit(16)).unwrap_or(u32::MAX)
                });
                let [high, low] = digits;
                let value = high.saturating_mul(16).saturating_add(low);
                bytes.push(u8::try_from(value).map_err(|_| "a % that encodes nothing")?);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| "a value that is not UTF-8".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let form = parse("amount=5000&metadata%5Bbooking_id%5D=a%26b+%C3%A9&empty=").unwrap();
        assert_eq!(form["amount"], "5000");
        assert_eq!(form["metadata[booking_id]"], "a&b é");
        assert_eq!(form["empty"], "");
        let list = parse("a[]=x&b=1&a[]=y&a%5B%5D=z").unwrap();
        assert_eq!(
            (&list["a[]"], &list["a[1]"], &list["a[2]"]),
            (&"x".into(), &"y".into(), &"z".into())
        );
        assert!(parse("a=1&a=2").is_err());
        assert!(parse("a=%zz").is_err());
        assert!(parse("a=%f").is_err());
        assert!(parse("a=%ff").is_err());
    }
}
