//! Other programs that tests run: found, or named with the command that installs them; ended when dropped.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use crate::until;

/// Finds a program. Fails the test with the line that installs it, because a test that skips itself proves nothing.
pub fn program(names: &[&str], package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Debian keeps daemons where an ordinary user's PATH does not look.
    let folders = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")]);
    let found = folders
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!("{names:?} is missing; install it: apt-get install -y --no-install-recommends {package}")
    })
}

/// The `sluice` binary of this build, built first where it is missing or older than its sources.
pub fn sluice() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build("sluice")).clone()
}

/// The folder with the programs of this build, where `make test` has built them. Cargo would build their dependencies a
/// second time, since without the tests other features are asked of them.
const BUILT_VARIABLE: &str = "SLUICE_BUILT";

/// Builds a program of ours, unless that was done, and returns its binary. With the features of the whole workspace, as
/// the tests are built.
pub(crate) fn build(program: &str) -> PathBuf {
    if let Some(folder) = std::env::var_os(BUILT_VARIABLE) {
        return PathBuf::from(folder).join(program);
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built =
        Command::new(cargo).args(["build", "--quiet", "--workspace", "--bin", program]).status().unwrap();
    assert!(built.success(), "{program} does not build");
    // This test runs as target/PROFILE/deps/NAME.
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_owned();
    folder.join(program)
}

/// A program that runs until this is dropped.
pub struct Running(Child);

impl Running {
    /// Starts a program without input and output.
    pub fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Starts a program whose input and output are set already.
    pub fn keeping(command: &mut Command) -> Self {
        Self(command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}")))
    }

    /// Starts a program that tells something in its first line of output, and returns both.
    pub fn telling(command: &mut Command) -> (Self, String) {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "{command:?} ended without a word");
        (Self(child), line.trim_end().to_owned())
    }

    /// Starts a program that reads this to the end.
    pub fn fed(command: &mut Command, input: &[u8]) -> Self {
        let command = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        child.stdin.take().unwrap().write_all(input).unwrap();
        Self(child)
    }

    /// The child itself.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A port that was free a moment ago, for programs that cannot be told to choose one.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Waits until something listens there.
pub async fn listening(addr: SocketAddr) {
    until(&format!("something listening on {addr}"), || std::net::TcpStream::connect(addr).ok()).await;
}

/// The real `sluice serve`, with a home of its own.
pub struct Served {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Its home, which goes when this is dropped.
    pub home: tempfile::TempDir,
    program: Running,
}

impl Served {
    /// Serves a configuration (`config.toml`) with these further environment variables and nothing of ours.
    pub async fn start(config: &str, environment: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        place(home.path(), "config.toml", config);
        let addr = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let [out, err] =
            ["stdout", "stderr"].map(|name| std::fs::File::create(home.path().join(name)).unwrap());
        let mut command = sluice_at(&home);
        command.envs(environment.iter().copied()).args(["serve", "--listen", &addr.to_string()]);
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().unwrap();
        let mut served = Self { addr, home, program: Running(child) };
        until("sluice to listen", || {
            let ended = served.program.0.try_wait().unwrap();
            assert!(ended.is_none(), "sluice ended: {}", served.said());
            std::net::TcpStream::connect(addr).ok()
        })
        .await;
        served
    }

    /// Runs another command against the same home and returns all that it printed.
    pub fn command(&self, arguments: &[&str]) -> String {
        let output = sluice_at(&self.home).args(arguments).stdin(Stdio::null()).output().unwrap();
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
    }

    /// What the server has printed so far.
    pub fn said(&self) -> String {
        ["stdout", "stderr"]
            .map(|name| std::fs::read_to_string(self.home.path().join(name)).unwrap())
            .concat()
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.program.0.id()
    }

    /// Ends the server and returns its home with everything that it left there.
    pub fn end(self) -> tempfile::TempDir {
        drop(self.program);
        self.home
    }
}

/// A `sluice` command whose home is this folder; of the test's own environment it sees only the search path.
fn sluice_at(home: &tempfile::TempDir) -> Command {
    let mut command = Command::new(sluice());
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("SLUICE_HOME", home.path());
    command
}

/// Writes a file that a program under test will read.
#[expect(clippy::disallowed_methods, reason = "nobody reads this file while it is being written")]
pub fn place(folder: &std::path::Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}
