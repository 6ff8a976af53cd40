//! Keys in files: `{folder}/{issuer}/{thumbprint}.age`, and `{folder}/data.age` for the data key.

use std::collections::HashMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::{Arc, PoisonError, RwLock};

use zeroize::Zeroizing;

use super::KeyringError;
use super::private::KeyHandle;
use super::sealing::DataKey;
use crate::entropy::Entropy;
use crate::ids::Code;
use crate::proof::key::{KeyKind, PublicKey, Signer as _};

/// The folder of keys, opened with its identity.
pub struct Keyring {
    folder: PathBuf,
    identity: age::x25519::Identity,
    pub(super) data: DataKey,
    // Opened keys, by (issuer, thumbprint). Others (the command line, another instance) may add files while we run.
    opened: RwLock<HashMap<(Code, String), Arc<KeyHandle>>>,
}

/// The public half of a key just made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedKey {
    /// Its JWK thumbprint (RFC 7638), the fragment of its DID URL.
    pub thumbprint: String,
    /// Its public half.
    pub public: PublicKey,
}

impl Keyring {
    /// Opens a folder, making it and its data key on first use. Refuses files that others
    /// may read, and folders that others may write.
    pub fn open(folder: &Path, identity: &str, entropy: &dyn Entropy) -> Result<Self, KeyringError> {
        let identity = age::x25519::Identity::from_str(identity.trim()).map_err(|_| KeyringError::Identity)?;
        make_private_folder(folder)?;
        let path = folder.join("data.age");
        let data = match read_private(&path, &identity)? {
            Some(bytes) => bytes,
            None => {
                let fresh = Zeroizing::new(entropy.bytes::<32>());
                write_private(&path, &identity, fresh.as_slice())?;
                // Another instance may have been first: what stands on disk decides.
                read_private(&path, &identity)?
                    .ok_or(KeyringError::Damaged { path: path.clone(), why: "it vanished" })?
            }
        };
        let data = DataKey::new(&data).ok_or(KeyringError::Damaged { path, why: "it does not hold a data key" })?;
        Ok(Self { folder: folder.to_owned(), identity, data, opened: RwLock::default() })
    }

    /// A new age identity, for a first start: the text to keep safe, `AGE-SECRET-KEY-1…`.
    pub fn new_identity() -> Zeroizing<String> {
        use age::secrecy::ExposeSecret as _;
        Zeroizing::new(age::x25519::Identity::generate().to_string().expose_secret().to_owned())
    }

    /// Makes a key for an issuer and stores it. An RSA key takes a second or so: not on a thread that others wait for.
    pub fn generate(&self, issuer: &Code, kind: KeyKind, entropy: &dyn Entropy) -> Result<GeneratedKey, KeyringError> {
        let (key, content) = KeyHandle::generate(kind, entropy).ok_or(KeyringError::Generation)?;
        let public = key.public_key();
        let thumbprint = public.thumbprint();
        make_private_folder(&self.folder.join(issuer.as_str()))?;
        write_private(&self.path(issuer, &thumbprint), &self.identity, &content)?;
        Ok(GeneratedKey { thumbprint, public })
    }

    /// Keeps a key that was made elsewhere, given as PKCS#8.
    pub fn import(&self, issuer: &Code, pkcs8: &[u8]) -> Result<GeneratedKey, KeyringError> {
        let public = KeyHandle::from_pkcs8(pkcs8).ok_or(KeyringError::Unusable)?.public_key();
        let thumbprint = public.thumbprint();
        make_private_folder(&self.folder.join(issuer.as_str()))?;
        write_private(&self.path(issuer, &thumbprint), &self.identity, pkcs8)?;
        Ok(GeneratedKey { thumbprint, public })
    }

