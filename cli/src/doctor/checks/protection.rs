//! What protects the table: recovery from mistakes, and a key that the functions must be allowed to use.

use crate::doctor::code::Code;
use crate::doctor::finding::{Finding, Level};
use crate::doctor::subject::Subject;

pub(super) fn check(subject: Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some(table) = subject.table() else {
        return found;
    };
    if table.recovery == Some(false) {
        let seen = "point-in-time recovery is off: what a wrong purge removes is gone".to_owned();
        let advice = "turn it on before the first purge";
        found.push(Finding::new(Level::Note, Code::NoRecovery, seen, advice).at("table"));
    }
    if let Some(key) = &table.kms_key {
        let seen = format!("the KMS key {key} encrypts the table: the functions need it");
        let advice = "give its ARN in `DataKeyArns`, unless it is AWS's own (the alias aws/dynamodb); `--plan` does";
        found.push(Finding::new(Level::Note, Code::KmsKey, seen, advice).at("table"));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::given::{Given, codes};
    use super::*;

    #[test]
    fn what_could_not_be_read_is_not_told_as_off() {
        let mut given = Given::notes();
        given.table().recovery = None;
        assert!(given.find(check).is_empty());

        given.table().recovery = Some(false);
        given.table().kms_key = Some("arn:aws:kms:eu-west-1:1:key/k".to_owned());

        let found = given.find(check);
        assert_eq!(codes(&found), [Code::NoRecovery, Code::KmsKey]);
        assert!(found.iter().all(|finding| finding.level == Level::Note));
    }
}
