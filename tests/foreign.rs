//! Text of somebody else's: what is shown of it.

use creditcheck::Error;
use creditcheck::foreign::{Foreign, is_shapeless, page};
use creditcheck::wire::json::Json;

fn shown(text: &str) -> String {
    Foreign(text).to_string()
}

/// What each class is named for, and one of it; the list is that of the Unicode standard, not of the code.
const SHAPELESS: [(&str, &str); 32] = [
    ("NUL", "\0"),
    ("bell", "\u{7}"),
    ("backspace", "\u{8}"),
    ("tab", "\t"),
    ("line feed", "\n"),
    ("carriage return", "\r"),
    ("escape", "\u{1b}"),
    ("delete", "\u{7f}"),
    ("next line", "\u{85}"),
    ("CSI of C1", "\u{9b}"),
    ("soft hyphen", "\u{ad}"),
    ("combining grapheme joiner", "\u{34f}"),
    ("Arabic letter mark", "\u{61c}"),
    ("Hangul filler", "\u{115f}"),
    ("Mongolian vowel separator", "\u{180e}"),
    ("zero-width space", "\u{200b}"),
    ("zero-width joiner", "\u{200d}"),
    ("left-to-right mark", "\u{200e}"),
    ("right-to-left mark", "\u{200f}"),
    ("line separator", "\u{2028}"),
    ("paragraph separator", "\u{2029}"),
    ("left-to-right embedding", "\u{202a}"),
    ("right-to-left override", "\u{202e}"),
    ("word joiner", "\u{2060}"),
    ("left-to-right isolate", "\u{2066}"),
    ("pop directional isolate", "\u{2069}"),
    ("Hangul letter filler", "\u{3164}"),
    ("variation selector", "\u{fe0f}"),
    ("byte order mark", "\u{feff}"),
    ("noncharacter", "\u{ffff}"),
    ("tag", "\u{e0041}"),
    ("last of all", "\u{10ffff}"),
];

#[test]
fn what_has_no_shape_is_shown_by_its_number() {
    for (name, text) in SHAPELESS {
        let found = shown(&format!("a{text}b"));
        let inner = &found[1..found.len() - 1];
        assert!(inner.starts_with('\\') && inner.is_ascii(), "{name}: {found}");
        assert!(inner.bytes().all(|byte| byte.is_ascii_graphic()), "{name}: {found}");
        assert_eq!(shown(&found), found, "{name}, twice");
    }
}

#[test]
fn ordinary_text_is_as_it_is() {
    for text in [
        "",
        "worked-example",
        "2-2-1 β, naïve café, Ångström, ẞ",
        "四層のネットワーク",
        "מבחן العربية हिन्दी",
        "e\u{301} as two characters",
        "emoji 🙂 🇩🇪",
        r"C:\nets\new.json",
        "l’été — “quoted” … ≤ ½",
        "\u{a0}no-break space",
    ] {
        assert_eq!(shown(text), text);
    }
    assert_eq!(shown("a\nb\tc\r"), r"a\nb\tc\r");
    assert_eq!(shown("\u{202e}\u{1b}[8m\u{9b}"), r"\u{202e}\u{1b}[8m\u{9b}");
}

/// Every control character, every override and everything that XML forbids, by walking all characters.
#[test]
fn no_control_is_left_out() {
    let mut seen = 0;
    for c in '\0'..=char::MAX {
        let code = u32::from(c);
        let is_xml = matches!(code, 0x9 | 0xa | 0xd | 0x20..=0xfffd | 0x1_0000..);
        let orders = matches!(code, 0x61c | 0x200e | 0x200f | 0x202a..=0x202e | 0x2066..=0x2069);
        if c.is_control() || !is_xml || orders || matches!(code, 0x2028 | 0x2029) {
            assert!(is_shapeless(c), "{code:x}");
            seen += 1;
        }
    }
    assert!(seen > 70, "{seen}");
    let visible = ('\0'..=char::MAX).filter(|c| c.is_alphanumeric() && is_shapeless(*c));
    // Letters that are nothing to see: fillers of Hangul.
    assert!(visible.count() <= 6);
}

/// A page keeps the ends of its lines and the colours that are its own, and nothing else of that kind.
#[test]
fn a_page_keeps_its_own_colours() {
    let green = ["\u{1b}[32m", "\u{1b}[0m"];
    let text = "ok \u{1b}[32magree\u{1b}[0m\n\u{1b}[8mhidden\u{1b}[2J\u{202e}";
    let expected = "ok \u{1b}[32magree\u{1b}[0m\n\\u{1b}[8mhidden\\u{1b}[2J\\u{202e}";
    assert_eq!(page(text, &green), expected);
    assert!(!page(text, &[]).contains('\u{1b}'));
    assert_eq!(page("nothing\nto do\n", &[]), "nothing\nto do\n");
}

#[test]
fn errors_show_what_they_found_escaped_and_keep_it() {
    let found = "\"a\u{1b}[2J\nverified: agree\"";
    let error = Error::input("x\u{202e}y", found, "a name").in_file("dir\n/case.json");
    assert_eq!(
        error.to_string(),
        r#"dir\n/case.json: x\u{202e}y: found "a\u{1b}[2J\nverified: agree", expected a name"#
    );
    let named = Error::unsupported("\u{7}").named_at("network.layers[0].weights").in_file("c");
    assert_eq!(named.to_string(), r"c: network.layers[0].weights: unsupported: \u{7}");
    let Error::InFile { error, .. } = error else { panic!("{error}") };
    assert!(matches!(*error, Error::Input { found: ref kept, .. } if kept == found));
}

/// Documents hold the text as it is, in a form that any terminal may see.
#[test]
fn documents_keep_the_text() {
    for (name, text) in SHAPELESS {
        let json = Json::object([(text, Json::Array(vec![Json::text(text), Json::text("é")]))]);
        let written = json.pretty();
        assert!(!written.chars().any(|c| c != '\n' && is_shapeless(c)), "{name}: {written}");
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read[text][0], text, "{name}");
    }
}