    /// The key of an issuer by its thumbprint; none where this keyring does not hold it.
    pub fn key(&self, issuer: &Code, thumbprint: &str) -> Result<Option<Arc<KeyHandle>>, KeyringError> {
        let name = (issuer.clone(), thumbprint.to_owned());
        if let Some(key) = self.opened.read().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(Some(Arc::clone(key)));
        }
        if !is_thumbprint(thumbprint) {
            return Ok(None);
        }
        let path = self.path(issuer, thumbprint);
        let Some(content) = read_private(&path, &self.identity)? else { return Ok(None) };
        let Some(key) = KeyHandle::read(&content) else {
            return Err(KeyringError::Damaged { path, why: "it does not hold a key of a kind that signs here" });
        };
        if key.public_key().thumbprint() != thumbprint {
            return Err(KeyringError::Damaged { path, why: "it holds another key than its name says" });
        }
        let key = Arc::new(key);
        self.opened.write().unwrap_or_else(PoisonError::into_inner).insert(name, Arc::clone(&key));
        Ok(Some(key))
    }

    /// Destroys a private key. What it signed stays verifiable: its public half is elsewhere.
    pub fn destroy(&self, issuer: &Code, thumbprint: &str) -> Result<(), KeyringError> {
        let name = (issuer.clone(), thumbprint.to_owned());
        self.opened.write().unwrap_or_else(PoisonError::into_inner).remove(&name);
        let path = self.path(issuer, thumbprint);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(KeyringError::Io { path, source }),
            _ => Ok(()),
        }
    }

    fn path(&self, issuer: &Code, thumbprint: &str) -> PathBuf {
        self.folder.join(issuer.as_str()).join(format!("{thumbprint}.age"))
    }
}

