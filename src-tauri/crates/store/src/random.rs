//! The operating system's randomness: for secrets, and to seed what only needs to differ from run to run.

use std::fmt::Write;

/// 256 bits.
const TOKEN_BYTES: usize = 32;

/// Makes a secret of 256 bits in hexadecimal behind a prefix that says whose it is.
pub(crate) fn token(prefix: &str) -> String {
    let mut bytes = [0_u8; TOKEN_BYTES];
    fill(&mut bytes);
    let mut text = String::from(prefix);
    for byte in bytes {
        write!(text, "{byte:02x}").expect("writing to a String cannot fail");
    }
    text
}

/// A seed for jitter and request ids. Not a secret.
pub fn random_seed() -> u64 {
    let mut bytes = [0_u8; 8];
    fill(&mut bytes);
    u64::from_ne_bytes(bytes)
}

fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}
