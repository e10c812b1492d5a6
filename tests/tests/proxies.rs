//! Channels behind real network proxies: tinyproxy, stunnel in front of it, microsocks, and a few that misbehave.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::net::{IpAddr, SocketAddr};
use std::process::Command;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use gateway::Timers;
use pool::{Class, Phase};
use sluice_tests::bed::{self, Bed, Channel, KEY, Wishes};
use sluice_tests::programs::{Running, Served, free_port, listening, place, program};
use sluice_tests::rescue;
use sluice_tests::speech::{self, Speech};
use sluice_tests::tls::{Authority, Flaw};
use sluice_tests::upstream::{self, Step, Upstream, response};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

const PASSWORD: &str = "sk-proxy";

fn chat() -> &'static Speech {
    &speech::ALL[0]
}

/// An upstream on this machine's own address, because loopback targets never go through a proxy.
async fn outside() -> Upstream {
    let script = vec![Step::Read, Step::Send(rescue::good(chat(), false))];
    let upstream = Upstream::listen(&format!("{}:0", own_address()), None, vec![script]).await;
    assert!(!upstream.addr.ip().is_loopback());
    upstream
}

/// This machine's address towards the world. Connecting a datagram socket sends nothing.
fn own_address() -> IpAddr {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    socket.connect("192.0.2.1:9").expect("this machine needs an address besides loopback");
    socket.local_addr().unwrap().ip()
}

/// A channel `a` behind a proxy, and with `b` a direct one.
fn behind(kind: &str, port: u16, user: Option<&str>, a: SocketAddr, b: Option<SocketAddr>) -> String {
    let login = user.map_or(String::new(), |user| {
        format!(", username = \"{user}\", password = {{ env = \"KEY_proxy\" }}")
    });
    let more = format!("proxy = {{ type = \"{kind}\", host = \"127.0.0.1\", port = {port}{login} }}");
    let mut channels = vec![Channel { name: "a", addr: a, priority: 1, more: &more }];
    channels.extend(b.map(|addr| Channel { name: "b", addr, priority: 2, more: "" }));
    bed::listing(&bed::channels(chat(), &channels))
}

fn tinyproxy(login: Option<&str>) -> (Running, u16, tempfile::TempDir) {
    let (port, folder) = (free_port(), tempfile::tempdir().unwrap());
    let login = login.map_or(String::new(), |user| format!("BasicAuth {user} {PASSWORD}\n"));
    let config = format!(
        "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nViaProxyName \"tinyproxy\"\n{login}"
    );
    let file = place(folder.path(), "tinyproxy.conf", &config);
    let running =
        Running::start(Command::new(program(&["tinyproxy"], "tinyproxy")).arg("-d").arg("-c").arg(file));
    (running, port, folder)
}

fn microsocks(login: Option<&str>) -> (Running, u16) {
    let port = free_port();
    let mut command = Command::new(program(&["microsocks"], "microsocks"));
    command.args(["-i", "127.0.0.1", "-p", &port.to_string()]);
    if let Some(user) = login {
        command.args(["-u", user, "-P", PASSWORD]);
    }
    (Running::start(&mut command), port)
}

async fn ready(port: u16) {
    listening(SocketAddr::from(([127, 0, 0, 1], port))).await;
}

async fn is_served_by_a(config: &str) {
    let bed = Bed::start(config).await;
    let reply = bed.ask(chat(), false).await;
    rescue::is_complete("through the proxy", chat(), false, &reply);
    assert_eq!((reply.header("x-sluice-channel"), reply.attempts()), (Some("a"), 1));
}

/// The proxy refuses; the client gets the direct channel's answer, and the trace blames the proxy.
async fn is_rescued_from_the_proxy(label: &str, config: &str) {
    blames(label, config, Class::ProxyFailure).await;
}

/// The first channel cannot be reached; the client gets the second's answer, and the trace blames this.
async fn blames(label: &str, config: &str, class: Class) {
    let wishes = Wishes::default();
    let timers = Timers { connect: wishes.timers.connect / 3, ..wishes.timers };
    let bed = Bed::with(config, Wishes { timers, ..wishes }).await;
    let reply = bed.ask(chat(), false).await;
    rescue::is_complete(label, chat(), false, &reply);
    assert_eq!(reply.header("x-sluice-channel"), Some("b"), "{label}");
    let trace = bed.trace(&reply).await;
    let failed = &trace.attempts[0];
    assert_eq!((failed.class, failed.phase), (Some(class), Some(Phase::P0)), "{label}: {:?}", failed.error);
    let words = failed.error.as_deref().unwrap();
    assert!(words.contains("network proxy"), "{label}: {words}");
    assert!(!words.contains(PASSWORD), "{label}: {words}");
}

