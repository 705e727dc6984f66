//! Signing: the publisher's statement inside the package, and others' counter-signatures beside it.

use bytes::Bytes;

use super::{Package, STATEMENT_FILE};
use crate::connector::manifest::Slug;
use crate::connector::refusal::Refusal;
use crate::connector::signature::{CounterStatement, Envelope, SigningKey, Statement};

impl Package {
    /// The package signed by its publisher, in place of an earlier signature. Refuses contents that no host would
    /// take, and a key of another publisher.
    pub fn signed(&self, publisher: &Slug, key: &SigningKey) -> Result<Self, Refusal> {
        let contents = self.examine()?;
        let said = &contents.manifest.connector.publisher;
        if said != publisher {
            return Err(Refusal::OtherPublisher {
                said: said.to_string(),
                signer: publisher.to_string(),
            });
        }
        let payload = Statement::about(self, &contents.manifest).to_bytes();
        self.with_statement(Bytes::from(key.sign(payload).to_bytes()))
    }

    /// The package with one more signature of its publisher, beside those that are there: when a key follows another,
    /// schools that know either take it.
    pub fn also_signed(&self, publisher: &Slug, key: &SigningKey) -> Result<Self, Refusal> {
        let fresh = self.signed(publisher, key)?;
        let (Some(earlier), Some(made)) = (self.statement(), fresh.statement()) else {
            return Ok(fresh);
        };
        let made = Envelope::parse(STATEMENT_FILE, made)?;
        let mut envelope = Envelope::parse(STATEMENT_FILE, earlier)?;
        if envelope.payload != made.payload {
            return Err(Refusal::StatementMalformed {
                reason: "the signature that is there is about something else".to_owned(),
            });
        }
        key.add_signature(&mut envelope);
        self.with_statement(Bytes::from(envelope.to_bytes()))
    }

    /// The file of counter-signatures of this package with one of `key` added. `earlier` is the file as it was, if
    /// there is one; `file_name` its name in errors.
    pub fn counter_signed(
        &self,
        file_name: &str,
        earlier: Option<&[u8]>,
        key: &SigningKey,
    ) -> Result<Vec<u8>, Refusal> {
        let contents = self.examine()?;
        let payload = CounterStatement::about(self.digest(), &contents.manifest).to_bytes();
        let Some(earlier) = earlier else {
            return Ok(key.sign(payload).to_bytes());
        };
        let mut envelope = Envelope::parse(file_name, earlier)?;
        if envelope.payload != payload {
            return Err(Refusal::CounterSignatureElsewhere {
                said: CounterStatement::subject_of(&envelope.payload),
            });
        }
        key.add_signature(&mut envelope);
        Ok(envelope.to_bytes())
    }
}
