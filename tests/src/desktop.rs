//! The desktop application without a person: in a session with a display and a window manager of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use crate::programs::{Running, build, free_port, place, program};
use crate::session::{Session, output};
use crate::tray::Panel;
use crate::{until, until_async};

/// A desktop session. Everything in it ends when it is dropped.
pub struct Desktop {
    /// Its folders, its bus and, where a test starts one, its keyring.
    pub session: Session,
    /// Where the gateway will listen.
    pub addr: SocketAddr,
    display: String,
    text_scale: &'static str,
    _window_manager: Running,
    _display: Running,
    _turn: Turn,
}

/// How many desktops there are at once, however many tests the machine runs at once: each has an application with a
/// browser in it, and more of them than that only make each other late.
const DESKTOPS_MAX: usize = 2;

/// The right to be one of [`DESKTOPS_MAX`] desktops; given back when dropped.
struct Turn;

static TURNS: Mutex<usize> = Mutex::new(DESKTOPS_MAX);
static TURN_GIVEN_BACK: Condvar = Condvar::new();

impl Turn {
    fn take() -> Turn {
        let turns = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = TURN_GIVEN_BACK.wait_while(turns, |turns| *turns == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TURNS.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        TURN_GIVEN_BACK.notify_one();
    }
}

/// The client key of every desktop.
pub const CLIENT_KEY: &str = "sk-sluice-of-the-desktop";

impl Desktop {
    /// A desktop whose gateway finds this configuration (`config.toml`, without its version and port).
    ///
    /// Waits where [`DESKTOPS_MAX`] others are there already.
    pub fn start(config: &str) -> Desktop {
        let turn = Turn::take();
        let session = Session::start();
        let addr = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let head = format!("version = 1\n[server]\nport = {}\nlisten = [\"127.0.0.1\"]\n", addr.port());
        std::fs::create_dir(session.home.path().join("sluice")).unwrap();
        place(&session.home.path().join("sluice"), "config.toml", &format!("{head}{config}"));
        let (server, number) = display();
        let display = format!(":{number}");
        let manager = program(&["openbox"], "openbox");
        let window_manager = Running::start(session.command(manager).env("DISPLAY", &display));
        Desktop {
            session,
            addr,
            display,
            text_scale: "1",
            _window_manager: window_manager,
            _display: server,
            _turn: turn,
        }
    }

    /// Lets the user have chosen larger text for the whole system, such as `1.5`; for applications started from now on.
    #[must_use]
    pub fn with_text_scaled(mut self, by: &'static str) -> Desktop {
        self.text_scale = by;
        self
    }

    /// Puts a panel with a tray on the session's bus.
    pub async fn panel(&self) -> Panel {
        Panel::start(self.session.bus_address()).await
    }

    /// The application, as it was built, with the session's environment and nothing of the test's own.
    pub fn command(&self) -> Command {
        self.command_of(application())
    }

    /// Another program with the application's environment.
    pub fn command_of(&self, program: impl AsRef<Path>) -> Command {
        let mut command = self.session.command(program);
        command
            .env("SLUICE_HOME", self.session.home.path().join("sluice"))
            .env("SLUICE_KEY", CLIENT_KEY)
            .env("DISPLAY", &self.display)
            .env("LANG", "C.UTF-8")
            .env("GDK_BACKEND", "x11")
            // What the desktop's own setting ends up in, the resolution of text, GTK multiplies with this.
            .env("GDK_DPI_SCALE", self.text_scale)
            .env("NO_AT_BRIDGE", "1");
        command
    }

    /// Starts the application.
    pub fn start_application(&self, arguments: &[&str]) -> Application {
        let mut command = self.command();
        let [out, err] = ["stdout", "stderr"].map(|name| {
            let file =
                std::fs::File::options().create(true).append(true).open(self.session.home.path().join(name));
            file.unwrap()
        });
        command.args(arguments).stdin(Stdio::null()).stdout(out).stderr(err);
        let child = command.spawn().unwrap();
        Application { child, log: self.session.home.path().join("stderr") }
    }

    /// The titles of the windows on the display.
    pub fn windows(&self) -> Vec<String> {
        let found = self.xdotool(&["search", "--onlyvisible", "--name", ".+", "getwindowname", "%@"]);
        found.lines().map(str::to_owned).collect()
    }

