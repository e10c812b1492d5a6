#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use wire::{Native, Operation, Protocol};

use super::{Route, RouteRefusal, Rule, model_names, route};
use crate::{Catalog, Format, Snapshot, Surroundings, parse, resolve};

fn snapshot(text: &str) -> Snapshot {
    let parsed = parse("config.toml", Format::Toml, text.as_bytes()).unwrap();
    let lookup = |name: &str| (name == "K").then(|| "secret".to_owned());
    resolve(&parsed.document, &Surroundings::new(&lookup)).unwrap()
}

/// Channels in one line each: everything but the key, which all have.
fn channels(head: &str, list: &[&str]) -> Snapshot {
    let mut text = head.to_owned();
    for fields in list {
        text.push_str("\n[[channel]]\nkey = { env = \"K\" }\nbase_url = \"https://h.example.com\"\n");
        text.push_str(&fields.replace("; ", "\n"));
    }
    snapshot(&text)
}

fn ask(snapshot: &Snapshot, asked: &str) -> Route {
    route(snapshot, &Catalog::default(), Some(asked), Protocol::Chat, Operation::Generate)
}

/// The candidates as `channel:model@rank`, stand-ins with a question mark.
fn told(route: &Route) -> String {
    let one = |candidate: &super::Candidate| {
        let mark = if candidate.stand_in { "?" } else { "" };
        format!("{}:{}@{}{mark}", candidate.channel.name, candidate.model, candidate.rank)
    };
    route.candidates.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn skipped(route: &Route) -> String {
    route.skipped.iter().map(|one| format!("{} {}", one.channel, one.reason)).collect::<Vec<_>>().join("; ")
}

const THREE: &[&str] = &[
    "name = \"alpha\"; model = \"alpha-1\"; tags = [\"coding\", \"chat\"]",
    "name = \"beta\"; models = [\"beta-1\", \"Beta-2\", \"shared-*\"]; tags = [\"coding\"]; priority = 2",
    "name = \"gamma\"; model = \"gamma-1\"; models = [\"gamma-1\"]; model_map = { \"shared-x\" = \"g-x\" }; priority = 3",
];

#[test]
fn a_name_leads_to_its_channels_by_the_first_rule_that_matches() {
    let head = concat!(
        "[routing.aliases]\n",
        "fast = \"beta-1\"\n",
        "pinned = \"gamma,gamma-9\"\n",
        "chain = \"fast\"\n",
        "any = \"auto\"\n",
        "\"claude-*\" = \"alpha-1\"\n",
        "\"claude-haiku-*\" = \"beta-1\"\n",
        "\"claude-opus\" = \"gamma-1\"\n",
        "\"same-*\" = \"same-1\"\n",
    );
    let snapshot = channels(head, THREE);
    for (asked, expected) in [
        ("alpha,anything/at-all", "alpha:anything/at-all@0"),
        ("beta,Beta-2", "beta:Beta-2@0"),
        ("gamma,shared-x", "gamma:g-x@0"),
        ("alpha,", "alpha:alpha-1@0"),
        ("alpha,auto", "alpha:alpha-1@0"),
        ("alpha", "alpha:alpha-1@0"),
        ("beta", "beta:beta-1@0"),
        ("coding", "alpha:alpha-1@0 beta:beta-1@1"),
        ("coding,beta-1", "beta:beta-1@0 alpha:alpha-1@1?"),
        ("fast", "beta:beta-1@0 alpha:alpha-1@1?"),
        ("FAST", "beta:beta-1@0 alpha:alpha-1@1?"),
        ("pinned", "gamma:gamma-9@0"),
        ("chain", "beta:beta-1@0 alpha:alpha-1@1?"),
        ("any", "alpha:alpha-1@0 beta:beta-1@1 gamma:gamma-1@2"),
        ("Claude-Sonnet-5", "alpha:alpha-1@0"),
        ("claude-haiku-4-5", "beta:beta-1@0 alpha:alpha-1@1?"),
        ("claude-opus", "gamma:gamma-1@0 alpha:alpha-1@1?"),
        ("same-7", "alpha:alpha-1@0 beta:beta-1@1 gamma:gamma-1@2"),
        ("shared-y", "beta:shared-y@0 alpha:alpha-1@1?"),
        ("shared-x", "beta:shared-x@0 gamma:g-x@1 alpha:alpha-1@2?"),
        ("BETA-2", "beta:Beta-2@0 alpha:alpha-1@1?"),
        ("auto", "alpha:alpha-1@0 beta:beta-1@1 gamma:gamma-1@2"),
        ("nobody-knows", "alpha:alpha-1@0 beta:beta-1@1 gamma:gamma-1@2"),
        ("stranger,beta-1", "alpha:alpha-1@0 beta:beta-1@1 gamma:gamma-1@2"),
    ] {
        assert_eq!(told(&ask(&snapshot, asked)), expected, "{asked}");
    }
}

#[test]
fn the_rule_explains_itself() {
    let snapshot = channels("[routing.aliases]\nfast = \"beta-1\"\nodd = \"fast\"\n", THREE);
    for (asked, expected) in [
        ("alpha,x", "the request names channel \"alpha\" and its model \"x\""),
        ("chat", "the name is the tag \"chat\""),
        (
            "odd",
            "the alias \"odd\" stands for \"fast\"; the alias \"fast\" stands for \"beta-1\"; \
             channels list the name, map it or are known to serve it",
        ),
        ("auto", "auto: every channel answers with its default model"),
    ] {
        assert_eq!(ask(&snapshot, asked).rule.to_string(), expected);
    }
    assert!(ask(&snapshot, "unheard-of").rule.served_by_default());
    assert!(!ask(&snapshot, "fast").rule.served_by_default());
    let without = route(&snapshot, &Catalog::default(), None, Protocol::Chat, Operation::Generate);
    assert_eq!((&*without.asked, without.rule), ("auto", Rule::Auto));
}

#[test]
fn stand_ins_share_a_tier_with_its_listers_only_where_weights_differ() {
    for (list, expected) in [
        (
            &[
                "name = \"a\"; model = \"m\"",
                "name = \"b\"; model = \"other\"",
                "name = \"c\"; model = \"m\"; priority = 2",
            ],
            "a:m@0 c:m@1 b:other@2?",
        ),
        (
            &[
                "name = \"a\"; model = \"m\"; weight = 3",
                "name = \"b\"; model = \"other\"",
                "name = \"c\"; model = \"m\"; priority = 2",
            ],
            "a:m@0 b:other@0? c:m@1",
        ),
        (
            &[
                "name = \"a\"; model = \"m\"; priority = 2",
                "name = \"b\"; model = \"x\"; weight = 3",
                "name = \"c\"; model = \"y\"",
            ],
            "a:m@0 b:x@1? c:y@1?",
        ),
    ] {
        assert_eq!(told(&ask(&channels("", list), "m")), expected);
    }
}

#[test]
fn weights_balance_auto_and_defaults_alike() {
    let snapshot = channels("", &["name = \"a\"; model = \"x\"; weight = 3", "name = \"b\"; model = \"y\""]);
    assert_eq!(told(&ask(&snapshot, "auto")), "a:x@0 b:y@0");
    assert_eq!(told(&ask(&snapshot, "x")), "a:x@0 b:y@0?");
    assert_eq!(told(&ask(&snapshot, "unheard-of")), "a:x@0 b:y@0");
}

#[test]
fn a_channel_without_list_and_default_passes_any_name_on() {
    let snapshot = channels("", &["name = \"relay\""]);
    let route = ask(&snapshot, "vendor/some-model");
    assert_eq!((told(&route), route.rule), ("relay:vendor/some-model@0?".to_owned(), Rule::AnyName));
    let route = ask(&snapshot, "auto");
    assert_eq!((told(&route), skipped(&route)), (String::new(), "relay has no default model".to_owned()));
    let refusing = channels("[routing]\nunknown_models = \"refuse\"\n", &["name = \"relay\""]);
    assert_eq!(told(&ask(&refusing, "vendor/some-model")), "relay:vendor/some-model@0?");
}

#[test]
fn unknown_names_are_refused_with_close_matches_if_so_set() {
    let snapshot = channels("[routing]\nunknown_models = \"refuse\"\n", THREE);
    let route = ask(&snapshot, "beta-3");
    assert_eq!((route.candidates.len(), &route.rule), (0, &Rule::UnknownRefused));
    let Some(RouteRefusal::UnknownModel { close }) = route.refusal else { panic!("not refused") };
    assert_eq!(close[..2], ["Beta-2".to_owned(), "beta-1".to_owned()]);
    assert!(ask(&snapshot, "beta-1").refusal.is_none());
    assert!(ask(&snapshot, "auto").refusal.is_none());
}

#[test]
fn a_vendors_own_host_is_known_to_serve_its_families() {
    let snapshot = snapshot(concat!(
        "[[channel]]\nname = \"anthropic\"\ntype = \"claude\"\nprotocols = [\"messages\", \"chat\"]\nkey = { env = \"K\" }\n",
        "[[channel]]\nname = \"openai\"\nkey = { env = \"K\" }\nmodel = \"gpt-5\"\n",
        "[[channel]]\nname = \"listed\"\nkey = { env = \"K\" }\nmodels = [\"gpt-4o\"]\n",
    ));
    for (asked, expected) in [
        ("claude-sonnet-5", "anthropic:claude-sonnet-5@0 openai:gpt-5@1?"),
        ("gpt-4o", "openai:gpt-4o@0 listed:gpt-4o@0 anthropic:gpt-4o@1?"),
        ("o3-mini", "openai:o3-mini@0 anthropic:o3-mini@1?"),
        ("text-embedding-3-small", "openai:text-embedding-3-small@0 anthropic:text-embedding-3-small@1?"),
    ] {
        assert_eq!(told(&ask(&snapshot, asked)), expected, "{asked}");
    }
}

#[test]
fn the_mapping_comes_before_the_list_and_the_list_before_the_default() {
    let list = &["name = \"a\"; model = \"d\"; models = [\"m\", \"n-*\"]; \
                 model_map = { m = \"M\", \"n-*\" = \"N\", \"n-1*\" = \"N1\", \"n-10\" = \"N10\" }"];
    let snapshot = channels("", list);
    for (asked, expected) in [
        ("m", "a:M@0"),
        ("n-5", "a:N@0"),
        ("n-12", "a:N1@0"),
        ("n-10", "a:N10@0"),
        ("d", "a:d@0"),
        ("auto", "a:d@0"),
    ] {
        assert_eq!(told(&ask(&snapshot, asked)), expected, "{asked}");
    }
    let snapshot = channels("", &["name = \"a\"; models = [\"*\", \"m\"]; model_map = { m = \"M\" }"]);
    assert_eq!(told(&ask(&snapshot, "auto")), "a:M@0", "the default is mapped too");
}

#[test]
fn channels_that_cannot_serve_are_skipped_with_their_reason() {
    let list = &[
        "name = \"off\"; model = \"m\"; enabled = false",
        "name = \"empty\"; model = \"m\"; rpm = 0",
        "name = \"spent\"; model = \"m\"; rpd = 0",
        "name = \"shy\"; model = \"m\"; weight = 0",
        "name = \"picky\"; models = [\"n\"]",
    ];
    let mut text = String::new();
    for fields in list {
        text.push_str("\n[[channel]]\nkey = { env = \"K\" }\nbase_url = \"https://h.example.com\"\n");
        text.push_str(&fields.replace("; ", "\n"));
    }
    text.push_str("\n[[channel]]\nname = \"keyless\"\nmodel = \"m\"\nkey = { env = \"UNSET\" }\n");
    let snapshot = snapshot(&text);
    let route = ask(&snapshot, "m");
    assert_eq!(told(&route), "");
    let expected = "off is switched off; empty rpm is 0; spent rpd is 0; \
                    shy has weight 0 and was not named; picky does not list the model; \
                    keyless needs a key: variable UNSET is not set";
    assert_eq!(skipped(&route), expected);
    assert!(route.refusal.is_none(), "a known name is not unknown because nobody can serve it now");
    assert_eq!(told(&ask(&snapshot, "shy")), "shy:m@0", "weight 0 serves by name");
    assert_eq!(skipped(&ask(&snapshot, "off,m")), "off is switched off");
}

#[test]
fn anybody_may_answer_and_count_and_embed_who_has_words_for_embeddings() {
    let speaking =
        |protocols: &str| channels("", &[&format!("name = \"a\"; model = \"m\"; protocols = {protocols}")]);
    for (asked_in, operation, spoken, found) in [
        (Protocol::Chat, Operation::Generate, "[\"messages\", \"responses\"]", Some(Protocol::Messages)),
        (
            Protocol::Responses,
            Operation::Generate,
            "[\"messages\", \"responses\"]",
            Some(Protocol::Responses),
        ),
        (Protocol::Gemini, Operation::CountTokens, "[\"messages\", \"responses\"]", Some(Protocol::Messages)),
        (Protocol::Chat, Operation::Complete, "[\"messages\", \"responses\"]", None),
        (Protocol::Chat, Operation::Embed, "[\"messages\", \"responses\"]", None),
        (Protocol::Chat, Operation::Embed, "[\"messages\", \"gemini\"]", Some(Protocol::Gemini)),
        (Protocol::Chat, Operation::Embed, "[\"gemini\", \"chat\"]", Some(Protocol::Chat)),
        (Protocol::Gemini, Operation::Embed, "[\"responses\", \"chat\"]", Some(Protocol::Chat)),
        (Protocol::Gemini, Operation::BatchEmbed, "[\"chat\"]", Some(Protocol::Chat)),
        (Protocol::Chat, Operation::Native(Native::Image), "[\"gemini\"]", None),
        (
            Protocol::Responses,
            Operation::Native(Native::Stored),
            "[\"chat\", \"responses\"]",
            Some(Protocol::Responses),
        ),
    ] {
        let snapshot = speaking(spoken);
        let route = route(&snapshot, &Catalog::default(), Some("m"), asked_in, operation);
        let candidate = route.candidates.first().map(|candidate| candidate.protocol);
        assert_eq!(candidate, found, "{asked_in} {operation} {spoken}: {}", skipped(&route));
        assert_eq!(route.protocol, asked_in);
    }
}

#[test]
fn embeddings_are_translated_only_where_no_native_channel_lists_the_model() {
    let embed = |list: &[&str]| {
        let snapshot = channels("", list);
        let route = route(&snapshot, &Catalog::default(), Some("e"), Protocol::Chat, Operation::Embed);
        (told(&route), skipped(&route))
    };
    let google = "name = \"google\"; protocols = [\"gemini\"]; models = [\"e\"]";
    let lists = "name = \"lists\"; models = [\"e\"]; priority = 2";
    let any = "name = \"any\"; model = \"chats\"";
    assert_eq!(embed(&[google, lists]), ("lists:e@0".into(), "google does not speak chat".into()));
    assert_eq!(embed(&[google, any]), ("google:e@0 any:e@1?".into(), String::new()));
    assert_eq!(embed(&[google]), ("google:e@0".into(), String::new()));
}

#[test]
fn a_default_model_stands_in_for_answers_alone() {
    let own = "name = \"own\"; model = \"chats\"";
    let listing = "name = \"listing\"; models = [\"chats\"]";
    let native = Operation::Native(Native::Image);
    for (operation, asked, list, expected) in [
        (Operation::Generate, Some("paints"), &[own][..], "own:chats@0"),
        (native, Some("paints"), &[own], "own:paints@0?"),
        (native, Some("paints"), &[own, listing], "own:paints@0?"),
        (native, Some("paints"), &[listing], ""),
        (native, None, &[own, listing], "own:@0 listing:@0"),
        (native, Some("own"), &[own], "own:chats@0"),
        (Operation::Embed, Some("embeds"), &[own], "own:embeds@0?"),
        (Operation::Embed, None, &[own], "own:chats@0"),
    ] {
        let route = route(&channels("", list), &Catalog::default(), asked, Protocol::Chat, operation);
        assert_eq!(told(&route), expected, "{operation} {asked:?}: {}", skipped(&route));
        assert_eq!(route.refusal.is_some(), expected.is_empty(), "{operation} {asked:?}");
    }
}

#[test]
fn without_fallback_only_the_first_rank_may_answer() {
    let list = &[
        "name = \"a\"; model = \"m\"",
        "name = \"b\"; model = \"m\"",
        "name = \"c\"; model = \"m\"; priority = 2",
    ];
    let snapshot = channels("[routing]\nfallback = false\n", list);
    let route = ask(&snapshot, "m");
    assert_eq!(told(&route), "a:m@0 b:m@0");
    assert_eq!(skipped(&route), "c would come later, and fallback is off");
    assert!(!route.fallback);
}

#[test]
fn the_list_of_models_holds_what_can_be_asked_for() {
    let head = "[routing.aliases]\nfast = \"alpha-1\"\n\"claude-*\" = \"alpha-1\"\n";
    let names: Vec<String> =
        model_names(&channels(head, THREE), &Catalog::default()).into_iter().map(|model| model.id).collect();
    assert_eq!(names, ["auto", "fast", "alpha-1", "beta-1", "Beta-2", "gamma-1", "shared-x"]);
}

#[test]
fn an_upstream_s_own_list_makes_its_channel_serve_the_names() {
    let snapshot =
        channels("", &["name = \"a\"; id = \"1\"; model = \"x\"", "name = \"b\"; id = \"2\"", THREE[1]]);
    let mut catalog = Catalog::default();
    catalog.put("1".into(), ["Gpt-9".into(), "gpt-9".into(), "X".into()]);
    catalog.put("beta".into(), ["gpt-9".into()]);
    let ask =
        |catalog: &Catalog, name| route(&snapshot, catalog, Some(name), Protocol::Chat, Operation::Generate);
    assert_eq!(told(&ask(&Catalog::default(), "gpt-9")), "a:x@0? b:gpt-9@0?");
    assert_eq!(told(&ask(&catalog, "gpt-9")), "a:Gpt-9@0 b:gpt-9@1?", "spelled as the upstream does");
    assert_eq!(ask(&catalog, "gpt-9").rule, Rule::Listed);
    assert_eq!(
        skipped(&ask(&catalog, "gpt-9")),
        "beta does not list the model",
        "a list of the file counts alone"
    );
    let names: Vec<String> = model_names(&snapshot, &catalog).into_iter().map(|model| model.id).collect();
    assert_eq!(names, ["auto", "x", "beta-1", "Beta-2", "Gpt-9"], "each once, however it is spelled");
    catalog.forget("1");
    assert_eq!(told(&ask(&catalog, "gpt-9")), "a:x@0? b:gpt-9@0?");
}

/// A channel that may lack or have anything that routing looks at.
fn any_channel() -> impl Strategy<Value = String> {
    let model = prop::option::of(prop::sample::select(vec!["m", "n", "x-1"]));
    let models = prop::option::of(prop::sample::subsequence(vec!["m", "x-*", "n", "*"], 0..3));
    let flags = (any::<bool>(), prop::sample::select(vec!["chat", "messages"]), any::<bool>());
    (model, models, 0_u32..3, 1_u32..3, flags).prop_map(|(model, models, weight, priority, flags)| {
        let (enabled, protocol, tagged) = flags;
        let tags = if tagged { "[\"t\"]" } else { "[]" };
        let model = model.map_or(String::new(), |model| format!("; model = \"{model}\""));
        let models = models.map_or(String::new(), |models| format!("; models = {models:?}"));
        format!(
            "enabled = {enabled}; weight = {weight}; priority = {priority}; protocols = [\"{protocol}\"]; \
             tags = {tags}{model}{models}"
        )
    })
}

proptest! {
    #[test]
    fn every_channel_in_scope_is_either_a_candidate_or_skipped_with_a_reason(
        list in prop::collection::vec(any_channel(), 1..6),
        asked in prop::sample::select(vec!["m", "x-7", "auto", "t", "c0", "c0,m", "unheard", "t,n"]),
        fallback in any::<bool>(),
    ) {
        let named: Vec<String> =
            list.iter().enumerate().map(|(at, fields)| format!("name = \"c{at}\"; {fields}")).collect();
        let lines: Vec<&str> = named.iter().map(String::as_str).collect();
        let snapshot = channels(&format!("[routing]\nfallback = {fallback}\n"), &lines);
        let route = ask(&snapshot, asked);
        let mut seen: Vec<&str> = route.candidates.iter().map(|one| &*one.channel.name).collect();
        seen.extend(route.skipped.iter().map(|one| &*one.channel));
        let considered = seen.len();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), considered, "no channel is considered twice");
        let whole_scope = matches!(route.rule, Rule::Listed | Rule::Auto | Rule::UnknownAsAuto | Rule::AnyName);
        prop_assert!(!whole_scope || considered == list.len(), "none is forgotten");
        let ranks: Vec<u32> = route.candidates.iter().map(|one| one.rank).collect();
        prop_assert!(ranks.is_sorted());
        prop_assert!(ranks.first().is_none_or(|rank| *rank == 0));
        prop_assert!(ranks.windows(2).all(|pair| pair[1] - pair[0] <= 1), "ranks have no gaps");
        prop_assert!(fallback || ranks.iter().all(|rank| *rank == 0));
        for candidate in &route.candidates {
            let channel = &candidate.channel;
            let spoken = channel.speaks(Protocol::Chat).unwrap_or(0);
            prop_assert!(channel.enabled && spoken == candidate.base);
            prop_assert_eq!(candidate.protocol, channel.spoken[spoken].protocol);
            prop_assert!(channel.weight > 0 || asked.starts_with("c0"));
        }
        // Where the weights of a tier differ, its stand-ins share with its listers, in front of all other stand-ins.
        let listed = |rank| route.candidates.iter().any(|one| one.rank == rank && !one.stand_in);
        for pair in route.candidates.windows(2) {
            let one_kind = listed(pair[0].rank) == listed(pair[1].rank);
            prop_assert!(!one_kind || pair[0].channel.priority <= pair[1].channel.priority, "tiers are strict");
        }
    }
}
