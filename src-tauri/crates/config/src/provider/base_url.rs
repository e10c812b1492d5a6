//! Where an upstream's endpoints are, from whatever a person pasted.

use url::Url;
use wire::{Operation, Protocol};

/// The header in which an upstream wants its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// `x-api-key: …` (Anthropic)
    XApiKey,
    /// `x-goog-api-key: …` (Google)
    XGoogApiKey,
    /// `api-key: …` (Azure)
    ApiKey,
}

impl Auth {
    /// The header that a protocol's own vendor reads.
    pub fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Chat | Protocol::Responses => Auth::Bearer,
            Protocol::Messages => Auth::XApiKey,
            Protocol::Gemini => Auth::XGoogApiKey,
        }
    }
}

/// The place below which an upstream's endpoints of one protocol are found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    url: Url,
    exact: bool,
}

/// Why a text is no base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    /// It is no URL at all.
    #[error("is no URL: {0}")]
    NoUrl(url::ParseError),
}

impl BaseUrl {
    /// Reads what a person wrote as the base URL of a channel for `protocol`.
    pub fn parse(text: &str, protocol: Protocol, exact: bool) -> Result<Self, BadBaseUrl> {
        let _ = protocol;
        Ok(Self { url: Url::parse(text).map_err(BadBaseUrl::NoUrl)?, exact })
    }

    /// The header in which this host wants its key.
    pub fn auth(&self, protocol: Protocol) -> Auth {
        Auth::of(protocol)
    }

    /// The URL of one operation. The client's own query follows the base's, without its `key`.
    pub fn endpoint(
        &self,
        protocol: Protocol,
        operation: Operation,
        model: &str,
        stream: bool,
        query: Option<&str>,
    ) -> Url {
        let _ = (protocol, operation, model, stream, query, self.exact);
        self.url.clone()
    }

    /// The URL of the upstream's list of models.
    pub fn models(&self, protocol: Protocol) -> Url {
        let _ = protocol;
        self.url.clone()
    }

    /// The host, as it stands in the URL.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The URL as it is used, for people.
    pub fn as_url(&self) -> &Url {
        &self.url
    }
}
