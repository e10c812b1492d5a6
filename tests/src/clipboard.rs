//! The clipboard of a desktop, as another program sees and uses it.

use std::process::Stdio;

use crate::desktop::Desktop;
use crate::programs::Running;
use crate::session::output;
use crate::until;

impl Desktop {
    /// The text on the clipboard; empty where nobody offers one.
    pub fn clipboard(&self) -> String {
        output(self.xclip(&["-out"]).stderr(Stdio::null()))
    }

    /// The forms in which whoever owns the clipboard offers what is on it.
    pub fn clipboard_forms(&self) -> String {
        output(self.xclip(&["-out", "-target", "TARGETS"]).stderr(Stdio::null()))
    }

    /// Copies a text in another program, which offers it until something else is copied or it is dropped.
    pub async fn copies(&self, text: &str) -> Running {
        let owner = Running::fed(self.xclip(&["-in", "-quiet"]).stderr(Stdio::null()), text.as_bytes());
        until("the clipboard to be taken over", || (self.clipboard() == text).then_some(())).await;
        owner
    }

    fn xclip(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = self.tool("xclip", "xclip");
        command.args(["-selection", "clipboard"]).args(arguments);
        command
    }
}
