//! Policies of a school, kept as JSON in its settings; each has a default that is stated here.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Core, Decision, Draft, Refused};
use crate::domain::principal::{Account, Duty};
use crate::domain::result::SendPolicy;
use crate::store::tenant::TenantRow;
use crate::store::{Database, StoreError};

/// The policies of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Known {
    /// When flow 5 is sent: `attendance`, `provisional` or `after-vaststelling`.
    send_results: Sending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Sending {
    Attendance,
    #[default]
    Provisional,
    AfterVaststelling,
}

impl From<Sending> for SendPolicy {
    fn from(sending: Sending) -> Self {
        match sending {
            Sending::Attendance => SendPolicy::Attendance,
            Sending::Provisional => SendPolicy::Provisional,
            Sending::AfterVaststelling => SendPolicy::AfterVaststelling,
        }
    }
}

/// When this school sends flow 5; provisional unless it says otherwise.
///
/// # Errors
/// What the database says; settings that can't be read.
pub async fn send_policy(db: &Database, tenant: &str) -> Result<SendPolicy, StoreError> {
    let Some(row) = db.tenant(tenant).await? else {
        return Ok(SendPolicy::default());
    };
    let known: Known = serde_json::from_str(&row.settings).map_err(unreadable)?;
    Ok(known.send_results.into())
}

fn unreadable(source: serde_json::Error) -> StoreError {
    StoreError::Inconsistent {
        column: "tenant.settings".to_owned(),
        why: source.to_string(),
    }
}

/// Changes when this school sends flow 5; holds for results that arrive or are decided from now on.
///
/// # Errors
/// [`Refused`]: an account that does not hold `beheren` for the whole school.
pub async fn set_send_policy(core: &Core, tenant: &str, account: &Account, policy: SendPolicy) -> Result<(), Refused> {
    core.decide(&[format!("tenant/{tenant}")], || async {
        account.holding(Duty::Beheren, &[], core.now())?;
        let row = core
            .db
            .tenant(tenant)
            .await?
            .ok_or_else(|| Refused::unknown("school", tenant))?;
        let mut settings: Map<String, Value> = serde_json::from_str(&row.settings).map_err(unreadable)?;
        settings.insert("sendResults".to_owned(), policy.name().into());
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        draft.audit(
            "tenant.policy",
            ("tenant", tenant),
            format!("sendResults {}", policy.name()),
            b"",
        );
        draft.put(
            TenantRow {
                settings: Value::Object(settings).to_string(),
                version: row.version + 1,
                ..row
            }
            .write(),
        );
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}
