//! Whom to trust: the certificates of this machine (or `SSL_CERT_FILE`), and those of an engine that has its own.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::client::WantsClientCert;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, ConfigBuilder, RootCertStore};

use crate::problem::Problem;

/// Those of this machine are read when the first connection needs them: reading takes longer than a small report.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    config: OnceLock<Arc<ClientConfig>>,
}

impl Certificates {
    /// Those of a directory as `docker` has it: the `ca.pem` of an engine, and this client's `cert.pem` and `key.pem`. An
    /// engine may do without either. What cannot be read is so the next time too, and is told before a connection is opened.
    pub(super) fn of(directory: &Path) -> Result<Self, Problem> {
        let cannot = |name: &str, error: &dyn std::fmt::Display| {
            Problem::mistake(format!("cannot read {}: {error}", directory.join(name).display()))
        };
        let file = |name: &str| match fs::read(directory.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(cannot(name, &error)),
        };
        let certificates = |name: &str, bytes: &[u8]| {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(bytes).collect();
            match read {
                Ok(read) if read.is_empty() => Err(cannot(name, &"it has no certificate")),
                read => read.map_err(|error| cannot(name, &error)),
            }
        };
        let other = |error: &dyn std::fmt::Display| Problem::mistake(error.to_string());
        let (authority, own, key) = (file("ca.pem")?, file("cert.pem")?, file("key.pem")?);
        let roots = match &authority {
            Some(bytes) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates("ca.pem", bytes)?);
                roots
            }
            None if own.is_none() && key.is_none() => {
                return Err(Problem::mistake(format!(
                    "found no ca.pem, cert.pem or key.pem in {}, expected the certificates for the engine there",
                    directory.display()
                )));
            }
            None => of_machine().map_err(|error| other(&error))?,
        };
        let builder = trusting(roots).map_err(|error| other(&error))?;
        let config = match (own, key) {
            (None, None) => builder.with_no_client_auth(),
            (own, key) => {
                let missing =
                    |name: &str| cannot(name, &"there is no such file, and the other of the pair is");
                let own = certificates("cert.pem", &own.ok_or_else(|| missing("cert.pem"))?)?;
                let key = PrivateKeyDer::from_pem_slice(&key.ok_or_else(|| missing("key.pem"))?);
                let key = key.map_err(|error| cannot("key.pem", &error))?;
                builder.with_client_auth_cert(own, key).map_err(|error| cannot("cert.pem", &error))?
            }
        };
        Ok(Self { config: OnceLock::from(Arc::new(config)) })
    }

    pub(super) fn config(&self) -> io::Result<Arc<ClientConfig>> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(trusting(of_machine()?)?.with_no_client_auth());
        Ok(Arc::clone(self.config.get_or_init(|| config)))
    }
}

fn of_machine() -> io::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let text = "found no certificates of authorities on this machine, name a file with SSL_CERT_FILE";
        return Err(io::Error::new(ErrorKind::NotFound, text));
    }
    Ok(roots)
}

fn trusting(roots: RootCertStore) -> io::Result<ConfigBuilder<ClientConfig, WantsClientCert>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(io::Error::other)?;
    Ok(builder.with_root_certificates(roots))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_told_before_anything_is_asked() {
        let folder = tempfile::tempdir().unwrap();
        let told = || Certificates::of(folder.path()).unwrap_err().to_string();
        assert!(told().starts_with("found no ca.pem, cert.pem or key.pem in "), "{}", told());
        fs::write(folder.path().join("ca.pem"), "nothing").unwrap();
        assert!(told().ends_with("/ca.pem: it has no certificate"), "{}", told());
        fs::remove_file(folder.path().join("ca.pem")).unwrap();
        fs::write(folder.path().join("key.pem"), "nothing").unwrap();
        assert!(told().contains("/cert.pem: there is no such file"), "{}", told());
    }
}
