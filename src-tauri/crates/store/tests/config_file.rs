//! The configuration file as people and programs treat it: every way of saving, every way of breaking.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, and plays the other programs that write these files"
)]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use config::{Finding, Snapshot};
use rstest::rstest;
use store::{ConfigFile, EditFault, Environment, Home, OpenFault, Origin, Overrides, Vault};
use tokio::sync::watch;

/// Far longer than any reload takes; reached only where a change is never noticed.
const NOTICED_WITHIN: Duration = Duration::from_secs(20);

fn with_channel(name: &str) -> String {
    format!(
        "# mine\nversion = 1\n\n[[channel]]\nname = \"{name}\" # first\nbase_url = \"https://example.com/v1\"\nkey = {{ env = \"EXAMPLE_KEY\" }}\n"
    )
}

const BROKEN: &str = "version = 1\n[[channel]]\nname = \"a\"\nweight = \"heavy\"\n";

struct Bed {
    _folder: tempfile::TempDir,
    home: Home,
}

impl Bed {
    fn new() -> Bed {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        home.prepare().unwrap();
        Bed { _folder: folder, home }
    }

    fn with(text: &str) -> Bed {
        let bed = Bed::new();
        fs::write(bed.home.config(), text).unwrap();
        bed
    }

    fn open(&self) -> Result<ConfigFile, OpenFault> {
        open(Origin::Native(self.home.clone()))
    }
}

fn open(origin: Origin) -> Result<ConfigFile, OpenFault> {
    ConfigFile::open(
        origin,
        Environment::fixed([("EXAMPLE_KEY", "sk-example")]),
        Overrides::default(),
        Vault::none(),
    )
}

fn names(snapshot: &Snapshot) -> Vec<String> {
    snapshot.channels.iter().map(|channel| channel.name.to_string()).collect()
}

fn in_force(file: &ConfigFile) -> Vec<String> {
    names(&file.snapshot().borrow())
}

async fn comes_into_force(snapshot: &mut watch::Receiver<Arc<Snapshot>>, name: &str) {
    let noticed = snapshot.wait_for(|snapshot| names(snapshot) == [name]);
    tokio::time::timeout(NOTICED_WITHIN, noticed).await.expect("the change is noticed").unwrap();
}

async fn is_reported(problems: &mut watch::Receiver<Arc<[Finding]>>, words: &str) {
    let reported = problems.wait_for(|findings| findings.iter().any(|f| f.to_string().contains(words)));
    tokio::time::timeout(NOTICED_WITHIN, reported).await.expect("the fault is reported").unwrap();
}

/// The ways in which programs save a file.
#[derive(Debug, Clone, Copy)]
enum Save {
    InPlace,
    Vim,
    VsCode,
    SedInPlace,
    DeleteAndRecreate,
    OursAtomic,
    ThroughALink,
    ByRelinking,
}

fn save(how: Save, path: &Path, text: &str) {
    let beside = |name: &str| path.with_file_name(name);
    match how {
        Save::InPlace | Save::ThroughALink => fs::write(path, text).unwrap(),
        // vim with `backupcopy=no`: the old file moves away, a new one is written.
        Save::Vim => {
            fs::write(beside("4913"), "").unwrap();
            fs::remove_file(beside("4913")).unwrap();
            fs::rename(path, beside("config.toml~")).unwrap();
            fs::write(path, text).unwrap();
            fs::remove_file(beside("config.toml~")).unwrap();
        }
        // VS Code truncates and writes in two steps.
        Save::VsCode => {
            let mut file = fs::OpenOptions::new().write(true).truncate(true).open(path).unwrap();
            let (head, tail) = text.split_at(text.len() / 2);
            file.write_all(head.as_bytes()).unwrap();
            file.flush().unwrap();
            file.write_all(tail.as_bytes()).unwrap();
            file.sync_all().unwrap();
        }
        Save::SedInPlace => {
            fs::write(beside("sedAbC123"), text).unwrap();
            fs::rename(beside("sedAbC123"), path).unwrap();
        }
        Save::DeleteAndRecreate => {
            fs::remove_file(path).unwrap();
            fs::write(path, text).unwrap();
        }
        Save::OursAtomic => {
            store::write_atomic(path, text.as_bytes(), store::Mode::PRIVATE_FILE).unwrap();
        }
        Save::ByRelinking => relink(path, text),
    }
}

