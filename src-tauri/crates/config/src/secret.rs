//! Secrets by name: what a configuration may keep in the vault, and what the vault answers.

use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;
use serde::Serialize;

/// One secret among all that the vault may hold. Its text is the account under which a keychain shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretId {
    /// A key of a channel: `channel/ID/key/NAME`.
    ChannelKey {
        /// The channel's id, which survives a renaming.
        channel_id: String,
        /// The key's name; `default` for a lone key without one.
        key: String,
    },
    /// The password of the proxy that is written inside a channel: `channel/ID/proxy`.
    ChannelProxyPassword {
        /// The channel's id.
        channel_id: String,
    },
    /// The password of a named proxy: `proxy/NAME`.
    ProxyPassword {
        /// The proxy's name.
        proxy: String,
    },
    /// The key of a client of ours: `client/NAME`.
    ClientKey {
        /// The client's name.
        client: String,
    },
    /// `server.api_key`, a client key that a configuration brought along: `server/api_key`.
    ServerKey,
}

impl fmt::Display for SecretId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretId::ChannelKey { channel_id, key } => {
                write!(f, "channel/{}/key/{}", Part(channel_id), Part(key))
            }
            SecretId::ChannelProxyPassword { channel_id } => write!(f, "channel/{}/proxy", Part(channel_id)),
            SecretId::ProxyPassword { proxy } => write!(f, "proxy/{}", Part(proxy)),
            SecretId::ClientKey { client } => write!(f, "client/{}", Part(client)),
            SecretId::ServerKey => f.write_str("server/api_key"),
        }
    }
}

/// A part of an account between two slashes. A slash within it is written `%2F`, so that no two secrets share an account.
struct Part<'a>(&'a str);

impl fmt::Display for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('%', "%25").replace('/', "%2F"))
    }
}

/// A text that is the account of no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no account of a secret")]
pub struct NoSecretId;

impl FromStr for SecretId {
    type Err = NoSecretId;

    fn from_str(account: &str) -> Result<SecretId, NoSecretId> {
        let parts: Vec<&str> = account.split('/').collect();
        let whole = |part: &str| part.replace("%2F", "/").replace("%25", "%");
        match parts[..] {
            ["channel", id, "key", key] => {
                Ok(SecretId::ChannelKey { channel_id: whole(id), key: whole(key) })
            }
            ["channel", id, "proxy"] => Ok(SecretId::ChannelProxyPassword { channel_id: whole(id) }),
            ["proxy", name] => Ok(SecretId::ProxyPassword { proxy: whole(name) }),
            ["client", name] => Ok(SecretId::ClientKey { client: whole(name) }),
            ["server", "api_key"] => Ok(SecretId::ServerKey),
            _ => Err(NoSecretId),
        }
    }
}

/// What a document asks of the vault: a secret, and where it would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultQuestion {
    /// Which secret.
    pub id: SecretId,
    /// The origins that would see it, sorted, with a space between two of them; empty for a secret that is sent nowhere.
    ///
    /// A secret is given out only for origins that it was saved for, so that a changed base URL alone takes no key elsewhere.
    pub origin: String,
}

/// What the vault says of a secret.
#[derive(Debug, Clone)]
pub enum VaultAnswer {
    /// Here it is.
    Secret(SecretString),
    /// Nothing is saved under this name.
    Missing,
    /// It was saved for another origin.
    OriginChanged,
    /// The vault is locked, or not opened yet.
    Locked {
        /// In words, such as `the keychain is locked`.
        why: String,
    },
    /// There is no vault, or it refuses or does not answer.
    Unavailable {
        /// In words.
        why: String,
    },
    /// The vault has been asked and the answer is on its way; the document will be resolved again.
    Pending,
}

