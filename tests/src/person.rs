//! A person at the window: sees what is shown, finds things by their names, presses, types, and walks with the keys.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use fantoccini::actions::{Actions, InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::key::Key;
use serde_json::{Value, json};

use crate::until_async;
use crate::window::Window;

/// The functions that find things in the page.
const FINDING: &str = include_str!("person.js");

/// The name by which `WebDriver` tells a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How many things a person passes with Tab before they give up.
const MOST_STOPS: usize = 150;

impl Window {
    /// Runs a script with these arguments as `given`, and answers what it returns.
    pub async fn look(&self, script: &str, given: &[&str]) -> Value {
        let whole = format!("{FINDING}\nconst given = arguments; {script}");
        let given = given.iter().map(|text| json!(text)).collect();
        self.page.execute(&whole, given).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until a script with these arguments says `true`. What it is about stands in the failure, with the page.
    pub async fn waits(&self, what: &str, script: &str, given: &[&str]) {
        let seen = until_async_or(async || self.look(script, given).await == json!(true)).await;
        assert!(seen, "waited in vain for {what}; the window shows:\n{}", self.text().await);
    }

    /// All text that is shown.
    pub async fn text(&self) -> String {
        let text = self.look("return document.body.innerText", &[]).await;
        text.as_str().unwrap().to_owned()
    }

    /// Waits until these words are shown.
    pub async fn sees(&self, words: &str) {
        let script = "return plain(reachable() === document ? document.body.innerText : reachable().innerText).includes(given[0])";
        self.waits(&format!("“{words}” to be shown"), script, &[words]).await;
    }

    /// Waits until these words are not shown any more.
    pub async fn sees_no_more(&self, words: &str) {
        let script = "return !plain(document.body.innerText).includes(given[0])";
        self.waits(&format!("“{words}” to be gone"), script, &[words]).await;
    }

    /// Waits until something has this value: a field, by its name.
    pub async fn field_is(&self, name: &str, value: &str) {
        let script = "return find('field', given[0])?.value === given[1]";
        self.waits(&format!("{name} to be “{value}”"), script, &[name, value]).await;
    }

    /// Presses a button, a link, a switch, an item of a menu, by its name.
    pub async fn press(&self, name: &str) {
        self.press_in("", name).await;
    }

    /// Presses something in a part of the page, given by a selector.
    pub async fn press_in(&self, part: &str, name: &str) {
        let pressed = until_async_or(async || {
            let Some(element) = self.find("pressable", name, part).await else { return false };
            // What is just moving or redrawn is tried again, as a hand would.
            element.click().await.is_ok()
        })
        .await;
        assert!(pressed, "“{name}” cannot be pressed; the window shows:\n{}", self.text().await);
    }

    /// Fills a field, by its name, with a new text.
    pub async fn fill(&self, name: &str, text: &str) {
        let filled = until_async_or(async || {
            let Some(element) = self.find("field", name, "").await else { return false };
            element.clear().await.is_ok() && element.send_keys(text).await.is_ok()
        })
        .await;
        assert!(filled, "“{name}” cannot be filled; the window shows:\n{}", self.text().await);
    }

    /// Chooses in a list of choices, by its name and the choice's.
    pub async fn choose(&self, name: &str, choice: &str) {
        let chosen = until_async_or(async || {
            let Some(element) = self.find("field", name, "").await else { return false };
            element.select_by_label(choice).await.is_ok()
        })
        .await;
        assert!(chosen, "“{choice}” is not offered by {name}; the window shows:\n{}", self.text().await);
    }

    /// Goes to a place of the window by its hash, as the tray and the window's own links do.
    pub async fn goes_to(&self, hash: &str) {
        self.look("location.hash = given[0]", &[hash]).await;
        let script = "return location.hash === given[0]";
        self.waits(hash, script, &[hash]).await;
    }

    /// Presses keys together, such as `Control+2`, `Alt+Up`, `Tab`, `a`.
    pub async fn keys(&self, chord: &str) {
        let keys: Vec<char> = chord.split('+').map(key).collect();
        let mut pressing = KeyActions::new("keyboard".to_owned());
        for value in &keys {
            pressing = pressing.then(KeyAction::Down { value: *value });
        }
        for value in keys.iter().rev() {
            pressing = pressing.then(KeyAction::Up { value: *value });
        }
        self.page.perform_actions(Actions::from(pressing)).await.unwrap();
    }

    /// Types a text with the keys, wherever the focus is.
    pub async fn types(&self, text: &str) {
        let mut typing = KeyActions::new("keyboard".to_owned());
        for value in text.chars() {
            typing = typing.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        }
        self.page.perform_actions(Actions::from(typing)).await.unwrap();
    }

    /// The name of what has the focus.
    pub async fn focused(&self) -> String {
        let name = self.look("return nameOf(document.activeElement)", &[]).await;
        name.as_str().unwrap().to_owned()
    }

    /// Walks with a key, such as `Tab`, until something whose name begins so has the focus.
    pub async fn walks_to(&self, key: &str, name: &str) {
        let mut passed = Vec::new();
        for _ in 0..MOST_STOPS {
            let here = self.focused().await;
            if here.starts_with(name) {
                return;
            }
            passed.push(here);
            self.keys(key).await;
        }
        panic!("“{name}” is not reached with {key}; passed: {passed:?}");
    }

    /// Gives the window this size, and waits until the page has taken over its width, in CSS pixels: the same where text is
    /// as large as usual.
    pub async fn has_size(&self, (width, height): (u32, u32), page_width: u32) {
        self.page.set_window_size(width, height).await.unwrap();
        self.waits("the new size", "return innerWidth === Number(given[0])", &[&page_width.to_string()])
            .await;
    }

    /// Waits until an operation's reply is as wanted, and returns it; for what the page does not show by itself.
    pub async fn knows(&self, operation: &str, request: Value, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let came = until_async_or(async || {
            last = self
                .perform(operation, request.clone())
                .await
                .unwrap_or_else(|fault| panic!("{operation}: {fault}"));
            wanted(&last)
        })
        .await;
        assert!(came, "{operation} answers {last:#}\nand the window shows:\n{}", self.text().await);
        last
    }

    /// Gives the focus to what a selector names, as a click beside it would.
    pub async fn focuses(&self, selector: &str) {
        let script = "const one = document.querySelector(given[0]); one?.focus(); return one !== null && one === document.activeElement";
        self.waits(selector, script, &[selector]).await;
    }

    /// What would have to be scrolled sideways, or stands outside the window.
    pub async fn overflow(&self) -> Vec<String> {
        texts(&self.look("return overflow()", &[]).await)
    }

    /// What axe-core finds wrong for people who use the window otherwise than by sight and pointer.
    pub async fn barriers(&self) -> Vec<String> {
        if self.look("return window.axe === undefined", &[]).await == json!(true) {
            self.page.execute(axe(), Vec::new()).await.unwrap();
        }
        // A transition that still runs would be judged by the colours of its middle.
        let script = "for (const one of document.getAnimations()) if (one.effect.getComputedTiming().endTime !== Infinity) one.finish(); \
            axe.run(document, {resultTypes: ['violations']}).then(({violations}) => done(violations.flatMap(({id, nodes}) => \
            nodes.map(({target, failureSummary}) => `${id}: ${target}: ${failureSummary}`))), error => done([String(error)]))";
        texts(&self.find_out(script).await)
    }

    /// Keeps a picture of the window in `target/screenshots`.
    pub async fn picture(&self, name: &str) {
        let picture = self.page.screenshot().await.unwrap();
        let folder = pictures();
        std::fs::create_dir_all(&folder).unwrap();
        #[expect(clippy::disallowed_methods, reason = "nobody reads a picture while it is written")]
        std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
    }

    /// The thing of a kind with this name, in a part of the page or anywhere, where it can be used now.
    async fn find(&self, kind: &str, name: &str, part: &str) -> Option<Element> {
        let found = self.look("return find(given[0], given[1], given[2])", &[kind, name, part]).await;
        let id = found.get(ELEMENT)?.as_str()?.to_owned();
        Some(Element::from_element_id(self.page.clone(), ElementRef::from(id)))
    }
}

/// A key by its name, or the character that it writes.
fn key(name: &str) -> char {
    let key = match name {
        "Control" => Key::Control,
        "Alt" => Key::Alt,
        "Shift" => Key::Shift,
        "Tab" => Key::Tab,
        "Enter" => Key::Enter,
        "Escape" => Key::Escape,
        "Delete" => Key::Delete,
        "Up" => Key::Up,
        "Down" => Key::Down,
        "Left" => Key::Left,
        "Right" => Key::Right,
        "Space" => return ' ',
        other => return other.chars().next().unwrap(),
    };
    char::from(key)
}

/// Looks again for a good while; answers whether it came true.
async fn until_async_or(mut look: impl AsyncFnMut() -> bool) -> bool {
    let looking = until_async("the window", async || look().await.then_some(()));
    tokio::time::timeout(std::time::Duration::from_secs(120), looking).await.is_ok()
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// The source of axe-core, which the window's own packages bring along; they are installed where they are missing.
fn axe() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let file = repository().join("ui/node_modules/axe-core/axe.min.js");
        if !file.exists() {
            let installed = std::process::Command::new(repository().join("ui/run.sh")).status().unwrap();
            assert!(installed.success(), "the packages of the window cannot be installed");
        }
        std::fs::read_to_string(file).unwrap()
    })
}

/// Where pictures are kept.
fn pictures() -> PathBuf {
    repository().join("target/screenshots")
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}
