//! Buckets. Signatures are made with the hashes that the project uses anyway, TLS is that of librdkafka's OpenSSL, so
//! that no second set of cryptography in C is built.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::client::{
    ClientConfigKey, CryptoProvider, DigestAlgorithm, DigestContext, HmacContext, Signer,
    SigningAlgorithm,
};
use object_store::{Error, Result, RetryConfig};
use sha2::{Digest, Sha256};

/// A store that cannot be reached is given up after this; the caller tries again with its next snapshot.
const RETRY_FOR: Duration = Duration::from_secs(30);

pub(crate) fn open(bucket: &str) -> Result<AmazonS3> {
    let client = AmazonS3ConfigKey::Client;
    AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_config(client(ClientConfigKey::ConnectTimeout), "5 seconds")
        // One request, body included.
        .with_config(client(ClientConfigKey::Timeout), "120 seconds")
        .with_retry(RetryConfig {
            max_retries: 5,
            retry_timeout: RETRY_FOR,
            ..RetryConfig::default()
        })
        .with_crypto_provider(Arc::new(Hashes))
        .build()
}

#[derive(Debug)]
struct Hashes;

impl CryptoProvider for Hashes {
    fn digest(&self, algorithm: DigestAlgorithm) -> Result<Box<dyn DigestContext>> {
        sha256_only(&algorithm)?;
        Ok(Box::new(Digesting {
            hash: Sha256::new(),
            out: [0; 32],
        }))
    }

    fn hmac(&self, algorithm: DigestAlgorithm, secret: &[u8]) -> Result<Box<dyn HmacContext>> {
        sha256_only(&algorithm)?;
        let hash = <Hmac<Sha256> as Mac>::new_from_slice(secret).map_err(|e| unsupported(&e))?;
        let out = [0; 32];
        Ok(Box::new(Authenticating { hash, out }))
    }

    fn sign(&self, algorithm: SigningAlgorithm, _pem: &[u8]) -> Result<Box<dyn Signer>> {
        Err(unsupported(&format!("{algorithm:?}")))
    }
}

struct Digesting {
    hash: Sha256,
    out: [u8; 32],
}

impl DigestContext for Digesting {
    fn update(&mut self, data: &[u8]) {
        self.hash.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.out = self.hash.finalize_reset().into();
        Ok(&self.out)
    }
}

struct Authenticating {
    hash: Hmac<Sha256>,
    out: [u8; 32],
}

impl HmacContext for Authenticating {
    fn update(&mut self, data: &[u8]) {
        self.hash.update(data);
    }

    fn finish(&mut self) -> Result<&[u8]> {
        self.out = self.hash.clone().finalize().into_bytes().into();
        Ok(&self.out)
    }
}

fn sha256_only(algorithm: &DigestAlgorithm) -> Result<()> {
    match algorithm {
        DigestAlgorithm::Sha256 => Ok(()),
        other => Err(unsupported(&format!("{other:?}"))),
    }
}

/// S3 signs with SHA-256 and nothing else.
fn unsupported(what: &dyn std::fmt::Display) -> Error {
    Error::NotSupported {
        source: format!("no {what} for requests to a bucket").into(),
    }
}
