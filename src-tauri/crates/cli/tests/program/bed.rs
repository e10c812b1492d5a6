//! A home of its own for each test, and the real program in it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

/// The program under test.
pub(crate) const SLUICE: &str = env!("CARGO_BIN_EXE_sluice");

/// A home in a temporary folder.
pub(crate) struct Bed {
    folder: tempfile::TempDir,
}

impl Bed {
    pub(crate) fn new() -> Bed {
        Bed { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.home().join("config.toml")
    }

    pub(crate) fn config_text(&self) -> String {
        std::fs::read_to_string(self.config()).unwrap()
    }

    /// The program with this home and without what the developer's own environment says.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(SLUICE);
        command.args(arguments);
        self.surround(&mut command);
        command
    }

    pub(crate) fn surround(&self, command: &mut Command) {
        for name in ["PORT", "SLUICE_KEY", "SLUICE_ADMIN_TOKEN", "SLUICE_URL", "SLUICE_LOG"] {
            command.env_remove(name);
        }
        // The developer's own keychain is none of ours.
        command
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .env_remove("SLUICE_VAULT_PASSPHRASE");
        command.env("SLUICE_HOME", self.home()).stdin(Stdio::null());
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs the program, which must succeed, and returns what it printed.
    pub(crate) fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the program, which must fail with this code, and returns what it said of it.
    pub(crate) fn refuses(&self, arguments: &[&str], code: i32) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Starts a gateway and waits for its banner.
    pub(crate) fn serve(&self, options: &[&str]) -> Serving {
        Serving::start(self.command(&[&["serve"], options].concat()))
    }
}

/// A gateway in a process of its own, killed if a test ends early.
pub(crate) struct Serving {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// Kept open: a gateway whose banner has no reader is another case.
    _stdout: BufReader<ChildStdout>,
    pub(crate) banner: String,
    pub(crate) address: SocketAddr,
}

impl Serving {
    pub(crate) fn start(mut command: Command) -> Serving {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut banner = String::new();
        // The first request's last line ends the banner, or the words that there is none.
        while !banner.contains("-d '") && !banner.contains("No first request") {
            if stdout.read_line(&mut banner).unwrap() == 0 {
                let mut said = String::new();
                stderr.read_to_string(&mut said).unwrap();
                panic!("serve ended early: {said}");
            }
        }
        let url = banner.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
        let address = url.trim_start_matches("http://").parse().unwrap();
        Serving { child, stderr, _stdout: stdout, banner, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends one HTTP request and returns the whole answer, head and body.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        let mut answer = Vec::new();
        self.send(method, path, headers, body).read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends one HTTP request; its answer is read from the connection.
    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let (host, length) = (self.address.to_string(), body.len().to_string());
        let own = [
            ("host", &*host),
            ("connection", "close"),
            ("content-type", "application/json"),
            ("content-length", &*length),
        ];
        write!(stream, "{method} {path} HTTP/1.1\r\n").unwrap();
        for (name, value) in own.iter().chain(headers) {
            write!(stream, "{name}: {value}\r\n").unwrap();
        }
        write!(stream, "\r\n{body}").unwrap();
        stream
    }

    /// Asks it to stop, as the system does.
    pub(crate) fn signal(&self) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until the log holds these words.
    pub(crate) fn logs(&mut self, words: &str) {
        let mut line = String::new();
        while !line.contains(words) {
            line.clear();
            assert!(self.stderr.read_line(&mut line).unwrap() > 0, "{words:?} is never logged");
        }
    }

    /// Waits for its end and returns its exit code.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Asks it to stop and returns its exit code and the rest of its log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal();
        let mut log = String::new();
        self.stderr.read_to_string(&mut log).unwrap();
        (self.wait(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended already where the test stopped it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The temporary files of killed writers in a folder.
pub(crate) fn leftovers(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".sluice-")).count()
}
