//! A process with a vault, and what it tells.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use sluice_tests::session::Session;
use sluice_tests::until;

/// A process with a vault.
pub(crate) struct Owner {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Owner {
    /// Starts a process whose home is in the session's folders. It tells at once that the vault is open.
    pub(crate) fn start(session: &Session) -> Owner {
        Owner::start_with(session, &[])
    }

    pub(crate) fn start_with(session: &Session, environment: &[(&str, &str)]) -> Owner {
        let mut command = session.command(env!("CARGO_BIN_EXE_vault"));
        command.env("SLUICE_HOME", session.home.path().join("sluice")).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut owner = Owner { child, input, output };
        assert_eq!(owner.line(), "open");
        owner
    }

    /// Has the vault do something and returns what came of it.
    pub(crate) fn tell(&mut self, command: &str) -> String {
        writeln!(self.input, "{command}").unwrap();
        self.input.flush().unwrap();
        self.line()
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits until the answer to a command is this one.
    pub(crate) async fn tells(&mut self, command: &str, expected: &str) {
        let mut last = String::new();
        let what = format!("{command} to tell {expected}");
        until(&what, || {
            let told = self.tell(command);
            if told != last {
                eprintln!("{command}: {told}");
                last.clone_from(&told);
            }
            (told == expected).then_some(())
        })
        .await;
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // It may have ended by itself; either way it is gone after this.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