/// How a secret stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum SecretState {
    /// It is in memory, or none is needed.
    Ready,
    /// Nothing is saved, or the variable is not set.
    Missing,
    /// The vault is locked.
    Locked,
    /// There is no vault, or it hangs or refuses.
    Unavailable,
    /// It was saved for another host.
    OriginChanged,
}

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In the vault.
    Vault,
    /// In the environment variable of this name.
    Environment(String),
    /// In the configuration file, as plain text.
    File,
    /// Nowhere: none is written.
    Nowhere,
}

/// Tells whether every origin that would see a secret is one that it was saved for. Both texts are as in [`VaultQuestion`].
pub fn origin_covered(saved: &str, asked: &str) -> bool {
    asked.split(' ').all(|origin| saved.split(' ').any(|known| known == origin))
}

/// Why a secret is not at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Absence {
    pub(crate) state: SecretState,
    pub(crate) why: String,
    /// Whether the answer is still on its way, so that nobody need be told yet.
    pub(crate) pending: bool,
}

impl Absence {
    pub(crate) fn missing(why: impl Into<String>) -> Absence {
        Absence { state: SecretState::Missing, why: why.into(), pending: false }
    }
}

impl VaultAnswer {
    pub(crate) fn into_result(self) -> Result<SecretString, Absence> {
        let absent = |state, why: String| Err(Absence { state, why, pending: false });
        match self {
            VaultAnswer::Secret(secret) => Ok(secret),
            VaultAnswer::Missing => absent(SecretState::Missing, "the vault holds none".to_owned()),
            VaultAnswer::OriginChanged => absent(
                SecretState::OriginChanged,
                "the one in the vault was saved for another host and must be given again".to_owned(),
            ),
            VaultAnswer::Locked { why } => absent(SecretState::Locked, why),
            VaultAnswer::Unavailable { why } => absent(SecretState::Unavailable, why),
            VaultAnswer::Pending => Err(Absence {
                state: SecretState::Unavailable,
                why: "it is being read from the vault".to_owned(),
                pending: true,
            }),
        }
    }
}

/// The vault of whoever has none.
pub(crate) fn no_vault(_: &VaultQuestion) -> VaultAnswer {
    VaultAnswer::Unavailable { why: "there is no vault here".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_secret_has_an_account_of_its_own() {
        let key =
            |channel: &str, key: &str| SecretId::ChannelKey { channel_id: channel.into(), key: key.into() };
        let accounts = [
            (key("c1", "default"), "channel/c1/key/default"),
            (key("c1/key", "x"), "channel/c1%2Fkey/key/x"),
            (key("c1", "key/x"), "channel/c1/key/key%2Fx"),
            (key("c1", "key%2Fx"), "channel/c1/key/key%252Fx"),
            (SecretId::ChannelProxyPassword { channel_id: "c1".into() }, "channel/c1/proxy"),
            (SecretId::ProxyPassword { proxy: "office".into() }, "proxy/office"),
            (SecretId::ClientKey { client: "Claude Code".into() }, "client/Claude Code"),
            (SecretId::ServerKey, "server/api_key"),
        ];
        for (id, account) in accounts {
            assert_eq!(id.to_string(), account);
            assert_eq!(account.parse(), Ok(id));
        }
    }

    #[test]
    fn other_texts_are_no_accounts() {
        for text in ["", "channel", "channel/c1", "channel/c1/key", "proxy/a/b", "server/port", "client"] {
            assert_eq!(text.parse::<SecretId>(), Err(NoSecretId), "{text}");
        }
    }

    #[test]
    fn a_secret_goes_to_no_origin_that_it_was_not_saved_for() {
        for (saved, asked, covered) in [
            ("https://a.example", "https://a.example", true),
            ("https://a.example https://b.example", "https://b.example", true),
            ("https://a.example", "https://a.example https://b.example", false),
            ("https://a.example", "http://a.example", false),
            ("https://a.example", "https://a.example:8443", false),
            ("https://a.example", "https://a.example.evil.example", false),
            ("", "https://a.example", false),
            ("", "", true),
        ] {
            assert_eq!(origin_covered(saved, asked), covered, "{saved:?} asked for {asked:?}");
        }
    }
}