    /// Closes the application's window with the keys that close any window, and waits until it is gone.
    pub async fn close_window(&self) {
        self.window_is(true).await;
        until("the window to close", || {
            let shown = self.is_window_shown();
            if shown {
                // The window manager may not know the window yet; then the keys go nowhere.
                self.xdotool(&["search", "--onlyvisible", "--name", "^Sluice$", "windowactivate"]);
                self.xdotool(&["key", "alt+F4"]);
            }
            (!shown).then_some(())
        })
        .await;
    }

    /// Presses a key where the focus is, whatever has it.
    pub fn presses(&self, key: &str) {
        self.xdotool(&["key", key]);
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        output(self.tool("xdotool", "xdotool").args(arguments))
    }

    /// A program of the test's own that sees this display.
    pub(crate) fn tool(&self, name: &str, package: &str) -> Command {
        let mut command = Command::new(program(&[name], package));
        command.env("DISPLAY", &self.display);
        command
    }

    fn is_window_shown(&self) -> bool {
        self.windows().iter().any(|title| title == "Sluice")
    }

    /// The configuration as it stands in the file now.
    pub fn config(&self) -> String {
        std::fs::read_to_string(self.session.home.path().join("sluice/config.toml")).unwrap()
    }

    /// Waits until the application's log says this.
    pub async fn logs(&self, words: &str) {
        let folder = self.session.home.path().join("sluice/logs");
        until_async(words, async || {
            let files = std::fs::read_dir(&folder).ok()?;
            let said = |file: std::io::Result<std::fs::DirEntry>| {
                std::fs::read_to_string(file.unwrap().path()).is_ok_and(|log| log.contains(words))
            };
            files.into_iter().any(said).then_some(())
        })
        .await;
    }

    /// Writes the configuration as an editor does: beside the file, then in its place.
    pub fn write_config(&self, text: &str) {
        let folder = self.session.home.path().join("sluice");
        let written = place(&folder, "config.toml.edited", text);
        std::fs::rename(written, folder.join("config.toml")).unwrap();
    }

    /// The application's process, whoever started it.
    pub fn process(&self) -> Option<u32> {
        let home = format!("SLUICE_HOME={}", self.session.home.path().join("sluice").display());
        let is_application = |process: &Path| {
            let environment = std::fs::read(process.join("environ")).unwrap_or_default();
            let program = std::fs::read_link(process.join("exe")).unwrap_or_default();
            program.ends_with("sluice-desktop") && String::from_utf8_lossy(&environment).contains(&home)
        };
        let all = std::fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
        let found = all.into_iter().find(|process| is_application(process))?;
        found.file_name()?.to_str()?.parse().ok()
    }

    /// Waits until the application's window is shown, or gone.
    pub async fn window_is(&self, shown: bool) {
        let what = if shown { "the window to be shown" } else { "the window to be gone" };
        until(what, || (self.is_window_shown() == shown).then_some(())).await;
    }
}

/// The application, while it runs.
pub struct Application {
    child: Child,
    log: std::path::PathBuf,
}

impl Application {
    /// What it has written to standard error so far.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has written this to standard error.
    pub async fn has_said(&self, words: &str) {
        until(words, || self.said().contains(words).then_some(())).await;
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        assert!(signal(self.child.id(), name), "the application has ended before: {}", self.said());
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits until it listens there.
    pub async fn listens(&mut self, addr: SocketAddr) {
        until("the application to listen", || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the application ended: {}", self.said());
            std::net::TcpStream::connect(addr).ok()
        })
        .await;
    }

    /// Waits until it has ended by itself.
    pub async fn ends(mut self) -> ExitStatus {
        until("the application to end", || self.child.try_wait().unwrap()).await
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Sends a process a signal by name, and tells whether it was there.
pub(crate) fn signal(process: u32, name: &str) -> bool {
    let sent = Command::new("kill").args([&format!("-{name}"), &process.to_string()]).status();
    sent.unwrap().success()
}

/// The `sluice-desktop` binary of this build, built first where it is missing or older than its sources.
pub fn application() -> &'static Path {
    static BUILT: OnceLock<std::path::PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("sluice-desktop"))
}

/// Starts a display on a number that is free.
fn display() -> (Running, u32) {
    let server = program(&["Xvfb"], "xvfb");
    let mut command = Command::new(server);
    command.args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]);
    let (running, line) = Running::telling(&mut command);
    (running, line.parse().unwrap())
}
