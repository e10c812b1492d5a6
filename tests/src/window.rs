//! The application's window, driven over `WebDriver` as a person would use it.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::wd::TimeoutConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use crate::desktop::{Desktop, application, signal};
use crate::programs::{Running, free_port, listening, program};
use crate::{until_async, within};

/// The window of a running application. Dropped, both end.
pub struct Window {
    /// Sees and does what a person at the window can.
    pub page: Client,
    _driver: Running,
}

/// How long a window may take until it is drawn, on a machine that is busy with other tests.
const WAIT: Duration = Duration::from_secs(120);

/// How long a script of a test may take in the page; a look at a whole view for barriers is the longest. `WebDriver` itself
/// gives it 30 seconds.
const SCRIPT_TAKES: Duration = Duration::from_secs(120);

/// What an operation answered: its reply, or why it was refused.
pub type Answer = Result<Value, Value>;

impl Desktop {
    /// Starts the application with these arguments and takes its window over.
    pub async fn window(&self, arguments: &[&str]) -> Window {
        self.window_of(application(), arguments).await
    }

    /// Like [`window`](Self::window), with a program that starts the application in its own way.
    pub async fn window_of(&self, application: &Path, arguments: &[&str]) -> Window {
        let port = free_port();
        let mut command = self.command_of(program(&["WebKitWebDriver"], "webkit2gtk-driver"));
        command.arg(format!("--port={port}")).env("TAURI_WEBVIEW_AUTOMATION", "true").stdin(Stdio::null());
        let driver = Running::start(&mut command);
        listening(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
        let options = json!({"binary": application, "args": arguments});
        let capabilities = json!({"webkitgtk:browserOptions": options}).as_object().unwrap().clone();
        let mut building = ClientBuilder::rustls().unwrap();
        building.capabilities(capabilities);
        let page = within("the window", building.connect(&format!("http://127.0.0.1:{port}"))).await.unwrap();
        let timeouts = TimeoutConfiguration::new(Some(SCRIPT_TAKES), None, None);
        page.update_timeouts(timeouts).await.unwrap();
        // Before it is drawn, keys would go nowhere.
        let drawn = page.wait().at_most(WAIT).for_element(Locator::Css("main"));
        drawn.await.expect("the window is built into the application (packaging/window.sh)");
        Window { page, _driver: driver }
    }
}

impl Window {
    /// Asks for an operation as the window's own code does.
    pub async fn invoke(&self, operation: &str, request: Value) -> Answer {
        let script = "const [operation, request, done] = arguments; \
            window.__TAURI_INTERNALS__.invoke(operation, request) \
              .then(reply => done({reply}), refused => done({refused}))";
        let asked = self.page.execute_async(script, vec![json!(operation), request]);
        let answer = within(operation, asked).await.unwrap();
        match answer.get("refused") {
            Some(refused) => Err(refused.clone()),
            None => Ok(answer["reply"].clone()),
        }
    }

    /// Performs an operation of the two tables.
    pub async fn perform(&self, operation: &str, request: Value) -> Answer {
        self.invoke(operation, json!({"request": request})).await
    }

    /// Runs a script that calls `done` with what it found out.
    pub async fn find_out(&self, script: &str) -> Value {
        let script = format!("const done = arguments[0]; {script}");
        within(&script, self.page.execute_async(&script, Vec::new())).await.unwrap()
    }

    /// Ends the application as the end of a login does, and waits until nothing of it is left: a start beside one that still
    /// ends would only show that one's window.
    pub async fn end(self, desktop: &Desktop) {
        let process = desktop.process().expect("the application runs");
        assert!(signal(process, "TERM"), "the application runs");
        until_async("the application to end", async || has_ended(process).then_some(())).await;
    }
}

/// Whether a process has given everything back. As a zombie it has, and only waits for its parent to look.
fn has_ended(process: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return true };
    // The state follows the program's name in brackets, which may hold anything: `proc_pid_stat(5)`.
    stat.rsplit(')').next().unwrap().trim_start().starts_with('Z')
}
