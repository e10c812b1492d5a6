//! A private session as far as secrets go: folders and a bus of its own, and a keyring that a test starts, locks,
//! unlocks and ends.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt as _;
use zbus::MessageStream;
use zbus::message::Type;
use zbus::zvariant::OwnedObjectPath;

use crate::programs::{Running, place, program};
use crate::{until, until_async};

/// The name on the bus that every keyring has.
const SECRET_SERVICE: &str = "org.freedesktop.secrets";

/// The password of every keyring here.
const PASSWORD: &[u8] = b"test-password";

/// A bus on which nothing starts by itself, so that a service is there only when a test has started it.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:tmpdir=/tmp</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// Folders and a bus. Everything in it ends when it is dropped.
pub struct Session {
    /// Every folder of the session's user.
    pub home: tempfile::TempDir,
    bus_address: String,
    _bus: Running,
}

impl Session {
    /// Starts a session without a keyring.
    pub fn start() -> Session {
        let home = tempfile::tempdir().unwrap();
        for folder in ["config", "data", "cache", "state", "run"] {
            make_private(&home.path().join(folder));
        }
        let configuration = place(home.path(), "bus.conf", BUS);
        let mut command = Command::new(program(&["dbus-daemon"], "dbus-daemon"));
        command.arg("--config-file").arg(configuration).args(["--nofork", "--nopidfile", "--print-address"]);
        let (bus, bus_address) = Running::telling(&mut command);
        Session { home, bus_address, _bus: bus }
    }

    /// Where the bus listens.
    pub fn bus_address(&self) -> &str {
        &self.bus_address
    }

    /// The variables by which a program finds this session's folders and bus.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let folder = |name: &str| self.home.path().join(name).display().to_string();
        vec![
            ("HOME", self.home.path().display().to_string()),
            ("XDG_CONFIG_HOME", folder("config")),
            ("XDG_DATA_HOME", folder("data")),
            ("XDG_CACHE_HOME", folder("cache")),
            ("XDG_STATE_HOME", folder("state")),
            ("XDG_RUNTIME_DIR", folder("run")),
            ("DBUS_SESSION_BUS_ADDRESS", self.bus_address.clone()),
        ]
    }

    /// A program in this session; of the test's own environment it sees only the search path.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.environment());
        command
    }

    /// Starts the keyring, unlocked as after a login. It keeps its content from one start to the next.
    pub async fn keyring(&self) -> Keyring {
        let keyring = self.keyring_daemon(|daemon| Running::fed(daemon.arg("--unlock"), PASSWORD));
        self.has_owner(SECRET_SERVICE).await;
        keyring
    }

    /// Starts the keyring, locked. It must have been started unlocked before, which makes it.
    pub async fn locked_keyring(&self) -> Keyring {
        let keyring = self.keyring_daemon(Running::start);
        self.has_owner(SECRET_SERVICE).await;
        keyring
    }

    /// What the keyring keeps under an account of ours, as another program sees it: the entry's text, or nothing.
    pub fn kept(&self, account: &str) -> String {
        let tool = program(&["secret-tool"], "libsecret-tools");
        output(self.command(tool).args(["lookup", "service", "Sluice", "username", account]))
    }

    /// A connection of the test's own to the bus.
    pub async fn bus(&self) -> zbus::Connection {
        connect(&self.bus_address).await
    }

    /// Takes the part of the desktop's prompt, with a person who refuses whatever they are asked.
    pub async fn refusing_person(&self) -> Person {
        let bus = self.bus().await;
        bus.request_name("org.gnome.keyring.SystemPrompter").await.unwrap();
        let person = Person { asked: Arc::default() };
        let asked = Arc::clone(&person.asked);
        let mut calls = MessageStream::from(&bus);
        tokio::spawn(async move {
            while let Some(Ok(call)) = calls.next().await {
                if call.message_type() == Type::MethodCall {
                    asked.fetch_add(1, Ordering::Relaxed);
                    let refusal = "org.freedesktop.DBus.Error.Failed";
                    bus.reply_error(&call.header(), refusal, &("refused",)).await.unwrap();
                }
            }
        });
        person
    }

    fn keyring_daemon(&self, start: impl FnOnce(&mut Command) -> Running) -> Keyring {
        let daemon = program(&["gnome-keyring-daemon"], "gnome-keyring");
        let mut command = self.command(daemon);
        command.args(["--foreground", "--components=secrets"]);
        let control = self.home.path().join("run/keyring/control");
        // A daemon that ended leaves its socket behind, which would look like the new one's.
        drop(std::fs::remove_file(&control));
        Keyring { daemon: start(&mut command), control, bus_address: self.bus_address.clone() }
    }

    /// Waits until somebody owns a name on the bus.
    pub async fn has_owner(&self, name: &'static str) {
        let bus = self.bus().await;
        let names = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
        until_async(name, async || {
            names.name_has_owner(name.try_into().unwrap()).await.unwrap().then_some(())
        })
        .await;
    }
}

/// A running gnome-keyring. Dropped, it ends, and what it kept stays in the session's folders.
pub struct Keyring {
    daemon: Running,
    control: std::path::PathBuf,
    bus_address: String,
}

impl Keyring {
    /// Unlocks it as a login does: by the password, on the daemon's own socket, with nobody being asked.
    pub async fn unlock(&self) {
        until("the keyring's socket", || self.control.exists().then_some(())).await;
        let mut socket = UnixStream::connect(&self.control).unwrap();
        let number = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
        // The protocol of pam_gnome_keyring: one byte that carries the credentials, then length, operation, password.
        let unlock = [&number(1)[..], &number(PASSWORD.len()), PASSWORD].concat();
        socket.write_all(b"\0").unwrap();
        socket.write_all(&[&number(unlock.len() + 4)[..], &unlock].concat()).unwrap();
        let mut reply = [0; 8];
        socket.read_exact(&mut reply).unwrap();
        assert_eq!(reply, [0, 0, 0, 8, 0, 0, 0, 0], "the keyring refuses its password");
    }

    /// Locks it as a desktop's user can.
    pub async fn lock(&self) {
        let bus = connect(&self.bus_address).await;
        let service = zbus::Proxy::new(
            &bus,
            SECRET_SERVICE,
            "/org/freedesktop/secrets",
            "org.freedesktop.Secret.Service",
        )
        .await
        .unwrap();
        let collection: OwnedObjectPath = service.call("ReadAlias", &("default",)).await.unwrap();
        let (locked, _prompt): (Vec<OwnedObjectPath>, OwnedObjectPath) =
            service.call("Lock", &(vec![&collection],)).await.unwrap();
        assert_eq!(locked, [collection]);
    }

    /// Ends it, and waits until the bus has noticed.
    pub async fn end(self) {
        drop(self.daemon);
        let bus = connect(&self.bus_address).await;
        let names = zbus::fdo::DBusProxy::new(&bus).await.unwrap();
        until_async("the keyring's name to be free", async || {
            let is_owned = names.name_has_owner(SECRET_SERVICE.try_into().unwrap()).await.unwrap();
            (!is_owned).then_some(())
        })
        .await;
    }
}

/// Somebody whom the keyring may ask for its password.
pub struct Person {
    asked: Arc<AtomicUsize>,
}

impl Person {
    /// How often they were asked so far.
    pub fn times_asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn connect(bus_address: &str) -> zbus::Connection {
    zbus::connection::Builder::address(bus_address).unwrap().build().await.unwrap()
}

/// Runs a program to its end and returns what it printed.
pub fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn make_private(folder: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir(folder).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).unwrap();
}
