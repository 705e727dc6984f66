//! A school with a publisher that has many versions of one connector: `good`, each with a number of its own in it, so
//! that each is another component with its own machine code.

use std::ffi::OsStr;

use bytes::Bytes;
use oke_host::app::revision::{self, NewRevision};
use oke_host::app::{Core, account, package, peer, publisher};
use oke_host::connector::manifest::{Configuration, Slug};
use oke_host::connector::package::{Contents, Package};
use oke_host::connector::signature::SigningKey;
use oke_host::store::testing::without_keuring;

use crate::calls;
use crate::school::{FB, TENANT};

const PUBLISHER: &str = "voorbeeld-examens";
const SBOM: &str =
    r#"{"bomFormat":"CycloneDX","specVersion":"1.5","components":[{"name":"oke-sdk","version":"0.1.0"}]}"#;

/// The publisher.
pub struct Versions {
    component: Vec<u8>,
    key: SigningKey,
}

impl Versions {
    /// Makes the school and has it trust the publisher; connectors run without a keuring, which is not what is measured.
    ///
    /// # Panics
    /// When that fails.
    pub async fn stage(core: &Core, guests: &OsStr) -> Self {
        account::init(core, TENANT, "ROC", FB, "Functioneel beheer")
            .await
            .expect("a school is made");
        without_keuring(core, TENANT).await;
        let key = SigningKey::from_seed([7; 32]);
        publisher::trust(core, TENANT, FB, PUBLISHER, &key.public().to_string())
            .await
            .expect("the publisher is trusted");
        Versions {
            component: calls::good(guests),
            key,
        }
    }

    /// Size of the component, in bytes.
    #[must_use]
    pub fn component_bytes(&self) -> usize {
        self.component.len()
    }

    /// Admits a version; its digest.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn admit(&self, core: &Core, number: u32) -> String {
        let publisher: Slug = PUBLISHER.parse().expect("a name");
        let package = Package::assemble(self.contents(number)).expect("the contents are a package");
        let signed = package.signed(&publisher, &self.key).expect("it can be signed");
        let admitted = package::admit(core, TENANT, FB, Bytes::from(signed.to_bytes())).await;
        admitted.expect("the package is taken").digest
    }

    fn contents(&self, number: u32) -> Contents {
        let manifest = format!(
            "[connector]\nname = \"voorbeeld-ta\"\nversion = \"1.{number}.0\"\npublisher = \"{PUBLISHER}\"\n\
             title = \"Voorbeeld Examens\"\ncontract = \"0.1\"\ninterfaces = [\"ta-toetscatalogus\", \"ta-resultaten\"]\n"
        );
        let mut component = self.component.clone();
        // A custom section: what it is called and holds is nobody's business, but the digest covers it.
        component.extend([0, 8, 3]);
        component.extend(b"nth");
        component.extend(number.to_le_bytes());
        Contents {
            manifest: Bytes::from(manifest),
            component: Bytes::from(component),
            notes: Bytes::from(format!("# 1.{number}.0\n\nVersie {number}.\n")),
            sbom: Bytes::from_static(SBOM.as_bytes()),
            profiles: std::collections::BTreeMap::new(),
        }
    }
}

/// Makes an examenleverancier.
///
/// # Panics
/// When that fails.
pub async fn vendor(core: &Core, id: &str) {
    peer::create(core, TENANT, FB, id, "ta", id)
        .await
        .expect("a vendor is made");
}

/// Makes a revision of a vendor, and puts it to work when told so; its number.
///
/// # Panics
/// When that fails.
pub async fn revise(core: &Core, vendor: &str, digest: &str, puts_to_work: bool) -> i64 {
    let new = NewRevision {
        digest: digest.to_owned(),
        profile: None,
        config: Configuration::new(),
        reason: "inrichting".to_owned(),
    };
    let made = match puts_to_work {
        true => revision::install(core, TENANT, FB, vendor, &new).await,
        false => revision::make(core, TENANT, FB, vendor, &new).await,
    };
    made.expect("the revision is made")
}
