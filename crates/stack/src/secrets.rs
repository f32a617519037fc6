//! The keys and secrets of a local system.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, Result};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use domain::token::SigningKeys;
use sha2::{Digest, Sha256};

/// Bytes of randomness in each secret: 256 bits cannot be guessed.
const SECRET_BYTES: usize = 32;

/// Bytes of a signing key's id. It is public and only has to differ from the next one; it is
/// written into the code of each ticket, which is to stay small.
const KEY_ID_BYTES: usize = 2;

/// The keys and secrets of a system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    /// The bearer key of the organiser's routes.
    pub organiser_key: String,
    /// The bearer key of the worker's route.
    pub worker_key: String,
    /// The application's password in Redis.
    pub redis_password: String,
    /// Signs the webhooks of the payment provider.
    pub stripe_webhook_secret: String,
    /// `<kid>:<base64url of the seed>`: signs tokens and queue passes.
    pub signing_keys: String,
    /// The key of the local test provider. No real provider knows it, so it becomes a variable only
    /// while that provider runs.
    pub provider_key: String,
}

impl Secrets {
    /// Reads the secrets in `folder`, one file each, and makes those that are missing. Only the
    /// owner can read the files.
    pub fn load_or_create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let secret = |name: &str, make: fn() -> Result<String>| {
            load_or_create(&folder.join(name), make)
                .with_context(|| format!("cannot read or make the secret {name}"))
        };
        Ok(Self {
            organiser_key: secret("organiser_key", random_key)?,
            worker_key: secret("worker_key", random_key)?,
            redis_password: secret("redis_password", random_key)?,
            stripe_webhook_secret: secret("stripe_webhook_secret", webhook_secret)?,
            signing_keys: secret("signing_keys", signing_key)?,
            provider_key: secret("provider_key", provider_key)?,
        })
    }

    /// The variables of spin.toml that are secrets or come from one, by their name there.
    pub fn variables(&self) -> Result<Vec<(&'static str, String)>> {
        Ok(vec![
            ("organiser_key", self.organiser_key.clone()),
            ("organiser_key_digest", digest(&self.organiser_key)),
            ("worker_key", self.worker_key.clone()),
            ("redis_password", self.redis_password.clone()),
            ("stripe_webhook_secret", self.stripe_webhook_secret.clone()),
            ("signing_keys", self.signing_keys.clone()),
            ("verifying_keys", verifying_keys(&self.signing_keys)?),
        ])
    }
}

/// The public halves of signing keys: the variable `verifying_keys`.
pub fn verifying_keys(signing_keys: &str) -> Result<String> {
    let keys = SigningKeys::parse(signing_keys).context("the signing keys cannot be read")?;
    Ok(keys.verifying_keys().to_string())
}

/// SHA-256 in hex: recognises a key without revealing it.
fn digest(key: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(key))
}

/// Writes a file that only its owner can read, replacing what was there.
pub fn write_private(path: &Path, text: &str) -> Result<()> {
    // A new file under the final name at once: its mode is right from the start, and nobody
    // reads half of it.
    let beside = path.with_extension("new");
    let _ = fs::remove_file(&beside);
    create_private(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn create_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

fn load_or_create(path: &Path, make: fn() -> Result<String>) -> Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let secret = make()?;
            write_private(path, &format!("{secret}\n"))?;
            Ok(secret)
        }
        Err(error) => Err(error.into()),
    }
}

fn random_key() -> Result<String> {
    Ok(HEXLOWER.encode(&random_bytes::<SECRET_BYTES>()?))
}

fn provider_key() -> Result<String> {
    Ok(format!("sk_test_{}", random_key()?))
}

fn webhook_secret() -> Result<String> {
    Ok(format!("whsec_{}", random_key()?))
}

fn signing_key() -> Result<String> {
    let id = HEXLOWER.encode(&random_bytes::<KEY_ID_BYTES>()?);
    Ok(format!("{id}:{}", BASE64URL_NOPAD.encode(&random_bytes::<SECRET_BYTES>()?)))
}

fn random_bytes<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_made_once_and_only_their_owner_can_read_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Secrets::load_or_create(folder.path()).expect("are made");
        let second = Secrets::load_or_create(folder.path()).expect("are read");
        assert_eq!(first, second);
        for (name, value) in first.variables().expect("are derived") {
            assert!(value.len() >= 40, "{name} is short");
            let is_derived = ["organiser_key_digest", "verifying_keys"].contains(&name);
            if !is_derived {
                let metadata = fs::metadata(folder.path().join(name)).expect("a file");
                assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
            }
        }
    }

    #[test]
    fn a_signing_key_is_an_id_and_a_seed_of_32_bytes() {
        let key = signing_key().expect("is made");
        let (id, seed) = key.split_once(':').expect("two parts");
        assert_eq!(id.len(), 4);
        assert_eq!(BASE64URL_NOPAD.decode(seed.as_bytes()).expect("base64url").len(), 32);
        let public = verifying_keys(&key).expect("is derived");
        assert!(public.starts_with(&format!("{id}:")) && !public.contains(seed), "{public}");
    }
}
