//! No page denies what the program does. A denial was true when it was written, and nobody reads it again.

use super::{files, read};

/// Words that put a thing off. What is not there has no sentence, or one that says where the border runs and why.
const PUTS_OFF: [&str; 11] = [
    "this version",
    "not yet",
    "in a later version",
    "in future",
    "future version",
    "at present",
    "for the time being",
    "not implemented",
    "to be implemented",
    "is planned",
    "until recurrent",
];

/// In prose "yet" puts off as well; in the sources it tells of the state of a computation.
const PUTS_OFF_IN_PROSE: &str = "yet";

/// What the program does that some page once denied …
const FEATURES: [&str; 7] =
    ["recurrent", "cycle", "over time", "proved by machine", "equilibria", "c7", "graph"];

/// … and the words by which it did.
const DENIES: [&str; 8] = [
    "not certified",
    "not checked in",
    "not served",
    "does not evaluate",
    "not evaluated",
    "refused as unsupported",
    "only feed-forward",
    "nothing on this page",
];

/// What is wrong with a sentence, if anything is.
fn denial(sentence: &str, is_prose: bool) -> Option<&'static str> {
    let words: Vec<_> = sentence
        .split(|c: char| !c.is_alphanumeric() && c != '-')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let text = format!(" {} ", words.join(" "));
    let has = |phrase: &&&str| text.contains(&format!(" {phrase} "));
    if let Some(found) = PUTS_OFF.iter().find(has) {
        return Some(found);
    }
    if is_prose && words.iter().any(|word| word == PUTS_OFF_IN_PROSE) {
        return Some(PUTS_OFF_IN_PROSE);
    }
    FEATURES.iter().find(has).and_then(|_| DENIES.iter().find(has)).copied()
}

/// The sentences of a text: they end at a dot, a semicolon, an empty line or the row of a table, and go on from line to line.
fn sentences(text: &str) -> Vec<String> {
    let plain = text
        .replace("///", "")
        .replace("//!", "")
        .replace("\n\n", ". ")
        .replace("\n|", ". |")
        .replace('\n', " ");
    plain.split(". ").flat_map(|part| part.split("; ")).map(str::to_owned).collect()
}

#[test]
fn no_page_no_schema_and_no_message_denies_what_the_program_does() {
    let pages = ["README.md", "src", "fixtures/schema", "fixtures/README.md", "proofs/README.md"];
    let (mut looked_at, mut found) = (0, Vec::new());
    for name in files(&pages) {
        let is_prose = name.ends_with(".md") || name.ends_with(".json");
        if !is_prose && !name.ends_with(".rs") {
            continue;
        }
        for sentence in sentences(&read(&name)) {
            looked_at += 1;
            if let Some(words) = denial(&sentence, is_prose) {
                found.push(format!("{name}: \"{words}\" in: {}", sentence.trim()));
            }
        }
    }
    assert!(looked_at > 5_000, "only {looked_at} sentences were found");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What the pages, the schemas and the messages once said, long after it had ceased to be true.
#[test]
fn sentences_that_were_once_there_are_refused() {
    for once in [
        "Rules over time (BPTT, RTRL, e-prop, MDGL, ModProp) are not in this version.",
        "Liu et al. treat rules over time, of which this version has none.",
        "A graph with a cycle is legal and is validated, but this version does not evaluate it.",
        "A graph with a cycle is legal and is validated, but it is not evaluated.",
        "Recurrent networks are not certified.",
        "C7 is not checked in this release. Recurrent graphs are read and validated, then refused as unsupported.",
        "Nothing on this page is proved by machine; `proofs/README.md` lists the statements that are meant to be.",
        "None is proved by machine yet.",
        "rules over time: **not served yet**: clear refusals",
        "compiled, **not yet gated**",
        "the network has a cycle; recurrent equilibria are not served, only feed-forward graphs",
        "a recurrent graph on the fast side, and only feed-forward graphs have a settled answer here",
    ] {
        let refused = sentences(once).iter().any(|sentence| denial(sentence, true).is_some());
        assert!(refused, "{once}");
    }
    for sound in [
        "A recurrent certificate carries an inverse.",
        "Stable in every later version.",
        "Only in layered cases.",
        "A graph has no layered backpropagation: the arbiter is the tangent.",
    ] {
        assert!(
            sentences(sound).iter().all(|sentence| denial(sentence, true).is_none()),
            "{sound}"
        );
    }
}
