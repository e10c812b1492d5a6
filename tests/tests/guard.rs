//! Who may speak to the gateway: every Host, Origin and credential that a page, a program or a mistake can send.

use rstest::rstest;
use sluice_tests::bed::{self, Bed, KEY};
use sluice_tests::http::{Exchange, Request};
use sluice_tests::rescue;
use sluice_tests::speech::{self, Speech};
use sluice_tests::upstream::Upstream;

struct Guarded {
    bed: Bed,
    upstream: Upstream,
}

async fn guarded(server: &str) -> Guarded {
    let speech = chat();
    let upstream = rescue::healthy(speech, false).await;
    let config = bed::two(speech, upstream.addr, upstream.addr) + server;
    Guarded { bed: Bed::start(&config).await, upstream }
}

fn chat() -> &'static Speech {
    &speech::ALL[0]
}

/// How a request presents itself.
const AUTH: [(&str, Option<(&str, &str)>); 4] = [
    ("no key", None),
    ("our key", Some(("authorization", "Bearer sk-sluice-test"))),
    ("our key elsewhere", Some(("x-api-key", "sk-sluice-test"))),
    ("a wrong key", Some(("authorization", "Bearer sk-wrong"))),
];

fn asking(auth: Option<(&str, &str)>) -> Request {
    let request = chat().request(false);
    auth.map_or(request.clone(), |(name, value)| request.header(name, value))
}

#[tokio::test]
async fn thirty_host_values_with_four_ways_to_authenticate() {
    let Guarded { bed, upstream } = guarded("").await;
    let port = bed.addr.port();
    let ours = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LOCALHOST:{port}"),
        format!("LocalHost:{port}"),
        format!("[::1]:{port}"),
    ];
    let foreign = [
        "127.0.0.1".to_owned(),
        "localhost".to_owned(),
        "[::1]".to_owned(),
        "127.0.0.1:80".to_owned(),
        format!("127.0.0.1:{}", port.wrapping_add(1)),
        format!("127.0.0.2:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f000001:{port}"),
        format!("localhost.:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("evil.localhost:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("evil.example:{port}"),
        format!("user@127.0.0.1:{port}"),
        format!("127.0.0.1:{port}@evil.example"),
        format!("127.0.0.1:{port}, evil.example"),
        format!("127.0.0.1:0{port}"),
        format!("http://127.0.0.1:{port}"),
        format!("host.docker.internal:{port}"),
        "null".to_owned(),
        String::new(),
    ];
    assert_eq!(ours.len() + foreign.len(), 30);
    for (auth, header) in AUTH {
        for host in &ours {
            let reply = bed.send(&asking(header).header("host", host)).await;
            let expected = if auth.starts_with("our key") { 200 } else { 401 };
            assert_eq!(reply.status, expected, "{host:?}, {auth}: {}", reply.text());
        }
        let before = upstream.requests();
        for host in &foreign {
            let reply = bed.send(&asking(header).header("host", host)).await;
            // A Host that is no host at all may already fail as bad HTTP.
            assert!(matches!(reply.status, 421 | 400), "{host:?}, {auth}: {} {}", reply.status, reply.text());
        }
        assert_eq!(upstream.requests(), before, "{auth}");
    }
}

#[tokio::test]
async fn no_host_two_hosts_and_a_foreign_target_are_refused() {
    let Guarded { bed, upstream } = guarded("").await;
    let ours = format!("127.0.0.1:{}", bed.addr.port());
    let body = chat().ask(false);
    let requests = [
        asking(AUTH[1].1).without_host(),
        asking(AUTH[1].1).header("host", &ours).header("host", &ours),
        asking(AUTH[1].1).header("host", "evil.example").header("host", &ours),
        Request::post("http://evil.example/v1/chat/completions", body.as_str())
            .bearer(KEY)
            .header("host", &ours),
    ];
    for request in requests {
        let reply = bed.send(&request).await;
        assert!(matches!(reply.status, 421 | 400), "{request:?}: {}", reply.status);
    }
    assert_eq!(upstream.requests(), 0);
}

