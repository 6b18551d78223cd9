//! The local stack: real stores, emulated AWS around them, and the deployed template.
//!
//! Whoever starts a stack owns its processes: dropping a [`Stack`] (or the future of [`Stack::start`]) ends them, so a
//! failure, a panic and Ctrl-C (see [`crate::interrupt`]) leave nothing behind. [`Stack::leave`] is the one way to let
//! them run on.

pub mod authorizer;
mod build;
pub mod clients;
mod deploy;
pub mod dynamodb;
mod file;
pub mod indexes;
mod ministack;
mod opensearch;
pub mod options;
mod owned;
mod running;
mod tables;
mod wait;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::environment;
use crate::layout::StateDir;
use crate::prerequisites::Prerequisites;
use crate::terminal::Step;
use crate::tools::{jars, python};
use authorizer::{Behind, Urls};

pub use build::DEMO_TABLES;
pub use file::{Endpoints, Functions, Part, ProcessesFile, Queues, StackFile};
pub use options::Options;
pub use owned::Lock;
use owned::Processes;
pub use running::{PartStatus, down, look, pause, resume};
pub(crate) use running::{identity, processes_where};

/// Name of the CloudFormation stack: what `template.yaml` calls `AWS::StackName`.
pub(crate) const STACK_NAME: &str = "tombstone";
/// Name of the OpenSearch domain that ministack pretends to have.
pub(crate) const SEARCH_DOMAIN: &str = "tombstone-local";

/// A running stack, and the duty to stop it.
#[derive(Debug)]
pub struct Stack {
    /// What `stack.json` says.
    pub file: StackFile,
    processes: Processes,
}

impl Stack {
    /// Installs what is missing, then builds, starts and deploys everything; one line on the terminal for each step.
    ///
    /// What a crashed run left in the same folder is cleaned first.
    ///
    /// # Errors
    ///
    /// When a prerequisite is missing, a step fails (the error quotes the end of its log), or a stack runs there.
    pub async fn start(options: &Options) -> Result<Self> {
        let mut options = options.clone();
        if let Some(folder) = &mut options.collections_dir {
            // The functions run in other folders.
            *folder = folder
                .canonicalize()
                .context(format!("find the collections in {}", folder.display()))?;
        }
        let state = StateDir::new(&options.state);
        let _lock = Lock::take(&state)?;
        let parts = running::look(&state).await;
        if !parts.is_empty() && parts.iter().all(|part| part.healthy) {
            bail!(
                "a stack runs in {} already: stop it first",
                state.root().display()
            );
        }
        let cache = environment::cache_dir()?;
        let found = Prerequisites::find(|runner| runner.folder(&cache).is_dir())?;
        running::end_all(&state);
        state.prepare()?;
        let mut processes = Processes::new(state.clone());

        // Downloads wait for the network while cargo compiles. OpenSearch takes longest, so it starts as soon as it can
        // and is waited for last.
        let (tools_log, jars_log) = (state.log("tools"), state.log("jars"));
        let search = async {
            if !options.has_search() {
                return Ok(None);
            }
            let lib = jars::install(&found, &cache, &jars_log).await?;
            let step = Step::begin("opensearch");
            step.doing("waiting for OpenSearch on the JVM");
            let (search, child) = opensearch::start(&state, &cache, &found.jdk, &lib)?;
            processes.own(Part::Opensearch, &search.identity, child)?;
            Ok::<_, anyhow::Error>(Some((search, step)))
        };
        let (venv, search, template) = tokio::try_join!(
            python::install(python::STACK, &found.python, &cache, &tools_log),
            search,
            build(&state, &options),
        )?;
        let dynamodb = start_dynoxide(&state, &mut processes).await?;
        let opensearch = match search {
            Some((search, step)) => {
                let url = search.ready().await?;
                step.end(&format!("{} at {url}", found.runner.version()));
                url
            }
            None => String::new(),
        };
        // Each of the next two must know where the other is.
        let port = wait::free_port()?;
        let aws = format!("http://127.0.0.1:{port}");
        let collection = options.collection_arn();
        let behind = Behind {
            aws: &aws,
            dynamodb: &dynamodb,
            opensearch: &opensearch,
            domain: SEARCH_DOMAIN,
            collection: &collection,
        };
        let urls = start_authorizer(&state, &behind, &mut processes).await?;
        start_ministack(&state, &options, &venv, port, &urls.aws, &mut processes).await?;
        let endpoints = Endpoints {
            aws,
            dynamodb,
            opensearch,
            authorizer: urls.aws,
            authorizer_search: urls.search,
        };
        tables::create(&endpoints.dynamodb, &options.tables).await?;
        let file = deploy(&state, &options, &venv, &template, endpoints).await?;
        prepare_stores(&file).await?;
        file.write(&state)?;
        Ok(Self { file, processes })
    }

    /// Stops all processes and removes what they leave, but for the logs.
    ///
    /// # Errors
    ///
    /// When the folder cannot be cleaned. The processes have ended all the same.
    pub async fn stop(self) -> Result<()> {
        let state = self.file.state();
        let Self { processes, file: _ } = self;
        tokio::task::spawn_blocking(move || drop(processes))
            .await
            .context("stop the stack")?;
        state.clean()
    }