#[cfg(unix)]
fn relink(path: &Path, text: &str) {
    let elsewhere = path.parent().unwrap().join("next");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("real.toml"), text).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("real.toml"), path.with_file_name("link.new")).unwrap();
    fs::rename(path.with_file_name("link.new"), path).unwrap();
}

#[cfg(not(unix))]
fn relink(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// Makes `config.toml` a link to a file in another folder.
#[cfg(unix)]
fn link_elsewhere(path: &Path, text: &str) {
    let elsewhere = path.parent().unwrap().join("dotfiles");
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("sluice.toml"), text).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("sluice.toml"), path).unwrap();
}

#[cfg(not(unix))]
fn link_elsewhere(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

#[rstest]
#[tokio::test]
async fn a_save_by_any_program_takes_effect(
    #[values(
        Save::InPlace,
        Save::Vim,
        Save::VsCode,
        Save::SedInPlace,
        Save::DeleteAndRecreate,
        Save::OursAtomic,
        Save::ThroughALink,
        Save::ByRelinking
    )]
    how: Save,
) {
    let bed = Bed::new();
    let path = bed.home.config();
    match how {
        Save::ThroughALink | Save::ByRelinking => link_elsewhere(&path, &with_channel("before")),
        _ => fs::write(&path, with_channel("before")).unwrap(),
    }
    let file = bed.open().unwrap();
    file.watch().unwrap();
    let mut snapshot = file.snapshot();
    assert_eq!(in_force(&file), ["before"]);

    save(how, &path, &with_channel("after"));
    comes_into_force(&mut snapshot, "after").await;

    // And once more, in place: the watch survived whatever the first save did to the file.
    fs::write(&path, with_channel("again")).unwrap();
    comes_into_force(&mut snapshot, "again").await;
}

#[rstest]
#[case::broken(BROKEN, "weight")]
#[case::half_written("version = 1\n[[channel]]\nname = \"a", "config.toml")]
#[case::empty("", "the file is empty")]
#[case::newer("version = 99\n", "99")]
#[tokio::test]
async fn an_invalid_save_keeps_the_last_good_and_says_why(#[case] text: &str, #[case] words: &str) {
    let bed = Bed::with(&with_channel("good"));
    let file = bed.open().unwrap();
    file.watch().unwrap();
    let mut problems = file.problems();
    let mut snapshot = file.snapshot();

    fs::write(bed.home.config(), text).unwrap();
    is_reported(&mut problems, words).await;
    assert_eq!(in_force(&file), ["good"]);

    fs::write(bed.home.config(), with_channel("repaired")).unwrap();
    comes_into_force(&mut snapshot, "repaired").await;
    assert!(!problems.borrow().iter().any(Finding::is_error));
}

#[tokio::test]
async fn a_deleted_file_keeps_the_last_good_and_its_return_clears_the_problem() {
    let bed = Bed::with(&with_channel("good"));
    let file = bed.open().unwrap();
    file.watch().unwrap();
    let mut problems = file.problems();

    fs::remove_file(bed.home.config()).unwrap();
    is_reported(&mut problems, "missing").await;
    assert_eq!(in_force(&file), ["good"]);

    fs::write(bed.home.config(), with_channel("good")).unwrap();
    let cleared = problems.wait_for(|findings| !findings.iter().any(Finding::is_error));
    tokio::time::timeout(NOTICED_WITHIN, cleared).await.expect("the return is noticed").unwrap();
}

