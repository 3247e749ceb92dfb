//! Tensor files that a case names stay in its folder, and nothing of a refused one is shown.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::run;

const SECRET: &[u8] = b"SECRETKEY=hunter2\n";

/// A folder with the worked example and its tensors, and beside it one with a secret.
fn rooms(name: &str) -> (PathBuf, PathBuf) {
    let root = std::env::temp_dir().join(format!("creditcheck-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&root);
    let (home, away) = (root.join("home"), root.join("away"));
    fs::create_dir_all(home.join("sub")).unwrap();
    fs::create_dir_all(&away).unwrap();
    for entry in fs::read_dir("fixtures/tensors").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, home.join(path.file_name().unwrap())).unwrap();
    }
    fs::copy("fixtures/tensors/net.safetensors", home.join("sub/net.safetensors")).unwrap();
    fs::copy("fixtures/tensors/net.safetensors", away.join("net.safetensors")).unwrap();
    fs::write(away.join("secret"), SECRET).unwrap();
    (home, away)
}

/// The worked example with another file for its first weights.
fn naming(home: &Path, file: &str) -> String {
    let text = fs::read(home.join("worked-example.json")).unwrap();
    let mut case: Value = serde_json::from_slice(&text).unwrap();
    case["network"]["layers"][0]["weights"] = json!({"file": file, "tensor": "fc1.weight"});
    let path = home.join("case.json");
    fs::write(&path, case.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The exit code and the message, which is wrapped for people.
fn told(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments, b"");
    let message = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), message.replace("\n  │ ", " ").replace("\n        ", " "))
}

#[test]
fn paths_out_of_the_folder_are_refused_unless_allowed() {
    let (home, away) = rooms("outside");
    let absolute = away.join("net.safetensors").to_str().unwrap().to_owned();
    symlink(&absolute, home.join("link.safetensors")).unwrap();
    symlink(&away, home.join("linked")).unwrap();
    for inside in
        ["net.safetensors", "sub/net.safetensors", "./net.safetensors", "sub/./net.safetensors"]
    {
        assert_eq!(told(&["gradient", &naming(&home, inside)]).0, 0, "{inside}");
    }
    for (outside, why) in [
        ("../away/net.safetensors", "a path out of the folder"),
        ("sub/../../away/net.safetensors", "a path out of the folder"),
        ("sub/../net.safetensors", "a path out of the folder"),
        (absolute.as_str(), "a path out of the folder"),
        ("link.safetensors", "a link out of the folder"),
        ("linked/net.safetensors", "a link out of the folder"),
    ] {
        let case = naming(&home, outside);
        for command in
            [&["gradient"][..], &["certify"], &["show"], &["check"], &["audit"], &["simulate"]]
        {
            let mut arguments = vec![command[0], &case];
            match command[0] {
                "check" => arguments.push(&case),
                "audit" => arguments.extend(["-", &case]),
                _ => {}
            }
            let (code, message) = told(&arguments);
            assert_eq!(code, 2, "{arguments:?}: {message}");
            let place = "case.json: network.layers[0].weights.file: found";
            assert!(message.contains(place) && message.contains(why), "{message}");
            assert!(message.contains("--allow-outside"), "{message}");
        }
        let (code, message) = told(&["gradient", &case, "--allow-outside"]);
        assert_eq!(code, 0, "{outside}: {message}");
    }
    // A case that is reached through a link has its tensors beside the link.
    let far = home.parent().unwrap().join("far");
    fs::create_dir_all(&far).unwrap();
    symlink(home.join("worked-example.json"), far.join("case.json")).unwrap();
    assert_eq!(told(&["gradient", far.join("case.json").to_str().unwrap()]).0, 2);
    // The folder itself may be reached through one.
    symlink(&home, home.parent().unwrap().join("other-name")).unwrap();
    let case = home.parent().unwrap().join("other-name/worked-example.json");
    assert_eq!(told(&["gradient", case.to_str().unwrap()]).0, 0);
    fs::remove_dir_all(home.parent().unwrap()).unwrap();
}

