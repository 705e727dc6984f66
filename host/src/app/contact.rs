//! The school's contact for the systems around it: a mail address among the school's settings, which `GET /` of the OKE
//! faces shows as `contactEmail`. There is none until the school sets one; nothing stands in for it, since a made-up
//! address would be written to.

use serde_json::{Map, Value};

use super::{Core, Decision, Draft, Refused};
use crate::domain::principal::{Account, Duty};
use crate::store::StoreError;
use crate::store::tenant::TenantRow;

/// The setting's name.
const CONTACT_EMAIL: &str = "contactEmail";

/// The address, of a school that was read.
///
/// # Errors
/// Settings that can't be read.
pub fn email_of(school: &TenantRow) -> Result<Option<String>, StoreError> {
    let settings = settings_of(school)?;
    Ok(settings.get(CONTACT_EMAIL).and_then(Value::as_str).map(str::to_owned))
}

fn settings_of(school: &TenantRow) -> Result<Map<String, Value>, StoreError> {
    serde_json::from_str(&school.settings).map_err(|source| StoreError::Inconsistent {
        column: "tenant.settings".to_owned(),
        why: source.to_string(),
    })
}

/// Sets the address, or takes it away with `None`. The audit holds its digest only: it may be a person's.
///
/// # Errors
/// [`Refused`]: what is no mail address, or an account that does not hold `beheren` for the whole school.
pub async fn set_email(core: &Core, tenant: &str, account: &Account, address: Option<&str>) -> Result<(), Refused> {
    if let Some(address) = address {
        check_mail_address(address).map_err(Refused::Invalid)?;
    }
    core.decide(&[format!("tenant/{tenant}")], || async {
        account.holding(Duty::Beheren, &[], core.now())?;
        let row = core.db.tenant(tenant).await?;
        let row = row.ok_or_else(|| Refused::unknown("school", tenant))?;
        let mut settings = settings_of(&row)?;
        let said = match address {
            Some(address) => {
                settings.insert(CONTACT_EMAIL.to_owned(), address.into());
                "set"
            }
            None => {
                settings.remove(CONTACT_EMAIL);
                "taken away"
            }
        };
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let content = address.unwrap_or("").as_bytes();
        draft.audit("tenant.contact", ("tenant", tenant), said.to_owned(), content);
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

/// Whether a text can be the standard's `contactEmail`: a mail address of at most 256 characters.
///
/// # Errors
/// A sentence that says what it lacks.
pub fn check_mail_address(text: &str) -> Result<(), String> {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_graphic() && !"<>()[],;:\\\"".contains(c))
    };
    let domain = |part: &str| plain(part) && part.contains('.') && part.split('.').all(|label| !label.is_empty());
    let is_one = text.len() <= 256
        && text
            .split_once('@')
            .is_some_and(|(name, place)| plain(name) && domain(place) && !place.contains('@'));
    if is_one {
        return Ok(());
    }
    Err(format!(
        "`{text}` is no mail address: write one like examenbureau@school.nl, of at most 256 characters"
    ))
}

#[cfg(test)]
mod tests {
    use super::check_mail_address;

    #[test]
    fn a_mail_address_has_a_name_and_a_domain() {
        for good in ["examenbureau@school.nl", "a.b+oke@sub.school.nl"] {
            assert_eq!(check_mail_address(good), Ok(()), "{good}");
        }
        let long = format!("{}@school.nl", "x".repeat(256));
        for bad in [
            "",
            "school.nl",
            "@school.nl",
            "a@",
            "a@school",
            "a b@school.nl",
            "a@b@school.nl",
            "A <a@school.nl>",
            "a@school..nl",
            &long,
        ] {
            let said = check_mail_address(bad).unwrap_err();
            assert!(said.contains("examenbureau@school.nl"), "{said}");
        }
    }
}
