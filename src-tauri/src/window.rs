//! The window: made when somebody wants to see it, destroyed when it is closed. The gateway does not notice.

use tauri::webview::{NewWindowResponse, PageLoadEvent, WebviewWindowBuilder};
use tauri::window::Color;
use tauri::{AppHandle, Manager, Theme, Url, WebviewUrl, WebviewWindow, WindowEvent};

use crate::desk::Desk;
use crate::{events, lifecycle};

/// The one window's label; the capability names it.
pub(crate) const LABEL: &str = "main";

const TITLE: &str = "Sluice";
/// Logical pixels; the pages are drawn for it.
const SIZE: (f64, f64) = (1040.0, 700.0);
/// Below this the pages do not fit.
const SIZE_MIN: (f64, f64) = (760.0, 520.0);
/// The ground of the page in each theme (`--page`), so that nothing flashes before the first paint.
const GROUND_LIGHT: Color = Color(0xf9, 0xfa, 0xfb, 0xff);
const GROUND_DARK: Color = Color(0x17, 0x19, 0x1c, 0xff);

/// A page that something outside the window leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// How the gateway is.
    Overview,
    /// The newest requests.
    Traffic,
    /// One request, by its id.
    Request(String),
}

impl Page {
    /// Where the page is, as the window's `location.hash`. It becomes part of a script, so that nothing but letters,
    /// digits and hyphens of an id gets in.
    fn hash(&self) -> String {
        match self {
            Page::Overview => "#overview".to_owned(),
            Page::Traffic => "#traffic".to_owned(),
            Page::Request(id) => {
                let id: String =
                    id.chars().filter(|sign| sign.is_ascii_alphanumeric() || *sign == '-').collect();
                format!("#traffic/{id}")
            }
        }
    }
}

/// Shows the window on a page, or as it is. May be called from any thread.
pub(crate) fn open(app: &AppHandle, page: Option<Page>) {
    let shown = app.clone();
    let opened = app.run_on_main_thread(move || {
        if shown.state::<Desk>().is_quitting() {
            return;
        }
        let outcome = match shown.get_webview_window(LABEL) {
            Some(window) => show(&window, page.as_ref()),
            None => build(&shown, page.as_ref()),
        };
        if let Err(error) = outcome {
            tracing::error!("the window cannot be shown: {error}");
        }
    });
    if let Err(error) = opened {
        tracing::error!("the window cannot be shown: {error}");
    }
}

/// Gives the window's frame the colours that the user wishes; `None` as the system has them.
pub(crate) fn set_theme(app: &AppHandle, theme: Option<Theme>) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.set_theme(theme)
    {
        tracing::warn!("the window keeps its colours: {error}");
    }
}

/// Destroys the window, if there is one.
pub(crate) fn close(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL)
        && let Err(error) = window.destroy()
    {
        tracing::warn!("the window cannot be closed: {error}");
    }
}

/// Whether there is a window, shown or about to be.
#[cfg(target_os = "linux")]
pub(crate) fn is_there(app: &AppHandle) -> bool {
    app.get_webview_window(LABEL).is_some()
}

fn show(window: &WebviewWindow, page: Option<&Page>) -> tauri::Result<()> {
    if let Some(page) = page {
        window.eval(format!("location.hash = {:?}", page.hash()))?;
    }
    window.unminimize()?;
    window.show()?;
    window.set_focus()
}

fn build(app: &AppHandle, page: Option<&Page>) -> tauri::Result<()> {
    let desk = app.state::<Desk>();
    let address = format!("index.html{}", page.map(Page::hash).unwrap_or_default());
    let theme = desk.wishes().theme;
    let window = WebviewWindowBuilder::new(app, LABEL, WebviewUrl::App(address.into()))
        .title(TITLE)
        .inner_size(SIZE.0, SIZE.1)
        .min_inner_size(SIZE_MIN.0, SIZE_MIN.1)
        .center()
        .theme(theme)
        .background_color(GROUND_LIGHT)
        // Shown once there is something to see.
        .visible(false)
        .devtools(cfg!(debug_assertions))
        // Rows are dragged within the page; files are chosen or dropped as the page's own business.
        .disable_drag_drop_handler()
        .on_navigation(is_ours)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .on_page_load(|window, load| {
            if load.event() == PageLoadEvent::Finished
                && let Err(error) = window.show().and_then(|()| window.set_focus())
            {
                tracing::error!("the window cannot be shown: {error}");
            }
        })
        .data_directory(desk.passing_folder(app).join("webview"))
        .build()?;
    if window.theme()? == Theme::Dark {
        window.set_background_color(Some(GROUND_DARK))?;
    }
    let app = app.clone();
    events::follow(&app);
    window.on_window_event(move |event| {
        if let WindowEvent::Destroyed = event {
            events::stop(&app);
            #[cfg(target_os = "linux")]
            crate::webkit::end_with_the_window(&app);
            lifecycle::window_closed(&app);
        }
    });
    Ok(())
}

/// Whether an address belongs to the application itself. Everything else stays outside.
fn is_ours(address: &Url) -> bool {
    match (address.scheme(), address.host_str()) {
        ("tauri", Some("localhost")) => true,
        // Windows serves the application's files so.
        ("http", Some("tauri.localhost")) => cfg!(windows),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_becomes_script() {
        let page = Page::Request("01a1-fed5\"; alert(1) //".to_owned());
        assert_eq!(page.hash(), "#traffic/01a1-fed5alert1");
    }

    #[test]
    fn only_our_own_pages_are_opened() {
        for (address, ours) in [
            ("tauri://localhost/index.html#traffic", true),
            ("tauri://evil.example/", false),
            ("https://localhost/", false),
            ("https://evil.example/", false),
            ("file:///etc/passwd", false),
            ("data:text/html,<script>alert(1)</script>", false),
            ("about:blank", false),
            ("javascript:alert(1)", false),
        ] {
            let address = Url::parse(address).expect("the address is well formed");
            assert_eq!(is_ours(&address), ours, "{address}");
        }
    }
}
