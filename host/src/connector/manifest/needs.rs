//! `[needs]`: which needs (voorzieningen, §4.1, §4.3) a connector can express in the vendor's format. The host holds
//! a deelname with needs beyond these for a person, instead of losing them.

use serde::{Deserialize, Serialize};

/// What can be expressed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Needs {
    /// Codes of `personalNeeds` that reach the vendor (R15).
    #[serde(default)]
    pub codes: Vec<String>,
    /// How extra time reaches the vendor. Absent: it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extra_time: Option<ExtraTime>,
}

/// Extra time, in the unit the vendor counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "unit", rename_all = "kebab-case", try_from = "WrittenExtraTime")]
pub enum ExtraTime {
    /// In minutes, by steps.
    Minutes {
        /// The smallest amount, and every multiple of it, in minutes.
        step: u32,
        /// The greatest amount, in minutes; absent is unlimited (R15: 10,000 and more is unlimited).
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum: Option<u32>,
    },
    /// In percents of the sitting's duration, by steps. The connector is handed minutes all the same: those of a whole
    /// step, rounded up to a minute. It finds the step back as the greatest one whose minutes are no more than these.
    Percent {
        /// The smallest amount, and every multiple of it, in percents.
        step: u32,
        /// The greatest amount, in percents; absent is unlimited.
        #[serde(skip_serializing_if = "Option::is_none")]
        maximum: Option<u32>,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct WrittenExtraTime {
    unit: Unit,
    step: Option<u32>,
    maximum: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Unit {
    Minutes,
    Percent,
}

impl TryFrom<WrittenExtraTime> for ExtraTime {
    type Error = String;

    fn try_from(written: WrittenExtraTime) -> Result<Self, String> {
        let step = written.step.unwrap_or(1);
        let maximum = written.maximum;
        if step == 0 {
            return Err("`step` is 0; write the smallest amount the vendor takes".to_owned());
        }
        if maximum.is_some_and(|maximum| maximum < step) {
            return Err("`maximum` is less than one `step`".to_owned());
        }
        Ok(match written.unit {
            Unit::Minutes => Self::Minutes { step, maximum },
            Unit::Percent => Self::Percent { step, maximum },
        })
    }
}
