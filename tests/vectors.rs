//! `fixtures/vectors` are the bytes that this version makes, and they say what they claim.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use creditcheck::vectors;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/vectors");

fn made() -> BTreeMap<String, String> {
    vectors::plan().iter().map(|file| (file.name(), file.text().unwrap())).collect()
}

fn on_disk() -> BTreeMap<String, Vec<u8>> {
    let folder = Path::new(FOLDER).join("v1");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let file = |entry: fs::DirEntry| {
        let name = format!("v1/{}", entry.file_name().into_string().unwrap());
        (name, fs::read(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

#[test]
fn committed_vectors_are_those_of_this_version() {
    let made = made();
    if std::env::var_os("WRITE").is_some() {
        for (name, text) in &made {
            fs::create_dir_all(Path::new(FOLDER).join("v1")).unwrap();
            fs::write(Path::new(FOLDER).join(name), text).unwrap();
        }
    }
    let differences = vectors::compare(&on_disk(), &made);
    assert!(differences.is_empty(), "{differences:?}\naccept with: {}", vectors::COMMAND);
}
