//! What can be chosen about a stack.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

/// How to start a stack. [`Options::default`] is what `cargo xtask up` starts.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the stack; another one makes a second stack beside the first.
    pub state: PathBuf,
    /// Folder with collection files, instead of the compiled-in ones.
    pub collections_dir: Option<PathBuf>,
    /// Template parameters on top of those of a local stack; the same name wins.
    pub parameters: BTreeMap<String, String>,
    /// Tables that are there before the deploy, as those of a team are: bodies of `CreateTable`.
    pub tables: Vec<Value>,
    /// Whether the functions may do only what their roles allow.
    pub enforce_iam: bool,
    /// Variables that all functions see on top of the template's (ministack hands its own environment on).
    pub environment: BTreeMap<String, String>,
    /// Whether the functions are compiled first; without, what lies in the target folder is taken.
    pub build: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            state: PathBuf::from(".local"),
            collections_dir: None,
            parameters: BTreeMap::new(),
            tables: Vec::new(),
            enforce_iam: true,
            environment: BTreeMap::new(),
            build: true,
        }
    }
}

/// Times and sizes with which the local stack recovers from a kill or a lost message within seconds.
const LOCAL: [(&str, &str); 12] = [
    ("CreateDemoTables", "true"),
    ("SearchKind", "domain"),
    // Cognito makes its own `sub`; a token for a chosen subject needs the user name.
    ("SubjectClaim", "cognito:username"),
    ("SliceSeconds", "10"),
    ("GraceSeconds", "5"),
    ("CallTimeoutSeconds", "4"),
    ("FunctionTimeoutSeconds", "20"),
    ("QueueVisibilitySeconds", "120"),
    ("ResendAfterSeconds", "5"),
    ("CompareAfterSeconds", "2"),
    ("LogRetentionDays", "1"),
    (
        "Architecture",
        if cfg!(target_arch = "aarch64") {
            "arm64"
        } else {
            "x86_64"
        },
    ),
];

impl Options {
    /// Whether documents are held at all; without, no OpenSearch is started.
    #[must_use]
    pub fn has_search(&self) -> bool {
        self.search_kind() != "none"
    }

    fn search_kind(&self) -> &str {
        self.parameters
            .get("SearchKind")
            .map_or("domain", String::as_str)
    }

    /// The serverless collection that OpenSearch stands for.
    #[must_use]
    pub fn collection_arn(&self) -> String {
        let given = self.parameters.get("SearchCollectionArn");
        given
            .filter(|arn| !arn.is_empty())
            .cloned()
            .unwrap_or_else(|| "arn:aws:aoss:us-east-1:000000000000:collection/local".to_owned())
    }

    /// All template parameters of this stack.
    #[must_use]
    pub fn template_parameters(
        &self,
        search_endpoint: &str,
        search_domain: &str,
    ) -> BTreeMap<String, String> {
        let mut all: BTreeMap<String, String> = LOCAL
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        if self.has_search() {
            all.insert("SearchEndpoint".into(), search_endpoint.into());
            // The template refuses the name of the one with the other.
            let (name, value) = match self.search_kind() {
                "serverless" => ("SearchCollectionArn", self.collection_arn()),
                _ => ("SearchDomainName", search_domain.to_owned()),
            };
            all.insert(name.into(), value);
        }
        if let Some(folder) = &self.collections_dir {
            all.insert("CollectionsDir".into(), folder.display().to_string());
        }
        all.extend(self.parameters.clone());
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_parameter_wins_over_the_local_one() {
        let options = Options {
            parameters: BTreeMap::from([("SliceSeconds".into(), "3".into())]),
            ..Options::default()
        };

        let parameters = options.template_parameters("http://127.0.0.1:9201", "local");

        assert_eq!(parameters["SliceSeconds"], "3");
        assert_eq!(parameters["GraceSeconds"], "5");
        assert_eq!(parameters["SearchEndpoint"], "http://127.0.0.1:9201");
    }

    #[test]
    fn a_stack_without_a_search_names_none() {
        let options = Options {
            parameters: BTreeMap::from([("SearchKind".into(), "none".into())]),
            ..Options::default()
        };

        let parameters = options.template_parameters("", "local");

        assert!(!options.has_search());
        assert!(!parameters.contains_key("SearchEndpoint"));
        assert!(!parameters.contains_key("SearchDomainName"));
    }

    #[test]
    fn a_serverless_stack_names_its_collection_and_no_domain() {
        let options = Options {
            parameters: BTreeMap::from([("SearchKind".into(), "serverless".into())]),
            ..Options::default()
        };

        let parameters = options.template_parameters("http://127.0.0.1:9201", "local");

        assert!(options.has_search());
        assert_eq!(parameters["SearchEndpoint"], "http://127.0.0.1:9201");
        assert_eq!(parameters["SearchCollectionArn"], options.collection_arn());
        assert!(!parameters.contains_key("SearchDomainName"));
    }
}
