//! Chance that nobody can foretell, from the host.

/// 32 random bytes.
pub fn secret() -> [u8; 32] {
    let mut secret = [0; 32];
    let mut filled = 0;
    while let Some(rest) = secret.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        let wanted = u64::try_from(rest.len()).unwrap_or(0);
        // The host may give fewer than asked for.
        let bytes = wasi::random::random::get_random_bytes(wanted);
        rest.iter_mut().zip(&bytes).for_each(|(byte, random)| *byte = *random);
        filled += bytes.len();
    }
    secret
}