#[rstest]
#[case::evil("origin", "https://evil.example")]
#[case::null("origin", "null")]
#[case::empty("origin", "")]
#[case::the_gateway_itself("origin", "http://127.0.0.1:7584")]
#[case::another_local_page("origin", "http://localhost:3000")]
#[case::extension("origin", "chrome-extension://abcdef")]
#[case::no_cors_get("sec-fetch-site", "cross-site")]
#[case::same_site("sec-fetch-site", "same-site")]
#[case::nonsense("sec-fetch-site", "whatever")]
#[tokio::test]
async fn a_request_of_a_page_is_refused_even_with_the_key(#[case] name: &str, #[case] value: &str) {
    let Guarded { bed, upstream } = guarded("").await;
    for path in ["/v1/chat/completions", "/v1/messages", "/v1beta/models/m:generateContent", "/v1/embeddings"]
    {
        // What a page may send without asking first: a POST of text/plain.
        let request = Request::plain("POST", path)
            .header("content-type", "text/plain")
            .header("content-length", "2")
            .header(name, value)
            .bearer(KEY);
        let mut exchange = Exchange::start(bed.addr, &request).await;
        exchange.say(b"{}").await;
        let reply = exchange.finish().await;
        assert_eq!(reply.status, 403, "{path}");
        has_no_cors(&reply);
    }
    for path in ["/", "/health", "/status", "/v1/models", "/v1/status", "/nowhere", "/api/overview"] {
        let reply = bed.send(&Request::get(path).header(name, value).bearer(KEY)).await;
        assert_eq!(reply.status, 403, "{path}");
        has_no_cors(&reply);
    }
    assert_eq!(upstream.requests(), 0);
}

#[rstest]
#[case::typed_into_the_address_bar("none")]
#[case::same_origin("same-origin")]
#[tokio::test]
async fn a_person_who_types_the_address_gets_an_answer(#[case] site: &str) {
    let Guarded { bed, upstream: _upstream } = guarded("").await;
    let reply = bed.send(&Request::get("/health").header("sec-fetch-site", site)).await;
    assert_eq!(reply.status, 200);
}

fn has_no_cors(reply: &sluice_tests::http::Reply) {
    let cors = reply.headers.iter().find(|(name, _)| name.starts_with("access-control"));
    assert_eq!(cors, None);
}

#[tokio::test]
async fn a_preflight_is_refused_without_any_cors_header() {
    let Guarded { bed, upstream: _upstream } = guarded("").await;
    for path in ["/v1/messages", "/health", "/nowhere"] {
        let preflight = Request::plain("OPTIONS", path)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-private-network", "true");
        let reply = bed.send(&preflight).await;
        assert_eq!(reply.status, 403, "{path}");
        has_no_cors(&reply);
    }
}

#[tokio::test]
async fn a_listed_origin_gets_its_exact_permission_and_still_needs_the_key() {
    let server = "[server]\nallowed_origins = [\"http://localhost:3000\"]\n";
    let Guarded { bed, upstream: _upstream } = guarded(server).await;
    let origin = "http://localhost:3000";
    let preflight = Request::plain("OPTIONS", "/v1/messages")
        .header("origin", origin)
        .header("access-control-request-method", "POST");
    let reply = bed.send(&preflight).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
    assert_eq!(reply.header("access-control-allow-private-network"), None);
    let asked = bed.send(&asking(AUTH[1].1).header("origin", origin)).await;
    assert_eq!((asked.status, asked.header("access-control-allow-origin")), (200, Some(origin)));
    assert_eq!(bed.send(&asking(None).header("origin", origin)).await.status, 401);
    for near in ["http://localhost:3001", "https://localhost:3000", "http://localhost:3000.evil.example"] {
        assert_eq!(bed.send(&asking(AUTH[1].1).header("origin", near)).await.status, 403, "{near}");
    }
}

#[tokio::test]
async fn an_allowed_host_is_served_and_its_neighbours_are_not() {
    let Guarded { bed, upstream: _upstream } =
        guarded("[server]\nallowed_hosts = [\"host.docker.internal\"]\n").await;
    let port = bed.addr.port();
    for (host, expected) in [
        (format!("host.docker.internal:{port}"), 200),
        (format!("evil.host.docker.internal:{port}"), 421),
        (format!("host.docker.internal.evil.example:{port}"), 421),
    ] {
        assert_eq!(bed.send(&asking(AUTH[1].1).header("host", &host)).await.status, expected, "{host}");
    }
}

