//! A Lua script as the cluster sends it.

/// One Lua script: sent by digest, and in full to a node that does not know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Script {
    /// Its file name without `.lua`.
    pub name: &'static str,
    /// Its full text.
    pub source: &'static str,
    /// SHA-1 of the text, 40 lower-case hex digits.
    pub sha1: &'static str,
}
