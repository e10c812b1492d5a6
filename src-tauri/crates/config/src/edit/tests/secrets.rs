//! Secrets in plain text become references to the vault.

use secrecy::ExposeSecret;

use super::super::{plain_secrets, to_vault};
use super::document;
use crate::secret::SecretId;

const TEXT: &str = concat!(
    "server.api_key = \"sk-server\" # ours\n",
    "# mine\n",
    "[[channel]]\n",
    "id = \"one\"\n",
    "name = \"a\"\n",
    "key = 'sk-a'   # the key\n",
    "proxy = { host = \"h\", port = 1, password = \"pw-a\" }\n",
    "[[channel]]\n",
    "id = \"two\"\n",
    "name = \"b\"\n",
    "keys = [\n",
    "  \"sk-b1\", # first\n",
    "  \"sk-b2\",\n",
    "  { name = \"three\", key = \"sk-b3\", enabled = false },\n",
    "  { env = \"B\" },\n",
    "]\n",
    "[[channel]]\n",
    "id = \"three\"\n",
    "name = \"c\"\n",
    "[[channel.keys]]\n",
    "key = \"sk-c\" # with a header\n",
    "[[proxy]]\n",
    "name = \"office\"\n",
    "host = \"h\"\n",
    "port = 1\n",
    "password = \"pw-office\"\n",
);

const IN_VAULT: &str = concat!(
    "server.api_key = { vault = true } # ours\n",
    "# mine\n",
    "[[channel]]\n",
    "id = \"one\"\n",
    "name = \"a\"\n",
    "key = { vault = true }   # the key\n",
    "proxy = { host = \"h\", port = 1, password = { vault = true } }\n",
    "[[channel]]\n",
    "id = \"two\"\n",
    "name = \"b\"\n",
    "keys = [\n",
    "  { name = \"default\", vault = true }, # first\n",
    "  { name = \"key 2\", vault = true },\n",
    "  { name = \"three\", vault = true, enabled = false },\n",
    "  { env = \"B\" },\n",
    "]\n",
    "[[channel]]\n",
    "id = \"three\"\n",
    "name = \"c\"\n",
    "[[channel.keys]]\n",
    "name = \"default\"\n",
    "vault = true # with a header\n",
    "[[proxy]]\n",
    "name = \"office\"\n",
    "host = \"h\"\n",
    "port = 1\n",
    "password = { vault = true }\n",
);

#[test]
fn every_plain_secret_is_found_by_the_name_that_the_vault_gives_it() {
    let found = plain_secrets(&document(TEXT));
    let told: Vec<String> =
        found.iter().map(|plain| format!("{}={}", plain.id, plain.secret.expose_secret())).collect();
    assert_eq!(
        told,
        [
            "channel/one/key/default=sk-a",
            "channel/one/proxy=pw-a",
            "channel/two/key/default=sk-b1",
            "channel/two/key/key 2=sk-b2",
            "channel/two/key/three=sk-b3",
            "channel/three/key/default=sk-c",
            "proxy/office=pw-office",
            "server/api_key=sk-server",
        ]
    );
    assert!(plain_secrets(&document(IN_VAULT)).is_empty());
}

#[test]
fn a_reference_takes_the_place_of_the_secret_and_of_nothing_else() {
    let all: Vec<SecretId> = plain_secrets(&document(TEXT)).into_iter().map(|plain| plain.id).collect();
    assert_eq!(to_vault(TEXT, &all).unwrap(), IN_VAULT);
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    assert_eq!(to_vault(&windows(TEXT), &all).unwrap(), windows(IN_VAULT));
    let one = SecretId::ChannelKey { channel_id: "one".to_owned(), key: "default".to_owned() };
    assert_eq!(to_vault(TEXT, &[one]).unwrap(), TEXT.replace("'sk-a'", "{ vault = true }"));
    assert_eq!(to_vault(IN_VAULT, &all).unwrap(), IN_VAULT, "what is a reference already stays");
}
