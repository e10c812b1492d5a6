//! Client keys and the admin token.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use rstest::rstest;
use secrecy::ExposeSecret;
use store::{AdminToken, ClientKeys, ConfigFile, Environment, Home, Kept, Origin, Overrides, Vault};

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    home.prepare().unwrap();
    (folder, home)
}

fn config(text: &str) -> ConfigFile {
    let origin = Origin::Memory(text.to_owned());
    ConfigFile::open(origin, Environment::fixed([]), Overrides::default(), Vault::none()).unwrap()
}

#[test]
fn a_key_is_made_once_and_kept_privately() {
    let (_folder, home) = home();
    let file = config("version = 1\n");
    let open = || ClientKeys::open(&home, &Environment::fixed([]), &file).unwrap();

    let first = open();
    let key = first.own().expose_secret().to_owned();

    assert!(key.starts_with("sk-sluice-") && key.len() == 10 + 64, "256 bits in hexadecimal");
    assert!(
        first.accepts(&key).is_some() && open().accepts(&key).is_some(),
        "the second start reads the same key"
    );
    assert_eq!(first.kept(), &Kept::File(home.client_key()));
    assert_eq!(fs::read_to_string(home.client_key()).unwrap().trim(), key);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(home.client_key()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[rstest]
#[case::the_variable("sk-mine", true)]
#[case::longer("sk-mine2", false)]
#[case::shorter("sk-min", false)]
#[case::other_case("SK-MINE", false)]
#[case::empty("", false)]
fn the_variable_is_the_key_and_no_file_is_made(#[case] presented: &str, #[case] accepted: bool) {
    let (_folder, home) = home();
    let environment = Environment::fixed([("SLUICE_KEY", "sk-mine")]);
    let keys = ClientKeys::open(&home, &environment, &config("version = 1\n")).unwrap();
    assert_eq!(keys.accepts(presented).as_deref(), accepted.then_some("default"));
    assert!(!home.client_key().exists());
}

#[test]
fn an_admin_token_of_any_length_may_be_given_and_a_client_key_is_none() {
    let (_folder, home) = home();
    let given = AdminToken::open(&home, &Environment::fixed([("SLUICE_ADMIN_TOKEN", "x")])).unwrap();
    assert!(given.accepts("x") && !given.accepts(""));
    assert!(!home.admin_token().exists());

    assert!(AdminToken::find(&home, &Environment::fixed([])).is_none(), "looking makes none");
    let made = AdminToken::open(&home, &Environment::fixed([])).unwrap();
    let found = AdminToken::find(&home, &Environment::fixed([])).unwrap();
    assert!(made.accepts(found.secret().expose_secret()));
    assert_eq!(found.kept(), &Kept::File(home.admin_token()));
}
