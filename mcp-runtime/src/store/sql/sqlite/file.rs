//! Where the database lies, and who may read it.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::settings::{Settings, SettingsError};

/// The file that the settings name; `None` for a store in memory.
pub(super) fn locate(
    settings: &Settings,
    server_name: &str,
) -> Result<Option<PathBuf>, SettingsError> {
    let Some(url) = &settings.database_url else {
        let Some(state) = &settings.state_home else {
            return Err(SettingsError::new(
                "there is no home directory for the store: set DATABASE_URL to a file such as \
                 sqlite:/var/lib/mcp/auth.db",
            ));
        };
        return Ok(Some(state.join(slug(server_name)).join("auth.db")));
    };
    let Some(rest) = url.strip_prefix("sqlite:") else {
        let scheme = url.split(':').next().unwrap_or_default();
        return Err(SettingsError::new(format!(
            "DATABASE_URL names the database `{scheme}`, which this build cannot use: set it to a \
             file such as sqlite:/var/lib/mcp/auth.db"
        )));
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    match path {
        "" => Err(SettingsError::new(
            "DATABASE_URL names no file: set it to one such as sqlite:/var/lib/mcp/auth.db",
        )),
        ":memory:" => Ok(None),
        path => Ok(Some(path.into())),
    }
}

/// Makes the directory (0700) and the file (0600) before SQLite opens it, and refuses a file that others can read:
/// it holds the signing key.
pub(super) fn prepare(path: &Path) -> Result<(), SettingsError> {
    let cannot = |what: &Path, error: std::io::Error| {
        SettingsError::new(format!(
            "the store `{}` cannot be written ({error}): make it writable, or set DATABASE_URL to \
             another file such as sqlite:/var/lib/mcp/auth.db",
            what.display()
        ))
    };
    if let Some(directory) = path.parent().filter(|d| !d.as_os_str().is_empty()) {
        if directory.exists() && !directory.is_dir() {
            return Err(SettingsError::new(format!(
                "the store's directory `{}` is a file: set DATABASE_URL to a file in a directory, \
                 such as sqlite:/var/lib/mcp/auth.db",
                directory.display()
            )));
        }
        make_directory(directory).map_err(|e| cannot(directory, e))?;
    }
    // `create_new` is O_EXCL: it neither follows a link nor takes over a file that someone put there.
    match private(fs::OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            judge(path)?;
            let file = fs::OpenOptions::new().write(true).open(path);
            let file = file.map_err(|e| cannot(path, e))?;
            #[cfg(unix)]
            judge_owner(path, &file).map_err(|e| cannot(path, e))??;
            drop(file);
            Ok(())
        }
        Err(error) => Err(cannot(path, error)),
    }
}

/// Writes a small secret for the operator's eyes, 0600, in place of an older one.
pub(crate) fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write;
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    private(fs::OpenOptions::new().write(true).create_new(true))
        .open(path)?
        .write_all(text.as_bytes())
}

fn judge(path: &Path) -> Result<(), SettingsError> {
    let Ok(meta) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !meta.is_file() {
        return Err(SettingsError::new(format!(
            "the store `{}` is not a regular file: set DATABASE_URL to the file itself",
            path.display()
        )));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if meta.permissions().mode() & 0o077 != 0 {
            return Err(SettingsError::new(format!(
                "the store `{0}`, which holds the signing key, can be read by others: run \
                 `chmod 600 {0}`",
                path.display()
            )));
        }
    }
    // SQLite takes a short file of any content for an empty database, and overwrites it.
    if meta.len() > 0 && !starts_as_database(path).unwrap_or(true) {
        return Err(SettingsError::new(format!(
            "the store `{}` is no SQLite database: set DATABASE_URL to another file such as \
             sqlite:/var/lib/mcp/auth.db",
            path.display()
        )));
    }
    Ok(())
}

