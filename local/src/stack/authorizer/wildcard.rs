//! `*` and `?` in actions and resources.

/// Whether `text` is of the form of `pattern`: `*` stands for any text, `?` for one character.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut at, mut place) = (0, 0);
    // Where the last star stands, and up to where it reaches for now.
    let mut star: Option<(usize, usize)> = None;
    while place < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&letter) if letter == b'?' || letter == text[place] => {
                at += 1;
                place += 1;
            }
            _ => {
                let Some((behind, reach)) = star else {
                    return false;
                };
                star = Some((behind, reach + 1));
                at = behind + 1;
                place = reach + 1;
            }
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}

/// Actions are compared without regard to case.
pub(super) fn action_matches(pattern: &str, action: &str) -> bool {
    matches(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase())
}

/// ARNs are compared part by part, so that a wildcard does not reach over a colon; only in the last part it does.
/// (IAM User Guide, `reference_policies_elements_resource`, "Using wildcards in resource ARNs".)
pub(super) fn arn_matches(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let given: Vec<&str> = arn.splitn(parts.len(), ':').collect();
    parts.len() == given.len()
        && parts
            .iter()
            .zip(given)
            .all(|(pattern, part)| matches(pattern, part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text_and_question_marks_for_one_character() {
        assert!(matches("*", ""));
        assert!(matches("a*c*", "abbcc"));
        assert!(matches("*/_search", "domain/d/i/_search"));
        assert!(matches("a?c", "abc"));
        assert!(!matches("a?c", "ac"));
        assert!(!matches("a*c", "ab"));
        assert!(!matches("abc", "abcd"));
    }

    #[test]
    fn actions_are_compared_without_case() {
        assert!(action_matches("DynamoDB:getitem", "dynamodb:GetItem"));
        assert!(action_matches("dynamodb:*Item", "dynamodb:GetItem"));
        assert!(!action_matches("dynamodb:Get*", "dynamodb:PutItem"));
    }

    /// The page says: within a part a wildcard matches what is there; in the last one it "can expand beyond the colons".
    #[test]
    fn a_wildcard_reaches_over_a_colon_only_at_the_end_of_an_arn() {
        let queue = "arn:aws:sqs:us-east-1:123456789012:queue1";

        assert!(arn_matches("arn:aws:sqs:*:123456789012:queue1", queue));
        assert!(arn_matches("arn:aws:sqs:us-east-?:*:queue*", queue));
        assert!(arn_matches("arn:aws:sqs:*", queue));
        assert!(arn_matches("*", queue));
        assert!(!arn_matches("arn:aws:*:123456789012:queue1:x", queue));
        assert!(!arn_matches(
            "arn:aws:sqs:us-east-1:123456789012:Queue1",
            queue
        ));
    }
}
