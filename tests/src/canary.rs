//! The search for secrets in everything that a program leaves behind.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Fails the test if a secret stands in an artefact, given with its name, in whatever form.
pub fn search(artefacts: &[(String, String)], secrets: &[&str]) {
    for secret in secrets {
        for (form, hidden) in disguises(secret) {
            for (name, text) in artefacts {
                assert!(!text.contains(&hidden), "{secret} as {form} in {name}:\n{}", around(text, &hidden));
            }
        }
    }
}

/// Every way in which a secret might be written.
fn disguises(secret: &str) -> Vec<(&'static str, String)> {
    let encoded: String = url_encoded(secret);
    let json = serde_json::to_string(secret).unwrap();
    let escaped = secret.replace('/', "\\/");
    let unicode: String = each(secret.chars(), |c| format!("\\u{:04x}", u32::from(c)));
    let hex: String = each(secret.bytes(), |byte| format!("{byte:02x}"));
    let mut all = vec![
        ("itself", secret.to_owned()),
        ("URL text", encoded),
        ("JSON", json.trim_matches('"').to_owned()),
        ("JSON with escaped slashes", escaped),
        ("JSON escapes", unicode),
        ("hex", hex.clone()),
        ("upper-case hex", hex.to_uppercase()),
        ("reversed", secret.chars().rev().collect()),
        // Most of a secret is as good as all of it.
        ("its second half", secret[secret.len() / 2..].to_owned()),
    ];
    // Base64 shows a secret differently at each of three offsets; the inner part is the same whatever surrounds it.
    for skip in 0..3 {
        let shifted = [&vec![b'x'; skip][..], secret.as_bytes()].concat();
        let whole = shifted.len() - shifted.len() % 3;
        for text in [
            STANDARD.encode(&shifted[..whole]),
            STANDARD_NO_PAD.encode(&shifted[..whole]),
            URL_SAFE_NO_PAD.encode(&shifted[..whole]),
        ] {
            all.push(("base64", text[if skip == 0 { 0 } else { 4 }..].to_owned()));
        }
    }
    all
}

fn each<T>(items: impl Iterator<Item = T>, write: impl Fn(T) -> String) -> String {
    items.map(write).collect::<Vec<_>>().concat()
}

fn url_encoded(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

fn around(text: &str, hit: &str) -> String {
    let at = text.find(hit).unwrap();
    let (from, to) = (
        text.floor_char_boundary(at.saturating_sub(200)),
        text.ceil_char_boundary((at + hit.len() + 50).min(text.len())),
    );
    text[from..to].to_owned()
}

/// Reads every file below a folder, whatever it holds.
pub fn read_all(folder: &Path, artefacts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, artefacts);
        } else if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            artefacts.push((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
        }
    }
}
