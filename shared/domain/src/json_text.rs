//! JSON texts as every service takes them.
//!
//! SQS takes the characters of XML 1.0 only and refuses a body with any other, for good; EventBridge delivers to such
//! queues. Of the characters that a text of ours may hold, JSON itself escapes all but two of the others: U+FFFE and
//! U+FFFF. They occur inside of JSON's texts only, where an escape means the same.

/// This JSON, with each character that a service may refuse escaped.
#[must_use]
pub fn escaped(json: String) -> String {
    if is_taken(&json) {
        return json;
    }
    json.replace('\u{FFFE}', "\\ufffe")
        .replace('\u{FFFF}', "\\uffff")
}

/// Whether SQS takes this text as the body of a message.
#[must_use]
pub fn is_taken(text: &str) -> bool {
    text.chars().all(|character| {
        matches!(
            character,
            '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_taken_once_it_is_escaped_and_means_the_same() {
        for character in ('\0'..='\u{FFFF}').chain(['\u{10000}', char::MAX]) {
            let text = format!("a{character}\\ufffe\"");
            let json = escaped(serde_json::to_string(&text).unwrap());

            assert!(is_taken(&json), "{json:?}");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn the_two_that_json_leaves_as_they_are_are_refused() {
        assert!(is_taken("é\u{FFFD}🪦\n"));
        for text in ["\u{FFFE}", "a\u{FFFF}", "\u{1}"] {
            assert!(!is_taken(text));
        }
    }
}
