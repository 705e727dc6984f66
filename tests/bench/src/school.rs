//! A school with as many deelnames as the load needs, and a host that serves it.

use std::net::SocketAddr;
use std::path::Path;

use jiff::SignedDuration;
use oke_codec::{Dialect, read_association_put, read_component, read_offering_put, read_person};
use oke_host::app::client::NewClient;
use oke_host::app::draft::Sender;
use oke_host::app::planning::deelname::{For, NewDeelname};
use oke_host::app::planning::sitting::{NewSitting, Plan};
use oke_host::app::planning::{Planner, deelname, sitting};
use oke_host::app::{Core, World, account, association, client, offering, peer, person, policy};
use oke_host::config::Settings;
use oke_host::domain::association::Association;
use oke_host::domain::offering::{Offering, Times};
use oke_host::domain::principal::{Account, Assignment, Duty, WHOLE_SCHOOL};
use oke_host::domain::sending::{Said, SendPolicy};
use oke_host::server::Host;
use oke_host::store::component::ComponentRow;
use oke_host::store::testing::TestDatabase;
use oke_host::store::{Sealer, WriteSet, association as association_store, offering as offering_store};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The school.
pub const TENANT: &str = "roc";
/// Its vendor.
pub const VENDOR: &str = "toetsgilde";
/// The vendor's component.
pub const COMPONENT: &str = "rekenen-3f";
const SIS: &str = "osiris";
/// Its functioneel beheer.
pub const FB: &str = "fb";

/// A school before it is served.
pub struct Staged {
    /// Its core.
    pub core: Core,
    /// Token of functioneel beheer.
    pub beheer: String,
    /// A deelname of a coming sitting, which serves an enrolment.
    pub model: Association,
    client: NewClient,
}

/// A host that serves, and what its load needs to know.
pub struct Served {
    /// Where.
    pub address: SocketAddr,
    /// A vendor's token.
    pub token: String,
    /// Stops it.
    pub stop: CancellationToken,
}

/// Stages a school with one deelname. Results wait for vaststelling before they are sent on, so that accepting one
/// writes four rows: its version, its head, the message and the audit entry.
///
/// # Panics
/// When something of the staging fails.
pub async fn stage(database: &TestDatabase) -> Staged {
    let core = Core::start(database.db.clone(), World::of_this_machine(), Sealer::new(&[7; 32]));
    let beheer = account::init(&core, TENANT, "ROC", FB, "Functioneel beheer")
        .await
        .expect("a school is made");
    peer::create(&core, TENANT, FB, SIS, "dr", "Osiris")
        .await
        .expect("a student system is made");
    peer::create(&core, TENANT, FB, VENDOR, "ta", "Toetsgilde")
        .await
        .expect("a vendor is made");
    let after = Said {
        send: Some(SendPolicy::AfterVaststelling),
        ..Said::default()
    };
    policy::set(
        &core,
        TENANT,
        &holding(FB, Duty::Beheren),
        &policy::Scope::School,
        after,
    )
    .await
    .expect("the policy is set");
    let scopes = ["nl-test-admin-flow-2-3-4".to_owned()];
    let client = client::create(&core, TENANT, FB, VENDOR, &scopes)
        .await
        .expect("a client is made");
    keep_component(&core, COMPONENT).await;
    enrol(&core).await;
    let model = plan_one(&core).await;
    Staged {
        beheer: beheer.reveal().to_owned(),
        core,
        model,
        client,
    }
}

impl Staged {
    /// Serves it.
    ///
    /// # Panics
    /// When the host does not start.
    pub async fn serve(self, folder: &Path) -> Served {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a socket opens");
        let address = listener.local_addr().expect("a socket has an address");
        let settings = Settings::within(folder, address);
        // No connector runs here, so that nothing is compiled and the compiler is never called.
        let host = Host::assemble(self.core, &settings, "oke".into(), None).expect("the host starts");
        let stop = CancellationToken::new();
        tokio::spawn(host.serve(listener, stop.clone()));
        let token = token(address, &self.client.client_id, self.client.secret.reveal()).await;
        Served { address, token, stop }
    }
}

/// A token for a client.
///
/// # Panics
/// When the host gives none.
pub async fn token(address: SocketAddr, id: &str, secret: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let form = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let request = format!(
        "POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address)
        .await
        .expect("the host takes connections");
    stream.write_all(request.as_bytes()).await.expect("the host reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the host answers");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let said: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("no token ({error}): {answer}"));
    said["access_token"].as_str().expect("a token").to_owned()
}

