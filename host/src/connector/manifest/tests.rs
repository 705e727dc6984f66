//! Stories about reading `connector.toml`: what it says, and how a mistake in it is told.

use super::{ConfigValue, Configuration, Manifest, Method, PathPattern, Profile};
use crate::connector::fixture::{MANIFEST, PROFILE};

fn refused(manifest: &str) -> String {
    Manifest::parse(manifest.as_bytes()).unwrap_err().to_string()
}

fn changed(instead_of: &str, text: &str) -> String {
    assert!(MANIFEST.contains(instead_of));
    refused(&MANIFEST.replace(instead_of, text))
}

fn manifest() -> Manifest {
    Manifest::parse(MANIFEST.as_bytes()).unwrap()
}

#[test]
fn a_manifest_says_who_a_connector_is_and_what_it_asks_for() {
    let manifest = manifest();

    assert_eq!(manifest.package_file_name(), "voorbeeld-ta-1.2.0.oke");
    let api = manifest.endpoint("api").unwrap();
    assert!(api.allows(Method::Get, "/offerings/5f/associations"));
    assert!(!api.allows(Method::Put, "/offerings/5f/associations"));
    assert!(!api.allows(Method::Get, "/offerings/5f"));
    assert!(manifest.endpoint("elders").is_none());
}

#[test]
fn a_manifest_written_back_reads_the_same() {
    let manifest = manifest();

    let written = toml::to_string(&manifest).unwrap();

    assert_eq!(Manifest::parse(written.as_bytes()).unwrap(), manifest);
}