#[test]
fn an_invalid_native_file_starts_with_the_last_good_copy() {
    let bed = Bed::with(&with_channel("good"));
    drop(bed.open().unwrap());
    fs::write(bed.home.config(), BROKEN).unwrap();

    let file = bed.open().unwrap();

    assert_eq!(in_force(&file), ["good"]);
    assert!(file.problems().borrow().iter().any(Finding::is_error));
    assert_eq!(fs::read_to_string(bed.home.config()).unwrap(), BROKEN);
}

#[test]
fn an_invalid_native_file_without_a_copy_is_refused_with_its_place() {
    let fault = Bed::with(BROKEN).open().err().unwrap().to_string();
    assert!(fault.contains("\n  error: config.toml:4:"), "{fault}");
}

#[test]
fn an_invalid_given_file_is_refused_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    fs::write(&path, BROKEN).unwrap();
    let fault = open(Origin::Given(path.clone())).err().unwrap();
    assert!(fault.to_string().contains("\n  error: mine.toml:4:"), "{fault}");

    let missing = open(Origin::Given(folder.path().join("absent.yaml"))).err().unwrap();
    assert!(missing.to_string().contains("absent.yaml"), "{missing}");
}

#[test]
fn a_given_file_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.toml");
    let text = with_channel("a");
    fs::write(&path, &text).unwrap();
    let file = open(Origin::Given(path.clone())).unwrap();

    let fault = file.edit(|text| Ok::<_, Finding>(text.replace("\"a\"", "\"b\""))).unwrap_err();

    assert!(matches!(fault, EditFault::NotOurs { .. }));
    assert_eq!(fs::read_to_string(path).unwrap(), text);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn an_edit_takes_effect_at_once_and_in_the_file() {
    let bed = Bed::with(&with_channel("before"));
    let file = bed.open().unwrap();

    file.edit(|text| Ok::<_, Finding>(text.replace("before", "after"))).unwrap();

    assert_eq!(in_force(&file), ["after"]);
    let text = fs::read_to_string(bed.home.config()).unwrap();
    assert!(text.starts_with("# mine\n") && text.contains("\"after\" # first"), "{text}");
}

#[test]
fn an_edit_that_would_break_the_file_changes_nothing() {
    let bed = Bed::with(&with_channel("good"));
    let file = bed.open().unwrap();

    let fault = file.edit(|_| Ok::<_, Finding>(BROKEN.to_owned())).unwrap_err();

    assert!(matches!(fault, EditFault::Invalid { .. }), "{fault}");
    assert!(fault.to_string().starts_with("channel[0].weight: "), "the line is in no file: {fault}");
    assert_eq!(in_force(&file), ["good"]);
    assert_eq!(fs::read_to_string(bed.home.config()).unwrap(), with_channel("good"));
}

#[rstest]
#[case::missing(None)]
#[case::empty(Some("\n"))]
fn an_edit_of_a_file_that_is_gone_does_not_end_what_is_in_force(#[case] text: Option<&str>) {
    let bed = Bed::with(&with_channel("good"));
    let file = bed.open().unwrap();
    match text {
        Some(text) => fs::write(bed.home.config(), text).unwrap(),
        None => fs::remove_file(bed.home.config()).unwrap(),
    }

    let fault = file.edit(|text| Ok::<_, Finding>(format!("{text}# more\n"))).unwrap_err();

    assert!(fault.to_string().contains("config.toml.last-good"), "{fault}");
    assert_eq!(in_force(&file), ["good"]);
}

/// The ways in which a whole folder is put in another's place.
#[derive(Debug, Clone, Copy)]
enum Replace {
    DeleteAndRecreate,
    MoveInPlace,
}

