#![expect(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;

use super::*;
use crate::ask::SchemaWords;
use crate::json::{Tape, validate};

const ALL: [Rules; 5] = [Rules::Open, Rules::Strict, Rules::Input, Rules::Output, Rules::Gemini];

/// Writes a schema; the second is whether anything was lost.
fn written(schema: &str, words: SchemaWords, rules: Rules) -> (String, bool) {
    let tape = Tape::read(schema.as_bytes()).unwrap();
    let mut out = Vec::new();
    let lost = write(Some(Schema { value: tape.root(), words }), rules, &mut out);
    (String::from_utf8(out).unwrap(), lost)
}

fn check(what: &str, words: SchemaWords, rules: Rules, schema: &str, expected: &str) {
    let (text, lost) = written(schema, words, rules);
    assert_eq!(text, expected, "{what}");
    let tells = text.contains(r#""description":"{"#) || text.contains(r"\n\n{");
    let refers_to_nothing = text.contains(":{}}}") && rules == Rules::Gemini;
    assert_eq!(lost, tells || refers_to_nothing, "{what}");
}

#[test]
fn gemini_gets_its_own_keywords_and_is_told_the_others() {
    for (what, schema, expected) in [
        (
            "P092",
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","properties":{"n":{"type":"integer","exclusiveMinimum":0,"description":"How many."},"l":{"type":"array","items":{"type":"string"},"uniqueItems":true},"c":{"const":"a"}},"required":["n"],"additionalProperties":false}"#,
            r#"{"type":"object","properties":{"n":{"type":"integer","description":"How many.\n\n{exclusiveMinimum: 0}"},"l":{"type":"array","items":{"type":"string"},"description":"{uniqueItems: true}"},"c":{"enum":["a"],"type":"string"}},"required":["n"],"additionalProperties":false}"#,
        ),
        (
            "a pattern and lengths",
            r#"{"type":"object","properties":{"s":{"type":"string","pattern":"^a\"","minLength":1}}}"#,
            r#"{"type":"object","properties":{"s":{"type":"string","description":"{pattern: \"^a\\\"\", minLength: 1}"}}}"#,
        ),
        ("P094", r#"{"type":"integer","enum":[1,2]}"#, r#"{"type":"integer","enum":[1,2]}"#),
        (
            "other values than text and numbers",
            r#"{"type":["string","null"],"enum":["a",null]}"#,
            r#"{"type":["string","null"],"enum":["a"]}"#,
        ),
        ("P095", r#"{"type":"array"}"#, r#"{"type":"array","items":{}}"#),
        (
            "a choice",
            r#"{"oneOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]}"#,
            r#"{"anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]}"#,
        ),
        (
            "a reference stands alone, and definitions have one name",
            r##"{"type":"object","properties":{"a":{"$ref":"#/definitions/A","description":"d"}},"definitions":{"A":{"type":"string"}}}"##,
            r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"string"}}}"##,
        ),
        (
            "a reference to another place is written out",
            r##"{"type":"object","properties":{"a":{"type":"string"},"b":{"$ref":"#/properties/a"}}}"##,
            r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}}}"#,
        ),
        (
            "a reference to nothing allows everything",
            r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}}}"##,
            r#"{"type":"object","properties":{"a":{}}}"#,
        ),
        (
            "what must all hold becomes one",
            r##"{"type":"object","allOf":[{"properties":{"a":{"type":"string"}},"required":["a"]},{"$ref":"#/$defs/B"}],"$defs":{"B":{"properties":{"b":{"type":"number"}}}}}"##,
            r#"{"type":"object","$defs":{"B":{"properties":{"b":{"type":"number"}},"type":"object"}},"properties":{"a":{"type":"string"},"b":{"type":"number"}},"required":["a"]}"#,
        ),
        (
            "words for programs",
            r#"{"type":"string","x-order":1,"$comment":"c","readOnly":true,"markdownDescription":"m"}"#,
            r#"{"type":"string"}"#,
        ),
        (
            "required names what is there",
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a","b","a"]}"#,
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        ),
    ] {
        check(what, SchemaWords::JsonSchema, Rules::Gemini, schema, expected);
    }
}

#[test]
fn property_names_are_no_keywords_and_keep_their_order() {
    let schema = r#"{"type":"object","properties":{"title":{"type":"string"},"default":{"type":"string"},"format":{"type":"string"},"pattern":{"type":"string"},"const":{"type":"string"},"$ref":{"type":"string"},"properties":{"type":"object","properties":{"not":{"type":"string"}}},"anyOf":{"type":"string"}}}"#;
    for rules in [Rules::Open, Rules::Input, Rules::Gemini] {
        assert_eq!(
            written(schema, SchemaWords::JsonSchema, rules),
            (schema.to_owned(), false),
            "P093 {rules:?}"
        );
        assert_eq!(written(schema, SchemaWords::OpenApi, rules).0, schema, "P093 {rules:?}");
    }
    let (strict, _) = written(schema, SchemaWords::JsonSchema, Rules::Strict);
    let root = Tape::read(strict.as_bytes()).unwrap();
    let names: Vec<_> =
        root.root().get("properties").unwrap().members().map(|(name, _)| name.plain().into_owned()).collect();
    assert_eq!(names, ["title", "default", "format", "pattern", "const", "$ref", "properties", "anyOf"]);
}

