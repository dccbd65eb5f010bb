use super::*;

#[test]
fn a_long_text_gives_way_in_the_middle() {
    assert_eq!(shorten("line_index", 10), "line_index");
    assert_eq!(shorten("line_index_2", 10), "line_i…x_2");
    assert_eq!(shorten("größenwandler", 7), "größ…er");
    assert_eq!(shorten("abc", 1), "…");
    assert_eq!(shorten("abc", 0), "…");
}

#[test]
fn wide_letters_need_more_room_than_narrow_ones() {
    assert!(width("mmmm", 12.0, false) > width("iiii", 12.0, false));
    assert!(width("name", 12.0, true) > width("name", 12.0, false));
    assert!(width("数据", 12.0, false) > width("ab", 12.0, false));
}

#[test]
fn what_xml_cannot_hold_is_escaped_or_replaced() {
    assert_eq!(
        escape("<a href=\"x\">&'</a>"),
        "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;"
    );
    assert_eq!(escape("a\u{0}b\u{fffe}c\nd"), "a\u{fffd}b\u{fffd}c d");
}
