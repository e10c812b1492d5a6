//! Secrets on their way in, and what is shown of them on the way out.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};
use ts_rs::TS;

/// Secrets shorter than this show nothing of themselves in a hint.
const HINT_FROM_CHARS: usize = 16;
/// How much of a secret's end a hint shows.
const HINT_CHARS: usize = 3;
/// The public beginnings of vendors' keys, the longer ones first: they name the kind of the key and nothing else.
const PREFIXES: [&str; 14] = [
    "sk-sluice-",
    "sk-proj-",
    "sk-svcacct-",
    "sk-ant-",
    "sk-or-",
    "sk-cp-",
    "gsk_",
    "xai-",
    "nvapi-",
    "hf_",
    "pplx-",
    "AIza",
    "AQ.",
    "sk-",
];

/// A secret that somebody gives: read from a request, never written into a reply.
#[derive(Clone, Debug)]
pub struct NewSecret(pub SecretString);

impl<'de> Deserialize<'de> for NewSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NewSecret, D::Error> {
        String::deserialize(deserializer).map(|text| NewSecret(SecretString::from(text)))
    }
}

impl TS for NewSecret {
    type WithoutGenerics = NewSecret;
    type OptionInnerType = NewSecret;

    fn name(_: &ts_rs::Config) -> String {
        "string".to_owned()
    }

    fn inline(_: &ts_rs::Config) -> String {
        "string".to_owned()
    }
}

/// What may be shown of a secret, such as `sk-…9f2`: the beginning that its vendor gives every key, and the end.
pub(crate) fn hint(secret: &SecretString) -> String {
    let secret = secret.expose_secret();
    let prefix = PREFIXES.into_iter().find(|prefix| secret.starts_with(prefix)).unwrap_or_default();
    let rest: Vec<char> = secret[prefix.len()..].chars().collect();
    if rest.len() < HINT_FROM_CHARS {
        return format!("{prefix}…");
    }
    let end: String = rest[rest.len() - HINT_CHARS..].iter().collect();
    format!("{prefix}…{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::long("sk-0123456789abcdef9f2", "sk-…9f2")]
    #[case::of_a_client("sk-sluice-0123456789abcdef04c1", "sk-sluice-…4c1")]
    #[case::of_a_vendor("sk-ant-api03-0123456789abcdef", "sk-ant-…def")]
    #[case::short("sk-short", "sk-…")]
    #[case::without_a_known_beginning("0123456789abcdef9f2", "…9f2")]
    #[case::not_ascii("ключ-ключ-ключ-ключ", "…люч")]
    #[case::empty("", "…")]
    fn a_hint_shows_the_public_beginning_and_the_end_of_long_secrets_only(
        #[case] secret: &str,
        #[case] expected: &str,
    ) {
        assert_eq!(hint(&SecretString::from(secret)), expected);
    }
}