#[test]
fn words_of_open_api_become_json_schema() {
    for (what, schema, expected) in [
        (
            "P096",
            r#"{"type":"OBJECT","properties":{"a":{"type":"STRING","nullable":true},"b":{"type":"ARRAY","items":{"type":"INTEGER","format":"int32"},"minItems":"1"}},"required":["a"],"propertyOrdering":["a","b"]}"#,
            r#"{"type":"object","properties":{"a":{"type":["string","null"]},"b":{"type":"array","items":{"type":"integer","format":"int32"},"minItems":1}},"required":["a"]}"#,
        ),
        (
            "values that may be null",
            r#"{"type":"STRING","format":"enum","enum":["A"],"nullable":true,"example":"A"}"#,
            r#"{"type":["string","null"],"enum":["A",null]}"#,
        ),
        (
            "a choice that may be null",
            r#"{"anyOf":[{"type":"STRING"},{"type":"NUMBER"}],"nullable":true}"#,
            r#"{"anyOf":[{"type":"string"},{"type":"number"},{"type":"null"}]}"#,
        ),
        (
            "definitions",
            r##"{"type":"OBJECT","properties":{"a":{"ref":"#/defs/A"}},"defs":{"A":{"type":"BOOLEAN"}}}"##,
            r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"type":"boolean"}}}"##,
        ),
        ("an unknown type", r#"{"type":"TYPE_UNSPECIFIED","title":"t"}"#, r#"{"title":"t"}"#),
    ] {
        check(what, SchemaWords::OpenApi, Rules::Open, schema, expected);
    }
}

#[test]
fn a_missing_schema_is_an_object_without_properties() {
    for rules in [Rules::Open, Rules::Input, Rules::Gemini] {
        let mut out = Vec::new();
        assert!(!write(None, rules, &mut out));
        assert_eq!(out, br#"{"type":"object","properties":{}}"#, "P110 {rules:?}");
        for nothing in ["{}", "null", "true", "7", "[]"] {
            assert_eq!(written(nothing, SchemaWords::JsonSchema, rules).0.as_bytes(), out, "{nothing}");
        }
    }
}

#[test]
fn a_tool_of_anthropic_has_an_object_at_its_root() {
    for (what, schema, expected) in [
        (
            "P111: properties of a choice",
            r#"{"anyOf":[{"type":"object","properties":{"a":{"type":"string"},"k":{"const":1}},"required":["a","k"]},{"type":"object","properties":{"b":{"type":"string"},"k":{"const":2}},"required":["b","k"]}]}"#,
            r#"{"type":"object","description":"{anyOf: [{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},\"k\":{\"const\":1}},\"required\":[\"a\",\"k\"]},{\"type\":\"object\",\"properties\":{\"b\":{\"type\":\"string\"},\"k\":{\"const\":2}},\"required\":[\"b\",\"k\"]}]}","properties":{"a":{"type":"string"},"k":{"anyOf":[{"const":1},{"const":2}]},"b":{"type":"string"}},"required":["k"]}"#,
        ),
        (
            "the schema's own address goes",
            r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"a":{"type":"string","minLength":1,"default":"x"}}}"#,
            r#"{"type":"object","properties":{"a":{"type":"string","minLength":1,"default":"x"}}}"#,
        ),
        (
            "a root that is a reference",
            r##"{"$ref":"#/definitions/R","definitions":{"R":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}}}"##,
            r#"{"definitions":{"R":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}},"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#,
        ),
        ("a root without a type", r#"{"properties":{}}"#, r#"{"properties":{},"type":"object"}"#),
        (
            "what is fine stays as it was written",
            r#"{ "type":"object", "properties": {"a":{"anyOf":[{"type":"string"},{"type":"null"}],"x":1e2}}}"#,
            r#"{ "type":"object", "properties": {"a":{"anyOf":[{"type":"string"},{"type":"null"}],"x":1e2}}}"#,
        ),
    ] {
        check(what, SchemaWords::JsonSchema, Rules::Input, schema, expected);
    }
}