/// Refuses a file of another user, one in a directory where others may put another in its place, and one that is not
/// the file that was judged.
#[cfg(unix)]
fn judge_owner(path: &Path, file: &fs::File) -> std::io::Result<Result<(), SettingsError>> {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    let refused = |why: String| Ok(Err(SettingsError::new(why)));
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    let (named, opened) = (fs::symlink_metadata(path)?, file.metadata()?);
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return refused(format!(
            "the store `{}` was exchanged while it was opened: see who writes to its directory",
            path.display()
        ));
    }
    if opened.uid() != own_uid(directory)? {
        return refused(format!(
            "the store `{0}`, which holds the signing key, belongs to another user: run `chown \
             \"$(id -u)\" {0}`",
            path.display()
        ));
    }
    let mode = fs::metadata(directory)?.mode();
    if mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0 {
        return refused(format!(
            "others can write to the store's directory `{0}`: run `chmod go-w {0}`",
            directory.display()
        ));
    }
    Ok(Ok(()))
}

/// The user that this process writes files as: whoever owns a file that it makes.
#[cfg(unix)]
fn own_uid(directory: &Path) -> std::io::Result<u32> {
    use std::os::unix::fs::MetadataExt;
    let probe = directory.join(format!(".owner-{:x}", rand::random::<u64>()));
    let made = private(fs::OpenOptions::new().write(true).create_new(true)).open(&probe)?;
    let uid = made.metadata().map(|meta| meta.uid());
    fs::remove_file(&probe)?;
    uid
}

fn starts_as_database(path: &Path) -> std::io::Result<bool> {
    use std::io::Read;
    let mut start = Vec::new();
    fs::File::open(path)?.take(16).read_to_end(&mut start)?;
    Ok(start == b"SQLite format 3\0")
}

fn make_directory(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn private(options: &mut fs::OpenOptions) -> &mut fs::OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// A server's name as a directory's: `Acme MCP Example` is `acme-mcp-example`.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    match slug.trim_end_matches('-') {
        "" => "mcp-server".into(),
        slug => slug.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> Result<Option<PathBuf>, SettingsError> {
        let var = |name: &str| (name == "DATABASE_URL").then(|| url.to_owned());
        locate(&Settings::from_vars(var).expect("settings"), "x")
    }

    #[test]
    fn urls_name_files() {
        for (url, path) in [
            ("sqlite:a.db", "a.db"),
            ("sqlite://a.db?mode=rwc", "a.db"),
            ("sqlite:///var/a.db", "/var/a.db"),
        ] {
            assert_eq!(at(url), Ok(Some(path.into())));
        }
        assert_eq!(at("sqlite::memory:"), Ok(None));
        assert!(
            at("mysql://db/x")
                .expect_err("refused")
                .to_string()
                .contains("mysql")
        );
        assert!(at("sqlite:").is_err());
    }

    #[test]
    fn names_become_directories() {
        assert_eq!(slug("Acme MCP Example"), "acme-mcp-example");
        assert_eq!(slug("../../etc"), "etc");
        assert_eq!(slug("//"), "mcp-server");
    }

    #[cfg(unix)]
    #[test]
    fn item_107_only_the_owner_reads_the_store() {
        use std::os::unix::fs::PermissionsExt;
        let root = std::env::temp_dir().join(format!("mcp-store-{:x}", rand::random::<u64>()));
        let path = root.join("state/auth.db");
        prepare(&path).expect("created");
        let mode = |p: &Path| fs::metadata(p).expect("exists").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&root.join("state"))), (0o600, 0o700));
        prepare(&path).expect("a second start finds it");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(
            prepare(&path)
                .expect_err("refused")
                .to_string()
                .contains("chmod 600")
        );

        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("chmod");
        let state = root.join("state");
        fs::set_permissions(&state, fs::Permissions::from_mode(0o770)).expect("chmod");
        let told = prepare(&path).expect_err("refused").to_string();
        assert!(told.contains("chmod go-w"), "{told}");
        fs::set_permissions(&state, fs::Permissions::from_mode(0o700)).expect("chmod");
        prepare(&path).expect("as it was");
        let below = path.join("auth.db");
        let told = prepare(&below).expect_err("refused").to_string();
        assert!(told.contains("is a file"), "{told}");

        let link = root.join("link.db");
        std::os::unix::fs::symlink(&path, &link).expect("a link");
        assert!(prepare(&link).is_err());
        fs::remove_dir_all(root).expect("cleaned");
    }
}