#[test]
fn nothing_of_a_refused_file_is_shown() {
    let (home, away) = rooms("secret");
    fs::write(home.join("secret"), SECRET).unwrap();
    symlink(away.join("secret"), home.join("link")).unwrap();
    // What the first eight bytes are as a number, and the bytes one by one.
    let number = u64::from_le_bytes(SECRET[..8].try_into().unwrap()).to_string();
    let mut header = 20u64.to_le_bytes().to_vec();
    header.extend(b"{\"hunter2\": hunter2}");
    fs::write(home.join("header"), header).unwrap();
    let mut header = 38u64.to_le_bytes().to_vec();
    header.extend(b"{\"w\": {\"dtype\": \"hunter2\", \"shape\": 1}}");
    fs::write(home.join("form"), header).unwrap();
    fs::write(home.join("array"), b"\x93NUMPY\x01\x00\x12\x00{'hunter2': 'x'}  \n").unwrap();
    for (file, allowed) in [
        ("secret", false),
        ("link", false),
        ("link", true),
        ("../away/secret", false),
        ("../away/secret", true),
        ("header", false),
        ("form", false),
        ("array", false),
    ] {
        let case = naming(&home, file);
        let mut arguments = vec!["gradient", &case];
        arguments.extend(allowed.then_some("--allow-outside"));
        let (code, message) = told(&arguments);
        assert_eq!(code, 2, "{file}: {message}");
        assert!(message.contains("case.json: network.layers[0].weights"), "{message}");
        for shown in ["hunter2", "SECRET", &number, "83, 69"] {
            assert!(!message.contains(shown), "{file}: {message}");
        }
    }
    fs::remove_dir_all(home.parent().unwrap()).unwrap();
}

#[test]
fn names_that_are_none_and_files_that_are_none() {
    let (home, _) = rooms("none");
    assert!(Command::new("mkfifo").arg(home.join("pipe")).status().unwrap().success());
    for (file, why) in [
        ("", "expected the name of a file"),
        ("a\0b", "expected the name of a file"),
        ("sub", "it is a folder"),
        (".", "it is a folder"),
        ("pipe", "it is a pipe or a device"),
        ("not-there", "No such file"),
        ("C:\\net.safetensors", "a drive or with backslashes"),
        ("C:net.safetensors", "a drive or with backslashes"),
        ("sub\\net.safetensors", "a drive or with backslashes"),
        ("\\\\server\\share\\net", "a drive or with backslashes"),
        ("/dev/zero", "a path out of the folder"),
    ] {
        let (code, message) = told(&["gradient", &naming(&home, file)]);
        assert_eq!(code, 2, "{file}");
        assert!(message.contains(why), "{file}: {message}");
        assert!(message.contains("case.json: network.layers[0].weights"), "{message}");
    }
    let (code, message) = told(&["gradient", &naming(&home, "/dev/zero"), "--allow-outside"]);
    assert!(code == 2 && message.contains("it is a pipe or a device"), "{message}");
    fs::remove_dir_all(home.parent().unwrap()).unwrap();
}

/// The same for the files of a large certificate.
#[test]
fn files_of_a_certificate_stay_in_their_folder() {
    let (home, _) = rooms("certified-files");
    let own = "fixtures/audit/digits-784-128-64-10";
    let certificate = home.join("large.json");
    let certificate = certificate.to_str().unwrap();
    assert_eq!(told(&["certify", &format!("{own}/case.json"), "-o", certificate]).0, 0);
    for name in ["net.safetensors", "data.safetensors"] {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(own).join(name);
        let _ = fs::remove_file(home.join(name));
        symlink(target, home.join(name)).unwrap();
    }
    let files = home.to_str().unwrap();
    let (code, message) = told(&["verify", certificate, "--files", files]);
    assert!(code == 2 && message.contains("a link out of the folder"), "{message}");
    assert!(message.contains("large.json: files"), "{message}");
    assert_eq!(told(&["verify", certificate, "--files", files, "--allow-outside"]).0, 0);
    fs::remove_dir_all(home.parent().unwrap()).unwrap();
}
