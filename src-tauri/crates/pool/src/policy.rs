//! The failure table: what each class of failure brings with it.

use wire::errors::Kind;

use crate::failure::{Class, Phase};

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// Whether the same cell is asked once more.
    pub again: Again,
    /// Who is asked next.
    pub next: Next,
    /// What gets no traffic for a while.
    pub benches: Benches,
    /// Whose words the client reads if nothing is left.
    pub words: Words,
    /// The kind of error the client sees, if the words are ours.
    pub kind: Kind,
    /// The status the client sees, if the words are ours.
    pub status: u16,
    /// The code the client sees, where clients act on one.
    pub code: Option<&'static str>,
    /// Whether the client may try again soon.
    pub should_retry: bool,
}

/// Whether the same cell is asked once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// No.
    Never,
    /// If no other cell could serve and nothing was sent yet.
    IfAlone,
    /// After a short pause, which keeps the prompt cache, if nothing was sent to the client.
    AfterPause,
    /// After the time that the upstream names, if that is short.
    AfterWait,
}

/// Who is asked next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nobody: the request itself is at fault, or nobody waits for an answer.
    Nobody,
    /// The next cell of the route.
    Route,
    /// The channel's next key, then the next cell of the route.
    KeyThenRoute,
}

/// What gets no traffic for a while. Breakers open after a row of failures; holds begin at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benches {
    /// Nothing.
    Nothing,
    /// The network proxy's breaker.
    Proxy,
    /// The channel's breaker.
    Channel,
    /// The breaker of key × model; the channel's counts it too.
    Cell,
    /// A hold on key × model.
    Model,
    /// A hold on the key.
    Key,
}

/// Whose words the client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// Ours.
    Ours,
    /// The upstream's own, where no other cell was tried; ours otherwise.
    TheirsIfOnly,
    /// The upstream's own.
    Theirs,
}

/// Looks a class up in the failure table.
pub fn policy(class: Class) -> Policy {
    let upstream = Policy {
        again: Again::Never,
        next: Next::Route,
        benches: Benches::Cell,
        words: Words::Ours,
        kind: Kind::Upstream,
        status: 502,
        code: None,
        should_retry: true,
    };
    let no_such_model = Policy {
        benches: Benches::Model,
        kind: Kind::NotFound,
        status: 404,
        code: Some("model_not_found"),
        should_retry: false,
        ..upstream
    };
    let caller = Policy {
        next: Next::Nobody,
        benches: Benches::Nothing,
        words: Words::Theirs,
        kind: Kind::InvalidRequest,
        status: 400,
        should_retry: false,
        ..upstream
    };
    match class {
        Class::Network => Policy { again: Again::IfAlone, benches: Benches::Channel, ..upstream },
        Class::ProxyFailure => Policy { again: Again::IfAlone, benches: Benches::Proxy, ..upstream },
        Class::Tls => Policy { benches: Benches::Channel, should_retry: false, ..upstream },
        Class::Overloaded => Policy {
            again: Again::AfterPause,
            words: Words::TheirsIfOnly,
            kind: Kind::Overloaded,
            status: 503,
            ..upstream
        },
        Class::ServerError => Policy { again: Again::AfterPause, words: Words::TheirsIfOnly, ..upstream },
        Class::Silent => Policy { kind: Kind::Timeout, status: 504, ..upstream },
        Class::RateLimit => Policy {
            again: Again::AfterWait,
            next: Next::KeyThenRoute,
            benches: Benches::Model,
            words: Words::TheirsIfOnly,
            kind: Kind::RateLimit,
            status: 429,
            ..upstream
        },
        Class::Quota => Policy {
            next: Next::KeyThenRoute,
            benches: Benches::Key,
            kind: Kind::RateLimit,
            status: 429,
            code: Some("insufficient_quota"),
            should_retry: false,
            ..upstream
        },
        Class::Credential => {
            Policy { next: Next::KeyThenRoute, benches: Benches::Key, should_retry: false, ..upstream }
        }
        Class::ModelAccess | Class::ModelGone | Class::RegionBlocked => no_such_model,
        Class::NotOffered => Policy {
            benches: Benches::Nothing,
            kind: Kind::NotSupported,
            status: 501,
            code: Some("not_supported"),
            should_retry: false,
            ..upstream
        },
        Class::Untranslatable => Policy {
            benches: Benches::Nothing,
            kind: Kind::InvalidRequest,
            status: 400,
            code: Some("unsupported_value"),
            should_retry: false,
            ..upstream
        },
        Class::ContextLength => {
            Policy { kind: Kind::ContextLength, code: Some("context_length_exceeded"), ..caller }
        }
        Class::ContentFilter => Policy { code: Some("content_filter"), ..caller },
        Class::CallerFault => caller,
        Class::Malformed => upstream,
        Class::ClientGone => Policy { words: Words::Ours, ..caller },
    }
}