#[tokio::test]
async fn an_http_proxy_carries_the_request() {
    let (upstream, (_proxy, port, _folder)) = (outside().await, tinyproxy(None));
    ready(port).await;
    is_served_by_a(&behind("http", port, None, upstream.addr, None)).await;
    let via = upstream.received()[0].header("via");
    assert!(via.as_deref().is_some_and(|via| via.contains("tinyproxy")), "{via:?}");
}

#[tokio::test]
async fn an_http_proxy_with_a_password_carries_the_request_and_the_upstream_never_sees_it() {
    let (upstream, (_proxy, port, _folder)) = (outside().await, tinyproxy(Some("user")));
    ready(port).await;
    is_served_by_a(&behind("http", port, Some("user"), upstream.addr, None)).await;
    assert_eq!(upstream.received()[0].header("proxy-authorization"), None);
}

#[tokio::test]
async fn a_wrong_user_of_an_http_proxy_is_the_proxys_failure() {
    let (upstream, (_proxy, port, _folder)) = (outside().await, tinyproxy(Some("user")));
    ready(port).await;
    let b = rescue::healthy(chat(), false).await;
    for user in [Some("other"), None] {
        // An https target is reached by CONNECT, whose refusal is no answer of the upstream.
        let config =
            behind("http", port, user, upstream.addr, Some(b.addr)).replacen("http://", "https://", 1);
        is_rescued_from_the_proxy("CONNECT", &config).await;
    }
    is_rescued_from_the_proxy("407", &behind("http", port, None, upstream.addr, Some(b.addr))).await;
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn an_https_proxy_carries_the_request_and_is_itself_checked() {
    let (upstream, (_tinyproxy, inner, _folder)) = (outside().await, tinyproxy(Some("user")));
    ready(inner).await;
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let trusted = place(folder.path(), "authority.pem", &authority.pem());
    let (certificate, key) = authority.issue(Flaw::None);
    place(folder.path(), "proxy.pem", &(certificate + &key));
    let port = free_port();
    let config = format!(
        "foreground = yes\npid =\n[proxy]\naccept = 127.0.0.1:{port}\nconnect = 127.0.0.1:{inner}\ncert = {}\n",
        folder.path().join("proxy.pem").display()
    );
    let file = place(folder.path(), "stunnel.conf", &config);
    let _stunnel = Running::start(Command::new(program(&["stunnel4", "stunnel"], "stunnel4")).arg(file));
    ready(port).await;

    let config = behind("https", port, Some("user"), upstream.addr, None);
    let variables = [("SLUICE_KEY", KEY), ("KEY_a", "sk-a"), ("KEY_proxy", PASSWORD)];
    let trusting = [&variables[..], &[("SSL_CERT_FILE", trusted.to_str().unwrap())]].concat();
    let served = Served::start(&config, &trusting).await;
    let request = chat().request(false).bearer(KEY);
    let reply = sluice_tests::http::send(served.addr, &request).await;
    rescue::is_complete("through TLS", chat(), false, &reply);
    assert_eq!(upstream.requests(), 1);

    let mistrusting = Served::start(&config, &variables).await;
    let reply = sluice_tests::http::send(mistrusting.addr, &request).await;
    assert_eq!(reply.status, 502, "{}", reply.text());
    assert_eq!(upstream.requests(), 1, "nothing is sent through a proxy that cannot prove who it is");
}

#[tokio::test]
async fn a_socks_proxy_carries_the_request_with_and_without_a_login() {
    for login in [None, Some("user")] {
        let (upstream, (_proxy, port)) = (outside().await, microsocks(login));
        ready(port).await;
        is_served_by_a(&behind("socks5", port, login, upstream.addr, None)).await;
        assert_eq!(upstream.requests(), 1);
    }
}

#[tokio::test]
async fn a_wrong_login_of_a_socks_proxy_is_the_proxys_failure() {
    let (upstream, (_proxy, port)) = (outside().await, microsocks(Some("user")));
    ready(port).await;
    let b = rescue::healthy(chat(), false).await;
    for user in [Some("other"), None] {
        is_rescued_from_the_proxy("login", &behind("socks5", port, user, upstream.addr, Some(b.addr))).await;
    }
    assert_eq!(upstream.requests(), 0);
}

#[tokio::test]
async fn a_socks_proxy_is_given_the_name_and_resolves_it_itself() {
    for kind in ["socks5", "socks5h"] {
        let upstream = rescue::healthy(chat(), false).await;
        let (port, mut asked) = recording_socks(upstream.addr).await;
        let config = behind(kind, port, None, upstream.addr, None)
            .replace(&upstream.addr.to_string(), "models.example.invalid");
        is_served_by_a(&config).await;
        let expected = Target { kind: 3, host: b"models.example.invalid".to_vec(), port: 80 };
        assert_eq!(asked.recv().await, Some(expected), "{kind}");
    }
}

/// Where a SOCKS client asked to be connected to: address type (3 is a name), host as sent, port.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    kind: u8,
    host: Vec<u8>,
    port: u16,
}