/// An account that holds a function for the whole school.
#[must_use]
pub fn holding(id: &str, duty: Duty) -> Account {
    let assignment = Assignment {
        id: format!("{id}-{}", duty.name()),
        duty,
        unit: WHOLE_SCHOOL.to_owned(),
        mandate: false,
        from: jiff::Timestamp::UNIX_EPOCH,
        until: None,
        withdrawn: None,
        granted_by: FB.to_owned(),
    };
    Account {
        id: id.to_owned(),
        person_id: None,
        codes: Vec::new(),
        assignments: vec![assignment],
    }
}

/// Keeps a component of the vendor whose results are grades.
///
/// # Panics
/// When it can't be kept.
pub async fn keep_component(core: &Core, id: &str) {
    let told = json!({
        "componentId": id,
        "primaryCode": { "codeType": "testCode", "code": id },
        "name": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
        "abbreviation": "REK",
        "componentType": "test",
        "teachingLanguage": "nld",
        "resultValueType": "0.0-10.0",
        "consumers": [{ "consumerKey": "nl-test-admin", "status": "active", "licensed": true }],
    });
    let row = ComponentRow {
        tenant: TENANT.to_owned(),
        peer: VENDOR.to_owned(),
        facts: read_component(&told, &Dialect::default()).expect("a component"),
        updated_at: core.now(),
        version: 0,
    };
    let mut set = WriteSet::of(TENANT);
    set.put(row.next());
    core.commit(set).await.expect("the component is kept");
}

/// Flow 1 of one planbare toets and one student.
async fn enrol(core: &Core) {
    let sender = Sender {
        tenant: TENANT.to_owned(),
        peer: SIS.to_owned(),
        client: "bench".to_owned(),
        dialect: oke_codec::Dialect::default(),
    };
    let dialect = Dialect::default();
    let plannable = json!({
        "offeringId": "plannable", "offeringType": "component",
        "primaryCode": { "codeType": "offeringCode", "code": "plannable" },
        "name": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
        "description": [{ "language": "nl-NL", "value": "Rekenen" }],
        "teachingLanguage": "nld", "resultExpected": true, "resultValueType": "0.0-10.0",
        "startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2099-12-31T00:00:00Z",
        "consumers": [{
            "consumerKey": "nl-test-admin", "offeringState": "active",
            "testsToBeUsed": [{ "testProvider": "Toetsgilde", "componentId": COMPONENT }],
        }],
    });
    let told = read_offering_put(&plannable, &dialect).expect("an offering");
    offering::put(core, &sender, &told, b"{}")
        .await
        .expect("the offering is kept");
    let student = json!({
        "personId": "student", "primaryCode": { "codeType": "studentNumber", "code": "s1" },
        "givenName": "Jip", "surname": "Jansen", "displayName": "Jip Jansen", "mail": "jip@example.org",
        "activeEnrollment": true, "affiliations": ["student"],
        "consumers": [{ "consumerKey": "nl-test-admin", "preferredName": "Jip" }],
    });
    let told = read_person(&student, &dialect).expect("a person");
    person::put(core, &sender, &told, b"{}")
        .await
        .expect("the person is kept");
    let enrolment = json!({
        "associationId": "enrolment", "associationType": "componentOfferingAssociation", "role": "student",
        "state": "associated", "person": "student", "offering": "plannable",
        "consumers": [{ "consumerKey": "nl-test-admin", "attempt": 1, "attemptLeft": 1 }],
    });
    let told = read_association_put(&enrolment, &dialect).expect("an association");
    association::put(core, &sender, &told, b"{}")
        .await
        .expect("the enrolment is kept");
}

/// A sitting tomorrow that serves a planbare toets.
#[must_use]
pub fn new_sitting(core: &Core, plannable: &str, component: &str) -> NewSitting {
    let start = core.now() + SignedDuration::from_hours(24);
    NewSitting {
        plannable: Some(plannable.to_owned()),
        peer: VENDOR.to_owned(),
        component: component.to_owned(),
        unit: None,
        plan: Plan {
            name: Some("Rekenen".to_owned()),
            code: None,
            times: Times {
                start,
                end: start + SignedDuration::from_hours(2),
                last_possible_start: None,
                duration_s: Some(90 * 60),
                start_options: None,
                duration_from: None,
                duration_until: None,
            },
            location_codes: vec!["B1.02".to_owned()],
            modes_of_delivery: Vec::new(),
            safety: Vec::new(),
            fao_system_id: None,
        },
    }
}

