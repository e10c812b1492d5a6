//! What becomes of an attempt, in the words of the failure table.

use std::fmt;
use std::time::Duration;

use serde::Serialize;
use wire::Usage;

/// The kind of a failure. What each kind brings with it stands in the table of `policy.rs`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// No connection, or it was reset before the response headers.
    Network,
    /// The network proxy on the way refused or could not be reached.
    ProxyFailure,
    /// The certificate is expired, self-signed or for another host.
    Tls,
    /// The upstream says that it has too much to do (503, 529, `overloaded_error`).
    Overloaded,
    /// The upstream failed by its own fault (other 5xx, 408, 425, `server_error`).
    ServerError,
    /// No headers or no first content in time.
    Silent,
    /// Too many requests or tokens for now; it passes by itself.
    RateLimit,
    /// Money or a day's allowance is used up; it does not pass soon.
    Quota,
    /// The key was refused.
    Credential,
    /// The key may not use this model.
    ModelAccess,
    /// The upstream does not know the model, or serves nothing at this address.
    ModelGone,
    /// The upstream does not serve this country or network.
    RegionBlocked,
    /// The upstream does not offer this operation (counting tokens, embeddings), or not for this model; generation is
    /// another matter.
    NotOffered,
    /// The request says something that the channel's protocol cannot say; another channel may speak the client's own.
    Untranslatable,
    /// The prompt is longer than the model can take.
    ContextLength,
    /// The upstream refuses the content of the prompt or of its answer.
    ContentFilter,
    /// The request itself is wrong; every upstream would say so.
    CallerFault,
    /// The reply is not what the protocol promises: bad JSON, HTML, a redirect, no terminal, nothing at all.
    Malformed,
    /// The client left.
    ClientGone,
}

impl Class {
    /// Every class, in the order of the failure table.
    pub const ALL: [Class; 19] = [
        Class::Network,
        Class::ProxyFailure,
        Class::Tls,
        Class::Overloaded,
        Class::ServerError,
        Class::Silent,
        Class::RateLimit,
        Class::Quota,
        Class::Credential,
        Class::ModelAccess,
        Class::ModelGone,
        Class::RegionBlocked,
        Class::NotOffered,
        Class::Untranslatable,
        Class::ContextLength,
        Class::ContentFilter,
        Class::CallerFault,
        Class::Malformed,
        Class::ClientGone,
    ];

    /// The class in words that follow a channel's name: "deepseek *is out of quota*".
    pub fn words(self) -> &'static str {
        match self {
            Class::Network => "cannot be reached",
            Class::ProxyFailure => "cannot be reached through its network proxy",
            Class::Tls => "has a certificate that cannot be trusted",
            Class::Overloaded => "is overloaded",
            Class::ServerError => "failed on its side",
            Class::Silent => "did not answer in time",
            Class::RateLimit => "is rate limited",
            Class::Quota => "is out of quota",
            Class::Credential => "refused the configured key",
            Class::ModelAccess => "does not let this key use the model",
            Class::ModelGone => "does not serve the model",
            Class::RegionBlocked => "does not serve this region",
            Class::NotOffered => "does not offer this operation",
            Class::Untranslatable => "cannot be asked this in its protocol",
            Class::ContextLength => "finds the prompt too long",
            Class::ContentFilter => "refused the content",
            Class::CallerFault => "refused the request",
            Class::Malformed => "sent a reply that cannot be read",
            Class::ClientGone => "was left by the client",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// How far an attempt had come when it failed; it decides what may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, ts_rs::TS)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing of the request was sent: connecting, proxy, TLS, a refused stream.
    P0,
    /// The request was sent and no reply came: it may have been carried out and billed.
    P1,
    /// The upstream refused: a status that is no success.
    P2,
    /// A 200 came, but only preamble after it.
    P3,
    /// Content has gone to the client: nothing may be sent again.
    P4,
}

/// The part of a request that is to blame for a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blame {
    /// The field in the client's own words, such as `messages[0].content[1]`.
    pub field: String,
    /// The code that programs look at, where there is one for it.
    pub code: Option<&'static str>,
}

/// A failed attempt, as far as decisions and people need to know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The kind of failure.
    pub class: Class,
    /// The upstream's status, where it answered.
    pub status: Option<u16>,
    /// The upstream's own code, such as `insufficient_quota`, where it gave one.
    pub code: Option<String>,
    /// How long the upstream asks to wait, unclamped; see [`crate::retry_after`].
    pub retry_after: Option<Duration>,
    /// How far the attempt had come.
    pub phase: Phase,
    /// A short message for people, without markup and without anything that looks like a key.
    pub message: String,
    /// Whether there was no route or no answer from DNS: the marks of a machine that is offline.
    pub unreachable: bool,
    /// What in the request is to blame, where we know.
    pub blame: Option<Blame>,
    /// Whether it says nothing about answers of the same model: counting tokens has rate limits of its own (Anthropic's
    /// are "separate and independent").
    pub counting_only: bool,
}

impl Failure {
    /// Names a failure that the gateway saw by itself, without an answer from the upstream.
    pub fn new(class: Class, phase: Phase, message: impl Into<String>) -> Failure {
        Failure {
            class,
            status: None,
            code: None,
            retry_after: None,
            phase,
            message: message.into(),
            unreachable: false,
            blame: None,
            counting_only: false,
        }
    }

    /// Says what in the request is to blame.
    #[must_use]
    pub fn blaming(mut self, blame: Blame) -> Failure {
        self.blame = Some(blame);
        self
    }

    /// Marks a failure that had no route or no answer from DNS.
    #[must_use]
    pub fn without_a_route(mut self) -> Failure {
        self.unreachable = true;
        self
    }

    /// Tells whether the upstream may have carried out and billed the request although it failed.
    pub fn maybe_billed(&self) -> bool {
        match self.phase {
            Phase::P0 | Phase::P2 => false,
            Phase::P1 | Phase::P3 | Phase::P4 => true,
        }
    }
}

/// What became of an attempt, told at the *end* of the answer, not at its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The whole answer was delivered.
    Served {
        /// From dispatch to the first content-bearing event or, for a whole reply, its end. For the record; what
        /// timers learn from is told by [`crate::Pool::first_content`].
        first_content: Option<Duration>,
        /// What the upstream says it used.
        usage: Option<Usage>,
    },
    /// It failed and nothing more will be tried for this request. Before the commit point, use
    /// [`crate::Pool::settle_failed`] instead, which also says what to do next.
    Failed(Failure),
    /// The client left. Says nothing about the channel.
    Cancelled,
}
