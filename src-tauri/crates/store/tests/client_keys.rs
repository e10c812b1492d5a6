//! Clients with keys of their own: made, recognised, copied, switched off, taken away.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;

use secrecy::ExposeSecret;
use store::{
    ClientKeyFault, ClientKeys, ConfigFile, Environment, Home, Origin, Overrides, VAULT_PASSPHRASE_VARIABLE,
    Vault, VaultFault,
};

struct Bed {
    _folder: tempfile::TempDir,
    home: Home,
    config: ConfigFile,
    keys: ClientKeys,
}

fn bed(vault: impl FnOnce(&Home) -> Vault) -> Bed {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    home.prepare().unwrap();
    let environment = Environment::fixed([]);
    let vault = vault(&home);
    let origin = Origin::Native(home.clone());
    let config = ConfigFile::open(origin, environment.clone(), Overrides::default(), vault).unwrap();
    let keys = ClientKeys::open(&home, &environment, &config).unwrap();
    Bed { _folder: folder, home, config, keys }
}

fn file_vault(home: &Home) -> Vault {
    Vault::open(home, &Environment::fixed([(VAULT_PASSPHRASE_VARIABLE, "passphrase of the test")]))
}

fn names(list: &[store::ClientKey]) -> Vec<&str> {
    list.iter().map(|client| &*client.name).collect()
}

#[tokio::test]
async fn each_client_is_known_by_its_own_key_until_that_is_taken_away() {
    let Bed { _folder, home, config, keys } = bed(file_vault);

    let laptop = keys.add(" laptop ").await.unwrap();
    let phone = keys.add("phone").await.unwrap();

    let own = keys.own().expose_secret().to_owned();
    assert_eq!(keys.accepts(laptop.expose_secret()).as_deref(), Some("laptop"));
    assert_eq!(keys.accepts(phone.expose_secret()).as_deref(), Some("phone"));
    assert_eq!(keys.accepts(&own).as_deref(), Some("default"));
    assert_eq!(keys.accepts("sk-sluice-other"), None);
    let list = keys.list().await;
    assert_eq!(names(&list), ["default", "laptop", "phone"]);
    assert!(list[1].created.is_some() && list[1].text.is_some() && list[1].kept.is_none());
    assert_eq!(keys.text_of("laptop").await.unwrap().expose_secret(), laptop.expose_secret());
    let text = fs::read_to_string(home.config()).unwrap();
    assert!(!text.contains(laptop.expose_secret()), "the file holds the hash only: {text}");

    keys.set_enabled("laptop", false).await.unwrap();
    assert_eq!(keys.accepts(laptop.expose_secret()), None);
    keys.set_enabled("laptop", true).await.unwrap();
    assert_eq!(keys.accepts(laptop.expose_secret()).as_deref(), Some("laptop"));

    config.edit(|text| config::edit::remove_client(text, "laptop").map(|removal| removal.text)).unwrap();
    assert_eq!(keys.accepts(laptop.expose_secret()), None);
    assert_eq!(names(&keys.list().await), ["default", "phone"]);
    assert!(matches!(keys.set_enabled("laptop", true).await, Err(ClientKeyFault::Unknown(_))));
}

#[tokio::test]
async fn a_name_is_free_and_sensible_and_the_first_key_is_changed_where_it_is_kept() {
    let Bed { _folder, keys, .. } = bed(file_vault);
    keys.add("laptop").await.unwrap();
    for name in ["", "  ", "default", "a\nb", &"x".repeat(65)] {
        assert!(matches!(keys.add(name).await, Err(ClientKeyFault::BadName)), "{name:?}");
    }
    assert!(matches!(keys.add("laptop").await, Err(ClientKeyFault::Edit(_))));
    assert!(matches!(keys.set_enabled("default", false).await, Err(ClientKeyFault::Default(_))));
}

#[tokio::test]
async fn without_a_vault_no_key_is_made() {
    let Bed { _folder, keys, .. } = bed(|_| Vault::none());
    assert!(matches!(keys.add("laptop").await, Err(ClientKeyFault::Vault(VaultFault::Missing))));
    assert_eq!(names(&keys.list().await), ["default"], "a key that is not kept is not made");
}
