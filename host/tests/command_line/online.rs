//! `oke connector install | list | show | rollout | rollback | revoke` against a host that serves, and a connector that
//! really runs: the good guest, packed and signed like anyone's.

use std::path::Path;
use std::time::Duration;

use oke_host::connector::build::componentize;
use oke_host::demo::client::{list, text};
use oke_host::demo::until;
use serde_json::{Value, json};

use crate::house::{House, guests};

const PEER: &str = "buren";
const PUBLISHER: &str = "goede-buren";
const SBOM: &str =
    r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"oke-sdk","version":"0.1.0"}]}"#;

fn manifest(version: &str, page_size: u32) -> String {
    format!(
        "[connector]\nname = \"goede-buur\"\nversion = \"{version}\"\npublisher = \"{PUBLISHER}\"\n\
         title = \"Goede Buur\"\ncontract = \"0.1\"\ninterfaces = [\"ta-toetscatalogus\", \"ta-resultaten\"]\n\n\
         [[endpoint]]\nname = \"api\"\ndescription = \"De API\"\nallow = [\"GET /components/*\", \"GET /documents/*\"]\n\n\
         [config.page-size]\ntype = \"integer\"\ndescription = \"Aantal per bladzijde\"\ndefault = {page_size}\n\
         minimum = 1\nmaximum = 250\n"
    )
}

/// A school that serves, a vendor without a connector, a publisher that is trusted, and a signing key.
struct Stage {
    house: House,
    component: std::path::PathBuf,
    key_id: String,
}

impl Stage {
    async fn set(guests: &Path) -> Stage {
        let house = House::serving().await;
        let keys = house.path("keys");
        let keygen = ["--json", "connector", "keygen", "--name", PUBLISHER, "--out"];
        let made = house.run(&[&keygen[..], &[keys.to_str().unwrap()]].concat()).json(0);
        let public = std::fs::read_to_string(keys.join(format!("{PUBLISHER}.pub"))).unwrap();
        let public: toml::Table = public.parse().unwrap();
        let beheer = house.beheer();
        let peer = json!({ "id": PEER, "hat": "ta", "name": "Goede Buren" });
        beheer.post("/peers", &peer).await.unwrap();
        // The good guest of the engine's tests speaks to nobody, and no keuring would let it pass: these stories are about
        // the commands.
        let policy = json!({ "keuring": false, "maxAgeDays": 90, "approval": false, "signatures": 1,
            "counterSignature": false, "publishers": [], "lowestVersions": {} });
        beheer.put("/admission-policy", &policy).await.unwrap();
        let trust = json!({ "publisher": PUBLISHER, "publicKey": public["public"].as_str() });
        let key_id = text(&beheer.post("/publishers", &trust).await.unwrap(), "keyId").unwrap();
        assert!(made.to_string().contains(&key_id), "{made}");
        let module = std::fs::read(guests.join("oke_guest_good.wasm")).unwrap();
        let component = house.path("component.wasm");
        std::fs::write(&component, componentize(&module).unwrap()).unwrap();
        std::fs::write(house.path("sbom.json"), SBOM).unwrap();
        Stage {
            house,
            component,
            key_id,
        }
    }

    /// Packs and signs a version. Returns its file.
    fn package(&self, version: &str, notes: &str) -> String {
        let folder = self.house.path(&format!("{version}-{}", notes.len()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("connector.toml"), manifest(version, 100)).unwrap();
        std::fs::write(folder.join("NOTES.md"), format!("# {version}\n\n{notes}\n")).unwrap();
        let (sbom, key) = (
            self.house.path("sbom.json"),
            self.house.path(&format!("keys/{PUBLISHER}.key")),
        );
        let place = |path: &Path| path.to_str().unwrap().to_owned();
        let folder = place(&folder);
        self.house
            .run(&[
                "connector",
                "pack",
                &folder,
                "--component",
                &place(&self.component),
                "--sbom",
                &place(&sbom),
                "--out",
                &folder,
            ])
            .done();
        let file = format!("{folder}/goede-buur-{version}.oke");
        self.house
            .run(&["connector", "sign", "--key", &place(&key), &file])
            .done();
        file
    }

    fn install(&self, file: &str, more: &[&str]) -> crate::house::Ran {
        let arguments = [&["install", file, "--peer", PEER, "--reason", "een verhaal"], more].concat();
        self.house.connector(&arguments)
    }

    /// The number of the revision that runs.
    fn runs(&self) -> i64 {
        let shown = self.house.connector(&["show", PEER, "--json"]).json(0);
        let revisions = shown["revisions"].as_array().unwrap();
        let running: Vec<&Value> = revisions.iter().filter(|one| one["runs"] == json!(true)).collect();
        assert_eq!(running.len(), 1, "{shown}");
        running[0]["number"].as_i64().unwrap()
    }
}

/// Seed 005: a version is installed and put to work; what is refused changes nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_installed_once_and_runs_as_a_new_revision_each_time() {
    let Some(guests) = guests() else { return };
    let stage = Stage::set(&guests).await;
    let house = &stage.house;
    assert_eq!(
        house.connector(&["show", PEER]).done(),
        "nothing was installed for buren yet"
    );
    let listed = house.connector(&["list"]).done();
    assert!(listed.starts_with(PEER) && listed.ends_with("nothing runs"), "{listed}");