/// Tells whether a failed attempt may have cost tokens, as against one that was refused fast or never sent.
pub(crate) fn may_have_cost(class: Class, phase: Phase) -> bool {
    if class == Class::NotOffered {
        return false;
    }
    match (phase, policy(class).benches) {
        (Phase::P0, _) => false,
        (Phase::P1 | Phase::P2 | Phase::P3 | Phase::P4, Benches::Model | Benches::Key) => false,
        (
            Phase::P1 | Phase::P2 | Phase::P3 | Phase::P4,
            Benches::Nothing | Benches::Proxy | Benches::Channel | Benches::Cell,
        ) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_says_what_routing_says() {
        use Again::{AfterPause, AfterWait, IfAlone, Never};
        use Benches::{Cell, Channel, Key, Model, Nothing, Proxy};
        use Next::{KeyThenRoute, Nobody, Route};
        use Words::{Ours, Theirs, TheirsIfOnly};
        let rows = [
            (Class::Network, IfAlone, Route, Channel, Ours, 502, true),
            (Class::ProxyFailure, IfAlone, Route, Proxy, Ours, 502, true),
            (Class::Tls, Never, Route, Channel, Ours, 502, false),
            (Class::Overloaded, AfterPause, Route, Cell, TheirsIfOnly, 503, true),
            (Class::ServerError, AfterPause, Route, Cell, TheirsIfOnly, 502, true),
            (Class::Silent, Never, Route, Cell, Ours, 504, true),
            (Class::RateLimit, AfterWait, KeyThenRoute, Model, TheirsIfOnly, 429, true),
            (Class::Quota, Never, KeyThenRoute, Key, Ours, 429, false),
            (Class::Credential, Never, KeyThenRoute, Key, Ours, 502, false),
            (Class::ModelAccess, Never, Route, Model, Ours, 404, false),
            (Class::ModelGone, Never, Route, Model, Ours, 404, false),
            (Class::RegionBlocked, Never, Route, Model, Ours, 404, false),
            (Class::NotOffered, Never, Route, Nothing, Ours, 501, false),
            (Class::Untranslatable, Never, Route, Nothing, Ours, 400, false),
            (Class::ContextLength, Never, Nobody, Nothing, Theirs, 400, false),
            (Class::ContentFilter, Never, Nobody, Nothing, Theirs, 400, false),
            (Class::CallerFault, Never, Nobody, Nothing, Theirs, 400, false),
            (Class::Malformed, Never, Route, Cell, Ours, 502, true),
            (Class::ClientGone, Never, Nobody, Nothing, Ours, 400, false),
        ];
        assert_eq!(rows.map(|row| row.0), Class::ALL);
        for (class, again, next, benches, words, status, should_retry) in rows {
            let row = policy(class);
            let found = (row.again, row.next, row.benches, row.words, row.status, row.should_retry);
            assert_eq!(found, (again, next, benches, words, status, should_retry), "{class:?}");
        }
    }

    #[test]
    fn no_failure_of_a_channel_s_key_reaches_the_client_as_401() {
        assert!(Class::ALL.iter().all(|&class| policy(class).status != 401));
    }
}