    /// Lets the stack run on after this program has ended.
    #[must_use]
    pub fn leave(self) -> StackFile {
        self.processes.leave();
        self.file
    }
}

async fn build(state: &StateDir, options: &Options) -> Result<std::path::PathBuf> {
    let step = Step::begin("build");
    if options.build {
        build::compile(&state.log("build"), &step).await?;
    }
    let template = build::assemble(state).await?;
    step.end("three bootstraps (dev profile)");
    Ok(template)
}

async fn start_dynoxide(state: &StateDir, processes: &mut Processes) -> Result<String> {
    let step = Step::begin("dynamodb");
    let (url, identity, child) = dynamodb::start(state)?;
    processes.own(Part::Dynamodb, &identity, child)?;
    dynamodb::ready(state, &url, &identity).await?;
    step.end(&format!("Dynoxide at {url}"));
    Ok(url)
}

async fn start_authorizer(
    state: &StateDir,
    behind: &Behind<'_>,
    processes: &mut Processes,
) -> Result<Urls> {
    let step = Step::begin("authorizer");
    let (urls, identity, child) = authorizer::start(state, behind)?;
    processes.own(Part::Authorizer, &identity, child)?;
    authorizer::ready(state, &urls, &identity).await?;
    step.end(&format!("at {}", urls.aws));
    Ok(urls)
}

async fn start_ministack(
    state: &StateDir,
    options: &Options,
    venv: &python::Venv,
    port: u16,
    services: &str,
    processes: &mut Processes,
) -> Result<()> {
    let step = Step::begin("ministack");
    step.doing("waiting for ministack");
    let url = format!("http://127.0.0.1:{port}");
    let (identity, child) = ministack::start(state, options, venv, port, services)?;
    processes.own(Part::Ministack, &identity, child)?;
    ministack::ready(state, &url, &identity).await?;
    ministack::create_domain(&url, SEARCH_DOMAIN).await?;
    step.end(&format!("at {url}"));
    Ok(())
}

async fn deploy(
    state: &StateDir,
    options: &Options,
    venv: &python::Venv,
    template: &Path,
    endpoints: Endpoints,
) -> Result<StackFile> {
    let step = Step::begin("deploy");
    step.doing("sam deploy of template.yaml");
    let parameters = options.template_parameters(&endpoints.authorizer_search, SEARCH_DOMAIN);
    deploy::deploy(state, venv, &endpoints.aws, template, &parameters).await?;
    let outputs = deploy::outputs(&endpoints.aws).await?;
    let file = describe(state, options, &outputs, endpoints)?;
    if let Some(origins) = parameters
        .get("CorsAllowOrigins")
        .filter(|origins| !origins.is_empty())
    {
        ministack::repair_cors(&file.endpoints.aws, output(&outputs, "ApiId")?, origins).await?;
    }
    step.end("template.yaml by the SAM CLI");
    Ok(file)
}

async fn prepare_stores(file: &StackFile) -> Result<()> {
    let step = Step::begin("stores");
    step.doing("tables and indexes");
    tables::copy(&file.endpoints.aws, &file.endpoints.dynamodb).await?;
    let indexes = if file.endpoints.opensearch.is_empty() {
        0
    } else {
        indexes::create(file).await?
    };
    step.end(&format!("tables and {indexes} indexes"));
    Ok(())
}

fn describe(
    state: &StateDir,
    options: &Options,
    outputs: &BTreeMap<String, String>,
    endpoints: Endpoints,
) -> Result<StackFile> {
    let get = |name: &str| output(outputs, name).map(str::to_owned);
    let optional = |name: &str| outputs.get(name).cloned().unwrap_or_default();
    Ok(StackFile {
        // The encoded `$` is for shells, which would put nothing in place of `$default`.
        api_url: format!(
            "{}/_aws/execute-api/{}/%24default",
            endpoints.aws,
            get("ApiId")?
        ),
        endpoints,
        table_prefix: get("TablePrefix")?,
        index_prefix: get("IndexPrefix")?,
        queues: Queues {
            deletions: get("DeletionQueueUrl")?,
            dlq: get("DeletionDlqUrl")?,
        },
        bus: get("EventBusName")?,
        schedule_group: get("ScheduleGroupName")?,
        functions: Functions {
            api: get("ApiFunctionName")?,
            consumer: get("ConsumerFunctionName")?,
            sweeper: get("SweeperFunctionName")?,
        },
        user_pool_id: optional("UserPoolId"),
        client_id: optional("UserPoolClientId"),
        control_table: get("ControlTableName")?,
        archive_table: get("ArchiveTableName")?,
        collections_dir: options.collections_dir.clone(),
        state: state.root().to_path_buf(),
    })
}

fn output<'a>(outputs: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str> {
    outputs
        .get(name)
        .map(String::as_str)
        .context(format!("template.yaml has no output {name}"))
}
