//! Whom the commands talk to, and what they tell him.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::Value;

use crate::bed::{Bed, Serving};

/// Holds a port, answers every request the same way and returns what it was sent.
fn stranger(answer: &'static str) -> (String, thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let seen = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 4096];
        let length = stream.read(&mut request).unwrap();
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        String::from_utf8_lossy(&request[..length]).into_owned()
    });
    (port, seen)
}

#[test]
fn whoever_holds_the_demos_port_gets_no_token() {
    let bed = Bed::new();
    let (port, seen) = stranger(r#"{"service": "another"}"#);

    let output =
        bed.command(&["status"]).env("PORT", &port).env("SLUICE_ADMIN_TOKEN", "mine-alone").output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("no gateway runs"), "{said}");
    let seen = seen.join().unwrap().to_ascii_lowercase();
    assert!(seen.starts_with("get / ") && !seen.contains("authorization"), "{seen}");
}

#[test]
fn every_reading_command_finds_the_demo_and_a_new_channel_goes_into_the_home() {
    let bed = Bed::new();
    let serving = Serving::start(bed.command(&["serve", "--demo", "--listen", "127.0.0.1:0"]));
    assert!(serving.banner.contains("sluice-admin-demo"), "{}", serving.banner);
    let port = serving.address.port().to_string();
    let says = |arguments: &[&str]| {
        let output = bed.command(arguments).env("PORT", &port).output().unwrap();
        String::from_utf8(if output.status.success() { output.stdout } else { output.stderr }).unwrap()
    };

    assert!(says(&["why"]).contains("no request has been made yet"), "{}", says(&["why"]));
    assert!(says(&["channels"]).contains("steady"));
    assert!(says(&["route", "demo"]).contains("flaky"));
    assert!(says(&["test", "steady"]).contains("first token"));
    let added = says(&["channels", "add", "mine", "--type", "openai", "--key-env", "NO_SUCH_VARIABLE"]);
    assert!(added.contains("no default model"), "{added}");
    assert!(bed.config_text().contains("mine"));
}

#[test]
fn the_announced_address_is_the_homes_own_however_it_is_given() {
    let bed = Bed::new();
    let serving = bed.serve(&["--listen", "127.0.0.1:0"]);
    let bare = serving.address.to_string();
    assert!(bed.says(&["status", "--url", &bare]).contains(&bare));
}

#[test]
fn a_failure_is_json_for_whoever_reads_json() {
    let bed = Bed::new();
    for (arguments, code) in
        [(&["channels", "disable", "none", "--json"][..], "not_found"), (&["frobnicate", "--json"], "usage")]
    {
        let output = bed.run(arguments);
        let failure: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(failure["error"]["code"], code, "{failure}");
        assert!(!failure["error"]["message"].as_str().unwrap().is_empty());
    }
}
