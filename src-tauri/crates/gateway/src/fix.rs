//! What a person can do about a test that failed.

use pool::Class;
use serde::{Deserialize, Serialize};

/// The likely fix. The window has its own words for each; these are for the command line and the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Fix {
    /// The channel says nothing of what it speaks.
    GiveAType,
    /// There is no key, or its variable is not set.
    SetTheKey,
    /// The key cannot be sent.
    PasteTheKeyAgain,
    /// No model is known to ask for.
    NameTheModels,
    /// Nothing takes connections there.
    CheckHostAndPort,
    /// Nothing answers there.
    CheckFirewall,
    /// The proxy's name leads nowhere.
    CheckProxyHost,
    /// The upstream cannot be reached.
    CheckBaseUrl,
    /// The network proxy refuses.
    CheckProxy,
    /// The certificate is not trusted.
    CheckCertificate,
    /// The upstream has a problem of its own.
    TryLater,
    /// It is slow, or not there.
    RaiseTimeout,
    /// Its rate limit is reached.
    Wait,
    /// The account is used up.
    TopUp,
    /// The key is refused.
    CheckKey,
    /// The account may not use this model.
    AskForModel,
    /// There is no such model there.
    CheckModel,
    /// The operation is not offered there.
    CheckType,
    /// The vendor refuses this region.
    OtherRegion,
    /// The test itself was refused.
    CheckRequest,
    /// A filter refused the test's words.
    Filtered,
    /// The answer is not that of the API that was expected.
    WrongApi,
    /// The test was left.
    RunAgain,
}

impl Fix {
    /// The likely fix for a kind of failure.
    pub fn of(class: Class) -> Fix {
        match class {
            Class::Network => Fix::CheckBaseUrl,
            Class::ProxyFailure => Fix::CheckProxy,
            Class::Tls => Fix::CheckCertificate,
            Class::Overloaded | Class::ServerError => Fix::TryLater,
            Class::Silent => Fix::RaiseTimeout,
            Class::RateLimit => Fix::Wait,
            Class::Quota => Fix::TopUp,
            Class::Credential => Fix::CheckKey,
            Class::ModelAccess => Fix::AskForModel,
            Class::ModelGone => Fix::CheckModel,
            Class::NotOffered | Class::Untranslatable => Fix::CheckType,
            Class::RegionBlocked => Fix::OtherRegion,
            Class::ContextLength | Class::CallerFault => Fix::CheckRequest,
            Class::ContentFilter => Fix::Filtered,
            Class::Malformed => Fix::WrongApi,
            Class::ClientGone => Fix::RunAgain,
        }
    }

    /// What to do, in words.
    pub fn words(self) -> &'static str {
        match self {
            Fix::GiveAType => "give it a type",
            Fix::SetTheKey => "set the key, or the variable it refers to",
            Fix::PasteTheKeyAgain => "paste the key again, without spaces or line breaks",
            Fix::NameTheModels => "give the channel a `model`",
            Fix::CheckHostAndPort => "check host and port, and whether this machine is online",
            Fix::CheckFirewall => "check host, port and firewall, or set a network proxy",
            Fix::CheckProxyHost => "check the proxy's host name, and whether this machine is online",
            Fix::CheckBaseUrl => {
                "check the base URL and whether this machine is online; a network proxy may be needed"
            }
            Fix::CheckProxy => "check the network proxy's host, port, user name and password",
            Fix::CheckCertificate => {
                "check the base URL's host; a corporate proxy's root certificate must be in the system's store"
            }
            Fix::TryLater => "the upstream has a problem of its own; try again later",
            Fix::RaiseTimeout => {
                "the upstream is slow or the base URL leads nowhere; raise the channel's timeout or check the URL"
            }
            Fix::Wait => "wait, or set `rpm` so that the channel is skipped before it refuses",
            Fix::TopUp => "top up the account or wait until its quota starts anew",
            Fix::CheckKey => "check the key; it may be mistyped, revoked or for another vendor",
            Fix::AskForModel => "ask the vendor for access to this model, or choose another `model`",
            Fix::CheckModel => "check the model's name and the base URL",
            Fix::CheckType => "the vendor does not offer this operation; check the base URL and the type",
            Fix::OtherRegion => "the vendor refuses this region; a network proxy elsewhere may help",
            Fix::CheckRequest => {
                "the upstream refuses the test's request; check model and base URL, and what it says"
            }
            Fix::Filtered => "the upstream's filter refused the test's words; its settings are the vendor's",
            Fix::WrongApi => {
                "this does not look like the API that was expected; check the base URL and the type"
            }
            Fix::RunAgain => "the test was left; run it again",
        }
    }
}
