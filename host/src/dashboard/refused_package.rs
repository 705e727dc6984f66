//! Dutch words for why a connector's package or a publisher's bundle is refused.

use super::oops::Oops;
use super::refusal::{InDutch, Said};
use super::words;
use crate::app::bundle::{BundleError, WrongKey};
use crate::app::package::PackageError;
use crate::connector::bundle::BundleRefusal;
use crate::connector::refusal::Refusal;

/// Fetch it again, and ask the publisher when that does not help.
const AGAIN: &str = "Haal het bestand opnieuw op bij de uitgever.";
/// Only the publisher can mend it.
const ASK: &str = "Vraag de uitgever om een goede versie.";

/// Why a package is refused. What only its maker can mend is told in the words of the tools they use.
pub fn package(refusal: &Refusal) -> String {
    archive(refusal)
        .or_else(|| signature(refusal))
        .unwrap_or_else(|| contents(refusal))
}

fn archive(refusal: &Refusal) -> Option<String> {
    Some(match refusal {
        Refusal::TooLarge { limit } => format!("Het pakket is groter dan {} MiB. {ASK}", limit / 1024 / 1024),
        Refusal::NotAnArchive { .. } => {
            format!("Dit bestand is geen pakket van een connector, of het is beschadigd. {AGAIN}")
        }
        Refusal::FileNotAllowed { file } => format!("In het pakket zit ‘{file}’, en dat hoort er niet in. {ASK}"),
        Refusal::NotAPlainFile { file } => {
            format!("In het pakket zit ‘{file}’, en dat is geen gewoon bestand. {ASK}")
        }
        Refusal::FileTwice { file } => format!("In het pakket zit ‘{file}’ twee keer. {ASK}"),
        Refusal::FileTooLarge { file, limit } => {
            format!("‘{file}’ in het pakket is groter dan {} KiB. {ASK}", limit / 1024)
        }
        Refusal::TooManyFiles { limit } => format!("In het pakket zitten meer dan {limit} bestanden. {ASK}"),
        Refusal::FileMissing { file } => format!("In het pakket ontbreekt ‘{file}’. {ASK}"),
        Refusal::NotCanonical { .. } => {
            format!("Het pakket is na het maken veranderd, of met ander gereedschap gemaakt. {AGAIN}")
        }
        _ => return None,
    })
}

fn signature(refusal: &Refusal) -> Option<String> {
    Some(match refusal {
        Refusal::NotSigned => format!("Het is niet ondertekend. {ASK}"),
        Refusal::EnvelopeMalformed { file, .. } => format!("De ondertekening in ‘{file}’ is niet leesbaar. {AGAIN}"),
        Refusal::UnknownKey { key } => format!(
            "Het is ondertekend met sleutel {key}, en die wordt hier niet vertrouwd. Controleer langs een andere weg of de \
             sleutel van de uitgever is, en vertrouw hem dan eerst."
        ),
        Refusal::KeyNotYetTrusted {
            key,
            publisher,
            since,
            at,
        } => format!(
            "Sleutel {key} van {publisher} wordt pas vertrouwd sinds {}; dit is van {}.",
            words::moment(*since),
            words::moment(*at)
        ),
        Refusal::KeyRevoked {
            key, publisher, since, ..
        } => format!(
            "Sleutel {key} van {publisher} is ingetrokken: in verkeerde handen sinds {}. Vraag de uitgever om een versie \
             met een nieuwe sleutel.",
            words::moment(*since)
        ),
        Refusal::KeyExpired {
            key,
            publisher,
            expired,
            ..
        } => format!(
            "Sleutel {key} van {publisher} is verlopen op {}. Vraag de uitgever om een versie met de huidige sleutel.",
            words::moment(*expired)
        ),
        Refusal::CounterKeyOnly { key, publisher } => format!(
            "Sleutel {key} van {publisher} wordt hier alleen vertrouwd om mee te ondertekenen, niet als uitgever."
        ),
        Refusal::BadSignature { key, .. } => format!(
            "De ondertekening met sleutel {key} klopt niet met de inhoud: die is na het ondertekenen veranderd. {AGAIN}"
        ),
        Refusal::StatementMalformed { .. } => format!("De ondertekende verklaring is niet bruikbaar. {ASK}"),
        Refusal::FileChanged { file } => format!("‘{file}’ is niet het bestand dat is ondertekend. {AGAIN}"),
        Refusal::FileNotSigned { file } => format!("‘{file}’ is na het ondertekenen toegevoegd. {AGAIN}"),
        Refusal::SignedFileMissing { file } => format!("‘{file}’ is na het ondertekenen weggelaten. {AGAIN}"),
        Refusal::OtherPublisher { said, signer } => format!(
            "Het zegt van ‘{said}’ te zijn, maar de sleutel is van ‘{signer}’. Een uitgever ondertekent alleen wat van hem \
             is."
        ),
        Refusal::CounterSignatureElsewhere { .. } => {
            "De medeondertekening hoort bij een ander pakket. Zoek het bestand dat bij dit pakket hoort.".to_owned()
        }
        Refusal::CounterSignatureMissing { publisher } => {
            format!("‘{publisher}’ heeft niet medeondertekend. Vraag hen dat te doen.")
        }
        _ => return None,
    })
}

