//! Everything through HTTP, against one running system that all tests share. Each test makes its
//! own events, buyers and keys.

mod identity;
