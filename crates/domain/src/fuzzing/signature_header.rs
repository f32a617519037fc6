//! The provider's signature.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::stripe::{SIGNATURE_TOLERANCE_S, verify_signature};
use crate::time::Instant;

const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";
const OTHER_SECRET: &str = "whsec_fedcba9876543210fedcba9876543210";
const NOW_S: i64 = 1_800_000_000;
const NOW: Instant = Instant::from_unix_ms(NOW_S * 1_000);

/// The first line is a header in which `@` stands for the right signature, the rest is the body.
/// Whatever is accepted is, read a second time and more plainly, signed with the secret over this
/// body just now; and it is not accepted for another body, secret or time.
pub fn signature_header(input: &[u8]) {
    let end = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let Ok(template) = std::str::from_utf8(&input[..end]) else { return };
    let body = input.get(end + 1..).unwrap_or_default();
    let parts: Vec<&str> = template.split(',').map(str::trim).collect();
    let times: Vec<&str> = parts.iter().filter_map(|part| part.strip_prefix("t=")).collect();
    let time = times.first().copied().unwrap_or_default();
    let right = sign(time, body);
    let header = template.replace('@', &right);
    let verify = |body: &[u8], secret: &str, now: Instant| {
        verify_signature(&header, body, [secret], now).is_ok()
    };

    if verify(body, SECRET, NOW) {
        assert_eq!(times.len(), 1, "{header}");
        assert!(!time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()), "{header}");
        let signed_s: i64 = time.parse().unwrap_or_else(|_| panic!("{header}"));
        assert!((signed_s - NOW_S).abs() <= SIGNATURE_TOLERANCE_S, "{header}");
        let wanted = format!("v1={right}");
        assert!(header.split(',').any(|part| part.trim() == wanted), "{header}");
        assert!(!verify(&[body, b" "].concat(), SECRET, NOW), "another body: {header}");
        assert!(!verify(body, OTHER_SECRET, NOW), "another secret: {header}");
        let late_ms = (signed_s - NOW_S + SIGNATURE_TOLERANCE_S + 1) * 1_000;
        assert!(!verify(body, SECRET, NOW.plus_ms(late_ms)), "later: {header}");
    } else {
        assert_ne!(template, format!("t={NOW_S},v1=@"), "the provider's own header");
    }
}

fn sign(time: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()) else {
        return String::new();
    };
    mac.update(&[time.as_bytes(), b".", body].concat());
    HEXLOWER.encode(&mac.finalize().into_bytes())
}
