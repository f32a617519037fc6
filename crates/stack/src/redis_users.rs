//! The users of Redis: the application, and everybody who operates it.

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The users and their rights, with a gap for the application's password.
const USERS: &str = include_str!("../../../infra/redis/users.conf");

const PASSWORD_PLACE: &str = "PASSWORD_SHA256";

/// The application's user.
pub(crate) const APPLICATION: &str = "app";

/// The users as a file that Redis includes. It holds the hash of the password, which is random
/// enough for that.
pub fn redis_users(password: &str) -> String {
    // The comment that explains the place stays as it is.
    let place = format!("#{PASSWORD_PLACE}");
    USERS.replace(&place, &format!("#{}", HEXLOWER.encode(&Sha256::digest(password))))
}

/// The same as settings of a node.
pub(crate) fn settings(password: &str) -> Vec<(String, String)> {
    let users = redis_users(password);
    let lines = users.lines().filter_map(|line| line.strip_prefix("user "));
    lines.map(|rules| ("user".to_owned(), rules.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_names_the_hash_and_not_the_password() {
        let users = redis_users("correct horse battery staple");
        assert!(!users.contains("battery"));
        let settings = settings("correct horse battery staple");
        let names: Vec<_> = settings.iter().filter_map(|(_, it)| it.split(' ').next()).collect();
        assert_eq!(names, [APPLICATION, "default"]);
        assert!(settings[0].1.contains("#c4bbcb1f"), "{settings:?}");
    }
}