fn contents(refusal: &Refusal) -> String {
    let why = match refusal {
        Refusal::Manifest(_) => "De beschrijving (connector.toml) of een profiel deugt niet",
        Refusal::ContractOutOfRange { .. } => {
            "Het is gemaakt voor een andere versie van het contract dan dit systeem heeft"
        }
        Refusal::Contract(_) => "De connector houdt zich niet aan het contract",
        Refusal::InterfacesDiffer { .. } => "De beschrijving en de connector zeggen niet hetzelfde over wat hij kan",
        Refusal::NotesEmpty | Refusal::NotesNotText => "De toelichting voor de school ontbreekt of is niet leesbaar",
        Refusal::Sbom { .. } => "De lijst van onderdelen (sbom.json) deugt niet",
        Refusal::ProfileUnnamed { .. } => "Er zit een profiel in dat de beschrijving niet noemt",
        _ => "De inhoud deugt niet",
    };
    format!("{why}. {ASK} De controle zegt: {refusal}")
}

fn bundle(refusal: &BundleRefusal) -> String {
    match refusal {
        BundleRefusal::TooLarge => {
            "De bundel is groter dan 64 MiB. Vraag de uitgever om er meer van te maken.".to_owned()
        }
        BundleRefusal::Malformed(_) => {
            format!("Dit bestand is geen bundel van een uitgever, of het is beschadigd. {AGAIN}")
        }
        BundleRefusal::NotCanonical => {
            format!("De bundel is na het maken veranderd, of met ander gereedschap gemaakt. {AGAIN}")
        }
        BundleRefusal::Swapped(file) => {
            format!("‘{file}’ is niet wat de uitgever heeft ondertekend: veranderd, weggelaten of toegevoegd. {AGAIN}")
        }
        BundleRefusal::Signature(refusal) => package(refusal),
        BundleRefusal::OtherPublisher { said, signer } => {
            format!("De bundel zegt van ‘{said}’ te zijn, maar de sleutel is van ‘{signer}’.")
        }
    }
}

impl InDutch for BundleError {
    fn in_dutch(self) -> Result<Said, Oops> {
        Ok(match self {
            BundleError::Refused(refusal) => Said::bad(bundle(&refusal)),
            BundleError::Older {
                publisher,
                offered,
                known,
            } => Said::conflict(format!(
                "Bundel {offered} van {publisher} is ouder dan bundel {known}, die hier al is: een oude bundel zou kunnen \
                 terughalen wat een nieuwere wegnam. Vraag de uitgever om de nieuwste."
            )),
            BundleError::SameNumber { publisher, sequence } => Said::conflict(format!(
                "Bundel {sequence} van {publisher} is hier al, met een andere inhoud. Een nummer wordt één keer gebruikt: \
                 vraag de uitgever wat hier gebeurd is."
            )),
            BundleError::Key { key, why } => {
                let why = match why {
                    WrongKey::OtherPublisher => "die is hier van een andere uitgever",
                    WrongKey::CounterOnly => "die is hier alleen voor medeondertekening",
                    WrongKey::Revoked => "die is hier ingetrokken",
                    WrongKey::Known => "die is hier al bekend",
                };
                Said::conflict(format!(
                    "Sleutel {key} uit de bundel kan niet worden overgenomen: {why}."
                ))
            }
            BundleError::Package { file, error } => {
                let said = match error {
                    PackageError::Refused(refusal) => package(&refusal),
                    other => other.in_dutch()?.sentence,
                };
                Said::conflict(format!("Pakket ‘{file}’ in de bundel: {said}"))
            }
            BundleError::Publisher(error) => return error.in_dutch(),
            BundleError::Commit(error) => return Err(error.into()),
            BundleError::Store(error) => return Err(error.into()),
        })
    }
}