#[test]
fn structured_output_of_anthropic_is_closed_and_told_its_constraints() {
    check(
        "P120",
        SchemaWords::JsonSchema,
        Rules::Output,
        r#"{"type":"object","properties":{"s":{"type":"string","minLength":2},"u":{"oneOf":[{"type":"string","format":"date"},{"type":"string","format":"phone"}]},"l":{"type":"array","items":{"type":"object","properties":{}},"minItems":1,"maxItems":3}},"required":["s"]}"#,
        r#"{"type":"object","properties":{"s":{"type":"string","description":"{minLength: 2}"},"u":{"anyOf":[{"type":"string","format":"date"},{"type":"string","description":"{format: \"phone\"}"}]},"l":{"type":"array","items":{"type":"object","properties":{},"additionalProperties":false},"minItems":1,"description":"{maxItems: 3}"}},"required":["s"],"additionalProperties":false}"#,
    );
}

#[test]
fn strict_mode_requires_every_property_and_lets_those_be_null_that_might_be_missing() {
    let schema = r##"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","default":3},"c":{"enum":["x"]},"d":{"$ref":"#/$defs/D"}},"required":["a"],"$defs":{"D":{"type":"object","properties":{"e":{"type":"boolean"}},"required":["e"],"additionalProperties":true}}}"##;
    let expected = r##"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":["integer","null"],"description":"{default: 3}"},"c":{"enum":["x",null],"type":["string","null"]},"d":{"anyOf":[{"$ref":"#/$defs/D"},{"type":"null"}]}},"required":["a","b","c","d"],"$defs":{"D":{"type":"object","properties":{"e":{"type":"boolean"}},"required":["e"],"additionalProperties":false}},"additionalProperties":false}"##;
    assert_eq!(written(schema, SchemaWords::JsonSchema, Rules::Strict), (expected.to_owned(), true));
}

#[test]
fn a_schema_is_strict_if_strictness_changes_nothing() {
    for (schema, strict) in [
        (r#"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#, true),
        (
            r#"{ "additionalProperties": false, "type":"object", "properties":{"a":{"type":["string","null"],"description":"d"}}, "required":["a"] }"#,
            true,
        ),
        (r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#, false),
        (
            r#"{"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"string","minLength":1}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        (
            r#"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}}}},"required":["a"],"additionalProperties":false}"#,
            false,
        ),
        ("{}", false),
    ] {
        let tape = Tape::read(schema.as_bytes()).unwrap();
        let schema = Schema { value: tape.root(), words: SchemaWords::JsonSchema };
        assert_eq!(is_strict(schema), strict, "{}", schema.value.raw());
    }
}

#[test]
fn references_that_go_in_circles_or_multiply_come_to_an_end() {
    let doubling = (0..40).map(|nth| {
        format!(r##""p{nth}":{{"type":"object","properties":{{"a":{{"$ref":"#/properties/p{next}"}},"b":{{"$ref":"#/properties/p{next}"}}}}}}"##, next = nth + 1)
    });
    let doubling =
        format!(r#"{{"type":"object","properties":{{{}}}}}"#, doubling.collect::<Vec<_>>().join(","));
    let deep = format!("{}{}", r#"{"items":"#.repeat(400), "{}".to_owned() + &"}".repeat(400));
    for schema in [
        doubling.as_str(),
        deep.as_str(),
        r##"{"$ref":"#"}"##,
        r##"{"$ref":"#/$defs/A","$defs":{"A":{"allOf":[{"$ref":"#/$defs/A"},{"$ref":"#"}]}}}"##,
        r##"{"type":"object","properties":{"a":{"$ref":"#/properties/a"}}}"##,
    ] {
        for rules in ALL {
            let (text, _) = written(schema, SchemaWords::JsonSchema, rules);
            assert_eq!(validate(text.as_bytes()), Ok(()), "{rules:?}");
            assert!(text.len() < 1 << 20, "{rules:?}: {} bytes", text.len());
        }
    }
}

/// Makes JSON that is full of the keywords of schemas, rightly and wrongly used.
fn schema() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i32>().prop_map(Into::into),
        prop::sample::select(vec![
            "object",
            "STRING",
            "array",
            "null",
            "any",
            "#",
            "#/$defs/a",
            "#/properties/a",
            "date",
            "1",
            "ü\"\n",
        ])
        .prop_map(Into::into),
    ];
    let key = prop::sample::select(vec![
        "type",
        "properties",
        "required",
        "items",
        "anyOf",
        "oneOf",
        "allOf",
        "$ref",
        "ref",
        "$defs",
        "defs",
        "definitions",
        "enum",
        "const",
        "description",
        "additionalProperties",
        "format",
        "minItems",
        "nullable",
        "pattern",
        "not",
        "prefixItems",
        "default",
        "a",
        "b\"",
        "title",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((key.clone(), inner), 0..6).prop_map(|members| {
                serde_json::Value::Object(
                    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
                )
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_schema_becomes_valid_json(schema in schema(), open_api in any::<bool>()) {
        let words = if open_api { SchemaWords::OpenApi } else { SchemaWords::JsonSchema };
        for rules in ALL {
            let (text, _) = written(&schema.to_string(), words, rules);
            prop_assert!(Tape::read(text.as_bytes()).is_ok_and(|tape| tape.root().is_object()), "{}", text);
        }
    }
}
