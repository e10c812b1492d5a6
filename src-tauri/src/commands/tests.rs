//! The window may do what stands here and nothing else. A change of these files is a change of what a page that went
//! wrong could do.

use serde_json::{Value, json};

use super::*;

macro_rules! permissions {
    ($($name:ident($request:ty) -> $reply:ty;)*) => {
        vec![$(format!("allow-{}", stringify!($name).replace('_', "-"))),*]
    };
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("the file is JSON")
}

#[test]
fn the_window_may_call_the_operations_of_the_two_tables_and_hear_events() {
    let events = ["core:event:allow-listen", "core:event:allow-unlisten"].map(str::to_owned).to_vec();
    let permissions = [events, admin::operations!(permissions), desktop_operations!(permissions)].concat();
    let expected = json!({
        "identifier": "main",
        "local": true,
        "windows": ["main"],
        "permissions": permissions,
    });
    let mut capability = read(include_str!("../../capabilities/main.json"));
    let fields = capability.as_object_mut().expect("a capability is an object");
    fields.retain(|name, _| name != "$schema" && name != "description");
    assert_eq!(capability, expected);
}

#[test]
fn there_is_one_capability_and_it_is_the_one_in_force() {
    let files =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/capabilities")).expect("the folder is there");
    let names: Vec<_> = files.map(|file| file.expect("the folder can be read").file_name()).collect();
    assert_eq!(names, ["main.json"]);
}

#[test]
fn nothing_from_outside_is_loaded_and_no_script_but_ours_runs() {
    let configuration = read(include_str!("../../tauri.conf.json"));
    let expected = json!({
        "withGlobalTauri": false,
        "windows": [],
        "security": {
            "csp": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
                    connect-src ipc: http://ipc.localhost; base-uri 'none'; form-action 'none'; \
                    frame-ancestors 'none'; object-src 'none'",
            "dangerousDisableAssetCspModification": false,
            "freezePrototype": true,
            "capabilities": ["main"],
        },
    });
    assert_eq!(configuration["app"], expected);
    assert_eq!(configuration["build"], json!({"frontendDist": "../ui/dist"}));
}

#[test]
fn a_request_that_cannot_be_understood_is_refused_as_a_fault() {
    let fault = understood::<Nothing>(json!({"nothing": 1})).expect_err("the field is unknown");
    assert_eq!(fault.code, admin::FaultCode::Invalid);
    assert!(fault.message.contains("nothing"), "{fault}");
}