#[rstest]
#[tokio::test]
async fn a_folder_in_place_of_the_watched_one_is_watched(
    #[values(Replace::DeleteAndRecreate, Replace::MoveInPlace)] how: Replace,
) {
    let folder = tempfile::tempdir().unwrap();
    let watched = folder.path().join("watched");
    let path = watched.join("mine.toml");
    fs::create_dir(&watched).unwrap();
    fs::write(&path, with_channel("before")).unwrap();
    let file = open(Origin::Given(path.clone())).unwrap();
    file.watch().unwrap();
    let mut snapshot = file.snapshot();

    match how {
        Replace::DeleteAndRecreate => {
            fs::remove_dir_all(&watched).unwrap();
            fs::create_dir(&watched).unwrap();
            fs::write(&path, with_channel("after")).unwrap();
        }
        Replace::MoveInPlace => {
            let next = folder.path().join("next");
            fs::create_dir(&next).unwrap();
            fs::write(next.join("mine.toml"), with_channel("after")).unwrap();
            fs::rename(&watched, folder.path().join("old")).unwrap();
            fs::rename(&next, &watched).unwrap();
        }
    }
    comes_into_force(&mut snapshot, "after").await;

    fs::write(&path, with_channel("again")).unwrap();
    comes_into_force(&mut snapshot, "again").await;
}

#[cfg(unix)]
#[test]
fn an_edit_through_a_link_changes_the_real_file_and_keeps_the_link() {
    let bed = Bed::new();
    link_elsewhere(&bed.home.config(), &with_channel("before"));
    let file = bed.open().unwrap();

    file.edit(|text| Ok::<_, Finding>(text.replace("before", "after"))).unwrap();

    assert!(bed.home.config().is_symlink());
    assert!(fs::read_to_string(bed.home.config()).unwrap().contains("after"));
}

#[test]
fn edits_at_the_same_time_lose_nothing() {
    const WRITERS: usize = 4;
    const EDITS: usize = 10;
    let bed = Bed::new();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let file = bed.open().unwrap();
            scope.spawn(move || {
                for edit in 0..EDITS {
                    file.edit(|text| Ok::<_, Finding>(format!("{text}# {writer}.{edit}\n"))).unwrap();
                }
            });
        }
    });

    let text = fs::read_to_string(bed.home.config()).unwrap();
    for writer in 0..WRITERS {
        for edit in 0..EDITS {
            assert!(text.contains(&format!("# {writer}.{edit}\n")), "{writer}.{edit} is lost");
        }
    }
}

/// Notes what is in force whenever the problems change.
struct Noting {
    snapshot: watch::Receiver<Arc<Snapshot>>,
    seen: Mutex<Vec<Vec<String>>>,
}

impl Wake for Noting {
    fn wake(self: Arc<Self>) {
        self.seen.lock().unwrap().push(names(&self.snapshot.borrow()));
    }
}

#[test]
fn whoever_hears_of_problems_finds_the_configuration_in_force_that_they_belong_to() {
    let bed = Bed::with(&with_channel("before"));
    let file = bed.open().unwrap();
    let noting = Arc::new(Noting { snapshot: file.snapshot(), seen: Mutex::default() });
    let mut problems = file.problems();
    let mut change = Box::pin(problems.changed());
    let waker = Waker::from(Arc::clone(&noting));
    assert!(change.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());

    file.edit(|text| Ok::<_, Finding>(text.replace("before", "after"))).unwrap();

    assert_eq!(*noting.seen.lock().unwrap(), [["after"]]);
}

#[test]
fn a_configuration_in_memory_is_edited_there() {
    let file = open(Origin::Memory(with_channel("before"))).unwrap();
    file.edit(|text| Ok::<_, Finding>(text.replace("before", "after"))).unwrap();
    assert_eq!(in_force(&file), ["after"]);
    assert_eq!(file.path(), None);
}

#[test]
fn an_older_file_is_migrated_and_its_old_text_kept() {
    let old = "# mine\n[[channels]] # list\nname = \"a\"\nbase_url = \"https://example.com/v1\"\napi_key = \"${EXAMPLE_KEY}\"\ntimeout = 30\n";
    let bed = Bed::with(old);

    let file = bed.open().unwrap();

    assert_eq!(in_force(&file), ["a"]);
    let new = fs::read_to_string(bed.home.config()).unwrap();
    assert!(new.contains("version = 1") && new.contains("# mine"), "{new}");
    assert_eq!(fs::read_to_string(bed.home.config_before_migration()).unwrap(), old);
}
