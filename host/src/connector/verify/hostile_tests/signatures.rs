//! Envelopes, signatures and statements that do not hold.

use bytes::Bytes;

use super::{Add, Hostile, seeded};
use crate::connector::fixture::{contents, contents_with, publisher_key, signed, stranger_key};
use crate::connector::package::Package;
use crate::connector::signature::{Envelope, SigningKey};

fn with_envelope(envelope: &Envelope) -> Vec<u8> {
    with_statement(envelope.to_bytes())
}

fn with_statement(statement: Vec<u8>) -> Vec<u8> {
    let package = Package::assemble(contents()).unwrap();
    package.with_statement(Bytes::from(statement)).unwrap().to_bytes()
}

pub(super) fn envelope() -> Envelope {
    Envelope::parse("statement", signed(contents()).statement().unwrap()).unwrap()
}

/// Envelopes that can't be read, or hold more or fewer signatures than they may.
pub(super) fn envelopes(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    const BROKEN: &[&str] = &["envelope-malformed"];
    add.bytes(
        "no signature",
        Package::assemble(contents()).unwrap().to_bytes(),
        &["not-signed"],
    );
    add.bytes("an envelope of noise", with_statement(b"\x00\xff\xfe".to_vec()), BROKEN);
    add.bytes(
        "an envelope of 100,000 brackets",
        with_statement(vec![b'['; 100_000]),
        BROKEN,
    );
    let text = String::from_utf8(envelope().to_bytes()).unwrap();
    add.bytes(
        "an envelope with one field more",
        with_statement(text.replacen('{', "{\"x\":1,", 1).into_bytes()),
        BROKEN,
    );
    add.bytes(
        "an envelope with spaces",
        with_statement(text.replace(',', ", ").into_bytes()),
        BROKEN,
    );
    let mut other_type = envelope();
    other_type.payload_type = "text/plain".to_owned();
    add.bytes("a payload of another type", with_envelope(&other_type), BROKEN);
    let mut none = envelope();
    none.signatures.clear();
    add.bytes("an envelope without signatures", with_envelope(&none), BROKEN);
    let mut many = envelope();
    many.signatures = vec![many.signatures[0].clone(); 17];
    add.bytes("seventeen signatures", with_envelope(&many), BROKEN);
    many.signatures.truncate(2);
    add.bytes("one signature twice", with_envelope(&many), BROKEN);
}

/// Signatures that do not hold, or are not by a key that is trusted for it.
pub(super) fn signatures(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let mut flipped = envelope();
    flipped.signatures[0].signature[7] ^= 1;
    add.bytes(
        "a signature with one bit turned",
        with_envelope(&flipped),
        &["bad-signature"],
    );
    let mut zeros = envelope();
    zeros.signatures[0].signature = vec![0; 64];
    add.bytes("a signature of zeros", with_envelope(&zeros), &["bad-signature"]);
    let mut short = envelope();
    short.signatures[0].signature.truncate(63);
    add.bytes(
        "a signature that is too short",
        with_envelope(&short),
        &["bad-signature"],
    );
    let mut malleable = envelope();
    malleable.signatures[0].signature = plus_order(&malleable.signatures[0].signature);
    add.bytes(
        "the same signature plus the group's order",
        with_envelope(&malleable),
        &["bad-signature"],
    );
    let mut borrowed = stranger_key().sign(envelope().payload);
    borrowed.signatures[0].key = publisher_key().public().id().to_string();
    add.bytes(
        "a stranger's signature under a trusted key's name",
        with_envelope(&borrowed),
        &["bad-signature"],
    );
    let by = |key: &SigningKey| with_envelope(&key.sign(envelope().payload));
    add.bytes("a stranger's signature", by(&stranger_key()), &["unknown-key"]);
    add.bytes("a revoked key's signature", by(&seeded(31)), &["key-revoked"]);
    add.bytes("an expired key's signature", by(&seeded(32)), &["key-expired"]);
    add.bytes("a key that is trusted later", by(&seeded(33)), &["key-not-yet-trusted"]);
    add.bytes(
        "a counter-signing key's signature",
        by(&seeded(34)),
        &["counter-key-only"],
    );
    add.bytes("another publisher's signature", by(&seeded(35)), &["other-publisher"]);
}

/// Good signatures over statements that say something else.
pub(super) fn statements(all: &mut Vec<Hostile>) {
    let mut add = Add(all);
    let elsewhere = signed(contents_with("1.1.0", "1.2.0"));
    add.bytes(
        "the signature of another version",
        with_statement(elsewhere.statement().unwrap().to_vec()),
        &["file-changed"],
    );
    let payload = String::from_utf8(envelope().payload).unwrap();
    let says = |text: String| with_envelope(&publisher_key().sign(text.into_bytes()));
    add.bytes(
        "a statement of another kind",
        says(payload.replace("connector-package", "web-page")),
        &["statement-malformed"],
    );
    add.bytes(
        "a statement of nothing",
        says("{}".to_owned()),
        &["statement-malformed"],
    );
    add.bytes(
        "a statement about a path outside",
        says(payload.replace("NOTES.md", "../NOTES.md")),
        &["file-changed"],
    );
    add.bytes(
        "a statement that lies about the version",
        says(payload.replace("\"1.2.0\"", "\"9.9.9\"")),
        &["statement-malformed"],
    );
    add.bytes(
        "a statement of 50,000 brackets",
        says("[".repeat(50_000)),
        &["statement-malformed"],
    );
    let mut changed = contents();
    changed.notes = Bytes::from_static(b"# Changed after signing\n");
    let package = Package::assemble(changed).unwrap();
    let package = package.with_statement(Bytes::from(envelope().to_bytes())).unwrap();
    add.bytes("a file changed after signing", package.to_bytes(), &["file-changed"]);
}

/// S + L of an Ed25519 signature: the same point, which a strict verifier refuses (RFC 8032 §5.1.7).
fn plus_order(signature: &[u8]) -> Vec<u8> {
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut sum = signature.to_vec();
    let mut carry = 0_u16;
    for (byte, order) in sum[32..].iter_mut().zip(ORDER) {
        let added = u16::from(*byte) + u16::from(order) + carry;
        *byte = added as u8;
        carry = added >> 8;
    }
    sum
}
