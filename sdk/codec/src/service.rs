//! Service metadata, `GET /` (table 5.0.B): how a peer says which dialect it speaks.

use serde_json::{Value, json};

use crate::{
    dialect::Version,
    problem::Problems,
    read::{
        self,
        common::CONSUMER,
        field::{Extent, Fields, Spot, text},
    },
};

/// What a service says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Service {
    /// Mail address of its contact; empty where none is known.
    pub contact_email: String,
    /// URL of the specification.
    pub specification: String,
    /// URL of the documentation.
    pub documentation: String,
    /// Versions of OOAPI, like `v5`.
    pub supported_versions: Vec<String>,
    /// Consumers and their versions.
    pub supported_consumers: Vec<SupportedConsumer>,
}

/// A consumer that a service supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportedConsumer {
    /// `nl-test-admin` for this profile.
    pub consumer_key: String,
    /// Its version, like `1.0.1`, where it is told.
    pub version: Option<String>,
}

impl Service {
    /// The newest version of this profile that both sides know; none where the service names none that is known. A draft
    /// is chosen by hand only.
    pub fn newest_common_version(&self) -> Option<Version> {
        let ours = self
            .supported_consumers
            .iter()
            .filter(|known| known.consumer_key.eq_ignore_ascii_case(CONSUMER));
        ours.filter_map(|known| known.version.as_deref().and_then(Version::parse))
            .filter(|version| !version.is_draft())
            .max()
    }
}

/// Reads the answer of `GET /`. Addresses that are required but absent are empty: a peer is not refused for those.
///
/// # Errors
/// The answer is no object, or holds values of the wrong kind.
pub fn read_service(value: &Value) -> Result<Service, Problems> {
    read::whole(|spot| {
        let fields = Fields::of(value, spot, Extent::Whole)?;
        let mut service = Service::default();
        fields.defaulted(&["contactEmail"], text, String::new(), &mut service.contact_email);
        fields.defaulted(&["specification"], text, String::new(), &mut service.specification);
        fields.defaulted(&["documentation"], text, String::new(), &mut service.documentation);
        fields.list(&["supportedVersions"], text, &mut service.supported_versions);
        fields.list(&["supportedConsumers"], consumer, &mut service.supported_consumers);
        Some(service)
    })
}

fn consumer(value: &Value, spot: &Spot) -> Option<SupportedConsumer> {
    let fields = Fields::of(value, spot.clone(), Extent::Whole)?;
    let mut consumer = SupportedConsumer {
        consumer_key: String::new(),
        version: None,
    };
    fields.optional(&["version"], text, &mut consumer.version);
    fields
        .required(
            &["consumerKey"],
            "the key of the consumer",
            text,
            &mut consumer.consumer_key,
        )
        .then_some(consumer)
}

/// Writes the answer of `GET /`. The standard requires a contact address; an empty one is left out, since nobody reads
/// mail there.
pub fn write_service(service: &Service) -> Value {
    let consumer = |known: &SupportedConsumer| {
        let mut entry = json!({ "consumerKey": known.consumer_key });
        if let Some(version) = &known.version {
            entry["version"] = version.as_str().into();
        }
        entry
    };
    let mut written = json!({
        "specification": service.specification,
        "documentation": service.documentation,
        "supportedVersions": service.supported_versions,
        "supportedConsumers": service.supported_consumers.iter().map(consumer).collect::<Vec<_>>(),
    });
    if !service.contact_email.is_empty() {
        written["contactEmail"] = service.contact_email.as_str().into();
    }
    written
}