/// A SOCKS5 server (RFC 1928) that records what it is asked and always connects to the same upstream.
async fn recording_socks(upstream: SocketAddr) -> (u16, mpsc::UnboundedReceiver<Target>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            sender.send(greet(&mut client, 0).await).unwrap();
            let mut server = TcpStream::connect(upstream).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut client, &mut server).await });
        }
    });
    (port, receiver)
}

/// Plays the server's part up to its reply, which carries `code`.
async fn greet(client: &mut TcpStream, code: u8) -> Target {
    let methods = client.read_u16().await.unwrap() & 0xff;
    client.read_exact(&mut vec![0; methods.into()]).await.unwrap();
    client.write_all(&[5, 0]).await.unwrap();
    let [_version, _connect, _reserved, kind] = client.read_u32().await.unwrap().to_be_bytes();
    let length = match kind {
        1 => 4,
        3 => client.read_u8().await.unwrap(),
        _ => 16,
    };
    let mut host = vec![0; length.into()];
    client.read_exact(&mut host).await.unwrap();
    let port = client.read_u16().await.unwrap();
    client.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
    Target { kind, host, port }
}

#[tokio::test]
async fn a_proxy_that_is_down_is_blamed_and_not_the_channel_and_serves_again_when_it_returns() {
    let (upstream, b) = (outside().await, rescue::healthy(chat(), false).await);
    for kind in ["http", "socks5"] {
        let port = free_port();
        let config = behind(kind, port, None, upstream.addr, Some(b.addr));
        let bed = Bed::start(&config).await;
        let reply = bed.ask(chat(), false).await;
        assert_eq!(reply.header("x-sluice-channel"), Some("b"), "{kind}");
        let trace = bed.trace(&reply).await;
        assert_eq!(
            trace.attempts[0].class,
            Some(Class::ProxyFailure),
            "{kind}: {:?}",
            trace.attempts[0].error
        );
        let _proxy = match kind {
            "http" => {
                let file = tempfile::tempdir().unwrap();
                let config =
                    place(file.path(), "tinyproxy.conf", &format!("Port {port}\nListen 127.0.0.1\n"));
                let running = Running::start(
                    Command::new(program(&["tinyproxy"], "tinyproxy")).arg("-d").arg("-c").arg(config),
                );
                ready(port).await;
                running
            }
            _ => {
                let mut command = Command::new(program(&["microsocks"], "microsocks"));
                let running = Running::start(command.args(["-i", "127.0.0.1", "-p", &port.to_string()]));
                ready(port).await;
                running
            }
        };
        let back = bed.ask(chat(), false).await;
        assert_eq!(
            back.header("x-sluice-channel"),
            Some("a"),
            "{kind}: the first request after the proxy's return"
        );
    }
}

