//! What a missing, full or read-only directory does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

#[path = "example/example.rs"]
mod example;

use std::fs;
use std::path::{Path, PathBuf};

use example::manifest;
use holdfast_store::{Error, Location, Manifest, Packed, Packer, Snapshots};
use tempfile::TempDir;

fn pack(manifest: Manifest) -> Packed {
    let mut packer = Packer::new(manifest);
    packer.add("features", 0, &[9; 5_000]);
    packer.finish()
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let dir = TempDir::new().unwrap();
    let absent = Location::Directory(dir.path().join("absent"));
    let error = Snapshots::open(&absent, "shop", "events").unwrap_err();
    assert!(error.to_string().ends_with("/absent"), "{error}");
    assert!(!dir.path().join("absent").exists());
    fs::write(dir.path().join("file"), b"").unwrap();
    let inside = Location::Directory(dir.path().join("file/inside"));
    let error = Snapshots::create(&inside, "shop", "events").unwrap_err();
    assert!(error.to_string().ends_with("/file/inside"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_directory_that_we_make_is_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    let directory = dir.path().join("state").join("snapshots");
    let location = Location::Directory(directory.clone());
    Snapshots::create(&location, "shop", "events").unwrap();
    let mode = fs::metadata(directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[cfg(unix)]
#[test]
fn a_snapshot_is_for_its_owner_only_even_in_a_directory_that_is_open_to_all() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let location = Location::Directory(dir.path().to_owned());
    let snapshots = Snapshots::create(&location, "shop", "events").unwrap();
    let name = snapshots.publish(&pack(manifest(0, 7))).unwrap().name;
    let file = dir.path().join(name.to_string());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    let folders = file.ancestors().skip(1);
    for folder in folders.take_while(|folder| *folder != dir.path()) {
        assert_eq!(mode(folder), 0o700, "{}", folder.display());
    }
}

/// A file system of 64 KiB, where the machine lets us mount one: the error names the file, old ones stay whole.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_and_a_read_only_one_are_said_with_the_path() {
    let dir = TempDir::new().unwrap();
    let Some(mounted) = Mounted::new(dir.path()) else {
        eprintln!("left out: this user may not mount");
        return;
    };
    let location = Location::Directory(mounted.path.clone());
    let snapshots = Snapshots::create(&location, "shop", "events").unwrap();
    let old = snapshots.publish(&pack(manifest(0, 1))).unwrap();
    let mut seed = 1_u64;
    let mut noise = vec![0; 200_000];
    noise.fill_with(|| {
        // xorshift: what zstd cannot shrink
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed as u8
    });
    let mut packer = Packer::new(manifest(0, 2));
    packer.add("features", 0, &noise);
    let packed = packer.finish();
    let error = snapshots.publish(&packed).unwrap_err();
    assert!(matches!(error, Error::Full { .. }), "{error:?}");
    assert!(error.is_transient());
    assert!(
        error.to_string().contains(&packed.name.to_string()),
        "{error}"
    );
    assert!(snapshots.load(&old.name).is_ok());
    assert_eq!(snapshots.list(None).unwrap().len(), 1);
    mounted.remount("ro");
    let error = snapshots.publish(&pack(manifest(0, 3))).unwrap_err();
    assert!(matches!(error, Error::Denied { .. }), "{error:?}");
    let error = Snapshots::create(&location, "shop", "events").unwrap_err();
    let path = mounted.path.display().to_string();
    assert!(error.to_string().contains(&path), "{error}");
    assert_eq!(snapshots.list(None).unwrap().len(), 1);
}

#[cfg(target_os = "linux")]
struct Mounted {
    path: PathBuf,
}

#[cfg(target_os = "linux")]
impl Mounted {
    fn new(dir: &Path) -> Option<Self> {
        let path = dir.join("small");
        fs::create_dir(&path).unwrap();
        let options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs"];
        let done = std::process::Command::new("mount")
            .args(options)
            .arg(&path)
            .output();
        done.is_ok_and(|out| out.status.success())
            .then_some(Self { path })
    }

    fn remount(&self, how: &str) {
        let done = std::process::Command::new("mount")
            .args(["-o", &format!("remount,{how}")])
            .arg(&self.path)
            .status();
        assert!(done.unwrap().success());
    }
}

#[cfg(target_os = "linux")]
impl Drop for Mounted {
    fn drop(&mut self) {
        let done = std::process::Command::new("umount")
            .arg(&self.path)
            .status();
        assert!(done.is_ok_and(|status| status.success()));
    }
}