    let first = stage.package("0.1.0", "Eerste.");
    let said = stage.install(&first, &[]).done();
    assert_eq!(said, "goede-buur 0.1.0 now runs for buren as revision 1");
    let again = stage.install(&first, &["--set", "page-size=50", "--json"]).json(0);
    assert_eq!(
        (&again["package"]["again"], &again["revision"]),
        (&json!(true), &json!(2))
    );

    let other = stage.package("0.1.0", "Andere inhoud onder dezelfde versie.");
    let refused = stage.install(&other, &["--json"]).json(1);
    assert_eq!(refused["refused"]["reason"], "version-taken", "{refused}");
    let sentence = stage.install(&other, &[]).refused();
    assert!(sentence.contains("0.1.0"), "{sentence}");
    let unknown = stage.install(&first, &["--profile", "geen"]).refused();
    assert!(
        unknown.contains("no profile `geen`") && unknown.contains("put to work for nobody"),
        "{unknown}"
    );
    assert_eq!(stage.runs(), 2, "what was refused changed nothing");

    let second = stage.package("0.2.0", "Tweede.");
    stage.install(&second, &[]).done();
    let listed = house.connector(&["list"]).done();
    assert!(listed.ends_with("revision 3"), "{listed}");
}

/// A revision is put to work, taken back and shown, each with who and why.
#[tokio::test(flavor = "multi_thread")]
async fn a_revision_is_rolled_out_and_rolled_back_with_who_and_why() {
    let Some(guests) = guests() else { return };
    let stage = Stage::set(&guests).await;
    let house = &stage.house;
    let first = stage.package("0.1.0", "Eerste.");
    stage.install(&first, &[]).done();
    stage.install(&first, &["--set", "page-size=50"]).done();
    stage.install(&stage.package("0.2.0", "Tweede."), &[]).done();
    let listed = house.connector(&["list"]).done();
    assert!(listed.ends_with("revision 3"), "{listed}");

    let out = house
        .connector(&["rollout", PEER, "--to", "1", "--reason", "terug naar het begin"])
        .done();
    assert!(out.starts_with("buren now runs revision 1 instead of 3\n"), "{out}");
    assert!(out.contains("0.2.0") && out.contains("0.1.0"), "what differs: {out}");
    let twice = house
        .connector(&["rollout", PEER, "--to", "1", "--reason", "nog eens", "--json"])
        .json(1);
    assert_eq!(twice["refused"]["reason"], "runs-already");
    let nowhere = house
        .connector(&["rollout", PEER, "--to", "9", "--reason", "x"])
        .refused();
    assert!(nowhere.contains("no revision 9"), "{nowhere}");

    let first_of_all = house
        .connector(&["rollback", PEER, "--reason", "verder terug", "--json"])
        .json(1);
    assert_eq!(first_of_all["refused"]["reason"], "no-earlier-revision");
    house
        .connector(&["rollout", PEER, "--to", "3", "--reason", "toch de nieuwe"])
        .done();

    let silent = house.connector(&["rollback", PEER]);
    assert_eq!(silent.code, 2, "a reason is needed: {}", silent.err);
    let blank = house.connector(&["rollback", PEER, "--reason", " ", "--json"]).json(1);
    assert_eq!(blank["refused"]["reason"], "no-reason");
    let dry = house.connector(&["rollback", PEER, "--dry-run", "--json"]).json(0);
    assert_eq!((&dry["to"], &dry["done"]), (&json!(1), &json!(false)));
    assert_eq!(stage.runs(), 3, "a dry run changes nothing");
    let back = house
        .connector(&["rollback", PEER, "--reason", "dubbele resultaten"])
        .done();
    assert!(back.starts_with("buren now runs revision 1 instead of 3"), "{back}");

    let shown = house.connector(&["show", PEER]).done();
    assert!(shown.contains("* revision 1"), "{shown}");
    for told in [
        "terug naar het begin",
        "dubbele resultaten",
        "by beheer",
        "goede-buur 0.2.0",
    ] {
        assert!(shown.contains(told), "{told}: {shown}");
    }
    let listed = house.connector(&["list", "--json"]).json(0);
    assert_eq!(listed[0]["revision"], json!(1), "{listed}");
}