/// P177.
#[tokio::test]
async fn an_upgrade_with_a_foreign_origin_is_refused_and_without_one_told_to_use_http() {
    let Guarded { bed, upstream: _upstream } = guarded("").await;
    let upgrade = |path: &str| {
        Request::get(path)
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .bearer(KEY)
    };
    for path in ["/v1/responses", "/v1/realtime", "/"] {
        let reply = bed.send(&upgrade(path).header("origin", "https://evil.example")).await;
        assert_eq!(reply.status, 403, "{path}");
    }
    assert_eq!(bed.send(&upgrade("/v1/responses")).await.status, 426);
}

/// P174, P186.
#[tokio::test]
async fn the_client_key_counts_in_every_form_that_clients_use() {
    let Guarded { bed, upstream: _upstream } = guarded("").await;
    let accepted = [
        ("authorization", format!("Bearer {KEY}")),
        ("authorization", format!("bearer {KEY}")),
        ("Authorization", format!("BEARER  {KEY}")),
        ("x-api-key", KEY.to_owned()),
        ("x-goog-api-key", KEY.to_owned()),
    ];
    for (name, value) in accepted {
        assert_eq!(
            bed.send(&Request::get("/v1/models").header(name, &value)).await.status,
            200,
            "{name}: {value}"
        );
    }
    assert_eq!(bed.send(&Request::get(&format!("/v1beta/models?key={KEY}"))).await.status, 200);
    let refused = [
        ("authorization", KEY.to_owned()),
        ("authorization", format!("Basic {KEY}")),
        ("authorization", format!("Bearer {KEY}x")),
        ("authorization", "Bearer ".to_owned()),
        ("x-api-key", String::new()),
        ("cookie", format!("key={KEY}")),
    ];
    for (name, value) in refused {
        let reply = bed.send(&Request::get("/v1/models").header(name, &value)).await;
        assert_eq!(reply.status, 401, "{name}: {value}");
        // Claude Code would otherwise ask again for three minutes.
        assert_eq!(reply.header("x-should-retry"), Some("false"));
        assert!(!reply.text().contains(KEY), "{}", reply.text());
    }
}

#[tokio::test]
async fn any_key_may_be_allowed_but_pages_stay_out() {
    let Guarded { bed, upstream: _upstream } = guarded("[server]\nclient_keys = \"any\"\n").await;
    assert_eq!(bed.send(&asking(None)).await.status, 200);
    assert_eq!(bed.send(&asking(Some(("x-api-key", "whatever")))).await.status, 200);
    assert_eq!(bed.send(&asking(None).header("origin", "https://evil.example")).await.status, 403);
    assert_eq!(bed.send(&asking(None).header("host", "evil.example")).await.status, 421);
}

#[tokio::test]
async fn nothing_in_a_request_moves_its_destination_or_its_key() {
    let elsewhere = rescue::healthy(chat(), false).await;
    let Guarded { bed, upstream } = guarded("").await;
    let away = format!("http://{}", elsewhere.addr);
    let body = format!(
        r#"{{"model":"m","messages":[],"api_base":"{away}","base_url":"{away}","api_key":"sk-x","custom_llm_provider":"x"}}"#
    );
    let request = Request::post("/v1/chat/completions", body)
        .bearer(KEY)
        .header("x-forwarded-host", &elsewhere.addr.to_string())
        .header("forwarded", &format!("host={}", elsewhere.addr))
        .header("x-original-url", &away)
        .header("x-base-url", &away)
        .header("proxy-authorization", "Basic eA==")
        .header("cookie", "a=b")
        .header("referer", &away);
    assert_eq!(bed.send(&request).await.status, 200);
    let received = &upstream.received()[0];
    assert_eq!(received.header("host"), Some(upstream.addr.to_string()));
    assert_eq!(received.header("authorization").as_deref(), Some("Bearer sk-a"));
    for name in ["x-forwarded-host", "forwarded", "proxy-authorization", "cookie", "referer"] {
        assert_eq!(received.header(name), None, "{name}");
    }
    assert_eq!(elsewhere.connections(), 0);
}
