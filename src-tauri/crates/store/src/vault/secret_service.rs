//! What the Secret Service tells beyond reading and writing: whether it is there, whether it is locked, and its prompt.
//!
//! The keyring crates unlock whatever they touch, which asks a person each time. Here a look comes first that asks nobody.
//! Names are those of the Secret Service API 0.2 (freedesktop.org).

use std::collections::HashMap;

use zbus::blocking::{Connection, Proxy};
use zbus::zvariant::{OwnedObjectPath, Value};

use super::keychain::Standing;
use super::words::Availability;

const BUS_NAME: &str = "org.freedesktop.secrets";
const SERVICE_PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
/// The alias of the collection that new entries go to.
const DEFAULT: &str = "default";
/// What the service says in place of an object.
const NO_OBJECT: &str = "/";

/// Tells how the service stands. Asks no person.
pub(super) fn look() -> Standing {
    match standing() {
        Ok(standing) => standing,
        Err(error) => missing(&error),
    }
}

/// Has the service unlock the default collection, or make it where there is none. The service may ask a person.
pub(super) fn unlock() -> Result<(), Standing> {
    match try_unlock() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Standing::of(Availability::Denied, "the prompt was dismissed")),
        Err(error) => Err(missing(&error)),
    }
}

fn standing() -> zbus::Result<Standing> {
    let bus = Connection::session()?;
    let Some(collection) = default_collection(&service(&bus)?)? else {
        return Ok(Standing::of(Availability::Locked, "there is no keyring yet; unlocking makes one"));
    };
    let collection = Proxy::new(&bus, BUS_NAME, collection, COLLECTION)?;
    let is_locked: bool = collection.get_property("Locked")?;
    if is_locked {
        Ok(Standing::of(Availability::Locked, "the keyring is locked"))
    } else {
        Ok(Standing::ready())
    }
}

/// Tells whether the collection is unlocked now; `false` where a person, or the lack of one, refused.
fn try_unlock() -> zbus::Result<bool> {
    let bus = Connection::session()?;
    let service = service(&bus)?;
    let prompt: OwnedObjectPath = match default_collection(&service)? {
        Some(collection) => {
            let (_unlocked, prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
                service.call("Unlock", &(vec![collection],))?;
            prompt
        }
        None => {
            let properties =
                HashMap::from([("org.freedesktop.Secret.Collection.Label", Value::from("Login"))]);
            let (_collection, prompt): (OwnedObjectPath, OwnedObjectPath) =
                service.call("CreateCollection", &(properties, DEFAULT))?;
            prompt
        }
    };
    if prompt.as_str() == NO_OBJECT { Ok(true) } else { ask(&bus, prompt) }
}

/// Shows a prompt and waits for its end; `true` unless it was dismissed.
fn ask(bus: &Connection, prompt: OwnedObjectPath) -> zbus::Result<bool> {
    let prompt = Proxy::new(bus, BUS_NAME, prompt, PROMPT)?;
    // Listened to before the prompt shows, so that no quick answer is lost.
    let mut completed = prompt.receive_signal("Completed")?;
    // No window of ours is named: the service may be asked while there is none.
    prompt.call_method("Prompt", &(String::new(),))?;
    let Some(end) = completed.next() else { return Ok(false) };
    let (dismissed, _result): (bool, zbus::zvariant::OwnedValue) = end.body().deserialize()?;
    Ok(!dismissed)
}

fn service(bus: &Connection) -> zbus::Result<Proxy<'_>> {
    Proxy::new(bus, BUS_NAME, SERVICE_PATH, SERVICE)
}

fn default_collection(service: &Proxy<'_>) -> zbus::Result<Option<OwnedObjectPath>> {
    let path: OwnedObjectPath = service.call("ReadAlias", &(DEFAULT,))?;
    Ok((path.as_str() != NO_OBJECT).then_some(path))
}

fn missing(error: &zbus::Error) -> Standing {
    Standing::of(Availability::Missing, format!("no Secret Service answers on the session bus: {error}"))
}