#[test]
fn a_mistake_is_told_with_its_line_and_text() {
    insta::assert_snapshot!(changed("title =", "titel ="), @r#"connector.toml line 5: unknown field `titel`, expected one of `name`, `version`, `publisher`, `title`, `contract`, `interfaces`, `cursor-schema` (`titel = "Voorbeeld Examens"`)"#);
    insta::assert_snapshot!(changed("\"1.2.0\"", "\"1.2\""), @r#"connector.toml line 3: `1.2` is not a semantic version (unexpected end of input while parsing minor version number); write three numbers, such as "1.4.0" (`version = "1.2"`)"#);
    insta::assert_snapshot!(changed("voorbeeld-ta", "Voorbeeld TA"), @r#"connector.toml line 2: `Voorbeeld TA` is not a name; use lower-case letters, digits and single hyphens, beginning with a letter, at most 64 characters, such as `my-connector` (`name = "Voorbeeld TA"`)"#);
    insta::assert_snapshot!(changed("GET /components", "LIST /components"), @r#"connector.toml line 12: `LIST` is not a method; use GET, PUT, POST, PATCH or DELETE (`allow = ["LIST /components", "GET /offerings/*/associations"]`)"#);
    insta::assert_snapshot!(changed("default = 100", "default = 1000"), @r#"connector.toml line 14: the `default` is 1000; it must be from 1 to 250 (`[config.page-size]`)"#);
    insta::assert_snapshot!(changed("contract = \"0.1\"", "contract = \"latest\""), @r#"connector.toml line 6: `latest` is not a contract range; write the release it was made for, such as "0.1" or "0.1.2" (`contract = "latest"`)"#);
    insta::assert_snapshot!(refused("[connector]\nname = \"x\"\n"), @"connector.toml line 1: missing field `version` (`[connector]`)");
}

#[test]
fn an_unknown_interface_is_told_with_those_that_exist() {
    let refusal = changed("\"ta-resultaten\"", "\"ta-uitslagen\"");

    assert!(refusal.contains("`ta-uitslagen` is not an interface"), "{refusal}");
    assert!(refusal.contains("tpl-resultaten"), "{refusal}");
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_line() {
    let refusal = Manifest::parse(b"[connector]\nname = \"\xff\"\n").unwrap_err();

    assert_eq!(
        refusal.to_string(),
        "connector.toml line 2: is not UTF-8 text; save it as UTF-8"
    );
}

#[test]
fn names_of_endpoints_and_profiles_are_unique() {
    let twice = format!("{MANIFEST}\n[[profile]]\nname = \"proefwerk\"\ntitle = \"Nog een\"\n");

    assert!(refused(&twice).contains("two `[[profile]]` tables are named `proefwerk`"));
}

#[test]
fn a_webhook_interface_without_a_declared_scheme_is_refused() {
    let serves_webhook = MANIFEST.replace("\"ta-resultaten\"]", "\"webhook\"]");
    assert!(refused(&serves_webhook).contains("declares no `[[webhook]]`"));

    let declared = format!(
        "{serves_webhook}\n[[webhook]]\nname = \"results\"\nscheme = \"hmac-sha256\"\nheader = \"x-signature\"\n"
    );
    assert_eq!(Manifest::parse(declared.as_bytes()).unwrap().webhooks.len(), 1);

    let unserved = format!("{MANIFEST}\n[[webhook]]\nname = \"r\"\nscheme = \"ed25519\"\nheader = \"x-sig\"\n");
    assert!(refused(&unserved).contains("does not serve the interface `webhook`"));
}

#[test]
fn a_configuration_is_completed_with_defaults_and_every_problem_is_told_at_once() {
    let schema = manifest().config;
    let set = |pairs: &[(&str, ConfigValue)]| -> Configuration {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    };

    let complete = schema
        .complete(&set(&[("page-size", ConfigValue::Number(25))]))
        .unwrap();
    assert_eq!(complete["page-size"], ConfigValue::Number(25));
    assert_eq!(complete["percentage-before-cesuur"], ConfigValue::Flag(false));

    let wrong = set(&[
        ("page-size", ConfigValue::Number(0)),
        ("percentage-before-cesuur", ConfigValue::Text("ja".to_owned())),
        ("paginagrootte", ConfigValue::Number(3)),
    ]);
    let problems: Vec<String> = schema
        .complete(&wrong)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect();
    insta::assert_snapshot!(problems.join("\n"), @r"
    `page-size` is 0; it must be from 1 to 250
    `paginagrootte` is no setting of this connector; it knows page-size, percentage-before-cesuur
    `percentage-before-cesuur` is text; it must be a boolean
    ");
}

#[test]
fn a_required_setting_that_is_not_set_is_told() {
    let text = format!(
        "{MANIFEST}\n[config.school]\ntype = \"string\"\ndescription = \"Code van de school\"\nrequired = true\n"
    );
    let schema = Manifest::parse(text.as_bytes()).unwrap().config;

    let problems = schema.complete(&Configuration::new()).unwrap_err();

    assert_eq!(problems[0].to_string(), "`school` must be set: Code van de school");
}

#[test]
fn a_profile_is_checked_against_the_settings() {
    let manifest = manifest();
    let parse = |text: &str| Profile::parse(&manifest.profiles[0], text.as_bytes(), &manifest.config);

    let profile = parse(PROFILE).unwrap();
    assert_eq!(profile.values["percentage-before-cesuur"], ConfigValue::Flag(true));

    let unknown = parse("[config]\ntempo = 3\n").unwrap_err().to_string();
    assert!(
        unknown.starts_with("profiles/proefwerk.toml: `tempo` is no setting"),
        "{unknown}"
    );
    let not_a_flag = parse("[quirks]\npage-size = true\n").unwrap_err().to_string();
    assert!(not_a_flag.contains("no boolean setting"), "{not_a_flag}");
    let wrong_type = parse("[config]\npage-size = [1]\n").unwrap_err().to_string();
    assert!(wrong_type.contains("line 2"), "{wrong_type}");
}

/// A path that a server could read in another way than the grant's check is never covered.
#[test]
fn a_path_that_can_be_read_two_ways_is_never_allowed() {
    let pattern: PathPattern = "/offerings/*".parse().unwrap();
    assert!(pattern.matches("/offerings/a%20b"));

    let tricks = [
        "/offerings/..",
        "/offerings/.",
        "/offerings/",
        "/offerings",
        "/offerings//a",
        "/offerings/a/b",
        "/offerings/a%2Fb",
        "/offerings/%2e%2e",
        "/offerings/a%5cb",
        "/offerings/a\\b",
        "/offerings/a?x=1",
        "/offerings/a#b",
        "/offerings/a b",
        "/offerings/é",
        "offerings/a",
        "",
        "/offerings/%252e",
    ];
    for trick in tricks {
        assert!(!pattern.matches(trick), "{trick}");
    }
}

#[test]
fn a_pattern_may_end_in_anything_below() {
    let pattern: PathPattern = "/v1/**".parse().unwrap();

    assert!(pattern.matches("/v1/a") && pattern.matches("/v1/a/b"));
    assert!(!pattern.matches("/v1") && !pattern.matches("/v1/../admin"));
    for wrong in ["/v1/**/a", "/a*", "v1", "/a//b", "/a?b", "/../a"] {
        assert!(wrong.parse::<PathPattern>().is_err(), "{wrong}");
    }
}

#[test]
fn limits_beyond_reason_are_refused_and_what_is_asked_is_capped() {
    let asks = |limits: &str| format!("{MANIFEST}\n[limits]\n{limits}\n");
    assert!(refused(&asks("memory-mib = 0")).contains("1 to 1024 MiB"));
    assert!(refused(&asks("budget-ms = 3600000")).contains("10 to 120000"));

    let manifest = Manifest::parse(asks("memory-mib = 64").as_bytes()).unwrap();
    let host = super::Limits {
        memory_mib: 32,
        budget_ms: 60_000,
    };
    assert_eq!(manifest.limits.capped(host).memory_mib, 32);
    assert_eq!(manifest.limits.capped(host).budget_ms, 10_000);
}
