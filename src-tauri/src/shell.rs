//! The application, put together.

use std::process::ExitCode;

use admin::{OpenOptions, Sluice};
use store::{Clock, Environment, Home};
use tauri::{App, AppHandle, Builder, Manager, RunEvent, Wry};
use tauri_plugin_dialog::{DialogExt, MessageDialogKind};
use tauri_plugin_notification::NotificationExt;
use tauri_plugin_window_state::StateFlags;

#[cfg(not(target_os = "linux"))]
use crate::autostart;
use crate::desk::Desk;
use crate::events::Telling;
use crate::options::Options;
use crate::tray::words::Language;
use crate::wishes::Wishes;
use crate::{commands, first_run, lifecycle, live, log, signals, window, wishes};

/// Opens the product and runs the application until it is quit.
pub(crate) fn run(options: Options) -> ExitCode {
    if !has_display() {
        eprintln!(
            "error: there is no display (DISPLAY or WAYLAND_DISPLAY); `sluice serve` runs the gateway without one"
        );
        return ExitCode::FAILURE;
    }
    // One worker serves local traffic with the least CPU per request; the window system has the main thread.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("sluice")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    tauri::async_runtime::set(runtime.handle().clone());
    let built = assembled(options).build(tauri::generate_context!());
    match built {
        Ok(app) => ExitCode::from(u8::try_from(app.run_return(on_event)).unwrap_or(1)),
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn on_event(app: &AppHandle, event: RunEvent) {
    match event {
        // The last window closing does not end the application; only `lifecycle` does, with a code.
        RunEvent::ExitRequested { code: None, api, .. } => api.prevent_exit(),
        RunEvent::Exit => log::finish(app),
        _ => {}
    }
}

fn assembled(options: Options) -> Builder<Wry> {
    let environment = Environment::process();
    let builder = Builder::default()
        // First, so that a second start ends before it touches anything.
        .plugin(only_one(&options, &environment))
        .plugin(tauri_plugin_clipboard_manager::init())
        .plugin(tauri_plugin_dialog::init())
        .plugin(tauri_plugin_notification::init())
        .plugin(tauri_plugin_opener::Builder::new().open_js_links_on_click(false).build())
        .invoke_handler(commands::handler())
        .setup(move |app| {
            begin(app, &options)?;
            Ok(())
        });
    #[cfg(not(target_os = "linux"))]
    let builder = builder.plugin(autostart::plugin());
    builder
}

/// Leaves one application per home: another start of it only shows the window of the first.
fn only_one(options: &Options, environment: &Environment) -> tauri::plugin::TauriPlugin<Wry> {
    tauri_plugin_single_instance::Builder::new()
        .dbus_id(instance_name(options.demo, environment.filled(store::HOME_VARIABLE).as_deref()))
        .callback(|app, _, _| window::open(app, None))
        .build()
}

/// The name of this home's application on the session bus.
fn instance_name(demo: bool, home: Option<&str>) -> String {
    const OWN: &str = "dev.sluice.desktop";
    match (demo, home) {
        (true, _) => format!("{OWN}.demo"),
        (false, None) => OWN.to_owned(),
        // Letters and digits of the path, told apart from other signs by their codes.
        (false, Some(home)) => {
            let word: String = home
                .bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() {
                        char::from(byte).to_string()
                    } else {
                        format!("_{byte:x}")
                    }
                })
                .collect();
            format!("{OWN}.home{word}")
        }
    }
}

/// Opens the product, starts the gateway, and shows what shall be seen.
fn begin(app: &mut App, options: &Options) -> Result<(), Box<dyn std::error::Error>> {
    let handle = app.handle().clone();
    let opening = OpenOptions {
        config_file: options.config.clone(),
        demo: options.demo,
        ..OpenOptions::of_this_process()
    };
    let opened = tauri::async_runtime::block_on(async {
        let mut sluice = Sluice::open(opening).await?;
        if options.demo_if_new && first_run::is_due(sluice.home(), sluice.snapshot().channels.len()) {
            sluice = Sluice::open(OpenOptions { demo: true, ..OpenOptions::of_this_process() }).await?;
        }
        let wishes = Wishes::of(&sluice).await;
        Ok::<_, admin::OpenFault>((sluice, wishes))
    });
    let (sluice, wishes) = match opened {
        Ok(opened) => opened,
        Err(fault) => {
            // The message needs the main loop, which runs once this returns.
            tauri::async_runtime::spawn(async move {
                tracing::error!("{fault}");
                tell_cannot_start(&handle, &fault.to_string()).await;
                handle.exit(1);
            });
            return Ok(());
        }
    };
    if let Err(fault) = log::start(&handle, &sluice, options.log.as_deref()) {
        // Traffic must not depend on a log.
        eprintln!("warning: {fault}");
    }
    // The demo leaves nothing behind.
    if let Some(home) = sluice.home() {
        handle.plugin(window_state(home))?;
    }
    let hidden = options.hidden || wishes.start_hidden;
    app.manage(Desk::new(sluice, wishes));
    app.manage(Telling::default());
    tauri::async_runtime::spawn(signals::follow(handle.clone()));
    tauri::async_runtime::spawn(lifecycle::serve(handle.clone()));
    tauri::async_runtime::spawn(live::follow(handle.clone(), Clock::system()));
    let clicked = handle.clone();
    handle.notification().on_action(move |_| window::open(&clicked, None))?;
    if hidden {
        tauri::async_runtime::spawn(lifecycle::open_unless_tray_comes(handle));
    } else {
        window::open(&handle, None);
    }
    Ok(())
}

/// Keeps the window's place and size, beside the home's other files.
fn window_state(home: &Home) -> tauri::plugin::TauriPlugin<Wry> {
    tauri_plugin_window_state::Builder::new()
        .with_state_flags(StateFlags::SIZE | StateFlags::POSITION | StateFlags::MAXIMIZED)
        .with_filename(home.state().join("window.json").to_string_lossy())
        .build()
}

/// Tells the user why there is no gateway, and waits until it was read.
pub(crate) async fn tell_cannot_start(app: &AppHandle, why: &str) {
    let language = app
        .try_state::<Desk>()
        .map_or_else(|| Language::of_tag(&wishes::system_language()), |desk| desk.wishes().language);
    let (read, waiting) = tokio::sync::oneshot::channel();
    app.dialog().message(why).title(language.words().cannot_start).kind(MessageDialogKind::Error).show(
        move |_| {
            // Nobody waits any more where the application was ended meanwhile.
            let _ = read.send(());
        },
    );
    let _ = waiting.await;
}

fn has_display() -> bool {
    let set = |variable| std::env::var_os(variable).is_some_and(|value| !value.is_empty());
    cfg!(not(target_os = "linux")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_home_has_its_own_name_on_the_bus() {
        assert_eq!(instance_name(false, None), "dev.sluice.desktop");
        assert_eq!(instance_name(false, Some("/tmp/a-b")), "dev.sluice.desktop.home_2ftmp_2fa_2db");
        assert_eq!(instance_name(true, Some("/tmp/a")), "dev.sluice.desktop.demo");
    }
}