/// 43 characters of base64url, so that no thumbprint can lead out of the folder.
fn is_thumbprint(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

fn make_private_folder(path: &Path) -> Result<(), KeyringError> {
    let io = |source| KeyringError::Io { path: path.to_owned(), source };
    if !path.exists() {
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(fs::DirBuilder::new().recursive(true), 0o700)
            .create(path)
            .map_err(io)?;
        #[cfg(not(unix))]
        fs::create_dir_all(path).map_err(io)?;
    }
    // Others may list names, which are public; whoever could write here could take keys away or put damaged ones in.
    check_mode_against(path, 0o022, 0o700)
}

/// Writes a file encrypted to the identity, complete or not at all, never over another.
fn write_private(path: &Path, identity: &age::x25519::Identity, secret: &[u8]) -> Result<(), KeyringError> {
    let io = |source| KeyringError::Io { path: path.to_owned(), source };
    let damaged = |why| KeyringError::Damaged { path: path.to_owned(), why };
    let sealed = age::encrypt(&identity.to_public(), secret).map_err(|_| damaged("it could not be encrypted"))?;
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(io)?;
    file.write_all(&sealed).and_then(|()| file.sync_all()).map_err(io)?;
    // A link fails where the name is taken; a rename would replace a key that somebody else just made.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).map_err(io)?;
    match linked {
        Err(source) if source.kind() != std::io::ErrorKind::AlreadyExists => Err(io(source)),
        _ => Ok(()),
    }
}

fn read_private(path: &Path, identity: &age::x25519::Identity) -> Result<Option<Zeroizing<Vec<u8>>>, KeyringError> {
    let io = |source| KeyringError::Io { path: path.to_owned(), source };
    if !path.exists() {
        return Ok(None);
    }
    check_mode(path)?;
    let sealed = fs::read(path).map_err(io)?;
    let opened = age::decrypt(identity, &sealed);
    let damaged = |_| KeyringError::Damaged { path: path.to_owned(), why: "it does not open with this age identity" };
    opened.map(|secret| Some(Zeroizing::new(secret))).map_err(damaged)
}

/// Refuses a file that its group or others may read or write.
pub fn check_mode(path: &Path) -> Result<(), KeyringError> {
    check_mode_against(path, 0o077, 0o600)
}

#[cfg(unix)]
fn check_mode_against(path: &Path, forbidden: u32, wanted: u32) -> Result<(), KeyringError> {
    use std::os::unix::fs::PermissionsExt as _;
    let meta = fs::metadata(path).map_err(|source| KeyringError::Io { path: path.to_owned(), source })?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & forbidden == 0 { Ok(()) } else { Err(KeyringError::Permissions { path: path.to_owned(), mode, wanted }) }
}

#[cfg(not(unix))]
fn check_mode_against(_path: &Path, _forbidden: u32, _wanted: u32) -> Result<(), KeyringError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter;
    impl Entropy for Counter {
        fn fill(&self, buffer: &mut [u8]) {
            for (i, byte) in buffer.iter_mut().enumerate() {
                *byte = i as u8 + 1;
            }
        }
    }

    fn open(folder: &Path, identity: &str) -> Result<Keyring, KeyringError> {
        Keyring::open(folder, identity, &Counter)
    }

    #[test]
    fn a_key_survives_reopening_and_no_other_identity_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("keys");
        let identity = Keyring::new_identity();
        let issuer: Code = "dgafp".parse().unwrap();
        for kind in KeyKind::ALL {
            let made = open(&folder, &identity).unwrap().generate(&issuer, kind, &Counter).unwrap();
            assert_eq!((made.public.kind(), made.public.thumbprint()), (kind, made.thumbprint.clone()));
            let reopened = open(&folder, &identity).unwrap();
            let key = reopened.key(&issuer, &made.thumbprint).unwrap().unwrap();
            assert_eq!(key.public_key(), made.public);
            assert_eq!(made.public.verify(b"text", &key.sign(b"text").unwrap()), Ok(()));
            assert!(matches!(open(&folder, &Keyring::new_identity()), Err(KeyringError::Damaged { .. })));
            reopened.destroy(&issuer, &made.thumbprint).unwrap();
            assert!(reopened.key(&issuer, &made.thumbprint).unwrap().is_none());
        }
    }

    /// A file under another key's name would sign for it, or lead to a signature that nobody can verify.
    #[test]
    fn a_file_that_does_not_hold_the_key_of_its_name_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), &Keyring::new_identity()).unwrap();
        let issuer: Code = "dgafp".parse().unwrap();
        let [p256, rsa] =
            [KeyKind::P256, KeyKind::Rsa].map(|kind| keyring.generate(&issuer, kind, &Counter).unwrap().thumbprint);
        fs::copy(keyring.path(&issuer, &p256), keyring.path(&issuer, &rsa)).unwrap();
        assert!(matches!(keyring.key(&issuer, &rsa), Err(KeyringError::Damaged { .. })));
        assert!(keyring.key(&issuer, &p256).unwrap().is_some());
        let stray = "a".repeat(43);
        write_private(&keyring.path(&issuer, &stray), &keyring.identity, b"no key at all").unwrap();
        assert!(matches!(keyring.key(&issuer, &stray), Err(KeyringError::Damaged { .. })));
    }

    #[test]
    fn no_file_holds_a_key_in_clear() {
        let folder = tempfile::tempdir().unwrap();
        let identity = Keyring::new_identity();
        let issuer: Code = "dgafp".parse().unwrap();
        let keyring = open(folder.path(), &identity).unwrap();
        let made = keyring.generate(&issuer, KeyKind::Ed25519, &Counter).unwrap();
        let bytes = fs::read(keyring.path(&issuer, &made.thumbprint)).unwrap();
        let seed: Vec<u8> = (1..=32).collect();
        assert!(!bytes.windows(16).any(|window| window == &seed[..16]));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let identity = Keyring::new_identity();
        drop(open(folder.path(), &identity).unwrap());
        fs::set_permissions(folder.path().join("data.age"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(open(folder.path(), &identity), Err(KeyringError::Permissions { mode: 0o644, .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(
            open(folder.path(), &Keyring::new_identity()),
            Err(KeyringError::Permissions { wanted: 0o700, .. })
        ));
    }

    #[test]
    fn a_thumbprint_cannot_lead_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = open(folder.path(), &Keyring::new_identity()).unwrap();
        assert!(keyring.key(&"a".parse().unwrap(), "../data").unwrap().is_none());
    }
}