#[tokio::test]
async fn the_status_of_a_refused_connect_tells_whose_fault_it_is() {
    let b = rescue::healthy(chat(), false).await;
    let rows = [
        ("401 Unauthorized", Class::ProxyFailure),
        ("403 Forbidden", Class::ProxyFailure),
        ("407 Proxy Authentication Required", Class::ProxyFailure),
        ("503 Service Unavailable", Class::ProxyFailure),
        ("404 Not Found", Class::Network),
        ("500 Unable to connect", Class::Network),
        ("502 Bad Gateway", Class::Network),
        ("504 Gateway Timeout", Class::Network),
    ];
    for (status, class) in rows {
        let proxy =
            Upstream::always(vec![Step::Read, Step::Send(response(status, "", b"no")), Step::Close]).await;
        let config = unresolved(&behind("http", proxy.addr.port(), Some("user"), b.addr, Some(b.addr)));
        blames(status, &config, class).await;
        let login = format!("Basic {}", BASE64_STANDARD.encode(format!("user:{PASSWORD}")));
        for received in proxy.received() {
            assert!(received.head.starts_with("CONNECT models.example.invalid:443 "), "{status}");
            assert_eq!(received.header("proxy-authorization").as_deref(), Some(&*login), "{status}");
        }
    }
}

/// The same configuration with an https target for channel `a` that only a proxy could know.
fn unresolved(config: &str) -> String {
    let (before, after) = config.split_once("base_url = \"http://").unwrap();
    let (_address, after) = after.split_once('"').unwrap();
    format!("{before}base_url = \"https://models.example.invalid\"{after}")
}

#[tokio::test]
async fn the_reply_of_a_socks_proxy_tells_whose_fault_it_is() {
    let b = rescue::healthy(chat(), false).await;
    // RFC 1928, section 6.
    let rows = [
        (1, Class::ProxyFailure),
        (2, Class::ProxyFailure),
        (3, Class::Network),
        (4, Class::Network),
        (5, Class::Network),
        (6, Class::Network),
        (7, Class::ProxyFailure),
        (8, Class::Network),
    ];
    for (code, class) in rows {
        let port = refusing_socks(code).await;
        let config = unresolved(&behind("socks5", port, None, b.addr, Some(b.addr)));
        blames(&format!("reply {code}"), &config, class).await;
    }
}

/// A SOCKS5 server that answers every request with this code.
async fn refusing_socks(code: u8) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            greet(&mut client, code).await;
        }
    });
    port
}

#[tokio::test]
async fn a_target_that_its_proxy_cannot_reach_is_no_fault_of_the_proxy() {
    let upstream = outside().await;
    let nobody = SocketAddr::new(own_address(), free_port());
    let ((_socks, socks), (_tiny, tiny, _folder)) = (microsocks(None), tinyproxy(None));
    ready(socks).await;
    ready(tiny).await;
    // Only a target behind CONNECT shows an http proxy's own answer.
    for (kind, port, scheme) in [("socks5", socks, "http"), ("http", tiny, "https")] {
        let proxy = "proxy = \"shared\"";
        let config = bed::channels(
            chat(),
            &[
                Channel { name: "a", addr: nobody, priority: 1, more: proxy },
                Channel { name: "b", addr: upstream.addr, priority: 2, more: proxy },
            ],
        )
        .replacen("http://", &format!("{scheme}://"), 1);
        let config = format!(
            "{config}[[proxy]]\nname = \"shared\"\ntype = \"{kind}\"\nhost = \"127.0.0.1\"\nport = {port}\n"
        );
        let bed = Bed::start(&config).await;
        for request in 1..=5 {
            let reply = bed.ask(chat(), false).await;
            rescue::is_complete(kind, chat(), false, &reply);
            assert_eq!(reply.header("x-sluice-channel"), Some("b"), "{kind}, request {request}");
            let trace = bed.trace(&reply).await;
            let failed = trace.attempts.iter().filter(|attempt| &*attempt.channel == "a");
            for failed in failed {
                assert_eq!(
                    (failed.class, failed.phase),
                    (Some(Class::Network), Some(Phase::P0)),
                    "{kind}, request {request}: {:?}",
                    failed.error
                );
            }
        }
        assert_eq!(bed.channel("a")["state"], "benched", "{kind}: only the channel whose target is dead");
        assert_eq!(bed.channel("b")["state"], "healthy", "{kind}");
    }
}

