//! What the proofs say about the program: `make -C proofs` needs Coq, this does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(name)).unwrap()
}

/// Words in backquotes that are paths of functions: `a::b::f`.
fn cited(markdown: &str) -> BTreeSet<String> {
    let is_name = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let quoted = markdown.lines().flat_map(|line| line.split('`').skip(1).step_by(2));
    quoted
        .filter(|word| word.contains("::") && word.split("::").all(is_name))
        .map(str::to_owned)
        .collect()
}

/// Is there a function of this path, in the file of its module?
fn exists(path: &str) -> bool {
    let (module, name) = path.rsplit_once("::").unwrap();
    let module = Path::new(ROOT).join("src").join(module.replace("::", "/"));
    let files = [module.with_extension("rs"), module.join("mod.rs")];
    let Some(text) = files.iter().find_map(|file| fs::read_to_string(file).ok()) else {
        return false;
    };
    let items = syn::parse_file(&text).unwrap().items;
    items.iter().any(|item| matches!(item, syn::Item::Fn(function) if function.sig.ident == name))
}

#[test]
fn the_theorems_are_checked_by_make_c_proofs_and_here_that_the_functions_they_name_exist() {
    let cited = cited(&read("proofs/README.md"));
    assert!(cited.len() >= 25, "only {} functions are named: {cited:?}", cited.len());
    let missing: Vec<_> = cited.iter().filter(|path| !exists(path)).collect();
    assert!(missing.is_empty(), "proofs/README.md names functions that do not exist: {missing:?}");
}

#[test]
fn a_function_that_is_not_there_is_missed() {
    let text = "| D3 | `textbook::credit::run` | `textbook::credit::unsettle`, `Layers.credits`, `nowhere::run` |";
    let found = cited(text);
    assert_eq!(
        found.iter().filter(|path| exists(path)).collect::<Vec<_>>(),
        ["textbook::credit::run"]
    );
    assert_eq!(found.len(), 3);
}

/// The claim in bold at the top of the README stands, word for word, at the top of the headline theorem.
#[test]
fn the_headline_theorem_quotes_the_claim() {
    let readme = read("README.md");
    let claim = readme.split("**").nth(1).unwrap();
    assert!(claim.contains("backpropagation"), "{claim:?} is no claim");
    let headline = read("proofs/theories/Headline.v");
    let header: Vec<_> = headline
        .lines()
        .take_while(|line| line.starts_with("(*"))
        .flat_map(|line| line.trim_start_matches("(*").trim_end_matches("*)").split_whitespace())
        .collect();
    assert!(header.join(" ").contains(claim), "Headline.v does not say: {claim}");
}

/// Outputs are certified; the program is not verified.
#[test]
fn no_page_calls_the_program_verified() {
    for page in ["README.md", "proofs/README.md", "proofs/theories/Headline.v"] {
        let text = read(page).to_lowercase();
        for words in
            ["verified implementation", "verified program", "verified code", "formally verified"]
        {
            assert!(!text.contains(words), "{page} says {words:?}");
        }
    }
}

/// One command checks a certificate, and every page names it; none sends a reader to the compiler alone.
#[test]
fn every_page_names_the_command_that_accepts_certificates() {
    let command = Path::new(ROOT).join("proofs/accept");
    assert!(fs::read_to_string(&command).unwrap().starts_with("#!/usr/bin/env python3\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert!(fs::metadata(&command).unwrap().permissions().mode() & 0o111 == 0o111);
    }
    for page in [
        "README.md",
        "proofs/README.md",
        "src/docs/certificate.md",
        "src/cli/coq.rs",
        "src/cli/certify.rs",
    ] {
        let text = read(page);
        assert!(text.contains("proofs/accept "), "{page} does not name proofs/accept");
        assert!(!text.contains("coqc -Q"), "{page} sends the reader to coqc");
    }
}

/// A certificate says itself by what it is accepted, and claims `accept`, of which a file without examples is no instance.
#[test]
fn committed_certificates_claim_what_is_accepted() {
    let claims = [
        "accept cert = true",
        "accept_graph network examples = true",
        "accept_floats network credits = true",
    ];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    for entry in fs::read_dir(Path::new(ROOT).join("proofs/certs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "v") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let claimed: Vec<&str> = claims
            .into_iter()
            .filter(|claim| text.contains(&format!("Theorem accepted : {claim}.")))
            .collect();
        assert_eq!(claimed.len(), 1, "{}", path.display());
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("Where proofs/accept accepts this file"), "{}", path.display());
        seen.extend(claimed);
    }
    assert_eq!(seen.len(), claims.len(), "a kind of certificate is not committed");
}
