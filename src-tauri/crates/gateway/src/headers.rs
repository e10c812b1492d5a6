//! Which headers pass: to the upstream everything but what is ours or the connection's, back only what is listed.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Families of request headers that never reach an upstream.
const KEPT_BACK_FAMILIES: &[&str] = &["sec-fetch-", "x-forwarded-", "x-sluice-"];

/// Families of response headers that reach the client.
const PASSED_BACK_FAMILIES: &[&str] =
    &["anthropic-", "openai-", "ratelimit-", "x-codex-", "x-goog-", "x-ms-", "x-ratelimit-"];

/// The client's headers that an upstream may see, in their order, repeated lines included.
pub(crate) fn to_upstream(client: &HeaderMap, room: usize) -> HeaderMap {
    let named = named_by_connection(client);
    let mut passed = HeaderMap::with_capacity(client.len() + room);
    for (name, value) in client {
        if !kept_back(name) && !named.iter().any(|other| other.eq_ignore_ascii_case(name.as_str())) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// The client's headers that mean something to an upstream of another protocol: who asks.
pub(crate) fn to_foreign_upstream(client: &HeaderMap) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(6);
    if let Some(agent) = client.get(header::USER_AGENT) {
        passed.insert(header::USER_AGENT, agent.clone());
    }
    passed
}

/// What an upstream of another protocol says that its client may see: when to come again, and its id of the request under
/// a name that no client takes for its own protocol's.
pub(crate) fn to_foreign_client(upstream: &HeaderMap, content_type: &'static str) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(8);
    passed.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    if let Some(seconds) = upstream.get(header::RETRY_AFTER) {
        passed.insert(header::RETRY_AFTER, seconds.clone());
    }
    if let Some(id) = upstream.get("x-request-id").or_else(|| upstream.get("request-id")) {
        passed.insert(HeaderName::from_static("x-sluice-upstream-request-id"), id.clone());
    }
    passed
}

/// The upstream's headers that a client may see.
pub(crate) fn to_client(upstream: &HeaderMap) -> HeaderMap {
    let named = named_by_connection(upstream);
    let mut passed = HeaderMap::with_capacity(upstream.len() + 8);
    for (name, value) in upstream {
        if passed_back(name) && !named.iter().any(|other| other.eq_ignore_ascii_case(name.as_str())) {
            passed.append(name, value.clone());
        }
    }
    passed
}

/// The size of a head as it travelled, near enough to bound it.
pub(crate) fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// Makes a header value of any text: what is not visible ASCII stands percent-encoded in UTF-8.
pub(crate) fn visible(text: &str) -> HeaderValue {
    if text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'%') {
        return HeaderValue::from_str(text).expect("visible ASCII is a valid header value");
    }
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    HeaderValue::from_str(&encoded).expect("percent-encoded text is a valid header value")
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// Request headers that never reach an upstream: credentials and places of the client, hop-by-hop headers
/// (RFC 9110 §7.6.1), and those that describe a body or an encoding which the gateway itself decides.
fn kept_back(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(
        name,
        "accept-encoding"
            | "api-key"
            | "authorization"
            | "connection"
            | "content-encoding"
            | "content-length"
            | "cookie"
            | "expect"
            | "forwarded"
            | "host"
            | "keep-alive"
            | "origin"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "referer"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "via"
            | "x-api-key"
            | "x-goog-api-key"
            | "x-real-ip"
    ) || KEPT_BACK_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Response headers that reach the client.
fn passed_back(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(
        name,
        "cf-ray"
            | "content-language"
            | "content-type"
            | "request-id"
            | "retry-after"
            | "retry-after-ms"
            | "x-models-etag"
            | "x-reasoning-included"
            | "x-request-id"
            | "x-should-retry"
    ) || PASSED_BACK_FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Names listed in `Connection` belong to the connection and go no further (RFC 9110 §7.6.1).
fn named_by_connection(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn map(rows: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in rows {
            map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn an_upstream_sees_no_credential_and_no_place_of_the_client() {
        let client = map(&[
            ("authorization", "Bearer ours"),
            ("x-api-key", "ours"),
            ("x-goog-api-key", "ours"),
            ("cookie", "a=b"),
            ("origin", "http://evil.example"),
            ("referer", "http://evil.example/page"),
            ("host", "127.0.0.1:7584"),
            ("x-forwarded-for", "10.0.0.1"),
            ("sec-fetch-mode", "cors"),
            ("connection", "keep-alive, x-private"),
            ("x-private", "1"),
            ("user-agent", "claude-cli/2.1"),
        ]);
        let passed = to_upstream(&client, 0);
        assert_eq!(passed, map(&[("user-agent", "claude-cli/2.1")]));
    }

    /// P003.
    #[test]
    fn repeated_beta_lines_reach_the_upstream_in_their_order() {
        let client = map(&[("anthropic-beta", "a-2026-01-01,b-2026-02-02"), ("anthropic-beta", "c")]);
        let passed = to_upstream(&client, 0);
        let values: Vec<_> = passed.get_all("anthropic-beta").iter().collect();
        assert_eq!(values, ["a-2026-01-01,b-2026-02-02", "c"]);
    }

    #[test]
    fn a_client_sees_rate_limits_and_ids_but_no_cookie_and_no_cors() {
        let upstream = map(&[
            ("content-type", "application/json"),
            ("request-id", "req_1"),
            ("anthropic-ratelimit-requests-remaining", "3"),
            ("x-ratelimit-reset-requests", "1s"),
            ("set-cookie", "a=b"),
            ("access-control-allow-origin", "*"),
            ("strict-transport-security", "max-age=1"),
            ("server", "nginx"),
        ]);
        let names: Vec<_> = to_client(&upstream).keys().map(|name| name.as_str().to_owned()).collect();
        assert_eq!(
            names,
            [
                "content-type",
                "request-id",
                "anthropic-ratelimit-requests-remaining",
                "x-ratelimit-reset-requests"
            ]
        );
    }

    #[test]
    fn a_name_outside_visible_ascii_stands_percent_encoded() {
        assert_eq!(visible("deepseek-chat"), "deepseek-chat");
        assert_eq!(visible("渠道 1%"), "%E6%B8%A0%E9%81%93%201%25");
    }
}