/// A revoked key stops the next calls of what was admitted since it was in other hands, and the command says which.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_stops_the_next_calls_and_says_what_it_stops() {
    let Some(guests) = guests() else { return };
    let stage = Stage::set(&guests).await;
    let (house, beheer) = (&stage.house, stage.house.beheer());
    stage.install(&stage.package("0.1.0", "Eerste."), &[]).done();
    let catalogue = || async {
        let here = list(beheer.get("/components").await?)?.len();
        Ok(if here > 0 {
            Ok(here)
        } else {
            Err("it is empty".to_owned())
        })
    };
    until("the catalogue has come", Duration::from_secs(60), catalogue)
        .await
        .unwrap_or_else(|error| panic!("{error}; log: {}", house.log()));

    let from_now = house
        .connector(&["revoke", &stage.key_id, "--reason", "de sleutel is vervangen"])
        .done();
    assert!(from_now.contains("nothing that runs now stops"), "{from_now}");
    assert!(
        from_now.contains("goes on, admitted before then: buren (revision 1, goede-buur 0.1.0)"),
        "{from_now}"
    );
    let later = stage.install(&stage.package("0.2.0", "Tweede."), &["--json"]).json(1);
    assert_eq!(later["refused"]["reason"], "key-revoked", "{later}");

    let revoke = [
        "revoke",
        &stage.key_id,
        "--compromised-since",
        "2020-01-01T00:00:00Z",
        "--reason",
        "laptop weg",
    ];
    let stopped = house.connector(&[&revoke[..], &["--json"]].concat()).json(0);
    assert_eq!(stopped["stops"][0]["peer"], json!(PEER), "{stopped}");
    let said = house.connector(&revoke).done();
    assert!(said.contains("stops: buren (revision 1, goede-buur 0.1.0)"), "{said}");

    beheer
        .post(&format!("/peers/{PEER}/catalogue/refresh"), &Value::Null)
        .await
        .unwrap();
    // The work waits until the connector is mended; why is told with it.
    let path = format!("/jobs?peer={PEER}&state=ready");
    let refused = || async {
        let waiting = list(beheer.get(&path).await?)?;
        let told = |job: &Value| job["lastError"].as_str().is_some_and(|why| why.contains(&stage.key_id));
        Ok(if waiting.iter().any(told) {
            Ok(())
        } else {
            Err(format!("{waiting:?}"))
        })
    };
    until("the next call is refused", Duration::from_secs(60), refused)
        .await
        .unwrap();
    let unknown = house.connector(&["revoke", "geen", "--reason", "x"]).refused();
    assert!(unknown.contains("`geen`") || unknown.contains("geen"), "{unknown}");
}

/// Whoever can't get in hears why, and what to do.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_or_address_is_told_plainly() {
    let house = House::serving().await;
    let wrong = house.connector_as(&house.base(), "oke_wrong", &["list"]).refused();
    assert!(wrong.contains("show an account's token"), "{wrong}");
    let wrong = house
        .connector_as(&house.base(), "oke_wrong", &["list", "--json"])
        .json(1);
    assert_eq!(wrong["refused"]["reason"], "who-are-you");

    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}", unused.local_addr().unwrap());
    drop(unused);
    let unreachable = house.connector_as(&nowhere, "oke_x", &["show", PEER]).refused();
    assert!(
        unreachable.contains(&nowhere) && unreachable.contains("OKE_URL"),
        "{unreachable}"
    );
    assert!(
        unreachable.to_lowercase().contains("refused"),
        "the cause: {unreachable}"
    );
    let no_address = house.connector_as("localhost", "oke_x", &["list", "--json"]).json(2);
    assert!(no_address["usage"]["message"].as_str().unwrap().contains("`localhost`"));
    let not_ours = house
        .connector_as(&format!("{}/elders", house.base()), "oke_x", &["list", "--json"])
        .json(1);
    assert_eq!(not_ours["refused"]["reason"], "no-host", "{not_ours}");

    let unknown = house.connector(&["show", "niemand"]).refused();
    assert!(unknown.contains("niemand"), "{unknown}");
    let odd = house.connector(&["show", "../accounts"]).refused();
    assert!(odd.contains("../accounts"), "a name is never a path: {odd}");
    let mut without = house.command();
    let without = without.args(["connector", "list"]).output().unwrap();
    assert_eq!(without.status.code(), Some(2), "no token at all");
}
