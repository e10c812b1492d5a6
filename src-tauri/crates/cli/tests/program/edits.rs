//! Edits of the configuration by real processes: at the same time, and killed at any moment.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::bed::{Bed, SLUICE, leftovers};
use toml_edit::DocumentMut;

const KILLS: u32 = 200;
/// Channels that no command touches, so that the file is long enough to be cut.
const KEPT: usize = 20;
/// Stands at the file's end: a file that was cut lacks it, and an edit that loses comments does too.
const LAST_LINE: &str = "# the last line";

fn names(text: &str) -> Vec<String> {
    let document: DocumentMut = text.parse().unwrap_or_else(|error| panic!("corrupt: {error}\n{text}"));
    let channels = document.get("channel").and_then(|channels| channels.as_array_of_tables());
    let tables = channels.into_iter().flat_map(|channels| channels.iter());
    tables.map(|channel| channel["name"].as_str().unwrap().to_owned()).collect()
}

fn add(bed: &Bed, name: &str) -> Command {
    bed.command(&[
        "channels",
        "add",
        name,
        "--base-url",
        "https://example.com/v1",
        "--key-env",
        "EXAMPLE_KEY",
    ])
}

fn start_text() -> String {
    let channel = |number: usize| {
        format!(
            "[[channel]] # number {number}\nname = \"kept-{number}\"\nbase_url = \"https://example.com/v1\"\n\
             key = {{ env = \"EXAMPLE_KEY\" }}\n"
        )
    };
    let channels: Vec<String> = (0..KEPT).map(channel).collect();
    let channels = channels.join("\n");
    format!("# mine\nversion = 1\n\n{channels}\n[log] # at the end\nlevel = \"info\"\n{LAST_LINE}\n")
}

#[test]
fn commands_at_the_same_time_never_lose_each_others_edits() {
    const WRITERS: usize = 12;
    let bed = Bed::new();
    let all = |make: &dyn Fn(usize) -> Command| {
        let started: Vec<_> = (0..WRITERS)
            .map(|number| make(number).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
            .collect();
        for process in started {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    };
    let name = |number: usize| format!("channel-{number}");

    all(&|number| add(&bed, &name(number)));
    let mut added = names(&bed.config_text());
    added.sort();
    let mut expected: Vec<String> = (0..WRITERS).map(name).collect();
    expected.sort();
    assert_eq!(added, expected);

    all(&|number| bed.command(&["channels", "disable", &name(number)]));
    assert_eq!(bed.config_text().matches("enabled = false").count(), WRITERS);

    all(&|number| bed.command(&["channels", "remove", &name(number)]));
    assert_eq!(names(&bed.config_text()), Vec::<String>::new());
}

/// The moments of the kills are spread over what a command takes: this waits for nothing, it chooses them.
#[test]
fn a_command_killed_at_any_moment_leaves_a_whole_file() {
    let bed = Bed::new();
    std::fs::create_dir(bed.home()).unwrap();
    store::write_atomic(&bed.config(), start_text().as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
    let mut random = Lcg(7);
    let mut killed_alive = 0;

    for round in 0..KILLS {
        let name = format!("added-{}", round % 5);
        let mut command = match round % 4 {
            0 => add(&bed, &name),
            1 => bed.command(&["channels", "disable", "kept-3"]),
            2 => bed.command(&["channels", "enable", "kept-3"]),
            _ => bed.command(&["channels", "remove", &name]),
        };
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_micros(random.below(40_000)));
        killed_alive += u32::from(process.try_wait().unwrap().is_none());
        process.kill().unwrap();
        process.wait().unwrap();

        let text = bed.config_text();
        let kept = names(&text).iter().filter(|name| name.starts_with("kept-")).count();
        assert_eq!(kept, KEPT, "round {round}");
        assert!(text.starts_with("# mine\n") && text.contains(LAST_LINE), "round {round}: {text}");
    }

    assert!(killed_alive >= KILLS / 10, "only {killed_alive} kills came before the command's end");
    bed.says(&["channels", "disable", "kept-3"]);
    assert!(bed.says(&["channels"]).contains("kept-3"), "no lock outlives its process");
}

#[test]
fn leftovers_of_killed_commands_are_swept_when_the_gateway_starts() {
    let bed = Bed::new();
    std::fs::create_dir(bed.home()).unwrap();
    std::fs::File::create(bed.home().join(".sluice-killed.tmp")).unwrap();
    assert_eq!(leftovers(&bed.home()), 1);

    let serving = bed.serve(&["--listen", "127.0.0.1:0"]);

    assert_eq!(leftovers(&bed.home()), 0);
    assert_eq!(serving.stop().0, Some(0));
}

#[test]
fn a_disk_that_takes_no_more_leaves_the_old_file() {
    let bed = Bed::new();
    std::fs::create_dir(bed.home()).unwrap();
    store::write_atomic(&bed.config(), start_text().as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
    bed.says(&["channels"]);
    let mut command = Command::new("sh");
    // A limit on the size of a file stands in for a full disk: the write ends with an error in the middle.
    command.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" channels disable kept-3", SLUICE]);
    bed.surround(&mut command);

    let output = command.output().unwrap();

    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("config.toml cannot be changed"), "{said}");
    assert_eq!(bed.config_text(), start_text());
    assert_eq!(leftovers(&bed.home()), 0);
}

/// A small repeatable source of moments.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}
