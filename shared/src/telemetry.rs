//! What logs need: an error with all its causes, as one text.

use std::error::Error;

/// The error and its sources, joined by `: `. A client that repeats its source in its own text is not repeated here.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let more = cause.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Layer>>,
    }

    fn layers(texts: &[&'static str]) -> Layer {
        let [text, below @ ..] = texts else {
            unreachable!("a test names a layer")
        };
        Layer {
            text,
            source: (!below.is_empty()).then(|| Box::new(layers(below))),
        }
    }

    #[test]
    fn every_cause_is_told_once() {
        assert_eq!(
            chain(&layers(&["queue could not send"])),
            "queue could not send"
        );
        assert_eq!(
            chain(&layers(&["queue could not send", "timeout", "5 s"])),
            "queue could not send: timeout: 5 s"
        );
        assert_eq!(
            chain(&layers(&["a: timeout", "timeout", "5 s"])),
            "a: timeout: 5 s"
        );
    }
}
