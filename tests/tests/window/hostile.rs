//! Names and errors that are written to run in the page stay words.

use serde_json::json;
use sluice_tests::desktop::Desktop;

use crate::{ask, channel, scripted};

/// Runs where it is taken for markup; the quotes end an attribute that it would stand in.
const MARKUP: &str = "'\"><img src=x onerror=window.ran=1><script>window.ran=1</script>";

#[tokio::test]
async fn a_hostile_model_and_error_are_words_in_every_view() {
    let body = json!({"error": {"message": MARKUP, "type": MARKUP, "code": MARKUP}});
    let hostile = scripted("a", json!([{"then": {"status": 500, "body": body}}])).await;
    let name = format!("Alpha {}", MARKUP.replace(['/', '"'], ""));
    let escaped = name.replace('\'', "\\u0027");
    let desktop = Desktop::start(&channel(&escaped, &hostile.url(), &format!("tags = ['''{MARKUP}''']")));
    let window = desktop.window(&[]).await;
    window.sees("No request yet today.").await;

    let reply = ask(desktop.addr, MARKUP).await;
    assert!(reply.status >= 400, "{reply:?}");
    let traces = window.perform("traces", json!({})).await.unwrap();
    assert_eq!(traces[0]["asked"], MARKUP);
    let id = traces[0]["id"].as_str().unwrap();
    window.perform("save_alias", json!({"original": null, "name": MARKUP, "target": "auto"})).await.unwrap();
    window.perform("test_channel", json!({"name": name})).await.unwrap();
    let row = url_text(&name);

    for (place, shown) in [
        ("#overview".to_owned(), name.as_str()),
        ("#channels".to_owned(), &name),
        (format!("#channels/{row}"), MARKUP),
        (format!("#channels?test={row}"), MARKUP),
        (format!("#models?try={}", url_text(MARKUP)), MARKUP),
        ("#traffic".to_owned(), MARKUP),
        (format!("#traffic/{id}"), MARKUP),
        ("#settings/data".to_owned(), "config.toml"),
    ] {
        window.goes_to(&place).await;
        window.sees(shown).await;
        let made =
            "return document.querySelector('img, script:not([src])') !== null || window.ran !== undefined";
        assert_eq!(window.look(made, &[]).await, json!(false), "markup came to life in {place}");
    }

    // The same words as markup: the test above could not see it otherwise.
    window.look("document.body.append(document.createElement('img'))", &[]).await;
    let made = window.look("return document.querySelector('img') !== null", &[]).await;
    assert_eq!(made, json!(true));
}

fn url_text(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}