#[tokio::test]
async fn a_connect_timeout_is_the_proxys_failure_only_if_the_proxy_cannot_be_reached() {
    let b = rescue::healthy(chat(), false).await;
    let waiting = Upstream::always(vec![Step::ReadHead, Step::Hold]).await;
    let (hole, _listener, _queue) = upstream::black_hole().await;
    for (label, proxy, class) in [
        ("a proxy that waits for its target", waiting.addr, Class::Network),
        ("a black hole", hole, Class::ProxyFailure),
    ] {
        let config = unresolved(&behind("http", proxy.port(), None, b.addr, Some(b.addr)));
        blames(label, &config, class).await;
    }
}

#[tokio::test]
async fn a_bad_certificate_of_an_https_proxy_is_the_proxys_failure_and_the_targets_own_is_not() {
    let b = rescue::healthy(chat(), false).await;
    let mistrusted = Authority::new();
    let proxy = Upstream::listen("127.0.0.1:0", Some(mistrusted.server(Flaw::None)), vec![vec![]]).await;
    let plain = behind("https", proxy.addr.port(), None, outside().await.addr, Some(b.addr));
    blames("a plain target", &plain, Class::ProxyFailure).await;
    blames("a target behind CONNECT", &unresolved(&plain), Class::ProxyFailure).await;

    let listen = format!("{}:0", own_address());
    let target = Upstream::listen(&listen, Some(mistrusted.server(Flaw::None)), vec![vec![]]).await;
    let (_socks, port) = microsocks(None);
    ready(port).await;
    let config = behind("socks5", port, None, target.addr, Some(b.addr)).replacen("http://", "https://", 1);
    let bed = Bed::start(&config).await;
    let reply = bed.ask(chat(), false).await;
    assert_eq!(bed.trace(&reply).await.attempts[0].class, Some(Class::Tls));
}

#[tokio::test]
async fn a_loopback_target_never_goes_through_a_proxy() {
    let (upstream, proxy) = (rescue::healthy(chat(), false).await, upstream::refusing().await);
    is_served_by_a(&behind("http", proxy.port(), None, upstream.addr, None)).await;
}

/// Tests the proxy of channel `a` as the window does, with the upstream's address as the target.
async fn tested(kind: &str, port: u16, user: Option<&str>, target: SocketAddr) -> gateway::ProxyReport {
    let snapshot = bed::snapshot(&behind(kind, port, user, target, None));
    let config::Hop::Proxy(proxy) = &snapshot.channels[0].hop else { panic!("channel `a` has a proxy") };
    let bed = Bed::start(&behind(kind, port, user, target, None)).await;
    let target = url::Url::parse(&format!("http://{target}/v1")).unwrap();
    bed.gateway.test_proxy(std::sync::Arc::clone(proxy), &target).await
}

fn steps(report: &gateway::ProxyReport) -> Vec<(gateway::ProxyStepName, bool)> {
    report.steps.iter().map(|step| (step.name, step.ok)).collect()
}

#[tokio::test]
async fn a_proxys_test_passes_its_four_steps_over_http_and_socks() {
    use gateway::ProxyStepName::{Auth, Connect, Reach, Resolve};
    let target = outside().await;
    let (_tinyproxy, http, _folder) = tinyproxy(Some("user"));
    let (_microsocks, socks) = microsocks(Some("user"));
    for (kind, port) in [("http", http), ("socks5", socks)] {
        ready(port).await;
        let report = tested(kind, port, Some("user"), target.addr).await;
        let all = [(Resolve, true), (Connect, true), (Auth, true), (Reach, true)];
        assert_eq!(steps(&report), all, "{kind}: {report:?}");
        assert!(report.ok && report.fix_code.is_none(), "{kind}: {report:?}");
    }
}

#[tokio::test]
async fn a_proxys_test_tells_a_refused_login_from_a_closed_port() {
    use gateway::ProxyStepName::{Auth, Connect, Resolve};
    let target = outside().await;
    let (_tinyproxy, port, _folder) = tinyproxy(Some("user"));
    ready(port).await;
    let report = tested("http", port, Some("stranger"), target.addr).await;
    assert_eq!(steps(&report), [(Resolve, true), (Connect, true), (Auth, false)], "{report:?}");
    assert_eq!(report.fix_code, Some(gateway::Fix::CheckProxy));
    let report = tested("http", free_port(), None, target.addr).await;
    assert_eq!(steps(&report), [(Resolve, true), (Connect, false)], "{report:?}");
    assert_eq!(report.fix_code, Some(gateway::Fix::CheckHostAndPort));
}