/// A sitting with one deelname.
async fn plan_one(core: &Core) -> Association {
    let account = holding("bureau", Duty::Plannen);
    let planner = Planner {
        tenant: TENANT,
        account: &account,
    };
    let new = new_sitting(core, "plannable", COMPONENT);
    let sitting = sitting::plan(core, planner, &new)
        .await
        .expect("the sitting is planned");
    let candidate = NewDeelname {
        candidate: For::Enrolment {
            id: "enrolment".to_owned(),
            extra_attempt: false,
            confirmed: false,
        },
        needs: None,
    };
    let made = deelname::add(core, planner, &sitting, &[candidate])
        .await
        .expect("the sitting takes a deelname");
    let id = made.into_iter().next().expect("one answer").expect("a deelname");
    let found = association_store::find(&core.db, TENANT, &id)
        .await
        .expect("the database answers");
    found.expect("the deelname is there")
}

/// As many deelnames as that, each with a person and an enrolment of its own, in sittings of 30, like the one given.
///
/// # Panics
/// When they can't be kept.
pub async fn multiply(core: &Core, model: &Association, count: usize) -> Vec<String> {
    let enrolment = association_store::find(&core.db, TENANT, "enrolment")
        .await
        .expect("the database answers");
    let enrolment = enrolment.expect("the enrolment is there");
    let mut enrolled = Vec::with_capacity(count);
    for _ in 0..count {
        enrolled.push((core.id(), core.id()));
    }
    for some in enrolled.chunks(30) {
        let mut set = WriteSet::of(TENANT);
        for (id, person) in some {
            let mut own = like(&enrolment, id, person);
            own.enrolment = None;
            set.put(association_store::next(TENANT, &own));
        }
        core.commit(set).await.expect("enrolments are kept");
    }
    take_too(core, model, enrolled).await
}

/// A deelname like the one given for each of these enrolments and persons, in sittings of 30.
///
/// # Panics
/// When they can't be kept.
pub async fn take_too(core: &Core, model: &Association, enrolled: Vec<(String, String)>) -> Vec<String> {
    let sitting = offering_store::find(&core.db, TENANT, &model.facts.offering_id).await;
    let sitting = sitting.expect("the database answers").expect("the sitting is there");
    let mut ids = Vec::with_capacity(enrolled.len());
    for some in enrolled.chunks(30) {
        let mut set = WriteSet::of(TENANT);
        let mut own_sitting = Offering {
            id: core.id(),
            version: 0,
            ..sitting.clone()
        };
        own_sitting.facts.offering_id = own_sitting.id.clone();
        for (enrolment, person) in some {
            let mut deelname = like(model, &core.id(), person);
            deelname.enrolment = Some(enrolment.clone());
            deelname.facts.offering_id = own_sitting.id.clone();
            set.put(association_store::next(TENANT, &deelname));
            ids.push(deelname.id);
        }
        set.put(offering_store::next(TENANT, &own_sitting));
        core.commit(set).await.expect("deelnames are kept");
    }
    ids
}

fn like(model: &Association, id: &str, person: &str) -> Association {
    let mut made = Association {
        id: id.to_owned(),
        version: 0,
        ..model.clone()
    };
    made.facts.association_id = id.to_owned();
    made.facts.person_id = person.to_owned();
    made
}

/// A vendor's message of about 1 kB: a completed result.
#[must_use]
pub fn completed(deelname: &str, score: &str) -> String {
    json!({
        "associationId": deelname,
        "associationType": "componentOfferingAssociation",
        "role": "student",
        "state": "associated",
        "remoteState": "associated",
        "result": {
            "state": "completed", "pass": "unknown", "score": score, "resultDate": "2026-09-02", "weight": 100,
            "comment": "Afgenomen volgens het afnameprotocol; geen bijzonderheden gemeld door de surveillant.",
            "consumers": [{
                "consumerKey": "nl-test-admin", "attendance": "present", "final": false, "rawScore": 31,
                "maxRawScore": 50, "assessorCode": "DOC-0412", "testDate": "2026-09-01",
                "irregularities": "Kandidaat kwam vijf minuten te laat binnen en is na overleg toegelaten tot de zaal.",
            }],
        },
        "consumers": [
            { "consumerKey": "nl-test-admin", "locationCode": "B1.02", "additionalTimeInMin": 30,
              "personalNeeds": ["extraTime", "spellingChecker"] },
            { "consumerKey": "x-toetsgilde", "session": "a0e1f2b3-44c5-4d66-8e77-990011223344",
              "client": "lockdown-browser/4.2", "room": "Bouwdeel B, eerste verdieping, zaal 02" },
        ],
    })
    .to_string()
}
