//! Starting at login, in the tray.

use std::io;

use tauri::AppHandle;

/// What a start at login passes on.
const ARGUMENT: &str = "--hidden";

/// The plugin that knows how macOS and Windows start programs.
#[cfg(not(target_os = "linux"))]
pub(crate) fn plugin() -> tauri::plugin::TauriPlugin<tauri::Wry> {
    tauri_plugin_autostart::Builder::new().arg(ARGUMENT).build()
}

/// Whether the application starts at login.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_enabled(app: &AppHandle) -> io::Result<bool> {
    use tauri_plugin_autostart::ManagerExt;
    app.autolaunch().is_enabled().map_err(io::Error::other)
}

/// Makes the application start at login, or not.
#[cfg(not(target_os = "linux"))]
pub(crate) fn set(app: &AppHandle, enabled: bool) -> io::Result<()> {
    use tauri_plugin_autostart::ManagerExt;
    let launch = app.autolaunch();
    if enabled { launch.enable() } else { launch.disable() }.map_err(io::Error::other)
}

#[cfg(target_os = "linux")]
pub(crate) use self::linux::{is_enabled, set};

/// An entry of the desktop's autostart folder.
///
/// The plugin's own writes to `~/.config` whatever `XDG_CONFIG_HOME` says, does not quote the program's path, and lacks
/// the `TryExec` by which desktops pass over a program that was uninstalled.
#[cfg(target_os = "linux")]
mod linux {
    use std::path::{Path, PathBuf};

    use store::{Mode, write_atomic};
    use tauri::Manager;

    use super::{ARGUMENT, AppHandle, io};

    const ENTRY: &str = "sluice.desktop";

    /// Whether the application starts at login.
    pub(crate) fn is_enabled(app: &AppHandle) -> io::Result<bool> {
        match std::fs::read_to_string(place(app)?) {
            Ok(entry) => Ok(is_in_force(&entry)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the application start at login, or not.
    pub(crate) fn set(app: &AppHandle, enabled: bool) -> io::Result<()> {
        let place = place(app)?;
        if enabled {
            if let Some(folder) = place.parent() {
                std::fs::create_dir_all(folder)?;
            }
            return write_atomic(&place, entry(&program(app)?).as_bytes(), Mode::PRIVATE_FILE);
        }
        match std::fs::remove_file(place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn place(app: &AppHandle) -> io::Result<PathBuf> {
        let folder = app.path().config_dir().map_err(io::Error::other)?;
        Ok(folder.join("autostart").join(ENTRY))
    }

    /// What to start: the `AppImage` where we run from one, since its content is elsewhere after the next login.
    fn program(app: &AppHandle) -> io::Result<PathBuf> {
        app.env().appimage.map_or_else(std::env::current_exe, |image| Ok(PathBuf::from(image)))
    }

    fn entry(program: &Path) -> String {
        let program = program.to_string_lossy();
        let (quoted, plain) = (quoted(&program), escaped(&program));
        format!(
            "[Desktop Entry]\nType=Application\nName=Sluice\nIcon=sluice-desktop\nExec={quoted} {ARGUMENT}\n\
             TryExec={plain}\nTerminal=false\nStartupNotify=false\n"
        )
    }

    /// A word of `Exec`, as the Desktop Entry Specification quotes it: these signs are escaped within the quotes, a
    /// percent sign is doubled, and the whole is a string of the file.
    fn quoted(word: &str) -> String {
        let mut text = String::from('"');
        for sign in word.chars() {
            match sign {
                '"' | '`' | '$' | '\\' => text.extend(['\\', sign]),
                '%' => text.push_str("%%"),
                _ => text.push(sign),
            }
        }
        text.push('"');
        escaped(&text)
    }

    /// A string of a desktop entry.
    fn escaped(text: &str) -> String {
        text.replace('\\', "\\\\").replace('\n', "\\n")
    }

    /// Whether desktops act on an entry; some have a switch that leaves the file in place.
    fn is_in_force(entry: &str) -> bool {
        !entry.lines().any(|line| matches!(line.trim(), "Hidden=true" | "X-GNOME-Autostart-enabled=false"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_entry_starts_the_program_hidden_and_is_passed_over_once_it_is_gone() {
            let written = entry(Path::new("/home/a b/Sluice.AppImage"));
            assert!(written.contains("\nExec=\"/home/a b/Sluice.AppImage\" --hidden\n"), "{written}");
            assert!(written.contains("\nTryExec=/home/a b/Sluice.AppImage\n"), "{written}");
        }

        #[test]
        fn signs_with_a_meaning_are_quoted() {
            for (word, expected) in [
                ("/usr/bin/x", r#""/usr/bin/x""#),
                ("/a/100%", r#""/a/100%%""#),
                ("/a/$HOME", r#""/a/\\$HOME""#),
                (r#"/a/"b""#, r#""/a/\\"b\\"""#),
                (r"/a\b", r#""/a\\\\b""#),
            ] {
                assert_eq!(quoted(word), expected);
            }
        }

        #[test]
        fn an_entry_that_the_desktop_switched_off_is_off() {
            for (more, in_force) in
                [("", true), ("Hidden=true\n", false), ("X-GNOME-Autostart-enabled=false\n", false)]
            {
                let entry = entry(Path::new("/usr/bin/sluice-desktop")) + more;
                assert_eq!(is_in_force(&entry), in_force, "{more}");
            }
        }
    }
}
