//! Proxies and clients come, go and change.

use super::super::{EditError, Subject, put_client, put_proxy, remove_client, remove_proxy, restore};
use super::{document, env};
use crate::document::{ClientEntry, ProxyEntry, SecretRef};
use crate::proxy::ProxyScheme;

const TEXT: &str = concat!(
    "[[channel]]\n",
    "name = \"a\"\n",
    "proxy = \"office\" # by the office\n",
    "\n",
    "# downstairs\n",
    "[[proxy]]\n",
    "name = \"office\" # ours\n",
    "type = \"socks5\"\n",
    "host = \"10.0.0.1\"\n",
    "port = 7890\n",
    "password = \"plain\" # old\n",
    "\n",
    "[[client]]\n",
    "name = \"editor\"\n",
    "key_hash = \"ab\" # of the key\n",
    "rpm = 5\n",
);

fn office() -> ProxyEntry {
    document(TEXT).proxy[0].clone()
}

#[test]
fn a_proxy_comes_behind_the_others() {
    let new = ProxyEntry {
        name: "home".to_owned(),
        scheme: Some(ProxyScheme::Http),
        host: "h".to_owned(),
        port: 3128,
        username: Some("u".to_owned()),
        password: Some(SecretRef::Vault),
        no_proxy: vec!["localhost".to_owned()],
    };
    let added = put_proxy(TEXT, None, &new).unwrap();
    let block = concat!(
        "[[proxy]]\n",
        "name = \"home\"\n",
        "type = \"http\"\n",
        "host = \"h\"\n",
        "port = 3128\n",
        "username = \"u\"\n",
        "password = { vault = true }\n",
        "no_proxy = [\"localhost\"]\n",
        "\n",
    );
    assert_eq!(added, TEXT.replace("[[client]]", &format!("{block}[[client]]")));
}

#[test]
fn a_renamed_proxy_takes_its_channels_along() {
    let renamed =
        put_proxy(TEXT, Some("office"), &ProxyEntry { name: "work".to_owned(), ..office() }).unwrap();
    assert_eq!(renamed, TEXT.replace("\"office\"", "\"work\""));
}

#[test]
fn a_proxy_changes_where_it_stands() {
    let changed =
        put_proxy(TEXT, Some("office"), &ProxyEntry { password: Some(env("P")), port: 1, ..office() });
    let expected = TEXT.replace("\"plain\"", "{ env = \"P\" }").replace("7890", "1");
    assert_eq!(changed.unwrap(), expected);
    let without = put_proxy(TEXT, Some("office"), &ProxyEntry { password: None, ..office() }).unwrap();
    assert_eq!(without, TEXT.replace("password = \"plain\" # old\n", ""));
    assert_eq!(put_proxy(TEXT, Some("office"), &office()).unwrap(), TEXT);
    let plain = ProxyEntry { password: Some(SecretRef::Literal("new".into())), ..office() };
    assert_eq!(put_proxy(TEXT, Some("office"), &plain), Err(EditError::PlainSecret));
}

#[test]
fn a_proxy_in_use_stays() {
    let in_use =
        EditError::InUse { what: Subject::Proxy, name: "office".to_owned(), by: vec!["a".to_owned()] };
    assert_eq!(remove_proxy(TEXT, "office").unwrap_err(), in_use);
    let free = TEXT.replace("proxy = \"office\" # by the office\n", "");
    let removal = remove_proxy(&free, "office").unwrap();
    assert!(document(&removal.text).proxy.is_empty());
    assert_eq!(restore(&removal.text, &removal.removed).unwrap(), free);
}

#[test]
fn a_client_keeps_the_limits_that_no_form_shows() {
    let entry = ClientEntry { enabled: Some(false), rpm: None, ..document(TEXT).client[0].clone() };
    let off = put_client(TEXT, Some("editor"), &entry).unwrap();
    assert_eq!(off, format!("{TEXT}enabled = false\n"));
    let new = ClientEntry { name: "agent".to_owned(), ..entry };
    let added = put_client(TEXT, None, &new).unwrap();
    let block = "\n[[client]]\nname = \"agent\"\nkey_hash = \"ab\"\nenabled = false\n";
    assert_eq!(added, format!("{TEXT}{block}"));
    assert_eq!(remove_client(&added, "agent").unwrap().text, TEXT);
    let taken = EditError::NameTaken { what: Subject::Client, name: "editor".to_owned() };
    assert_eq!(
        put_client(&added, Some("agent"), &ClientEntry { name: "editor".to_owned(), ..new }),
        Err(taken)
    );
}
